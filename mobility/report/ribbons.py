"""Flows as ribbons: origins left, destinations right, a band as wide as its released number. Withheld flows are not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.report.markup import tag, text
from mobility.report.pictures import ACCENT, INK, SECOND, Drawing, Picture, drawing, svg, words
from mobility.report.texts import Texts

_WIDTH, _HEIGHT, _LEFT, _NODE, _GAP = 640.0, 300.0, 150.0, 9.0, 12.0
_SIZE = 13


@dataclass(frozen=True)
class Ribbon:
    """One released flow: names of both ends, the number, and which cell of which table it is (`table|key`)."""

    origin: str
    destination: str
    value: int
    source: str


def draw_ribbons(
    name: str,
    caption: str,
    ribbons: Sequence[Ribbon],
    names: Sequence[str],
    marked: str,
    texts: Texts,
    label: str | None,
) -> Drawing | None:
    """A picture of flows between places.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        ribbons: the flows.
        names: the places from top to bottom.
        marked: the destination whose ribbons have the second colour.
        texts: for numbers.
        label: what the data say of themselves.
    """
    if not ribbons:
        return None
    left = [name for name in names if any(ribbon.origin == name for ribbon in ribbons)]
    right = [name for name in names if any(ribbon.destination == name for ribbon in ribbons)]
    scale = (_HEIGHT - _GAP * (max(len(left), len(right)) - 1)) / sum(ribbon.value for ribbon in ribbons)
    begins = _stacked([[r for r in ribbons if r.origin == name] for name in left], scale)
    ends = _stacked([[r for r in ribbons if r.destination == name] for name in right], scale)
    bands = [_band(ribbon, begins[ribbon], ends[ribbon], scale, marked, texts) for ribbon in ribbons]
    nodes = [_node(name, [r for r in ribbons if r.origin == name], begins, scale, on_left=True) for name in left]
    nodes += [_node(name, [r for r in ribbons if r.destination == name], ends, scale, on_left=False) for name in right]
    picture = Picture("", svg("".join([*bands, *nodes]), _WIDTH, _HEIGHT), _WIDTH, _HEIGHT)
    return drawing(name, caption, [picture], label, "ribbons", columns=1)


def _stacked(groups: Sequence[Sequence[Ribbon]], scale: float) -> dict[Ribbon, float]:
    """Where each ribbon begins on one side, group below group."""
    found: dict[Ribbon, float] = {}
    height = 0.0
    for group in groups:
        for ribbon in group:
            found[ribbon] = height
            height += ribbon.value * scale
        height += _GAP
    return found


def _band(ribbon: Ribbon, left: float, right: float, scale: float, marked: str, texts: Texts) -> str:
    width, start, stop = ribbon.value * scale, _LEFT + _NODE, _WIDTH - _LEFT - _NODE
    middle = (start + stop) / 2
    path = (
        f"M{start:.1f} {left:.1f}C{middle:.1f} {left:.1f} {middle:.1f} {right:.1f} {stop:.1f} {right:.1f}"
        f"V{right + width:.1f}C{middle:.1f} {right + width:.1f} {middle:.1f} {left + width:.1f} {start:.1f} {left + width:.1f}Z"
    )
    colour, opacity = (SECOND, "0.62") if ribbon.destination == marked else (ACCENT, "0.34")
    tip = tag("title", text(f"{ribbon.origin} → {ribbon.destination}: {texts.number(ribbon.value)}"))
    return tag(
        "path", tip, d=path, fill=colour, fill_opacity=opacity, data_cell=ribbon.source, data_value=str(ribbon.value)
    )


def _node(name: str, ribbons: Sequence[Ribbon], places: dict[Ribbon, float], scale: float, *, on_left: bool) -> str:
    begin = min(places[ribbon] for ribbon in ribbons)
    height = sum(ribbon.value for ribbon in ribbons) * scale
    x = _LEFT if on_left else _WIDTH - _LEFT - _NODE
    at, anchor = (x - 6, "end") if on_left else (x + _NODE + 6, "start")
    bar = tag("rect", x=f"{x:.1f}", y=f"{begin:.1f}", width=f"{_NODE:.0f}", height=f"{height:.1f}", fill=INK)
    said = words(name, at, begin + height / 2 + _SIZE / 3, INK, _SIZE, text_anchor=anchor)
    return bar + said
