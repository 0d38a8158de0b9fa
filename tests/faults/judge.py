"""
judge.py EVERY KINDS: runs the cases (cases.py), two at a time, each in a lab of its own, and judges what comes of each.

  refused     no agent; a status of secure-init's own and a line that says why
  the same    the agent ran, and found all as in a start without faults; so did iptables, nft and ipset from outside
  told        the agent ran, something of the guard or of what is allowed is missing, and a line says so
  killed      no agent: by SIGKILL, or by the SIGTERM that it was handed
  (not met)   the fault's moment did not come: not counted as a case

Anything else is a fault of secure-init, and is printed: the agent ran and something is missing without a word; another
firewall; a packet to a blocked address reached the world; no line, no status, no end, processes left.
"""
import collections
import difflib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time

import cases

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["FAULTS_BUILD"]
INJECT, AGENT, PROGRAM = f"{BUILD}/inject", f"{BUILD}/agent", f"{BUILD}/secure-init"
BOUND = 12  # seconds that a case may take
SETUP_SECONDS = 2  # what secure-init itself is given
FIXED = {"PARA_NETWORK_ISOLATION": "true", "PARA_ALLOWED_DOMAINS": "api.anthropic.com,github.com",
         "PARA_RUN_AS": "1000:1000", "PARA_SETUP_TIMEOUT": str(SETUP_SECONDS)}
BLOCKLIST = {"PARA_NETWORK_MODE": "blocklist", "PARA_ALLOWED_DOMAINS": "", "PARA_ALLOW_HOST": "none",
             "PARA_BLOCKED_DOMAINS": f"github.com,{os.environ['BLOCKED']},[{os.environ['BLOCKED6']}],10.9.8.0/24"}
READ = "iptables-save; ip6tables-save; nft list table inet secure-init 2>&1; ipset save"
CLEAN = "nft flush ruleset; for i in 1 2 3 4 5 6 7 8 9 10; do ipset destroy 2> /dev/null && break; sleep 0.01; done"


def at_last(text):
    """What a reader shows, without what differs from one start to the next."""
    text = re.sub(r"\[\d+:\d+\]|# progname.*$|packets \d+ bytes \d+|initval 0x\w+|timeout \d+$|^#.*$", "", text, flags=re.M)
    return sorted(line.strip() for line in text.splitlines() if line.strip())


