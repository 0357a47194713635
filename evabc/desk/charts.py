"""Bar charts as plain SVG: positions and sizes worked out here, colours in the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 120  # of the bars, in units of the drawing
BAR = 26
GAP = 10
SPACE_ABOVE = 40  # for the title, and the number over the highest bar
SPACE_BELOW = 26  # for the names beneath


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, its number and its name."""

    x: int
    y: int
    height: int
    value: str
    name: str

    @property
    def middle(self) -> int:
        return self.x + BAR // 2

    @property
    def number_y(self) -> int:
        return self.y - 6


@dataclass(frozen=True)
class Chart:
    """Bars side by side. ``summary`` says in words what they show."""

    title: str
    summary: str
    bars: Sequence[Bar]

    bar_width = BAR
    base_y = SPACE_ABOVE + HEIGHT
    names_y = SPACE_ABOVE + HEIGHT + 18
    height = SPACE_ABOVE + HEIGHT + SPACE_BELOW

    @property
    def width(self) -> int:
        return max(len(self.bars) * (BAR + GAP) + GAP, 200)


def bar_chart(
    title: str, names: Sequence[str], values: Sequence[int], *, highest: int | None = None
) -> Chart:
    """A bar for each value. Charts that are compared share one ``highest`` value."""
    top = max(highest if highest is not None else max(values, default=0), 1)
    bars = []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        height = round(HEIGHT * value / top)
        x, y = GAP + number * (BAR + GAP), SPACE_ABOVE + HEIGHT - height
        bars.append(Bar(x, y, height, str(value), name))
    return Chart(title, _summary(names, values), bars)


def _summary(names: Sequence[str], values: Sequence[int]) -> str:
    if not any(values):
        return "Nothing in these months."
    peak = max(range(len(values)), key=values.__getitem__)
    return (
        f"From {values[0]} in {names[0]} to {values[-1]} in {names[-1]}; "
        f"the most, {values[peak]}, in {names[peak]}."
    )
