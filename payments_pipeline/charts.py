"""The charts of a reconciled day: the bridge from our total to the bank's, and how the last thirty days went.

A chart is a picture: a few shapes at places, worked out once. It is drawn as SVG for the page and for Dagster's UI, and by
`reporting/reconciliation_pdf.py` on paper, so that both show the same.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final, Literal

from payments_pipeline.money import dollars, signed
from payments_pipeline.rules.bridge import Step

INK: Final = "#1b2430"
QUIET: Final = "#5a6675"
FAINT: Final = "#8a94a3"
RULE: Final = "#d7dde5"
TOTAL: Final = "#44546a"
MORE: Final = "#2f6fb3"
"""Where the bank has more than we."""
LESS: Final = "#c8702a"
"""Where it has less. Blue and orange differ for every eye, and in grey."""
GOOD: Final = "#2d7d54"
MORE_PALE: Final = "#b9d0e8"
LESS_PALE: Final = "#eccdb2"
SHADE: Final = "#f1f3f6"
HIGHLIGHT: Final = "#fdf3d6"

Anchor = Literal["start", "middle", "end"]
Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    says: str = ""
    """What it tells whoever points at it."""


@dataclass(frozen=True, slots=True)
class Path:
    """A line from point to point."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float = 1.0
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    color: str = INK
    anchor: Anchor = "start"
    is_bold: bool = False


Shape = Box | Path | Words


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes on a sheet, from its upper left corner."""

    width: float
    height: float
    says: str
    """The picture in a sentence, for who cannot see it."""
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class TrendDay:
    """A day of the last thirty. One on which nothing was reconciled has no figures."""

    bank_day: date
    variance_cents: int | None
    more_cents: int
    """What the bank has more than we, by cause and rail; what it has less does not make up for it."""
    less_cents: int
    open_more_cents: int
    """Of it, what somebody must look at."""
    open_less_cents: int
    movements: int | None
    matched: int | None
    auto_matched: int | None
    open_items: int | None
    is_balanced: bool | None

    @property
    def auto_match(self) -> float | None:
        """The share of our movements that found their line without a person; None where there were none."""
        return self.auto_matched / self.movements if self.movements and self.auto_matched is not None else None


# The bridge -------------------------------------------------------------------------------------------------------------

_WIDTH: Final = 860.0
_LABELS: Final = 190.0
_FIGURES: Final = 190.0
_ROW: Final = 30.0
_BAR: Final = 18.0
_LEAST: Final = 1.5
"""The width of a bar that stands for next to nothing: it is there, after all."""
_STUMP: Final = 0.45
"""How long the totals' bars are where the axis does not begin at zero, measured by what the steps span."""


def bridge(our_cents: int, steps: Sequence[Step], bank_cents: int) -> Picture:
    """From our total, cause by cause, to the bank's.

    Causes are mostly small beside the totals. Where they would not be seen, the axis does not begin at zero, and the
    totals' bars are broken to say so.
    """
    levels = [our_cents]
    for step in steps:
        levels.append(levels[-1] + step.cents)
    low, high = min(levels), max(levels)
    span = high - low
    width = _WIDTH - _LABELS - _FIGURES
    is_broken = span > 0 and low > 0 and span < 0.25 * high
    if is_broken:
        begins = low - span * _STUMP
        ends = high + span * 0.05
    else:
        begins, ends = min(0, low), max(high, 1)

    def at(cents: float) -> float:
        return _LABELS + (cents - begins) / (ends - begins) * width

    return Picture(
        _WIDTH,
        (len(steps) + 2) * _ROW + (28 if is_broken else 14),
        f"Our total {dollars(our_cents)}, then {len(steps)} causes, then the bank's total {dollars(bank_cents)}.",
        tuple(_bridge_shapes(our_cents, steps, bank_cents, at, is_broken=is_broken)),
    )


