"""table.py RAW: the raw results of startup.sh as Markdown, ratios first."""
import math
import os
import platform
import statistics
import sys

CASES = {
    "four": "the 4 default names",
    "fifty": "50 names",
    "two": "2 names, none of GitHub",
    "long": "the 4 default names, long answer",
}
CONTENDERS = ["secure-init", "baseline", "baseline-batch"]
# What a start cannot do without, each after the other: DNS 1, TCP 1, TLS 1.3 1, HTTP 1, the probe's connect 1.
ROUND_TRIPS = {"four": 5, "fifty": 5, "two": 2}
SEGMENT, FIRST_WINDOW = 1448, 10  # TCP's first flight (RFC 6928), doubled with every round trip


def slow_start(size):
    """Round trips that an answer of this size takes beyond the first, on a connection that has just begun."""
    rounds, room = 0, FIRST_WINDOW * SEGMENT
    while room < size:
        rounds += 1
        room += FIRST_WINDOW * SEGMENT * 2**rounds
    return rounds


def p90(values):
    return sorted(values)[math.ceil(len(values) * 0.9) - 1]


wall, cpu, programs, resident, size, answer, certificates, line_ms = {}, {}, {}, {}, 0, 0, 0, None
for result in open(sys.argv[1]):
    kind, *fields = result.split()
    if kind == "time":
        key = (int(fields[0]), fields[1], fields[2])
        wall.setdefault(key, []).append(int(fields[3]) / 1e6)
        cpu.setdefault(key, []).append(int(fields[4]) / 1e6)
    elif kind == "programs":
        programs[fields[0], fields[1]] = (int(fields[2]), int(fields[3]))
    elif kind == "resident":
        resident[fields[0]] = [int(field) for field in fields[1:]]
    elif kind == "size":
        size = int(fields[0])
    elif kind == "answer":
        answer = int(fields[0])
    elif kind == "certificates":
        certificates = int(fields[0])
    elif kind == "line":
        line_ms = fields
ROUND_TRIPS["long"] = ROUND_TRIPS["four"] + slow_start(answer)

median = statistics.median
print(f"{os.cpu_count()} CPUs, Linux {platform.release()}. Medians. {certificates} CA certificates. The long answer of "
      f"GitHub has {answer // 1000} kB.")
if line_ms:
    print(f"A TCP connection over the slow line takes {line_ms[0]} ms (median), {line_ms[1]} ms at most.")
print()
print("| one way | allowed | time ÷ unavoidable round trips | time ÷ baseline | time ÷ baseline-batch "
      "| CPU ÷ baseline | CPU ÷ baseline-batch |")
print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
cases = list(dict.fromkeys(key[:2] for key in wall))
for ms, case in cases:
    ours, first, second = [(ms, case, contender) for contender in CONTENDERS]
    least = ROUND_TRIPS[case] * 2 * ms
    ratio = f"{median(wall[ours]) / least:.2f} ({ROUND_TRIPS[case]} × {2 * ms} ms)" if ms else "–"

    def part(values, other):
        return f"1/{median(values[other]) / median(values[ours]):.1f}"

    print(f"| {ms} ms | {CASES[case]} | {ratio} | {part(wall, first)} | {part(wall, second)} "
          f"| {part(cpu, first)} | {part(cpu, second)} |")

print("\n| one way | allowed | | runs | time, median | p90 | CPU, median | p90 | programs executed | processes made |")
print("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
for ms, case in cases:
    for contender in CONTENDERS:
        key = (ms, case, contender)
        execs, forks = programs.get((case, contender), programs["four", contender])
        print(f"| {ms} ms | {CASES[case]} | {contender} | {len(wall[key])} | {median(wall[key]):.1f} ms "
              f"| {p90(wall[key]):.1f} ms | {median(cpu[key]):.1f} ms | {p90(cpu[key]):.1f} ms | {execs} | {forks} |")

print("\n| secure-init | |\n| --- | ---: |")
print(f"| size of the file | {size / 1024:.0f} KiB |")
for isolation, (rss, anon, peak) in resident.items():
    print(f"| PID 1 while it serves, isolation {isolation}: VmRSS | {rss} KiB |")
    print(f"| … of it RssAnon (memory of its own) | {anon} KiB |")
    print(f"| … and its highest VmRSS since the start | {peak} KiB |")
