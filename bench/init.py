"""
init.py SECURE-INIT: secure-init as a plain init beside Debian's tini, dumb-init and catatonit, in one run, taking turns.

Each is process 1 of a pid namespace (as root; no network is touched). Prints a Markdown table of medians:
  start    from exec of the init to the agent's first instruction
  signal   from kill(2) on the init until the agent has the signal
  reap     from the common end of 10,000 orphans until none is left
  RSS      VmRSS, and its part that no other process shares, while the agent sleeps
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
    "catatonit": ["catatonit", "--"],
}
HERE = os.path.dirname(os.path.abspath(__file__))
INMATE = os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "bench", "inmate")
ENVIRONMENT = dict(os.environ, PARA_NETWORK_ISOLATION="false", PARA_LOG_LEVEL="error")
ENVIRONMENT.pop("PARA_ALLOWED_DOMAINS", None)


class Container:
    """An init with an inmate under it; .pid is the init's, .exec when it was executed."""

    def __init__(self, init, *agent):
        command = [INMATE, "contain"] + INITS[init] + [INMATE, *agent]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)
        self.pid, self.exec = self.mark(), self.mark()

    def mark(self):
        return int(self.process.stdout.readline())

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()


def start(init):
    container = Container(init, "start")
    began = container.mark()
    container.process.wait()
    return (began - container.exec) / 1e3


def signals(init):
    container = Container(init, "signal")
    container.mark()
    times = []
    for _ in range(50):
        time.sleep(0.005)
        before = time.monotonic_ns()
        os.kill(container.pid, signal.SIGUSR1)
        times.append((container.mark() - before) / 1e3)
    container.end()
    return statistics.median(times)


def reap(init):
    container = Container(init, "reap", str(ORPHANS))
    before = container.mark()
    after = container.mark()
    container.process.wait()
    return (after - before) / 1e6


def taking_turns(turn):
    """All of them, beginning with another one each time."""
    order = list(INITS)
    first = turn % len(order)
    return order[first:] + order[:first]


def rss(init):
    container = Container(init, "rest")
    time.sleep(0.3)
    status = open(f"/proc/{container.pid}/status").read()
    private = open(f"/proc/{container.pid}/smaps_rollup").read()
    container.end()
    return (int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
            sum(int(kib) for kib in re.findall(r"Private_\w+:\s+(\d+)", private)))


subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", INMATE,
                os.path.join(HERE, "inmate.c")], check=True)
results = {name: {init: [] for init in INITS} for name in ("start", "signal", "reap")}
for turn in range(200):
    for init in taking_turns(turn):
        results["start"][init].append(start(init))
for turn in range(24):
    for init in taking_turns(turn):
        results["signal"][init].append(signals(init))
        results["reap"][init].append(reap(init))
print("| | " + " | ".join(INITS) + " |")
print("| --- |" + " ---: |" * len(INITS))
for name, unit in (("start", "µs"), ("signal", "µs"), ("reap", "ms")):
    medians = (statistics.median(results[name][init]) for init in INITS)
    print(f"| {name}, {unit} | " + " | ".join(f"{median:.0f}" for median in medians) + " |")
memory = {init: rss(init) for init in INITS}
print("| VmRSS, KiB | " + " | ".join(str(memory[init][0]) for init in INITS) + " |")
print("| … of it private | " + " | ".join(str(memory[init][1]) for init in INITS) + " |")
sizes = (os.path.getsize(shutil.which(INITS[init][0])) // 1024 for init in INITS)
print("| file, KiB | " + " | ".join(map(str, sizes)) + " |")
