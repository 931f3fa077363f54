"""Curves over months as SVG: released shares that hold until the next step, as lines or as areas on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.report.grids import Cell, Grid
from mobility.report.markup import tag
from mobility.report.pictures import ACCENT, INK, SECOND, SOFT, Drawing, Picture, Point, drawing, marked, svg, words

_WIDE, _HIGH, _COLUMNS = 268.0, 176.0, 3
_LEFT, _RIGHT, _HEAD, _FOOT = 6.0, 112.0, 16.0, 18.0
_LINE, _LETTER, _LEAST = (
    12.0,
    5.8,
    0.004,
)  # of words below each other, of a digit; a share too thin to be named at its end
_COLOURS = ((SECOND, "0.85"), (SOFT, "0.60"), (ACCENT, "0.55"), (ACCENT, "0.28"), (SOFT, "0.25"))


@dataclass(frozen=True)
class Curve:
    """One curve: its name, and the cell of its share after every step, by the month in which the step ends.

    `lower` and `upper`: the ends of its interval, where the release has them.
    """

    name: str
    steps: Mapping[int, Cell]
    second: bool = False
    lower: Mapping[int, Cell] | None = None
    upper: Mapping[int, Cell] | None = None


@dataclass(frozen=True)
class Sheet:
    """A small chart with its title and its curves."""

    title: str
    curves: tuple[Curve, ...]


def draw_curves(
    name: str, caption: str, sheets: Sequence[Sheet], grid: Grid, label: str | None, *, stacked: bool = False
) -> Drawing | None:
    """A figure of small charts on one scale; nothing where no curve has a number.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        sheets: the small charts.
        grid: of the released numbers.
        label: what the data say of themselves.
        stacked: areas on top of each other up to 1, for shares of one whole; otherwise lines.
    """
    points = [
        Point((sheet.title, curve.name, str(month)), cell)
        for sheet in sheets
        for curve in sheet.curves
        for part in (curve.steps, curve.lower or {}, curve.upper or {})
        for month, cell in sorted(part.items())
        if grid.number(cell) is not None
    ]
    if not points:
        return None
    last = max(int(point.heads[2]) for point in points)
    top = 1.0 if stacked else max(grid.number(point.cell) or 0.0 for point in points)
    draw = _areas if stacked else _lines
    pictures = [
        Picture(sheet.title, svg(draw(sheet, last, top or 1.0, grid), _WIDE, _HIGH), _WIDE, _HIGH) for sheet in sheets
    ]
    return drawing(name, caption, pictures, label, "panels", _COLUMNS, points)


def _x(month: int, last: int) -> float:
    return _LEFT + (_WIDE - _LEFT - _RIGHT) * month / last


def _y(share: float, top: float) -> float:
    return _HIGH - _FOOT - (_HIGH - _FOOT - _HEAD) * share / top


def _held(steps: Mapping[int, Cell], grid: Grid) -> list[tuple[int, float, Cell]]:
    """Month, share and cell of every step that is released, in order."""
    return [(month, value, cell) for month, cell in sorted(steps.items()) if (value := grid.number(cell)) is not None]


def _axis(last: int, months: Sequence[int]) -> str:
    floor = _HIGH - _FOOT
    line = f"M{_LEFT:.0f} {floor:.0f}H{_x(last, last):.1f}"
    line += "".join(f"M{_x(month, last):.1f} {floor:.0f}v4" for month in months)
    parts = [tag("path", d=line, stroke=SOFT, stroke_width="1", fill="none")]
    shown = [month for month in months if month in (months[0], months[-1])] if months else []
    parts += [
        words(str(month), _x(month, last), _HIGH - 2, INK, 11, text_anchor="middle") for month in dict.fromkeys(shown)
    ]
    return "".join(parts)


def _lines(sheet: Sheet, last: int, top: float, grid: Grid) -> str:
    parts, ends, months = [], [], set[int]()
    for curve in sheet.curves:
        held = _held(curve.steps, grid)
        if not held:
            continue
        colour = SECOND if curve.second else ACCENT
        low, high = (_path(_held(part or {}, grid), last, top) for part in (curve.lower, curve.upper))
        if low and high:
            back = "L".join(reversed(high.removeprefix("M").split("L")))
            parts.append(tag("path", d=f"{low}L{back}Z", fill=colour, fill_opacity="0.16"))
        parts.append(tag("path", d=_path(held, last, top), stroke=colour, stroke_width="1.8", fill="none"))
        for month, value, cell in held:
            place = {"cx": f"{_x(month, last):.1f}", "cy": f"{_y(value, top):.1f}"}
            parts.append(tag("circle", **place, r="2.6", fill=colour, **marked(cell, value, grid)))
        ends.append((_y(held[-1][1], top), curve.name, grid.texts.number(held[-1][1])))
        months |= {month for month, *_ in held}
    return _axis(last, sorted(months)) + "".join(parts) + _names(ends)


def _path(held: Sequence[tuple[int, float, Cell]], last: int, top: float) -> str:
    """From nothing at the start, up at the end of every step, to the end."""
    if not held:
        return ""
    corners, before = [(_x(0, last), _y(0.0, top))], 0.0
    for month, value, _ in held:
        corners += [(_x(month, last), _y(before, top)), (_x(month, last), _y(value, top))]
        before = value
    corners.append((_x(last, last), _y(before, top)))
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)


def _areas(sheet: Sheet, last: int, top: float, grid: Grid) -> str:
    """Every share as an area of its own height; what is above them all has no number and stays empty."""
    held = [(curve.name, _held(curve.steps, grid)) for curve in sheet.curves]
    held = [(name, steps) for name, steps in held if steps]
    months = sorted({month for _, steps in held for month, *_ in steps})
    frame = tag(
        "rect", x=f"{_LEFT:.0f}", y=f"{_HEAD:.0f}", width=f"{_WIDE - _LEFT - _RIGHT:.0f}", height=f"{_HIGH - _FOOT - _HEAD:.0f}",
        fill=SOFT, fill_opacity="0.08",
    )  # fmt: skip
    parts, ends, below = [frame], [], dict.fromkeys(months, 0.0)
    for (name, steps), (colour, opacity) in zip(held, _COLOURS, strict=False):
        for place, month in enumerate(months):
            reached = [step for step in steps if step[0] <= month]
            if not reached:
                continue
            _, value, cell = reached[-1]
            until = months[place + 1] if place + 1 < len(months) else last
            left, right = _x(month, last), max(_x(until, last), _x(month, last) + 1.5)
            upper, lower = _y(below[month] + value, top), _y(below[month], top)
            area = {
                "x": f"{left:.1f}",
                "y": f"{upper:.1f}",
                "width": f"{right - left:.1f}",
                "height": f"{lower - upper:.1f}",
            }
            parts.append(tag("rect", **area, fill=colour, fill_opacity=opacity, **marked(cell, value, grid)))
            below[month] += value
            if place == len(months) - 1 and value > _LEAST:
                ends.append(((upper + lower) / 2, name, grid.texts.number(value)))
    return _axis(last, months) + "".join(parts) + _names(ends)


def _names(ends: Sequence[tuple[float, str, str]]) -> str:
    """Name and last number of every curve at its right, moved apart where they would touch."""
    parts, floor = [], _HIGH - _FOOT + _LINE / 2
    for place, (y, name, number) in enumerate(sorted(ends, reverse=True)):
        at = min(y + 4, floor) if place else min(y + 4, _HIGH - _FOOT)
        parts += [
            words(number, _WIDE - _RIGHT + 6, at, INK, 11),
            words(name, _WIDE - _RIGHT + 12 + _LETTER * len(number), at, SOFT, 10),
        ]
        floor = at - _LINE
    return "".join(parts)
