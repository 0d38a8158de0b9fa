"""
calls.py TRACE: from `strace -f` over a cage, the system calls that secure-init makes as PID 1 until it forks the
agent, one a line as "name occurrence", in the way strace's inject=NAME:when=OCCURRENCE counts them.
"""
import re
import sys

lines = [line.split(None, 1) for line in open(sys.argv[1], errors="replace")]
start = next(i for i, (_, call) in enumerate(lines) if re.match(r'execve\("[^"]*secure-init"', call))
pid = lines[start][0]
counts: dict[str, int] = {}
calls = []
for number, (who, call) in enumerate(lines):
    name = re.match(r"([a-z_0-9]+)\(", call)
    if who != pid or not name:
        continue
    counts[name[1]] = counts.get(name[1], 0) + 1
    if number > start:
        calls.append((name[1], counts[name[1]]))
last_fork = max(i for i, (name, _) in enumerate(calls) if name in ("fork", "vfork", "clone", "clone3"))
for name, occurrence in calls[:last_fork + 1]:
    print(name, occurrence)
