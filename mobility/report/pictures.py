"""Pictures as SVG: in the page, in its colours; or alone in a file, under their caption, in those of print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mobility.report.grids import Cell, Grid
from mobility.report.markup import tag, text

INK, SOFT, ACCENT, SECOND = "#010101", "#020202", "#030303", "#040404"
# On the page a colour follows light and dark; in a file of its own it is that of print.
_ON_PAGE = {INK: "var(--ink)", SOFT: "var(--soft)", ACCENT: "var(--accent)", SECOND: "var(--second)"}
_IN_PRINT = {INK: "#1c2126", SOFT: "#5c6670", ACCENT: "#1d6a72", SECOND: "#a85f1c"}
FONT = "sans-serif"
_EDGE, _HEAD, _ACROSS, _DOWN, _TITLE = 10.0, 62.0, 36.0, 24.0, 20.0  # around pictures that stand together


@dataclass(frozen=True)
class Picture:
    """One picture: its title (empty: none), the element, and its size."""

    title: str
    svg: str
    wide: float
    high: float


@dataclass(frozen=True)
class Point:
    """A number that a figure shows: what it is about, and where it stands."""

    heads: tuple[str, ...]
    cell: Cell


@dataclass(frozen=True)
class Drawing:
    """A figure of the page.

    Attributes:
        name: of its files, where it is also written to be used elsewhere.
        caption: what is counted.
        inside: its pictures as elements of the page.
        alone: the whole as one SVG that stands alone, in the colours of print.
        points: the numbers that it shows, each with as many heads.
    """

    name: str
    caption: str
    inside: str
    alone: str
    points: tuple[Point, ...]


def drawing(
    name: str,
    caption: str,
    pictures: Sequence[Picture],
    label: str | None,
    kind: str,
    columns: int,
    points: Sequence[Point],
) -> Drawing:
    """A figure of one or more pictures.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        pictures: in their order.
        label: what the data say of themselves; written into the figure that stands alone.
        kind: class of the element that holds them on the page.
        columns: pictures side by side where the figure stands alone.
        points: see `Drawing`.
    """
    inside = [
        tag("div", tag("p", text(one.title), class_="panel"), _on_page(one.svg, one.title))
        if one.title
        else _on_page(one.svg, caption)
        for one in pictures
    ]
    whole = _alone(caption, label, pictures, columns)
    return Drawing(name, caption, tag("div", *inside, class_=kind), whole, tuple(points))


def svg(content: str, wide: float, high: float) -> str:
    """An element that holds a picture of a size."""
    return tag(
        "svg",
        content,
        viewBox=f"0 0 {wide:.0f} {high:.0f}",
        width=f"{wide:.0f}",
        height=f"{high:.0f}",
        xmlns="http://www.w3.org/2000/svg",
    )


def words(said: str, x: float, y: float, colour: str, size: float, **further: str) -> str:
    """A text in a picture."""
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    return tag("text", text(said), **place, font_size=f"{size:.0f}", font_family=FONT, fill=colour, **further)


def marked(cell: Cell, value: float, grid: Grid) -> dict[str, str]:
    """What a mark says of itself: the cell that it shows, and the number it holds."""
    return {"data_cell": grid.address(cell), "data_value": f"{value!r}"}


def shortened(said: str, letters: int) -> str:
    """Words that have room for so many letters."""
    return said if len(said) <= letters else f"{said[: letters - 1]}…"


def _on_page(picture: str, title: str) -> str:
    """A picture as an element of the page, in the page's colours."""
    drawn = picture
    for colour, style in _ON_PAGE.items():
        for part in ("fill", "stroke"):
            drawn = drawn.replace(f'{part}="{colour}"', f'style="{part}:{style}"')
    drawn = re.sub(r'style="([^"]*)"([^<>]*) style="([^"]*)"', r'style="\1;\3"\2', drawn)
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{text(title)}"', 1)


def _alone(caption: str, label: str | None, pictures: Sequence[Picture], columns: int) -> str:
    """The pictures row by row below their caption, in the colours of print."""
    columns = min(columns, len(pictures))
    titled = _TITLE if any(one.title for one in pictures) else 0.0
    wide, high = max(one.wide for one in pictures) + _ACROSS, max(one.high for one in pictures) + titled + _DOWN
    parts = [
        words(caption, _EDGE, _EDGE + 12, INK, 15, font_weight="bold"),
        words(label or "", _EDGE, _EDGE + 32, SOFT, 12),
    ]
    for number, one in enumerate(pictures):
        row, column = divmod(number, columns)
        place = f"translate({_EDGE + column * wide:.1f} {_HEAD + row * high:.1f})"
        title = words(one.title, 0, 12, SOFT, 12, font_weight="bold") if one.title else ""
        parts.append(tag("g", title, tag("g", one.svg, transform=f"translate(0 {titled:.0f})"), transform=place))
    rows = -(-len(pictures) // columns)
    whole = svg("".join(parts), 2 * _EDGE + columns * wide - _ACROSS, _HEAD + rows * high)
    for colour, printed in _IN_PRINT.items():
        whole = whole.replace(f'"{colour}"', f'"{printed}"')
    return whole
