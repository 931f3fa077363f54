"""Maps: a place is the darker the larger its released number. What is withheld or zero keeps the colour of the ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.report.figures import ACCENT, INK, SECOND, SOFT, Drawing, in_print, on_page
from mobility.report.markup import tag, text
from mobility.report.shapes import Ring, Shapes
from mobility.report.texts import Texts

_WIDE = 420.0  # of one map, in the units of its picture
_FULL, _GROUND, _ABOUT = 0.62, 0.07, 0.45  # opacity of the largest number, of none, and of the place it is about
_LETTER, _ROOM = 11.0, 38.0  # size of letters, and of the smallest square that has room for them
_LETTERS_PER_UNIT = 0.17


@dataclass(frozen=True)
class Mapped:
    """One map: its title, the place that the numbers are about, and the number and its cell (`table|key`) of each place."""

    title: str
    about: str
    values: Mapping[str, tuple[int, str]]


def draw_maps(
    name: str, caption: str, maps: Sequence[Mapped], shapes: Shapes, texts: Texts, label: str | None
) -> Drawing | None:
    """Maps on one scale of colour; nothing where no place has a number.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        maps: the maps, drawn side by side.
        shapes: outlines of all places.
        texts: for names and numbers.
        label: what the data say of themselves.
    """
    top = max((value for one in maps for value, _ in one.values.values()), default=0)
    if not top or not shapes.rings:
        return None
    points = [point for rings in shapes.rings.values() for ring in rings for point in ring]
    left, upper = min(x for x, _ in points), min(y for _, y in points)
    scale = _WIDE / max(max(x for x, _ in points) - left, 1e-9)
    high = (max(y for _, y in points) - upper) * scale
    placed = {
        code: [[((x - left) * scale, (y - upper) * scale) for x, y in ring] for ring in rings]
        for code, rings in sorted(shapes.rings.items())
    }
    drawn = [_map(one, placed, top, texts, words=shapes.squares) for one in maps]
    inside = [
        tag(
            "div",
            tag("p", text(one.title), class_="panel"),
            on_page(_svg(picture, 0, 0, _WIDE, high), one.title),
        )
        for one, picture in zip(maps, drawn, strict=True)
    ]
    step = _WIDE + 40
    together = "".join(
        tag("g", _words(one.title, 0, -8, SOFT), picture, transform=f"translate({number * step:.0f} 0)")
        for number, (one, picture) in enumerate(zip(maps, drawn, strict=True))
    )
    heading = _words(caption, 0, -58, INK, size=15) + _words(label or "", 0, -38, SOFT)
    alone = _svg(heading + together, -10, -80, step * len(maps), high + 90)
    return Drawing(name, caption, tag("div", *inside, class_="maps"), in_print(alone))


def _svg(content: str, x: float, y: float, wide: float, high: float) -> str:
    return tag("svg", content, viewBox=f"{x:.0f} {y:.0f} {wide:.0f} {high:.0f}", xmlns="http://www.w3.org/2000/svg")


def _map(one: Mapped, placed: Mapping[str, list[Ring]], top: int, texts: Texts, *, words: bool) -> str:
    parts = []
    for code, rings in placed.items():
        value, source = one.values.get(code, (None, None))
        opacity = _GROUND if value is None else _GROUND + (_FULL - _GROUND) * (value / top) ** 0.5
        colour = ACCENT if value is not None else SOFT
        if code == one.about:
            colour, opacity = SECOND, _ABOUT
        tip = texts.name(code) + ("" if value is None else f": {texts.number(value)}")
        parts.append(
            tag(
                "path",
                tag("title", text(tip)),
                d="".join(_path(ring) for ring in rings),
                fill=colour,
                fill_opacity=f"{opacity:.2f}",
                stroke=SOFT,
                stroke_width="0.4",
                data_cell=source,
                data_value=None if value is None else str(value),
            )
        )
        side = rings[0][1][0] - rings[0][0][0] if words else 0.0
        if side >= _ROOM:
            x, y = rings[0][0]
            name = texts.name(code)
            most = int(side * _LETTERS_PER_UNIT)
            parts.append(
                _words(name if len(name) <= most else f"{name[: most - 1]}…", x + 4, y + _LETTER + 3, INK, size=9)
            )
            if value is not None:
                parts.append(_words(texts.number(value), x + 4, y + side - 6, INK))
    return "".join(parts)


def _path(ring: Ring) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z"


def _words(words: str, x: float, y: float, colour: str, size: float = _LETTER) -> str:
    return tag(
        "text", text(words), x=f"{x:.0f}", y=f"{y:.0f}", font_size=f"{size:.0f}", font_family="sans-serif", fill=colour
    )
