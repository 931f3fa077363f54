"""Figures as SVG, drawn by altair. A mark is labelled with its released number; axes carry names and years only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from mobility.report.grids import MARK
from mobility.report.pictures import ACCENT, FONT, INK, SECOND, SOFT, Drawing, Picture, drawing
from mobility.report.texts import Texts

_LABELS, _BARS, _STEP, _COLUMNS = 112, 126, 21, 3
_LONG = 5  # letters of a number beside which the next year has no room for its own


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


def draw_panels(name: str, caption: str, panels: Sequence[Panel], texts: Texts, label: str | None) -> Drawing | None:
    """A figure of small charts on one scale; nothing where no mark has a number.

    Args:
        name: see `Drawing`.
        caption: what is counted.
        panels: the small charts.
        texts: for numbers and marks.
        label: what the data say of themselves; written into the figure that stands alone.
    """
    numbers = [bar.value for panel in panels for bar in panel.bars]
    numbers += [value for panel in panels for _, value in panel.years]
    top = max((number for number in numbers if number is not None), default=None)
    if top is None:
        return None
    charts = [_bars(panel, top, texts) if panel.bars else _series(panel, top, texts) for panel in panels]
    pictures = [_picture(panel.title, _svg(chart)) for panel, chart in zip(panels, charts, strict=True)]
    return drawing(name, caption, pictures, label, "panels", _COLUMNS)


def _picture(title: str, svg: str) -> Picture:
    wide, high = (float(number) for number in re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
    return Picture(title, svg, wide, high)


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
        color=alt.Color("second:N", scale=alt.Scale(domain=[False, True], range=[ACCENT, SECOND]), legend=None),
    )
    labels = base.mark_text(align="left", dx=5, color=INK).encode(x=across, text="label:N")
    return alt.layer(bars, labels).properties(width=_BARS + 40, height=_STEP * len(rows))


def _series(panel: Panel, top: int, texts: Texts) -> Any:  # noqa: ANN401 - altair is optional
    import altair as alt

    every = 1 if all(len(texts.number(value)) < _LONG for _, value in panel.years if value is not None) else 2
    rows = [
        {"year": year, "value": value, "at": value or 0, "label": _label(value, texts, shown=place % every == 0)}
        for place, (year, value) in enumerate(reversed(panel.years))  # the last year always has its number
    ]
    ends = [panel.years[0][0], panel.years[-1][0]]
    axis = alt.Axis(title=None, values=ends, format="d", ticks=False, domainColor=SOFT, grid=False)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("year:Q", axis=axis, scale=alt.Scale(domain=ends, nice=False, padding=12))
    )
    up = alt.Scale(domain=[0, top * 1.15], nice=False)
    line = base.mark_line(color=ACCENT, strokeWidth=1.5).encode(y=alt.Y("value:Q", axis=None, scale=up))
    points = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(color=ACCENT, filled=True, size=26, opacity=1)
        .encode(y=alt.Y("value:Q", axis=None, scale=up))
    )
    labels = base.mark_text(dy=-9, color=INK, fontSize=10).encode(y=alt.Y("at:Q", axis=None, scale=up), text="label:N")
    return alt.layer(line, points, labels).properties(width=_LABELS + _BARS + 30, height=110)


def _label(value: int | None, texts: Texts, *, shown: bool) -> str:
    return MARK if value is None else texts.number(value) if shown else ""


def _svg(chart: Any) -> str:  # noqa: ANN401 - altair is optional
    import vl_convert

    themed = (
        chart.configure(aria=False, background="transparent", font=FONT, padding=2)
        .configure_view(stroke=None)
        .configure_axis(labelFont=FONT, labelColor=INK, labelFontSize=12)
        .configure_text(font=FONT, fontSize=12)
    )
    return str(vl_convert.vegalite_to_svg(themed.to_dict()))
