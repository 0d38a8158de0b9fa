"""plot.py [--check]: draws docs/img/*.svg from the tables of docs/benchmarks.md and docs/init.md, and from nothing else.

The same tables give the same bytes. --check draws nothing, and fails if a picture is not that of its tables.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INK, PALE, PAPER = "#24292f", "#8c959f", "#ffffff"
OURS, SCRIPT, BATCH = "#0072b2", "#d55e00", "#e69f00"  # told apart by those who see few colours, too
FONT = "font-family='Helvetica, Arial, sans-serif'"


def tables(path):
    """Every table of a Markdown file: lists of dictionaries from heading to cell."""
    found, heads, rows = [], None, []
    for line in open(ROOT / path):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
        if cells is None:
            if heads:
                found.append((heads, rows))
            heads, rows = None, []
        elif heads is None:
            heads = cells
        elif not set(line.strip()) <= set("|-: "):
            rows.append(cells)
    return found


def table(path, *wanted):
    """The one table that has all of these headings."""
    match = [(heads, rows) for heads, rows in tables(path) if set(wanted) <= set(heads)]
    assert len(match) == 1, (path, wanted)
    return match[0]


def number(text):
    return float(text.split()[0].replace(",", ""))


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []

    def text(self, x, y, words, size=12, anchor="start", colour=INK, weight="normal"):
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
                          f"font-weight='{weight}'>{words}</text>")

    def bar(self, x, y, width, height, colour):
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>")

    def line(self, x1, y1, x2, y2, dashes=""):
        self.parts.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{PALE}' "
                          f"stroke-width='1' stroke-dasharray='{dashes}'/>")

    def legend(self, x, y, entries):
        for colour, words in entries:
            self.bar(x, y - 10, 12, 12, colour)
            self.text(x + 17, y, words)
            x += 17 + 7 * len(words) + 16

    def svg(self):
        inside = "\n".join(self.parts)
        return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}' width='{self.width}' "
                f"height='{self.height}' role='img' {FONT}>\n<title>{self.title}</title>\n"
                f"<rect width='{self.width}' height='{self.height}' rx='6' fill='{PAPER}'/>\n{inside}\n</svg>\n")


def bars_across(picture, x, y, width, title, bars):
    """A panel of lying bars, each with its value behind it; the longest fills the width."""
    longest = max(value for _, value, _, _ in bars)
    picture.text(x, y, title, 13, weight="bold")
    for i, (name, value, words, colour) in enumerate(bars):
        top = y + 12 + 24 * i
        picture.text(x + 98, top + 13, name, anchor="end")
        picture.bar(x + 106, top, max(1.0, (width - 190) * value / longest), 17, colour)
        picture.text(x + 106 + max(1.0, (width - 190) * value / longest) + 6, top + 13, words)


def startup():
    heads, rows = table("docs/benchmarks.md", "one way", "time, median")
    time = {(row[0], row[1], row[2]): row[heads.index("time, median")] for row in rows}
    names = {"secure-init": ("secure-init", OURS), "baseline": ("script", SCRIPT), "baseline-batch": ("script, batched", BATCH)}
    picture = Picture(860, 300, "Start-up: time until the agent runs")
    picture.text(20, 28, "Time until the agent runs", 16, weight="bold")
    picture.text(20, 46, "the network closed, opened to what is allowed, and tried; shorter is better", colour=PALE)
    panels = [("0 ms", "the 4 default names", "4 names (GitHub's ranges with them)"), ("0 ms", "50 names", "50 names"),
              ("25 ms", "the 4 default names", "4 names, a line with 25 ms each way")]
    places = [(20, 78), (440, 78), (20, 188), (440, 188)]
    for (delay, case, title), (x, y) in zip(panels, places):
        bars = [(names[c][0], number(time[delay, case, c]), f"{number(time[delay, case, c]):,.0f} ms", names[c][1]) for c in names]
        bars_across(picture, x, y, 400, title, bars)
    heads, rows = table("docs/init.md", "secure-init", "tini", "dumb-init")
    start = dict(zip(heads[1:], next(row for row in rows if row[0].startswith("start"))[1:]))
    shown = ["secure-init", "tini", "dumb-init", "catatonit"]
    x, y = places[3]
    bars_across(picture, x, y, 400, "as an init alone, isolation off",
                [(name, number(start[name]), f"{number(start[name]) / 1000:.1f} ms", OURS if name == "secure-init" else PALE) for name in shown])
    return picture


def datapath():
    heads, rows = table("docs/benchmarks.md", "elements", "ratio", "TCP")
    ratio = {(row[0], row[1], head): number(cell) for row in rows for head, cell in list(zip(heads, row))[2:]}
    sizes = list(dict.fromkeys(row[0] for row in rows))
    # what it is, and whether more of it is better
    panels = [("TCP", "TCP throughput", True), ("UDP, 64 bytes", "UDP packets/s", True), ("connections", "connections/s", True),
              ("connect", "time to connect", False), ("UDP there and back", "UDP there and back", False)]
    picture = Picture(860, 300, "The data path: speed with a firewall as a share of that without")
    picture.text(20, 28, "Speed, as a share of that without a firewall", 16, weight="bold")
    picture.text(20, 46, "by the elements of the set; higher is better; of times, the inverse is drawn", colour=PALE)
    picture.legend(560, 28, [(OURS, "secure-init"), (SCRIPT, "shell script, same set")])
    bottom, tall, highest = 250, 150, 1.2  # of 100 %: a bit above, for the machine's noise
    for i, (head, title, more) in enumerate(panels):
        x = 20 + 162 * i
        picture.text(x + 74, 82, title, 13, anchor="middle", weight="bold")
        picture.line(x, bottom, x + 148, bottom)
        for g, size in enumerate(sizes):
            for b, (variant, colour) in enumerate((("secure-init", OURS), ("shell script", SCRIPT))):
                share = ratio[size, f"{variant} ÷ no firewall", head]
                share = share if more else 1 / share
                height = tall * min(share, highest) / highest
                left = x + 4 + 49 * g + 21 * b
                picture.bar(left, bottom - height, 19, height, colour)
                picture.text(left + 9.5, bottom - height + 12, f"{share * 100:.0f}", 10, "middle", PAPER)
            picture.text(x + 24 + 49 * g, bottom + 16, size, 11, "middle")
        picture.line(x, bottom - tall / highest, x + 148, bottom - tall / highest, "3 3")
    picture.text(822, bottom - tall / highest + 4, "100 %", 10, colour=PALE)
    picture.text(20, 288, "elements of the set", 11, colour=PALE)
    return picture


if __name__ == "__main__":
    stale = 0
    for name, draw in (("startup", startup), ("datapath", datapath)):
        path, drawn = ROOT / "docs" / "img" / f"{name}.svg", draw().svg()
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text() != drawn:
                print(f"docs/img/{name}.svg is not that of its tables: python3 bench/plot.py")
                stale = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(drawn)
    sys.exit(stale)
