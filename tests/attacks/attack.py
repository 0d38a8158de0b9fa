"""
attack.py [SUBJECT|NAME...]: an agent's ways out and up, tried one by one; a line each, "NAME OUTCOME". A subject is all of
one file: packets, sockets, names, places, kernel, processes; without any, all of all. -NAME leaves one out.

"open" means that the way led out, or that the power was there; any other word is what stopped it. What in truth leaves the
container the world counts by itself (oracle.bash): this only tries. Every socket has a time-out, every child an end.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from tools import ATTACKS, SUBJECTS, outcome
import kernel, packets, sockets, names, places, processes, exhaust

if os.path.exists("/proc/sys/net/core/netdev_max_backlog"):
    sys.exit("attack.py: this is the machine's own network; only in a container")
chosen = []
for word in [word for word in sys.argv[1:] if not word.startswith("-")] or list(SUBJECTS):
    chosen += SUBJECTS.get(word, [word])
for name in chosen:
    if "-" + name in sys.argv:
        continue
    try:
        said = ATTACKS[name]()
    except subprocess.TimeoutExpired:
        said = "time-out"
    except Exception as failure:
        said = outcome(failure)
    print(name, said, flush=True)
