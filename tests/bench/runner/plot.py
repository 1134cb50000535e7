# SPDX-License-Identifier: Apache-2.0
"""The table as a picture: ratios to the bare epoll server, one line per row, SVG."""

from html import escape
from math import log10

LABEL, RIGHT, TOP, LINE, WIDTH = 250, 30, 84, 30, 900
STYLE = """
text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #d0d7de } .floor { stroke: #57606a; stroke-dasharray: 4 3 } .span { stroke: #afb8c1 }
.s0 { fill: #0f766e } .s1 { fill: #0ea5e9 } .s2 { fill: #ca8a04 } .s3 { fill: #c2410c } .s4 { fill: #7e22ce }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .grid { stroke: #30363d } .floor { stroke: #9198a1 } .span { stroke: #484f58 }
  .s0 { fill: #2dd4bf } .s1 { fill: #7dd3fc } .s2 { fill: #facc15 } .s3 { fill: #fb923c } .s4 { fill: #c084fc }
}
"""


def _mark(kind, x, y):
    """A shape per server, so that colour is not the only difference."""
    shapes = (
        f'<circle class="s0" cx="{x:.1f}" cy="{y:.1f}" r="6"/>',
        f'<rect class="s1" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>',
        f'<path class="s2" d="M{x:.1f} {y - 6:.1f}l6 11h-12z"/>',
        f'<path class="s3" d="M{x:.1f} {y - 7:.1f}l6 7-6 7-6-7z"/>',
        f'<path class="s4" d="M{x:.1f} {y + 6:.1f}l6-11h-12z"/>',
    )
    return shapes[kind % len(shapes)]


def svg(rows, titles, floor, caption):
    """Rows without a ratio are left out."""
    rows = [row for row in rows if row["againstFloor"]]
    others = [name for name in titles if name != floor]
    ratios = [row["servers"][n]["ratio"] for row in rows for n in others if n in row["servers"]]
    low, high = min([0.1, *ratios]) * 0.9, max([2, *ratios]) * 1.15

    def at(ratio):
        return LABEL + (log10(ratio) - log10(low)) / (log10(high) - log10(low)) * (WIDTH - LABEL - RIGHT)

    height = TOP + LINE * len(rows) + 44
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(caption)}</title><style>{STYLE}</style>",
        '<text class="title" x="16" y="26">Server CPU, relative to a bare epoll server (smaller is better)</text>',
    ]
    x = 16
    for kind, name in enumerate(others):
        out.append(_mark(kind, x + 6, 50) + f'<text x="{x + 18}" y="54">{escape(titles[name])}</text>')
        x += 44 + 8 * len(titles[name])
    bottom = TOP + LINE * len(rows)
    for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50):
        if low <= tick <= high:
            kind = "floor" if tick == 1 else "grid"
            out.append(f'<path class="{kind}" d="M{at(tick):.1f} {TOP - 6}V{bottom}"/>')
            out.append(f'<text class="small" x="{at(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
    for i, row in enumerate(rows):
        y = TOP + LINE * i + LINE / 2
        out.append(f'<text x="{LABEL - 14}" y="{y + 4:.1f}" text-anchor="end">{escape(row["title"])}</text>')
        present = [(k, row["servers"][n]["ratio"]) for k, n in enumerate(others) if n in row["servers"]]
        if present:
            ends = [at(ratio) for _, ratio in present]
            out.append(f'<path class="span" d="M{min(ends):.1f} {y:.1f}H{max(ends):.1f}"/>')
        out += [_mark(kind, at(ratio), y) for kind, ratio in reversed(present)]
    out.append(f'<text class="small" x="16" y="{height - 10}">{escape(caption)}</text></svg>')
    return "\n".join(out) + "\n"
