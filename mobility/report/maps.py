"""Maps: a place is the darker the larger its released number. What is withheld or zero keeps the colour of the ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.report.grids import Cell, Grid
from mobility.report.markup import tag, text
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
from mobility.report.shapes import Ring, Shapes

_WIDE = 420.0  # of one map, in the units of its picture
_FULL, _GROUND, _ABOUT = 0.62, 0.07, 0.45  # opacity of the largest number, of none, and of the place it is about
_LETTER, _ROOM = 11.0, 38.0  # size of letters, and of the smallest square that has room for them
_LETTERS_PER_UNIT = 0.17
_APART = 0.6  # of points of an outline


@dataclass(frozen=True)
class Mapped:
    """One map: its title, the place that the numbers are about, and the number of each place that has one."""

    title: str
    about: str
    cells: Mapping[str, Cell]


def draw_maps(
    name: str, caption: str, maps: Sequence[Mapped], shapes: Shapes, grid: Grid, label: str | None
) -> Drawing | None:
    """Maps on one scale of colour; nothing where no place has a number.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        maps: the maps, drawn side by side.
        shapes: outlines of all places.
        grid: of the released numbers.
        label: what the data say of themselves.
    """
    top = max((grid.value(cell) or 0 for one in maps for cell in one.cells.values()), default=0)
    if not top or not shapes.rings:
        return None
    corners = [point for rings in shapes.rings.values() for ring in rings for point in ring]
    left, upper = min(x for x, _ in corners), min(y for _, y in corners)
    scale = _WIDE / max(max(x for x, _ in corners) - left, 1e-9)
    high = (max(y for _, y in corners) - upper) * scale
    placed = {
        code: [[((x - left) * scale, (y - upper) * scale) for x, y in ring] for ring in rings]
        for code, rings in sorted(shapes.rings.items())
    }
    pictures = [
        Picture(one.title, svg(_map(one, placed, top, grid, with_words=shapes.squares), _WIDE, high), _WIDE, high)
        for one in maps
    ]
    points = [
        Point((one.title, grid.texts.name(code)), cell) for one in maps for code, cell in sorted(one.cells.items())
    ]
    return drawing(name, caption, pictures, label, "maps", len(pictures), points)


def _map(one: Mapped, placed: Mapping[str, list[Ring]], top: int, grid: Grid, *, with_words: bool) -> str:
    """Places with a number each by themselves; all others, of which nothing is told, as one ground."""
    ground = [ring for code, rings in placed.items() if code != one.about and code not in one.cells for ring in rings]
    parts = [tag("path", d="".join(map(_path, ground)), fill=SOFT, fill_opacity=f"{_GROUND:.2f}")] if ground else []
    for code, rings in placed.items():
        if code != one.about and code not in one.cells:
            continue
        cell = one.cells.get(code)
        value = grid.value(cell)
        opacity = _GROUND if value is None else _GROUND + (_FULL - _GROUND) * (value / top) ** 0.5
        colour = ACCENT if value is not None else SOFT
        if code == one.about:
            colour, opacity = SECOND, _ABOUT
        tip = grid.texts.name(code) + ("" if value is None else f": {grid.texts.number(value)}")
        outline = "".join(_path(ring) for ring in rings)
        said = {} if cell is None or value is None else marked(cell, value, grid)
        parts.append(
            tag("path", tag("title", text(tip)), d=outline, fill=colour, fill_opacity=f"{opacity:.2f}", **said)
        )
    drawn = tag("g", *parts, stroke=SOFT, stroke_width="0.4")
    return drawn + (_words(one, placed, grid) if with_words else "")


def _words(one: Mapped, placed: Mapping[str, list[Ring]], grid: Grid) -> str:
    """Names and numbers in squares that have room for them."""
    parts = []
    for code, rings in placed.items():
        (x, y), (right, _) = rings[0][0], rings[0][1]
        side = right - x
        if side < _ROOM:
            continue
        name = shortened(grid.texts.name(code), int(side * _LETTERS_PER_UNIT))
        parts.append(words(name, x + 4, y + _LETTER + 3, INK, 9))
        value = grid.value(one.cells.get(code))
        if value is not None:
            parts.append(words(grid.texts.number(value), x + 4, y + side - 6, INK, _LETTER))
    return "".join(parts)


def _path(ring: Ring) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in _thinned(ring)) + "Z"


def _thinned(ring: Ring) -> Ring:
    """A ring without points that lie too near the one before to be told apart in the picture."""
    kept = ring[:1]
    for x, y in ring[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= _APART:
            kept.append((x, y))
    return kept
