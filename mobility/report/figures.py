"""Figures as SVG inside the page. A mark is labelled with its released number; axes carry names and years only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from mobility.report.grids import MARK
from mobility.report.markup import tag, text
from mobility.report.texts import Texts

_INK, _SOFT, _ACCENT, _SECOND = "#010101", "#020202", "#030303", "#040404"
_STYLES = {_INK: "var(--ink)", _SOFT: "var(--soft)", _ACCENT: "var(--accent)", _SECOND: "var(--second)"}
_FONT = "sans-serif"
_LABELS, _BARS, _STEP = 112, 126, 21


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its released number (None: withheld or zero), and whether it is of the second colour."""

    name: str
    value: int | None
    second: bool = False


@dataclass(frozen=True)
class Panel:
    """A small chart with its title: bars, or a number per year."""

    title: str
    bars: tuple[Bar, ...] = ()
    years: tuple[tuple[int, int | None], ...] = ()


def can_draw() -> bool:
    """Whether the optional parts that draw are installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def draw_figure(caption: str, panels: Sequence[Panel], texts: Texts) -> str:
    """A figure of small charts on one scale; nothing where no mark has a number."""
    numbers = [bar.value for panel in panels for bar in panel.bars] + [
        value for panel in panels for _, value in panel.years
    ]
    top = max((number for number in numbers if number is not None), default=None)
    if top is None:
        return ""
    drawn = [
        tag(
            "div",
            tag("p", text(panel.title), class_="panel"),
            _svg(_bars(panel, top, texts) if panel.bars else _series(panel, top, texts), panel.title),
        )
        for panel in panels
    ]
    return tag("figure", tag("figcaption", text(caption)), tag("div", *drawn, class_="panels"))


def _bars(panel: Panel, top: int, texts: Texts) -> Any:  # noqa: ANN401 - altair is optional
    import altair as alt

    order = [bar.name for bar in panel.bars]
    rows = [
        {
            "name": bar.name,
            "value": bar.value or 0,
            "second": bar.second,
            "label": MARK if bar.value is None else texts.number(bar.value),
        }
        for bar in panel.bars
    ]
    axis = alt.Axis(
        title=None, ticks=False, domain=False, labelLimit=_LABELS, labelPadding=6, minExtent=_LABELS, maxExtent=_LABELS
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("name:N", sort=order, axis=axis))
    across = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, top], range=[0, _BARS]))
    bars = base.mark_bar(height=13).encode(
        x=across,
        color=alt.Color("second:N", scale=alt.Scale(domain=[False, True], range=[_ACCENT, _SECOND]), legend=None),
    )
    labels = base.mark_text(align="left", dx=5, color=_INK).encode(x=across, text="label:N")
    return alt.layer(bars, labels).properties(width=_BARS + 40, height=_STEP * len(rows))


def _series(panel: Panel, top: int, texts: Texts) -> Any:  # noqa: ANN401 - altair is optional
    import altair as alt

    rows = [
        {"year": year, "value": value, "at": value or 0, "label": MARK if value is None else texts.number(value)}
        for year, value in panel.years
    ]
    ends = [panel.years[0][0], panel.years[-1][0]]
    axis = alt.Axis(title=None, values=ends, format="d", ticks=False, domainColor=_SOFT, grid=False)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("year:Q", axis=axis, scale=alt.Scale(domain=ends, nice=False, padding=12))
    )
    up = alt.Scale(domain=[0, top * 1.15], nice=False)
    line = base.mark_line(color=_ACCENT, strokeWidth=1.5).encode(y=alt.Y("value:Q", axis=None, scale=up))
    points = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(color=_ACCENT, filled=True, size=26, opacity=1)
        .encode(y=alt.Y("value:Q", axis=None, scale=up))
    )
    labels = base.mark_text(dy=-9, color=_INK, fontSize=10).encode(y=alt.Y("at:Q", axis=None, scale=up), text="label:N")
    return alt.layer(line, points, labels).properties(width=_LABELS + _BARS + 30, height=110)


def _svg(chart: Any, title: str) -> str:  # noqa: ANN401 - altair is optional
    import vl_convert

    text_style = {"labelFont": _FONT, "labelColor": _INK, "labelFontSize": 12}
    themed = (
        chart.configure(aria=False, background="transparent", font=_FONT, padding=2)
        .configure_view(stroke=None)
        .configure_axis(**text_style)
    )
    drawn = vl_convert.vegalite_to_svg(themed.configure_text(font=_FONT, fontSize=12).to_dict())
    for colour, style in _STYLES.items():
        for part in ("fill", "stroke"):
            drawn = drawn.replace(f'{part}="{colour}"', f'style="{part}:{style}"')
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{text(title)}"', 1)
