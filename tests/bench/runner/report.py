# SPDX-License-Identifier: Apache-2.0
"""The table in words."""

from statistics import median


def summary(values, floor=None):
    """Median of the rounds; with a floor also the ratio of each round to the floor's."""
    result = {"median": median(values), "rounds": values}
    if floor:
        ratios = [value / low for value, low in zip(values, floor)]
        result |= {"ratio": median(ratios), "ratioRange": [min(ratios), max(ratios)]}
    return result


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(row, result):
    if result is None:
        return "–"
    text = _number(result["median"])
    if "ratio" in result:
        text += f"  {result['ratio']:.2f}"
    return text


def text_table(rows, titles):
    """Plain text; each cell is the median and, where there is a floor, the ratio to it."""
    lines = [["", "", *titles.values()]]
    for row in rows:
        cells = [_cell(row, row["servers"].get(name)) for name in titles]
        lines.append([row["title"], row["unit"], *cells])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = []
    for line in lines:
        left = [line[i].ljust(widths[i]) for i in (0, 1)]
        right = [line[i].rjust(widths[i]) for i in range(2, len(line))]
        text.append("  ".join(left + right).rstrip())
    return "\n".join(text)


def misses(rows):
    """What is over its target, one sentence each."""
    found = []
    for row in rows:
        for server, limit in row["targets"].items():
            result = row["servers"].get(server)
            if result is None:
                continue
            value = result["ratio"] if row["againstFloor"] else result["median"]
            if value > limit:
                found.append(f"{row['title']}, {server}: {value:.2f}, wanted at most {limit}")
    return found
