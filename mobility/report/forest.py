"""Estimates with their intervals, one below the other, as SVG. A line marks where there is no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.report.grids import Cell, Grid
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

_WIDE, _LEFT, _RIGHT, _ROW, _HEAD = 640.0, 266.0, 64.0, 22.0, 20.0
_LETTERS = 44


@dataclass(frozen=True)
class Estimate:
    """One estimate: what it is, and where it and the ends of its interval stand. An end that is not released is not drawn."""

    name: str
    value: Cell
    lower: Cell
    upper: Cell
    second: bool = False


@dataclass(frozen=True)
class Group:
    """Estimates under a title."""

    title: str
    estimates: tuple[Estimate, ...]


def draw_forest(
    name: str, caption: str, groups: Sequence[Group], none: str, grid: Grid, label: str | None
) -> Drawing | None:
    """A figure of estimates on one scale; nothing where none is released.

    Args:
        name: see `Drawing`.
        caption: what is estimated.
        groups: the estimates.
        none: words at the line of no difference.
        grid: of the released numbers.
        label: what the data say of themselves.
    """
    points = [
        Point((group.title, one.name), cell)
        for group in groups
        for one in group.estimates
        for cell in (one.value, one.lower, one.upper)
    ]
    numbers = [number for point in points if (number := grid.number(point.cell)) is not None]
    if not numbers:
        return None
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    scale = (_WIDE - _LEFT - _RIGHT - 12) / ((high - low) or 1.0)
    zero = _LEFT + 6 - low * scale
    pictures = [_picture(group, none, zero, scale, grid) for group in groups]
    return drawing(
        name, caption, pictures, label, "forest", 1, [point for point in points if grid.number(point.cell) is not None]
    )


def _picture(group: Group, none: str, zero: float, scale: float, grid: Grid) -> Picture:
    high = _HEAD + _ROW * len(group.estimates)
    parts = [
        words(none, zero, 11, SOFT, 10, text_anchor="middle"),
        tag(
            "path",
            d=f"M{zero:.1f} {_HEAD - 4:.0f}V{high:.0f}",
            stroke=SOFT,
            stroke_width="1",
            stroke_dasharray="3 3",
            fill="none",
        ),
    ]
    for place, one in enumerate(group.estimates):
        y = _HEAD + _ROW * place + _ROW / 2
        parts.append(words(shortened(one.name, _LETTERS), 0, y + 4, INK, 12))
        value, *ends = (grid.number(cell) for cell in (one.value, one.lower, one.upper))
        if value is None:
            parts.append(words("·", _WIDE - _RIGHT + 8, y + 4, INK, 12))
            continue
        colour = SECOND if one.second else ACCENT
        for cell, end in zip((one.lower, one.upper), ends, strict=True):
            if end is not None:
                first, last = sorted((zero + value * scale, zero + end * scale))
                line = f"M{first:.1f} {y:.1f}H{last:.1f}M{zero + end * scale:.1f} {y - 4:.1f}v8"
                parts.append(
                    tag("path", d=line, stroke=colour, stroke_width="1.5", fill="none", **marked(cell, end, grid))
                )
        middle = {"cx": f"{zero + value * scale:.1f}", "cy": f"{y:.1f}"}
        parts.append(tag("circle", **middle, r="4", fill=colour, **marked(one.value, value, grid)))
        parts.append(words(grid.texts.number(value), _WIDE - _RIGHT + 8, y + 4, INK, 12))
    return Picture(group.title, svg("".join(parts), _WIDE, high), _WIDE, high)
