"""
judge.py HOW POLICY < OUTCOMES: compares "NAME OUTCOME" lines with the table `expected` beside this file, and says each
difference; exits with 1 if there is one. What the table does not have is a difference.

The table: a line an attack, its name and the outcomes of each HOW, alternatives parted by "|". A name with "POLICY:" before
it is for that policy alone, and wins; of several POLICYs, parted by ",", the first that has one. "-" is for what is not tried that way.
"""
import os
import sys

HOWS = ("bare", "agent", "root", "exec")
how, policy = sys.argv[1:3]


def table():
    rows = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected")) as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if words:
                policies, name = words[0].rsplit(":", 1) if ":" in words[0] else ("", words[0])
                outcomes = words[1:] if len(words) == 5 else ["-"] + words[1:]
                for each in policies.split(","):
                    assert len(outcomes) == 4 and (each, name) not in rows, line
                    rows[each, name] = dict(zip(HOWS, outcomes))
    return rows


rows = table()
wrong = tried = 0
for line in sys.stdin:
    if line.startswith("secure-init: "):
        continue
    name, _, said = line.strip().partition(" ")
    row = next((rows[each, name] for each in policy.split(",") + [""] if (each, name) in rows), None)
    tried += 1
    if row is None:
        print("%s is not in the table: %s" % (name, said))
    elif said not in row[how].split("|"):
        print("%s, %s, %s: %s instead of %s" % (name, how, policy, said, row[how]))
    else:
        continue
    wrong += 1
print("%d attacks, %d otherwise than expected" % (tried, wrong))
sys.exit(wrong > 0 or tried == 0)