def _bridge_shapes(
    our_cents: int, steps: Sequence[Step], bank_cents: int, at: Scale, *, is_broken: bool
) -> Iterator[Shape]:
    zero = _LABELS if is_broken else at(0)
    bottom = 8 + (len(steps) + 2) * _ROW
    yield Path(((zero, 4), (zero, bottom)), RULE)
    yield from _total_row(0, "Our books", our_cents, zero, at, is_broken=is_broken)
    level = our_cents
    for number, step in enumerate(steps, start=1):
        y = 8 + number * _ROW
        left, right = sorted((at(level), at(level + step.cents)))
        color = MORE if step.cents > 0 else LESS
        # the level that is carried on from the row above
        yield Path(((at(level), y - _ROW + _BAR + 6), (at(level), y + _BAR + 6)), FAINT, 0.8, is_dashed=True)
        yield Words(0, y + 17, step.name, 12.5)
        items = f"{step.items:,} item{'s' if step.items != 1 else ''}"
        yield Box(left, y + 4, max(right - left, _LEAST), _BAR, color, f"{step.name}: {signed(step.cents)}, {items}")
        yield Words(_WIDTH, y + 17, signed(step.cents), 12.5, color, "end", is_bold=True)
        yield Words(_WIDTH - 112, y + 17, items, 10.5, QUIET, "end")
        level += step.cents
    yield Path(((at(level), bottom - 2 * _ROW + _BAR + 6), (at(level), bottom - 4)), FAINT, 0.8, is_dashed=True)
    yield from _total_row(len(steps) + 1, "The bank", bank_cents, zero, at, is_broken=is_broken)
    if is_broken:
        note = "The axis does not begin at zero: the bars of the two totals are cut."
        yield Words(_LABELS, bottom + 14, note, 10, QUIET)


def _total_row(number: int, name: str, cents: int, zero: float, at: Scale, *, is_broken: bool) -> Iterator[Shape]:
    y = 8 + number * _ROW
    left, right = sorted((zero, at(cents)))
    yield Words(0, y + 17, name, 12.5, is_bold=True)
    yield Box(left, y + 4, max(right - left, _LEAST), _BAR, TOTAL, f"{name}: {dollars(cents)}")
    if is_broken:
        for x in (_LABELS + 14, _LABELS + 19):
            yield Path(((x - 3, y + 2 + _BAR + 4), (x + 3, y + 2)), "#ffffff", 2.2)
    yield Words(_WIDTH, y + 17, dollars(cents), 12.5, INK, "end", is_bold=True)


_CELLS: Final = 20
_BLANK: Final = "\u00a0"
_SHOWN_AT_ONCE: Final = 1_000
"""Letters of Markdown that Dagster's UI shows without being asked; more of it, such as an image, takes a click."""


def bridge_in_words(our_cents: int, steps: Sequence[Step], bank_cents: int) -> str:
    """The bridge as a Markdown table with bars of letters, short enough to be shown at once."""
    levels = [our_cents]
    for step in steps:
        levels.append(levels[-1] + step.cents)
    low, high = min(levels), max(levels)
    if low > 0 and high - low < 0.25 * high:
        low -= int((high - low) * _STUMP)
    else:
        low = min(0, low)
    cell = max(high - low, 1) / _CELLS
    rows = [("**our books**", low, our_cents, dollars(our_cents))]
    for before, step in zip(levels, steps, strict=False):
        rows.append((step.name, before, before + step.cents, signed(step.cents)))
    rows.append(("**the bank**", low, bank_cents, dollars(bank_cents)))
    table = "| | | dollars |\n|---|---|---:|\n"
    for name, begins, ends, figure in rows:
        left, right = sorted((round((begins - low) / cell), round((ends - low) / cell)))
        bar = _BLANK * min(left, _CELLS - 1) + "\u2588" * max(right - left, 1 if begins != ends else 0)
        line = f"| {name} | `{bar or _BLANK}` | {figure} |\n"
        table += line if len(table) + len(line) < _SHOWN_AT_ONCE else ""
    return table


# The trend --------------------------------------------------------------------------------------------------------------

_PLOT_LEFT: Final = 92.0
_PLOT_WIDTH: Final = _WIDTH - _PLOT_LEFT - 12
_UPPER: Final = 96.0
_LOWER: Final = 74.0


