"""Small charts as SVG: bars, and numbers by year. Marks carry their released number; axes carry names and years only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.report.grids import MARK, Cell, Grid
from mobility.report.markup import tag
from mobility.report.pictures import (
    ACCENT,
    INK,
    SECOND,
    SOFT,
    Drawing,
    Picture,
    Point,
    drawing,
    marked,
    shortened,
    svg,
    words,
)

_WIDE, _LABELS, _BARS, _COLUMNS = 268.0, 112.0, 112.0, 3
_STEP, _THICK = 21.0, 13.0
_HIGH, _EDGE, _FOOT, _ROOM = 110.0, 14.0, 18.0, 16.0  # of a series: its height, sides, years below, and labels above
_LETTERS = 19  # of a name that has room
_LONG = 5  # letters of a number beside which the next year has no room for its own


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its number, and whether it is of the second colour."""

    name: str
    cell: Cell
    second: bool = False


@dataclass(frozen=True)
class Panel:
    """A small chart with its title: bars, or a number per year."""

    title: str
    bars: tuple[Bar, ...] = ()
    years: tuple[tuple[int, Cell], ...] = ()


def draw_panels(name: str, caption: str, panels: Sequence[Panel], grid: Grid, label: str | None) -> Drawing | None:
    """A figure of small charts on one scale; nothing where no mark has a number.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        panels: the small charts.
        grid: of the released numbers.
        label: what the data say of themselves; written into the figure that stands alone.
    """
    points = [Point((panel.title, bar.name), bar.cell) for panel in panels for bar in panel.bars]
    points += [Point((panel.title, str(year)), cell) for panel in panels for year, cell in panel.years]
    top = max((number for point in points if (number := grid.number(point.cell)) is not None), default=None)
    if top is None:
        return None
    pictures = [_bars(panel, top, grid) if panel.bars else _series(panel, top, grid) for panel in panels]
    return drawing(name, caption, pictures, label, "panels", _COLUMNS, points)


def _bars(panel: Panel, top: float, grid: Grid) -> Picture:
    parts = []
    for place, bar in enumerate(panel.bars):
        value, y = grid.number(bar.cell), place * _STEP
        middle = y + _STEP / 2 + 4
        parts.append(words(shortened(bar.name, _LETTERS), _LABELS - 6, middle, INK, 12, text_anchor="end"))
        wide = 0.0 if value is None else _BARS * value / top
        if value is not None:
            colour = SECOND if bar.second else ACCENT
            place_of = {"x": f"{_LABELS:.0f}", "y": f"{y + (_STEP - _THICK) / 2:.1f}"}
            size = {"width": f"{wide:.1f}", "height": f"{_THICK:.0f}"}
            parts.append(tag("rect", **place_of, **size, fill=colour, **marked(bar.cell, value, grid)))
        shown = MARK if value is None else grid.texts.number(value)
        parts.append(words(shown, _LABELS + wide + 5, middle, INK, 12))
    high = _STEP * len(panel.bars)
    return Picture(panel.title, svg("".join(parts), _WIDE, high), _WIDE, high)


def _series(panel: Panel, top: float, grid: Grid) -> Picture:
    first, last = panel.years[0][0], panel.years[-1][0]
    wide, floor = _WIDE - 2 * _EDGE, _HIGH - _FOOT
    numbers = [(year, cell, grid.number(cell)) for year, cell in panel.years]
    shown = [grid.texts.number(value) for _, _, value in numbers if value is not None]
    every = 1 if all(len(text) < _LONG for text in shown) else 2
    line, dots, labels, pen_down = "", [], [], False
    for place, (year, cell, value) in enumerate(numbers):
        x = _EDGE + wide * (year - first) / max(last - first, 1)
        if value is None:
            pen_down = False
            labels.append(words(MARK, x, floor - 5, INK, 10, text_anchor="middle"))
            continue
        y = floor - (floor - _ROOM) * value / top
        line += f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}"
        pen_down = True
        dots.append(tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.6", fill=ACCENT, **marked(cell, value, grid)))
        if (len(numbers) - 1 - place) % every == 0:  # the last year always has its number
            labels.append(words(grid.texts.number(value), x, y - 7, INK, 10, text_anchor="middle"))
    axis = tag("path", d=f"M{_EDGE:.0f} {floor:.0f}H{_WIDE - _EDGE:.0f}", stroke=SOFT, stroke_width="1", fill="none")
    ends = [words(str(year), x, _HIGH - 4, INK, 12, text_anchor=anchor) for year, x, anchor in (
        (first, _EDGE - 10, "start"), (last, _WIDE - _EDGE + 10, "end"),
    )]  # fmt: skip
    drawn = tag("path", d=line, stroke=ACCENT, stroke_width="1.5", fill="none")
    return Picture(panel.title, svg("".join([axis, drawn, *dots, *labels, *ends]), _WIDE, _HIGH), _WIDE, _HIGH)
