"""
init.py SECURE-INIT: secure-init as a plain init beside Debian's tini and dumb-init, in one run, taking turns.

Each is process 1 of a pid namespace (as root; no network is touched). Prints a Markdown table of medians:
  start    from exec of the init to the agent's first instruction
  signal   from kill(2) on the init to the handler in the agent
  reap     from the common end of 10,000 orphans until none is left
  RSS      VmRSS and its anonymous part while the agent sleeps
"""
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

ORPHANS = 10_000
INITS = {
    "secure-init": [sys.argv[1], "--"],
    "tini": ["tini", "--"],
    "tini-static": ["tini-static", "--"],
    "dumb-init": ["dumb-init"],
}
CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
STAMP = os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "bench", "stamp-agent")
ENVIRONMENT = dict(os.environ, PARA_NETWORK_ISOLATION="false", PARA_LOG_LEVEL="error")
ENVIRONMENT.pop("PARA_ALLOWED_DOMAINS", None)

AGENT_STAMP = """
#include <stdio.h>
#include <time.h>
int main(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); printf("%lld\\n", t.tv_sec * 1000000000LL + t.tv_nsec); return 0; }
"""
AGENT_SIGNAL = """
import signal, time
def got(*_): print(time.monotonic_ns(), flush=True)
signal.signal(signal.SIGUSR1, got)
print("ready", flush=True)
while True: signal.pause()
"""
AGENT_REAP = f"""
import os, time
r, w = os.pipe()
if os.fork() == 0:
    for _ in range({ORPHANS}):
        if os.fork() == 0:
            os.close(w); os.read(r, 1); os._exit(7)
    os._exit(0)
os.wait()
os.close(r)
before = time.monotonic_ns()
os.close(w)
while sum(p.isdigit() for p in os.listdir("/proc")) > 2: pass
print(time.monotonic_ns() - before)
"""


def start(init):
    before = time.monotonic_ns()
    done = subprocess.run(INITS[init] + [STAMP], stdout=subprocess.PIPE, env=ENVIRONMENT, check=True)
    return (int(done.stdout) - before) / 1e3


def running(init, agent):
    return subprocess.Popen(CONTAINER + INITS[init] + agent, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)


def first_process(container):
    while not (children := open(f"/proc/{container.pid}/task/{container.pid}/children").read().split()):
        time.sleep(0.01)
    return int(children[0])


def signals(init):
    container = running(init, [sys.executable, "-c", AGENT_SIGNAL])
    container.stdout.readline()
    pid = first_process(container)
    times = []
    for _ in range(50):
        time.sleep(0.005)
        before = time.monotonic_ns()
        os.kill(pid, signal.SIGUSR1)
        times.append((int(container.stdout.readline()) - before) / 1e3)
    os.kill(pid, signal.SIGKILL)
    container.wait()
    return statistics.median(times)


def reap(init):
    container = running(init, [sys.executable, "-c", AGENT_REAP])
    return int(container.communicate(timeout=120)[0]) / 1e6


def rss(init):
    container = running(init, ["sleep", "1"])
    pid = first_process(container)
    time.sleep(0.3)
    status = open(f"/proc/{pid}/status").read()
    container.wait()
    return [int(re.search(rf"{field}:\s+(\d+)", status)[1]) for field in ("VmRSS", "RssAnon")]


os.makedirs(os.path.dirname(STAMP), exist_ok=True)
subprocess.run(["cc", "-O2", "-static", "-x", "c", "-o", STAMP, "-"], input=AGENT_STAMP.encode(), check=True)
results = {name: {init: [] for init in INITS} for name in ("start", "signal", "reap")}
for turn in range(100):
    for init in INITS:
        results["start"][init].append(start(init))
for turn in range(5):
    for init in INITS:
        results["signal"][init].append(signals(init))
        results["reap"][init].append(reap(init))
print("| | " + " | ".join(INITS) + " |")
print("| --- |" + " ---: |" * len(INITS))
for name, unit in (("start", "µs"), ("signal", "µs"), ("reap", "ms")):
    medians = (statistics.median(results[name][init]) for init in INITS)
    print(f"| {name}, {unit} | " + " | ".join(f"{median:.0f}" for median in medians) + " |")
memory = {init: rss(init) for init in INITS}
print("| VmRSS, KiB | " + " | ".join(str(memory[init][0]) for init in INITS) + " |")
print("| … of it RssAnon | " + " | ".join(str(memory[init][1]) for init in INITS) + " |")
sizes = (os.path.getsize(shutil.which(INITS[init][0])) // 1024 for init in INITS)
print("| file, KiB | " + " | ".join(map(str, sizes)) + " |")
