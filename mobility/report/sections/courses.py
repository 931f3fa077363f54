"""How the original residents fared over time, and which way they went to a growth core."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mobility.report.curves import Curve, Sheet, draw_curves
from mobility.report.desk import INCOMES, Desk, details, lead
from mobility.report.grids import Cell, Line
from mobility.report.markup import tag, text
from mobility.report.ribbons import Ribbon, draw_ribbons

_TABLE, _SHARE, _ENDS = "incidence", "incidence", ("lower", "upper")
_ARRIVAL = "arrival"
EVENTS = (_ARRIVAL, "away", "institution", "dead")
_PATHS = ("direct", "stepwise")
_LEAST = 4  # ribbons that are worth a figure


def courses(desk: Desk) -> str:
    """States over time as areas, and the cumulative incidence of settled arrival by class, as released."""
    known = desk.release.tables.get(_TABLE)
    if known is None:
        return ""
    texts = desk.texts
    strata = known.select("programme", "region").unique().sort("programme", "region").rows()
    several = len({programme for programme, _ in strata}) > 1
    titles = {one: f"{texts.name(one[1])}, {texts.name(one[0])}" if several else texts.name(one[1]) for one in strata}
    areas = [
        Sheet(titles[one], tuple(_curve(known, one, "low", event, texts.name(f"event_{event}")) for event in EVENTS))
        for one in strata
    ]
    lines = [
        Sheet(titles[one], tuple(_curve(known, one, income, _ARRIVAL, texts.name(income)) for income in INCOMES))
        for one in strata
    ]
    drawn = [
        draw_curves("states", texts.say("states_figure"), areas, desk.grid, desk.release.label, stacked=True),
        draw_curves("arrivals", texts.say("arrivals_figure"), lines, desk.grid, desk.release.label),
    ]
    return (
        tag("h3", text(texts.say("courses")))
        + lead(desk, "courses_lead")
        + "".join(desk.show(one) for one in drawn)
        + _steps(desk, known, strata, titles)
    )


def _curve(known: pl.DataFrame, stratum: tuple[str, str], income_class: str, event: str, name: str) -> Curve:
    programme, region = stratum
    key = {"programme": programme, "region": region, "income_class": income_class, "event": event}
    months = known.filter(*(pl.col(column) == value for column, value in key.items()), pl.col("month") > 0)["month"]
    parts = [
        {month: Cell(_TABLE, column, key | {"month": month}) for month in sorted(months)}
        for column in (_SHARE, *_ENDS)
        if column in known.columns
    ]
    lower, upper = parts[1:] if len(parts) == 1 + len(_ENDS) else (None, None)
    return Curve(name, parts[0], second=income_class == "low", lower=lower, upper=upper)


def _steps(
    desk: Desk, known: pl.DataFrame, strata: Sequence[tuple[str, str]], titles: dict[tuple[str, str], str]
) -> str:
    """Persons with each event in every step, low incomes beside the others."""
    texts, lines = desk.texts, []
    for programme, region in strata:
        of = known.filter(pl.col("programme") == programme, pl.col("region") == region)
        for event, month in of.select("event", "month").unique().sort("event", "month").rows():
            key = {"programme": programme, "region": region, "event": event, "month": month}
            cells = [
                Cell(_TABLE, measure, key | {"income_class": income})
                for income in INCOMES
                for measure in ("persons", _SHARE)
            ]
            lines.append(Line([titles[programme, region], texts.name(f"event_{event}"), str(month)], cells))
    columns = [f"{texts.name(income)}: {texts.say(word)}" for income in INCOMES for word in ("persons", "so_far")]
    heads = [texts.say(word) for word in ("region", "event", "month")]
    caption = texts.say("steps_caption")
    return details(caption, desk.grid.draw(caption, heads, columns, [line for line in lines if desk.grid.any([line])]))


def paths(desk: Desk) -> str:
    """From the region by path to the growth core, as ribbons: one figure per class of income."""
    if "chains" not in desk.release.tables:
        return ""
    texts, drawn, regions = desk.texts, [], desk.regions()
    known = desk.release.tables.get("chains_destination", pl.DataFrame({"region": [], "destination": []}))
    pairs = known.select("region", "destination").unique().sort("region", "destination").rows()
    for income in INCOMES:
        ribbons = []
        for path in _PATHS:
            for region in regions:
                cell = desk.cell("chains", "persons", region=region, income_class=income, outcome="chain", path=path)
                ribbons.append(Ribbon(texts.name(region), texts.name(path), cell, second=path == _PATHS[1]))
            for region, destination in pairs:
                key = {"region": region, "destination": destination, "income_class": income, "path": path}
                ends, cell = (texts.name(path), texts.name(destination)), Cell("chains_destination", "persons", key)
                ribbons.append(Ribbon(*ends, cell, step=1, second=path == _PATHS[1]))
        if sum(desk.grid.value(ribbon.cell) is not None for ribbon in ribbons) < _LEAST:
            continue
        named = [list(map(texts.name, names)) for names in (regions, _PATHS, dict.fromkeys(end for _, end in pairs))]
        caption, columns = texts.say("paths_figure", income=texts.name(income)), named if pairs else named[:2]
        drawn.append(
            desk.show(draw_ribbons(f"paths-{income}", caption, ribbons, columns, desk.grid, desk.release.label))
        )
    return "".join(drawn)