def trend(days: Sequence[TrendDay]) -> Picture:
    """By how much bank and books differed, either way, and below it how much was matched without a person.

    The last day is the report's.
    """
    upper, lower = 44.0, 44.0 + _UPPER + 40
    shapes = (
        *_slots(days, upper, lower), *_variances(days, upper), *_rates(days, lower), *_dates(days, lower + _LOWER + 16),
    )  # fmt: skip
    known = [one for one in days if one.variance_cents is not None]
    balanced = sum(bool(one.is_balanced) for one in known)
    says = f"{len(known)} of the {len(days)} days were reconciled, {balanced} of them balanced."
    return Picture(_WIDTH, lower + _LOWER + 24, says, shapes)


def _slots(days: Sequence[TrendDay], upper: float, lower: float) -> Iterator[Shape]:
    """Behind everything else: the report's day, and the days that have no figures."""
    slot = _PLOT_WIDTH / len(days)
    for number, one in enumerate(days):
        is_last = number == len(days) - 1
        if is_last or one.variance_cents is None:
            for top, height in ((upper, _UPPER), (lower, _LOWER)):
                yield Box(_PLOT_LEFT + slot * number, top, slot, height, HIGHLIGHT if is_last else SHADE)


def _variances(days: Sequence[TrendDay], top: float) -> Iterator[Shape]:
    yield Words(0, top - 28, "Bank less books, each way", 11.5, INK, is_bold=True)
    yield from _legend(top - 28)
    high = max((max(one.more_cents, one.open_more_cents) for one in days), default=0)
    low = min((min(one.less_cents, one.open_less_cents) for one in days), default=0)
    span = (high - low) or 1
    zero = top + _UPPER * (high / span if high > low else 0.5)
    marks = [0] + [cents for cents in (high, low) if abs(cents) > 0.12 * span]
    for cents in marks:
        y = zero - _UPPER * cents / span
        yield Path(((_PLOT_LEFT, y), (_WIDTH - 12, y)), QUIET if cents == 0 else RULE, 0.8)
        yield Words(_PLOT_LEFT - 8, y + 4, short(cents), 10.5, QUIET, "end")
    slot = _PLOT_WIDTH / len(days)
    for number, one in enumerate(days):
        x = _PLOT_LEFT + slot * number + slot * 0.2
        for cents, color in (
            (one.more_cents, MORE_PALE), (one.less_cents, LESS_PALE), (one.open_more_cents, MORE),
            (one.open_less_cents, LESS),
        ):  # fmt: skip
            if cents:
                height = max(_UPPER * abs(cents) / span, _LEAST)
                says = f"{one.bank_day}: {signed(cents)}"
                yield Box(x, zero - height if cents > 0 else zero, slot * 0.6, height, color, says)
        if one.variance_cents is not None and not (one.more_cents or one.less_cents):
            yield Box(x + slot * 0.3 - 2.2, zero - 2.2, 4.4, 4.4, GOOD, f"{one.bank_day}: no difference")


def _legend(y: float) -> Iterator[Shape]:
    x = _PLOT_LEFT + 118
    for colors, text, width in (
        ((MORE, LESS), "open", 62), ((MORE_PALE, LESS_PALE), "explained", 88), ((GOOD,), "no difference", 104),
        ((SHADE,), "not reconciled, or nothing to reconcile", 0),
    ):  # fmt: skip
        for number, color in enumerate(colors):
            yield Box(x + 9 * number, y - 8, 8, 8, color)
        yield Words(x + 9 * len(colors) + 4, y, text, 10.5, QUIET)
        x += width + 9 * len(colors)


