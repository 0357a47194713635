"""What a page costs against the size of the tables, drawn as SVG."""

import math
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import Figure

WIDTH, HEIGHT, EDGE, LEGEND = 760, 420, 50, 260
_COLOURS = ("#0b5563", "#b4481e", "#5b3a8c", "#2e7d32", "#8a6d00", "#a3195b", "#37474f")


def draw(figures: Sequence[Figure], file: Path) -> None:
    """A line for each page; sizes by powers of ten, times from nothing up."""
    lines: defaultdict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.size and figure.unit == "ms":
            lines[figure.name].append(figure)
    points = [figure for line in lines.values() for figure in line]
    if not points:
        return
    places = [math.log10(point.size) for point in points]
    left, right = min(places), max(max(places), min(places) + 1)
    highest = max(point.value for point in points)

    def x(size: int) -> float:
        return EDGE + (math.log10(size) - left) / (right - left) * (WIDTH - 2 * EDGE - LEGEND)

    def y(value: float) -> float:
        return HEIGHT - EDGE - value / highest * (HEIGHT - 2 * EDGE)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>Milliseconds for a page against the number of requests</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{EDGE} {EDGE}V{HEIGHT - EDGE}H{WIDTH - LEGEND - EDGE}" fill="none" stroke="#555"/>',
        f'<text x="{EDGE}" y="{EDGE - 10}">{highest:.0f} ms</text>',
    ]
    for size in sorted({point.size for point in points}):
        drawn.append(
            f'<text x="{x(size):.0f}" y="{HEIGHT - EDGE + 20}" text-anchor="middle">{size:,}</text>'
        )
    for place, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        dashes = ' stroke-dasharray="6 3"' if place >= len(_COLOURS) else ""
        path = " ".join(f"{x(point.size):.1f},{y(point.value):.1f}" for point in line)
        at = EDGE + place * 16
        drawn += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>',
            f'<text x="{WIDTH - LEGEND - 20}" y="{at}" fill="{colour}">{escape(name)}</text>',
        ]
    file.write_text("\n".join([*drawn, "</svg>", ""]))