def attend():
    """What this program's own start ignored, secure-init would ignore too."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Lab:
    """A lab's namespaces, and a start in them."""

    def __init__(self, directory, cage, world):
        self.cage, self.world = cage, world
        self.environment = {**os.environ, **FIXED, **(BLOCKLIST if "FAULTS_BLOCKLIST" in os.environ else {}), "LAB": directory, "CAGE": cage, "WORLD": world}
        self.reference = self.said = None
        self.sh(world, "nft 'table inet watch { counter agent { }; chain c { type filter hook prerouting priority -300; "
                f"ip daddr {os.environ['BLOCKED']} counter name agent; ip6 daddr {os.environ['BLOCKED6']} counter name agent; }}; }}'")
        self.seen = self.arrived()
        self.inode = os.stat(f"/run/netns/{cage}").st_ino

    def sh(self, where, command):
        return subprocess.run(["nsenter", f"--net=/run/netns/{where}", "sh", "-c", command], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def arrived(self):
        return int(re.search(r"packets (\d+)", self.sh(self.world, "nft list counters"))[1])

    def left(self):
        pids = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}/ns/net").st_ino == self.inode:
                    pids.append(pid)
            except OSError:
                pass
        return pids

    def left_at_last(self):
        for _ in range(20):
            if not self.left():
                return []
            time.sleep(0.02)
        return self.left()

    def start(self, case):
        """(status or None for no end, the agent's lines, secure-init's lines, what outside readers see, whether it happened)"""
        self.sh(self.cage, CLEAN)
        environment = {**self.environment, **case.environment, "CAGE_UNDER": " ".join(case.under)}
        read, write = os.pipe()
        errors = f"{self.environment['LAB']}/case.err"
        keep = f"exec 3>&{write}; " if case.under else ""
        with open(errors, "w", encoding="utf-8") as stderr:
            process = subprocess.Popen(
                ["bash", "-c", f'. tests/lab/lab.bash; {keep}exec {write}>&-; caged {AGENT} $BLOCKED $BLOCKED6 $GATEWAY api.anthropic.com'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment, pass_fds=[write],
                start_new_session=True, preexec_fn=attend)
        os.close(write)
        ended = []
        timer = threading.Timer(BOUND, lambda: (ended.append(True), os.killpg(process.pid, signal.SIGKILL)))
        timer.start()
        lines, outside = [], None
        for line in process.stdout:
            lines.append(line.decode("utf-8", "replace").strip())
            if lines[-1] == "READY":
                outside = at_last(self.sh(self.cage, READ))
                process.stdin.close()
        status = process.wait()
        timer.cancel()
        with os.fdopen(read) as happened:
            met = "done" in happened.read()
        with open(errors, encoding="utf-8", errors="replace") as stderr:
            said = stderr.read().splitlines()
        return None if ended else status, lines, said, outside, met or any("fault: " in line for line in said)

    def look(self):
        """A start without faults: what all others are compared with."""
        case = cases.Case("", "", [INJECT, "-o", f"{self.environment['LAB']}/record"], {})
        status, lines, said, outside, _ = self.start(case)
        if status != 0 or "READY" not in lines:
            sys.exit("faults: a start without faults fails:\n" + "\n".join(said + lines))
        self.reference, self.said = (sorted(lines), outside), set(said)
        with open(f"{self.environment['LAB']}/record", encoding="ascii") as record:
            return record.read().splitlines()

    def allocations(self):
        return self.start(cases.Case("", "", [], {"SECURE_INIT": PROGRAM, "FAULT_ALLOC": "report"}))[2]

    def judge(self, case):
        status, lines, said, outside, met = self.start(case)
        before, self.seen = self.seen, self.arrived() if lines else self.seen
        arrived = self.seen - before
        news = [line for line in said if line not in self.said and "fault: " not in line]
        return outcome(case, self.reference, status, lines, news, outside, arrived, self.left_at_last(), met)


def more_open(meant, outside):
    """True unless all that outside readers see is there as meant, but for something allowed that is missing."""
    meant, outside = collections.Counter(meant), collections.Counter(outside)
    missing = (meant - outside).elements()
    return bool(outside - meant) or any(not re.search(r"ACCEPT$|^add allowed|^flags owner$", line) for line in missing)


def outcome(case, reference, status, lines, news, outside, arrived, left, met):
    ran = "AGENT-RAN" in lines
    words = [line for line in news if line.startswith("secure-init: ") and "will not start" not in line]
    if arrived:
        return "OPEN", f"{arrived} packets to a blocked address arrived"
    if status is None:
        return "HANGS", "; ".join(news)
    if left:
        return "LEFT", f"processes {left}"
    if ran:
        if "READY" not in lines:
            return ("killed", "") if case.kind in ("SIGKILL", "SIGTERM") else ("AGENT CUT OFF", f"status {status}")
        difference = [line for line in difflib.ndiff(reference[0] + reference[1], sorted(lines) + outside) if line[0] in "+-"]
        if not difference and status == 0:
            return "the same", ""
        if more_open(reference[1], outside):
            return "OTHER FIREWALL", "; ".join(difference[:6])
        detail = "; ".join(difference[:6]) + f" (status {status})"
        return ("told", detail + " // " + "; ".join(words)) if words else ("SILENT", detail)
    if not met:
        return ("(not met)", "") if status != 0 else ("NO AGENT, STATUS 0", "")
    if status == 0:
        return "NO AGENT, STATUS 0", "; ".join(news)
    # unshare gives 1 where its child was killed
    if case.name.startswith("init ") and (case.kind, status) in (("SIGKILL", 1), ("SIGKILL", 137)):
        return "killed", ""
    # the drop has begun: the signal is the agent's
    if (case.kind, status) == ("SIGTERM", 143) or (case.name.startswith("agent ") and (case.kind, status) == ("SIGKILL", 137)):
        return "killed", ""
    if not words:
        return "NO WORDS", f"status {status}"
    if status not in range(100, 112) and status not in (126, 127, 130, 143):
        return "ODD STATUS", f"{status}: {'; '.join(words)}"
    return "refused", ""


GOOD = ("refused", "the same", "told", "killed", "(not met)")


def work(lab, queue, table, lock, log):
    for case in queue:
        result, detail = lab.judge(case)
        with lock:
            table[case.kind, result] += 1
            log.write(f"{result}\t{case.kind}\t{case.name}\t{detail}\n")
            log.flush()
            if result not in GOOD:
                print(f"{result}: {case.name}: {detail}", flush=True)


class Queue:
    """The cases, for several threads."""

    def __init__(self, all_cases):
        self.cases, self.lock = iter(all_cases), threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return next(self.cases)


def show(table):
    columns = [*GOOD, *sorted({result for _, result in table} - set(GOOD))]
    print(f"{'':24}" + "".join(f"{column:>11}" for column in columns) + f"{'cases':>8}")
    total = collections.Counter()
    for kind in sorted({kind for kind, _ in table}):
        row = [table[kind, column] for column in columns]
        total.update(dict(zip(columns, row)))
        print(f"{kind:24}" + "".join(f"{n:>{max(11, len(c))}}" for n, c in zip(row, columns)) + f"{sum(row) - table[kind, '(not met)']:>8}")
    print(f"{'all':24}" + "".join(f"{total[c]:>{max(11, len(c))}}" for c in columns) + f"{sum(total.values()) - total['(not met)']:>8}")
    return sum(n for column, n in total.items() if column not in GOOD)


def main():
    every, kinds = int(sys.argv[1]), sys.argv[2].split(",") if len(sys.argv) > 2 else []
    labs = [Lab(*words.split()) for words in os.environ["LABS"].splitlines()]
    record = [lab.look() for lab in labs][0]
    everything = "FAULTS_EVERYTHING" in os.environ
    found = [*cases.of_calls(record, INJECT, everything), *cases.of_netlink(record, INJECT, everything),
             *cases.of_allocations(labs[0].allocations(), PROGRAM, everything)]
    if kinds:
        found = [case for case in found if any(case.kind.startswith(kind) for kind in kinds)]
    if len(sys.argv) > 3:
        found = [case for case in found if sys.argv[3] in case.name]
    chosen = list(itertools.islice(found, 0, None, every))
    print(f"{len(chosen)} of {len(found)} cases, of {len(record)} system calls", flush=True)
    table, lock, queue = collections.Counter(), threading.Lock(), Queue(chosen)
    started = time.monotonic()
    with open(f"{BUILD}/log", "w", encoding="utf-8") as log:
        threads = [threading.Thread(target=work, args=(lab, queue, table, lock, log)) for lab in labs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wrong = show(table)
    print(f"{time.monotonic() - started:.0f} s; each case and its outcome: {BUILD}/log")
    sys.exit(1 if wrong else 0)


main()
