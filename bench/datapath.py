"""datapath.py RAW: the raw results of datapath.sh as Markdown, ratios first."""
import os
import platform
import statistics
import sys

VARIANTS = {"open": "no firewall", "secure-init": "secure-init", "shell": "shell script"}
# what is measured: its name, unit, factor from the raw number, digits
MEASURES = {
    "tcp": ("TCP", "Gbit/s", 1e-9, 2),
    "udp": ("UDP, 64 bytes", "packets/s", 1, 0),
    "rate": ("connections", "/s", 1, 0),
    "connect": ("connect", "µs", 1e-3, 1),
    "connect99": ("connect, p99", "µs", 1e-3, 1),
    "ask": ("UDP there and back", "µs", 1e-3, 1),
    "ask99": ("UDP there and back, p99", "µs", 1e-3, 1),
}


def read(path):
    """Values, turn by turn, by (measure, size, variant); sets, rules and processes."""
    values, sets, rules, processes = {}, {}, {}, {}
    for line in open(path):
        kind, size, *rest = line.split()
        size = int(size)
        if kind in ("tcp", "udp"):
            values.setdefault((kind, size, rest[0]), []).append(float(rest[1]))
        elif kind in ("connect", "ask"):
            names = ["rate" if kind == "connect" else None, kind, kind + "99"]
            for name, number in zip(names, rest[1:]):
                if name:
                    values.setdefault((name, size, rest[0]), []).append(float(number))
        elif kind == "set":
            sets[size, rest[0], rest[1]] = (int(rest[2]), int(rest[3]))
        elif kind == "rules":
            rules[rest[0]] = int(rest[1])
        elif kind == "process":
            processes.setdefault(size, []).append((int(rest[0]), int(rest[1])))
    return values, sets, rules, processes


def number(value, digits=0):
    return f"{value:,.{digits}f}"


def ratio(values, measure, size, one, other):
    """The median of the turns' own ratios: what slows a turn down slows both of its sides."""
    pairs = zip(values[measure, size, one], values[measure, size, other])
    return statistics.median(a / b for a, b in pairs)


def ratios(values, sizes):
    print("| elements | ratio | " + " | ".join(MEASURES[m][0] for m in MEASURES) + " |")
    print("| ---: | --- |" + " ---: |" * len(MEASURES))
    for size in sizes:
        for one, other in (("secure-init", "open"), ("secure-init", "shell"), ("shell", "open")):
            cells = [f"{ratio(values, m, size, one, other):.2f}" for m in MEASURES]
            print(f"| {number(size)} | {VARIANTS[one]} ÷ {VARIANTS[other]} | " + " | ".join(cells) + " |")


def absolute(values, sizes):
    medians = {key: statistics.median(found) for key, found in values.items()}
    heads = [name + unit if unit[0] == "/" else f"{name}, {unit}" for name, unit, _, _ in MEASURES.values()]
    print("\n| elements | | " + " | ".join(heads) + " |")
    print("| ---: | --- |" + " ---: |" * len(MEASURES))
    for size in sizes:
        for variant, name in VARIANTS.items():
            cells = [number(medians[m, size, variant] * MEASURES[m][2], MEASURES[m][3]) for m in MEASURES]
            print(f"| {number(size)} | {name} | " + " | ".join(cells) + " |")


def memory(sets, processes, sizes):
    print("\n| elements | secure-init's set | the script's set | secure-init's processes: sum of VmRSS | shared pages counted once |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for size in sizes:
        cells = []
        for variant in ("secure-init", "shell"):
            entries, held = sets[size, variant, "allowed-domains"]
            cells.append(f"{number(held / 1024)} KiB ({number(entries)})")
        rss = [number(sum(column)) + " KiB" for column in zip(*processes[size])]
        print(f"| {number(size)} | " + " | ".join(cells + rss) + " |")


if __name__ == "__main__":
    values, sets, rules, processes = read(sys.argv[1])
    sizes = sorted({size for _, size, _ in values})
    turns = min(len(found) for found in values.values())
    print(f"{os.cpu_count()} CPUs, Linux {platform.release().split('-')[0]}. Medians of {turns} turns. IPv4 rules: "
          f"{rules['secure-init']} of secure-init, {rules['shell']} of the script.\n")
    ratios(values, sizes)
    absolute(values, sizes)
    memory(sets, processes, sizes)
