"""Process 1 and the guard: looked into, traced, robbed, held up, ended, talked to. And what belongs to the agent itself."""
import ctypes
import errno
import os
import select
import signal
import socket
import subprocess

from tools import BLOCKED, PATIENCE, SECURE_INIT, attack, call, code, in_child, libc, result, status, worst


def guard():
    """Every process of the guard's users."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and (os.stat("/proc/" + entry).st_uid in (65501, 65502) or status("Name", entry).startswith("guard-")):
                found.append(int(entry))
        except OSError:
            pass
    return found


def each(function):
    """Process 1, and each of the guard's."""
    return worst(function, [1] + guard())


def traced(request):
    def attach(pid):
        said = result(libc.ptrace(request, pid, 0, 0))
        if said == "open":  # and let go, so that it goes on
            if request == 16:
                os.waitpid(pid, 0)
            libc.ptrace(17, pid, 0, 0)
            os.kill(pid, signal.SIGCONT)
        return said
    return in_child(lambda: each(attach))


@attack
def trace():
    return traced(16)


@attack
def seize():
    return traced(0x4206)


@attack
def memory():
    return each(lambda pid: os.close(os.open("/proc/%d/mem" % pid, os.O_RDWR)) or "open")


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def vector(function):
    """EFAULT: it may, and there was nothing."""
    room = ctypes.create_string_buffer(8)

    def move(pid):
        mine, theirs = Vector(ctypes.addressof(room), 8), Vector(0x1000, 8)
        said = result(function(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0))
        return "open" if said == "EFAULT" else said
    return each(move)


@attack
def read_memory():
    return vector(libc.process_vm_readv)


@attack
def write_memory():
    return vector(libc.process_vm_writev)


@attack
def advise_memory():
    """process_madvise(2): their pages pushed out. There is nothing at the address: ENOMEM, if it may."""
    def advise(pid):
        fd, theirs = os.pidfd_open(pid), Vector(0x10000, 4096)
        said = call(440, 440, fd, ctypes.addressof(theirs), 1, 20, 0)
        os.close(fd)
        return "open" if said == "ENOMEM" else said
    return each(advise)


@attack
def take_descriptors():
    """pidfd_getfd(2): the warden's socket owns the tables."""
    def take(pid):
        fd = os.pidfd_open(pid)
        said = [call(438, 438, fd, number, 0) for number in range(24)]
        os.close(fd)
        return "open" if "open" in said else said[0]
    return each(take)


def proc(name, reads):
    def look(pid):
        reads("/proc/%d/%s" % (pid, name))
        return "open"
    return each(look)


@attack
def list_descriptors():
    """Their numbers are root's to see; what they are is not."""
    def look(path):
        for name in os.listdir(path):
            os.readlink(path + "/" + name)
    return proc("fd", look)


@attack
def read_environment():
    return proc("environ", lambda path: open(path, "rb").read())


@attack
def read_maps():
    """The file opens, for root; what it says is what counts."""
    def read(pid):
        with open("/proc/%d/maps" % pid) as maps:
            return "open" if maps.read() else "nothing"
    return each(read)


@attack
def go_to_root_of():
    return proc("root/etc", os.listdir)


@attack
def write_oom_score():
    def write(pid):
        with open("/proc/%d/oom_score_adj" % pid, "w") as f:
            f.write("1000")
        return "open"
    return worst(write, guard())


@attack
def stop_the_guard():
    return worst(lambda pid: os.kill(pid, signal.SIGSTOP) or "open", guard())


@attack
def kill_the_guard():
    return worst(lambda pid: os.kill(pid, signal.SIGKILL) or "open", guard())


@attack
def kill_process_1():
    """Signals that nobody can handle do not reach process 1 from inside (pid_namespaces(7))."""
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    return "open" if status("State", 1)[0] in "TtZX" else "ignored"


class Limit(ctypes.Structure):
    _fields_ = [("now", ctypes.c_ulong), ("most", ctypes.c_ulong)]


@attack
def limits_of_the_guard():
    none = Limit(0, 0)
    return worst(lambda pid: result(libc.prlimit(pid, 7, ctypes.byref(none), None)), guard())


@attack
def processors_of_the_guard():
    return worst(lambda pid: os.sched_setaffinity(pid, {0}) or "open", guard())