def _rates(days: Sequence[TrendDay], top: float) -> Iterator[Shape]:
    yield Words(0, top - 12, "Matched without a person, of our movements", 11.5, INK, is_bold=True)
    rates = [one.auto_match for one in days if one.auto_match is not None]
    floor = _floor_of(min(rates, default=0.0))
    slot = _PLOT_WIDTH / len(days)

    def at(rate: float) -> float:
        return top + _LOWER * (1 - (rate - floor) / (1 - floor))

    for rate in (floor, (1 + floor) / 2, 1.0):
        yield Path(((_PLOT_LEFT, at(rate)), (_WIDTH - 12, at(rate))), RULE, 0.8)
        yield Words(_PLOT_LEFT - 8, at(rate) + 4, f"{rate * 100:.4g}%", 10.5, QUIET, "end")
    points: list[tuple[float, float]] = []
    for number, one in enumerate(days):
        if one.auto_match is None:
            continue
        points.append((_PLOT_LEFT + slot * (number + 0.5), at(one.auto_match)))
    if len(points) > 1:
        yield Path(tuple(points), GOOD, 1.6)
    for x, y in points:
        yield Box(x - 2.2, y - 2.2, 4.4, 4.4, GOOD)


def _dates(days: Sequence[TrendDay], y: float) -> Iterator[Shape]:
    slot = _PLOT_WIDTH / len(days)
    last = len(days) - 1
    for number, one in enumerate(days):
        if (last - number) % 7 == 0:
            yield Words(
                _PLOT_LEFT + slot * (number + 0.5), y, f"{one.bank_day:%b} {one.bank_day.day}", 10.5,
                INK if number == last else QUIET, "end" if number == last else "middle", is_bold=number == last,
            )  # fmt: skip


def _floor_of(least: float) -> float:
    """Where the axis of the rates begins: a round share below the least of them."""
    return next((floor for floor in (0.99, 0.95, 0.9, 0.8, 0.5) if least > floor), 0.0)


# On the screen ----------------------------------------------------------------------------------------------------------


def as_svg(picture: Picture, *, is_standalone: bool = False) -> str:
    """The picture as SVG; standing alone it brings its own white sheet and namespace."""
    margin = 14 if is_standalone else 0
    box = f"{-margin} {-margin} {picture.width + 2 * margin:g} {picture.height + 2 * margin:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{escape(picture.says)}"'
    family = ' font-family="system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif"'
    size = f' width="{picture.width + 2 * margin:g}" height="{picture.height + 2 * margin:g}"' if is_standalone else ""
    sheet = (
        f'<rect x="{-margin}" y="{-margin}" width="100%" height="100%" rx="6" fill="#ffffff"/>' if is_standalone else ""
    )
    return f"{head}{family}{size}>{sheet}{''.join(map(_svg_shape, picture.shapes))}</svg>"


def as_markdown(picture: Picture) -> str:
    """The picture within Markdown, carried along in its address: Dagster's UI shows such images and loads no others."""
    data = base64.b64encode(as_svg(picture, is_standalone=True).encode()).decode()
    return f"![{picture.says}](data:image/svg+xml;base64,{data})"


def _svg_shape(shape: Shape) -> str:
    match shape:
        case Box():
            title = f"<title>{escape(shape.says)}</title>" if shape.says else ""
            return (
                f'<rect x="{shape.x:.2f}" y="{shape.y:.2f}" width="{shape.width:.2f}" height="{shape.height:.2f}" '
                f'fill="{shape.fill}">{title}</rect>'
            )
        case Path():
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="2 2.5"' if shape.is_dashed else ""
            return f'<polyline points="{points}" fill="none" stroke="{shape.stroke}" stroke-width="{shape.width:g}"{dashes}/>'
        case Words():
            weight = ' font-weight="600"' if shape.is_bold else ""
            return (
                f'<text x="{shape.x:.2f}" y="{shape.y:.2f}" font-size="{shape.size:g}" fill="{shape.color}" '
                f'text-anchor="{shape.anchor}"{weight} style="font-variant-numeric:tabular-nums">{escape(shape.text)}</text>'
            )


# Figures ----------------------------------------------------------------------------------------------------------------


def short(cents: int) -> str:
    """Roughly, for an axis."""
    amount = abs(cents) / 100
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "K")):
        if amount >= size:
            amount, unit = amount / (1e3 if letter == "K" else size), letter
            break
    else:
        unit = ""
    digits = f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:,.1f}"
    return f"{'-' if cents < 0 else ''}${digits}{unit}"
