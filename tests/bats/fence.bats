# The agent's seccomp filter: what it refuses, what it leaves alone, and how it is switched off.
bats_require_minimum_version 1.5.0
load common

setup_file() {
	set -a
	lab_up
	set +a
	chmod 755 "$LAB"
}

fence() { # SETTING...: fence.py as the agent; "name outcome" lines
	run caged env "$@" python3 "$LAB_SOURCE/fence.py" < /dev/null
	assert_status 0
}

comes_to() { # NAME OUTCOME
	grep -qx "$1 $2" <<< "$output" || { echo "$1 is not $2"; grep "^$1 " <<< "$output"; return 1; }
}

@test "what goes round netfilter, and what kernels were broken by, is refused" {
	export PARA_RUN_AS=65534
	fence
	local name
	for name in bpf perf_event_open userfaultfd add_key request_key keyctl mount umount2 pivot_root open_tree move_mount fsopen \
		fsconfig fsmount fspick mount_setattr setns open_by_handle_at kexec_load init_module finit_module delete_module \
		unshare-user unshare-net unshare-mount unshare-pid unshare-uts unshare-ipc unshare-cgroup unshare-time clone-user tiocsti; do
		comes_to $name EPERM
	done
	for name in io_uring_setup io_uring_enter io_uring_register clone3; do comes_to $name ENOSYS; done
	for name in packet alg vsock xdp key rds tipc smc can bluetooth; do comes_to family-$name EAFNOSUPPORT; done
	for name in xfrm netfilter crypto; do comes_to netlink-$name EPROTONOSUPPORT; done
	[ "$(uname -m)" != x86_64 ] || comes_to x32-getpid ENOSYS
	for name in family-unix family-unix-pair family-inet family-inet6 family-netlink netlink-route netlink-diag netlink-uevent netlink-generic \
		unshare-files fork; do
		comes_to $name ok
	done
}

@test "the same for an agent that is root" {
	fence
	comes_to unshare-user EPERM
	comes_to family-packet EAFNOSUPPORT
	comes_to keyctl EPERM
}

@test "PARA_SECCOMP: off, io_uring, default, and what it must not be" {
	PARA_SECCOMP=off fence
	comes_to unshare-user ok
	refute_says "family-vsock EAFNOSUPPORT"
	PARA_SECCOMP=io_uring fence
	refute_says "io_uring_setup ENOSYS"
	comes_to unshare-user EPERM
	PARA_SECCOMP=none run -101 caged echo AGENT-RAN
	assert_says "PARA_SECCOMP is 'none'; it must be default, off, or io_uring"
}

@test "without isolation only where it is asked for" {
	PARA_NETWORK_ISOLATION=false fence
	comes_to unshare-user ok
	PARA_NETWORK_ISOLATION=false PARA_SECCOMP=default fence
	comes_to unshare-user EPERM
	PARA_NETWORK_ISOLATION=false PARA_PRIVILEGES=keep PARA_SECCOMP=default run -101 cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_says "does not go with PARA_PRIVILEGES=keep"
}

@test "a filter that cannot be put in place: the agent does not run" {
	# without the guard, whose resolver would miss its own filter before
	PARA_GUARD=off CAGE_UNDER="strace -f -qq -o /dev/null -e trace=seccomp -e inject=seccomp:error=EINVAL:when=1+" \
		run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 108
	assert_says "the agent's seccomp filter could not be put in place"
}

@test "secure-init test: who comes in later is fenced too, or is not let in" {
	export PARA_RUN_AS=65534
	cage "$SECURE_INIT" setup
	run cage sh -c '"$@"' sh "$SECURE_INIT" test python3 "$LAB_SOURCE/fence.py" < /dev/null
	assert_status 0
	comes_to unshare-user EPERM
	comes_to family-packet EAFNOSUPPORT
	CAGE_UNDER="strace -f -qq -o /dev/null -e trace=seccomp -e inject=seccomp:error=EINVAL:when=1+" \
		run cage sh -c '"$@"' sh "$SECURE_INIT" test echo AGENT-RAN
	assert_status 108
	refute_says AGENT-RAN
	assert_says "the seccomp filter could not be put in place"
}

@test "programs of the trade do not notice: git, gcc, make, python with threads and processes, strace, a shell's job control" {
	export PARA_RUN_AS=65534
	run caged sh -ec 'cd "$(mktemp -d)"; export HOME=$PWD
git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git log --oneline | grep -q x
printf "#include <stdio.h>\nint main(void){puts(\"built\");}\n" > a.c; printf "all: a\na: a.c\n\tgcc -o a a.c\n" > Makefile; make -j2 -s; ./a
python3 -c "
import concurrent.futures, multiprocessing, subprocess, asyncio, socket
print(sum(concurrent.futures.ThreadPoolExecutor(4).map(int, range(9))))
with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
print(subprocess.run([\"echo\", \"run\"], capture_output=True).stdout)
async def echo():
    server = await asyncio.start_server(lambda r, w: w.close(), \"127.0.0.1\", 0)
    r, w = await asyncio.open_connection(*server.sockets[0].getsockname()); await r.read(); print(\"async\")
asyncio.run(echo())"
strace -f -qq -o /dev/null sh -c "echo traced"
sleep 1 & wait; ip -brief address show lo | grep -q 127.0.0.1; echo done' < /dev/null
	assert_status 0
	local word
	for word in built 36 "[1, 2]" run async traced done; do assert_says "$word"; done
}

@test "node, where it is there, runs, builds a worker and asks its resolver" {
	command -v node > /dev/null || skip "no node"
	PARA_RUN_AS=65534 run caged "$(command -v node)" -e '
const { Worker } = require("worker_threads"), { execSync } = require("child_process"), fs = require("fs")
new Worker("require(\"worker_threads\").parentPort.postMessage(\"worker\")", { eval: true }).on("message", m => {
	console.log(m, execSync("echo child").toString().trim(), fs.readdirSync("/").length > 3)
	fetch("https://api.anthropic.com/", { signal: AbortSignal.timeout(3000) }).catch(e => console.log("fetched", e.name))
})' < /dev/null
	assert_status 0
	assert_says "worker child true"
}