@attack
def priority_of_the_guard():
    return worst(lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19) or "open", guard())


@attack
def schedule_of_the_guard():
    """SCHED_IDLE: runs when nobody else wants to."""
    return worst(lambda pid: os.sched_setscheduler(pid, 5, os.sched_param(0)) or "open", guard())


@attack
def io_priority_of_the_guard():
    return worst(lambda pid: call(251, 30, 1, pid, 3 << 13), guard())


@attack
def limits_of_process_1():
    """Process 1 is of the agent's user: its limits are the agent's to set, to its own harm."""
    none = Limit(1024, 1024)
    return result(libc.prlimit(1, 7, ctypes.byref(none), None))


@attack
def kcmp():
    return each(lambda pid: call(312, 272, os.getpid(), pid, 2, 0, 0))


# the warden's door

def say(data):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(PATIENCE)
        s.connect("\0secure-init")
        s.recv(4096)
        try:
            s.send(data)
            return s.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            return b""  # who takes more than a second is sent away


@attack
def control_garbage():
    """What is not understood, and what is not proved."""
    return "open" if b"not permitted" not in say(os.urandom(2048)) + say(bytes(64)) + b"not permitted" else "refused"


@attack
def control_hoard():
    """Every place taken by strangers who say nothing: the next one, of another user, is let in or has to wait."""
    held = []
    for _ in range(40):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        try:
            s.connect("\0secure-init")
        except BlockingIOError:
            break
        held.append(s)
    waiting = sum(1 for s in held if select.select([s], [], [], 0.01)[0] and s.recv(4096))
    for s in held:
        s.close()
    return "open" if waiting > 7 else "some"  # of 8 places


@attack
def control_socket_name():
    """The name in the network's abstract namespace, for oneself: who comes to change something would come to the agent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.bind("\0secure-init")
        return "open"


def program(*arguments, **environment):
    done = subprocess.run([SECURE_INIT, *arguments], capture_output=True, timeout=100, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    return "open" if done.returncode == 0 else "refused"


@attack
def allow():
    return program("allow", BLOCKED)


@attack
def deny():
    return program("deny", os.environ.get("ANTHROPIC", "160.79.104.10"))


@attack
def reload_wider():
    return program("reload", PARA_ALLOWED_DOMAINS="0.0.0.0/1,128.0.0.0/1", PARA_NETWORK_MODE="allowlist", PARA_PROFILE="default")


@attack
def set_up_again():
    return program("setup", PARA_ALLOWED_DOMAINS=BLOCKED, PARA_RUN_AS="")


@attack
def start_again():
    return program("--", "true", PARA_ALLOWED_DOMAINS=BLOCKED, PARA_RUN_AS="")


@attack
def set_up_without():
    """Without isolation it runs, and changes nothing: its child has what the agent has."""
    done = subprocess.run([SECURE_INIT, "-s", "--", "cat", "/proc/self/status"], capture_output=True, timeout=100, text=True,
                          env={"PATH": os.environ["PATH"], "PARA_NETWORK_ISOLATION": "false", "PARA_PRIVILEGES": "keep"})
    powers = [line.split()[1] for line in done.stdout.splitlines() if line[:6] in ("CapPrm", "CapEff", "CapAmb", "CapInh")]
    return "open" if any(int(p, 16) for p in powers) else "nothing"


@attack
def preload():
    """A library of the agent's in secure-init itself."""
    library = os.path.join(os.environ.get("TOOLS", ""), "preload.so")
    environment = {"LD_PRELOAD": library, "LD_AUDIT": library, "LD_LIBRARY_PATH": os.path.dirname(library), "GCONV_PATH": "/tmp"}
    control = subprocess.run(["/bin/true"], capture_output=True, timeout=100, env=environment)
    if b"PRELOADED" not in control.stderr:
        return "no-library"
    done = subprocess.run([SECURE_INIT, "--version"], capture_output=True, timeout=100, env=environment)
    return "open" if b"PRELOADED" in done.stderr else "static"


@attack
def second_resolver():
    """The guard's ports, for oneself: whoever is asked there would answer the others."""
    for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM)):
        with socket.socket(family, kind) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                s.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 10053))
                return "open"
            except OSError as failure:
                said = failure.errno
                if said != errno.EADDRINUSE:
                    break
    return code(said)
