"""Flows as ribbons: column after column, a band as wide as its released number. Withheld flows are not drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.report.grids import Cell, Grid
from mobility.report.markup import tag, text
from mobility.report.pictures import (
    ACCENT,
    INK,
    SECOND,
    Drawing,
    Picture,
    Point,
    drawing,
    marked,
    shortened,
    svg,
    words,
)

_WIDTH, _HEIGHT, _LEFT, _NODE, _GAP = 640.0, 300.0, 150.0, 9.0, 12.0
_SIZE, _LETTERS = 13, 22


@dataclass(frozen=True, eq=False)
class Ribbon:
    """One released flow: names of both ends, where its number stands, and between which columns of places it runs, from 0.

    `second`: whether it has the second colour.
    """

    origin: str
    destination: str
    cell: Cell
    step: int = 0
    second: bool = False


def draw_ribbons(
    name: str,
    caption: str,
    ribbons: Sequence[Ribbon],
    columns: Sequence[Sequence[str]],
    grid: Grid,
    label: str | None,
) -> Drawing | None:
    """A picture of flows between places, from column to column; nothing where no flow has a number.

    Where numbers are rounded or withheld, what enters a place may differ from what leaves it: the place is as high as the larger.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        ribbons: the flows.
        columns: the places of every column, from top to bottom.
        grid: of the released numbers.
        label: what the data say of themselves.
    """
    sizes = {ribbon: value for ribbon in ribbons if (value := grid.value(ribbon.cell)) is not None}
    if not sizes:
        return None
    nodes = [_nodes(sizes, names, column) for column, names in enumerate(columns)]
    scale = min((_HEIGHT - _GAP * (len(column) - 1)) / sum(column.values()) for column in nodes if column)
    tops = [_tops(column, scale) for column in nodes]
    begins = _stacked(sizes, tops, scale, at_end=False)
    ends = _stacked(sizes, tops, scale, at_end=True)
    across = [_LEFT + column * (_WIDTH - 2 * _LEFT - _NODE) / (len(columns) - 1) for column in range(len(columns))]
    parts = [_band(ribbon, value, begins[ribbon], ends[ribbon], across, scale, grid) for ribbon, value in sizes.items()]
    for column, heights in enumerate(nodes):
        for place, height in heights.items():
            side = 0 if column == 0 else 2 if column == len(columns) - 1 else 1
            parts.append(_node(place, across[column], tops[column][place], height * scale, side))
    tall = _HEIGHT + _SIZE  # the name of a low bar at the bottom reaches below it
    picture = Picture("", svg("".join(parts), _WIDTH, tall), _WIDTH, tall)
    points = [Point((ribbon.origin, ribbon.destination), ribbon.cell) for ribbon in sizes]
    return drawing(name, caption, [picture], label, "ribbons", 1, points)


def _nodes(sizes: Mapping[Ribbon, int], names: Sequence[str], column: int) -> dict[str, int]:
    """The places of a column that have ribbons, and how much goes through each."""
    found = {}
    for name in names:
        leaves = sum(value for one, value in sizes.items() if one.step == column and one.origin == name)
        enters = sum(value for one, value in sizes.items() if one.step == column - 1 and one.destination == name)
        if leaves or enters:
            found[name] = max(leaves, enters)
    return found


def _tops(heights: Mapping[str, int], scale: float) -> dict[str, float]:
    found, height = {}, 0.0
    for name, value in heights.items():
        found[name] = height
        height += value * scale + _GAP
    return found


def _stacked(
    sizes: Mapping[Ribbon, int], tops: Sequence[Mapping[str, float]], scale: float, *, at_end: bool
) -> dict[Ribbon, float]:
    """Where each ribbon begins at one of its ends: at its place, below those that go to, or come from, places above it."""
    order = {(column, name): place for column, names in enumerate(tops) for place, name in enumerate(names)}

    def other(ribbon: Ribbon) -> int:
        return order[ribbon.step, ribbon.origin] if at_end else order[ribbon.step + 1, ribbon.destination]

    found: dict[Ribbon, float] = {}
    filled: dict[tuple[int, str], float] = {}
    for ribbon in sorted(sizes, key=other):
        place = (ribbon.step + 1, ribbon.destination) if at_end else (ribbon.step, ribbon.origin)
        found[ribbon] = tops[place[0]][place[1]] + filled.get(place, 0.0)
        filled[place] = filled.get(place, 0.0) + sizes[ribbon] * scale
    return found


def _band(
    ribbon: Ribbon,
    value: int,
    left: float,
    right: float,
    across: Sequence[float],
    scale: float,
    grid: Grid,
) -> str:
    width, start, stop = value * scale, across[ribbon.step] + _NODE, across[ribbon.step + 1]
    middle = (start + stop) / 2
    path = (
        f"M{start:.1f} {left:.1f}C{middle:.1f} {left:.1f} {middle:.1f} {right:.1f} {stop:.1f} {right:.1f}"
        f"V{right + width:.1f}C{middle:.1f} {right + width:.1f} {middle:.1f} {left + width:.1f} {start:.1f} {left + width:.1f}Z"
    )
    colour, opacity = (SECOND, "0.62") if ribbon.second else (ACCENT, "0.34")
    tip = tag("title", text(f"{ribbon.origin} → {ribbon.destination}: {grid.texts.number(value)}"))
    return tag("path", tip, d=path, fill=colour, fill_opacity=opacity, **marked(ribbon.cell, value, grid))


def _node(name: str, x: float, top: float, height: float, side: int) -> str:
    """A place as a bar with its name: left of the first column, right of the others."""
    at, anchor = (x - 6, "end") if side == 0 else (x + _NODE + 6, "start")
    bar = tag("rect", x=f"{x:.1f}", y=f"{top:.1f}", width=f"{_NODE:.0f}", height=f"{height:.1f}", fill=INK)
    said = words(shortened(name, _LETTERS), at, top + height / 2 + _SIZE / 3, INK, _SIZE, text_anchor=anchor)
    return bar + said
