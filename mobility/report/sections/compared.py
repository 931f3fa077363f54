"""More than expected? The original residents beside others like them, under other definitions, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mobility.report.desk import ALL, CLASSES, Desk, details, lead
from mobility.report.forest import Estimate, Group, draw_forest
from mobility.report.grids import Cell, Line
from mobility.report.markup import tag, text

ESTIMANDS = (
    "difference", "difference_in_differences", "earlier_cohort", "placebo", "away_nowhere", "away_arrived",
)  # fmt: skip
_NUMBERS = ("value", "comparison", "difference", "lower", "upper")
_COUNTS = ("persons", "households")
_DEFINITIONS = (
    "lead_months", "settled_months", "exit_months", "min_episode_days", "income_years", "horizon_months", "free_months",
    "neighbour_m", "low",
)  # fmt: skip
_YEAR_WORD = "start"


def compared(desk: Desk) -> str:
    """Estimates with their intervals; the same under other definitions; who was compared; and the mirror."""
    parts = [_excess(desk), _sensitivity(desk), _mirror(desk), _balance(desk)]
    if not any(parts):
        return ""
    return lead(desk, "compared_lead") + "".join(parts)


def _estimate(table: str, key: dict[str, str | int], name: str, *, second: bool) -> Estimate:
    value, lower, upper = (Cell(table, measure, key) for measure in ("difference", "lower", "upper"))
    return Estimate(name, value, lower, upper, second)


def _line(table: str, key: dict[str, str | int], heads: Sequence[str]) -> Line:
    return Line(heads, [Cell(table, measure, key) for measure in (*_COUNTS, *_NUMBERS)])


def _columns(desk: Desk) -> list[str]:
    return [desk.texts.measure(measure) for measure in (*_COUNTS, *_NUMBERS)]


def _excess(desk: Desk) -> str:
    frame = desk.release.rows("excess", exposure=ALL, destination=ALL)
    if not frame.height:
        return ""
    texts, groups, lines = desk.texts, [], []
    keys = desk.grid.keys["excess"]
    strata = frame.select("programme", "region", "horizon").unique()
    several = strata["programme"].n_unique() > 1
    for stratum in strata.sort(pl.col("region") != ALL, "region", "programme", "horizon").iter_rows(named=True):
        title = texts.name(stratum["region"])
        if several:
            title = f"{title}, {texts.name(stratum['programme'])}"
        estimates = []
        for estimand in ESTIMANDS:
            given = stratum | {"exposure": ALL, "destination": ALL, "estimand": estimand}
            key = {name: given[name] for name in keys}
            estimates.append(
                _estimate("excess", key, texts.name(f"estimand_{estimand}"), second=estimand in ESTIMANDS[:2])
            )
            lines.append(_line("excess", key, [title, texts.name(f"estimand_{estimand}")]))
        if any(desk.grid.number(one.value) is not None for one in estimates):
            groups.append(Group(title, tuple(estimates)))
    caption = texts.say("excess_figure", months=", ".join(str(month) for month in sorted(set(frame["horizon"]))))
    drawn = draw_forest("excess", caption, groups, texts.say("no_difference"), desk.grid, desk.release.label)
    heads = [texts.say("region"), texts.say("estimate")]
    shown = [line for line in lines if desk.grid.any([line])]
    return desk.show(drawn) + desk.grid.draw(texts.say("excess_caption"), heads, _columns(desk), shown)


def _sensitivity(desk: Desk) -> str:
    frame = desk.release.tables.get("sensitivity")
    if frame is None or not frame.height:
        return ""
    texts, keys = desk.texts, desk.grid.keys["sensitivity"]
    varied = [name for name in _DEFINITIONS if name in keys and frame[name].n_unique() > 1]
    groups, lines = [], []
    for estimand in ESTIMANDS[:2]:
        rows = frame.filter(pl.col("estimand") == estimand).sort("difference", *keys, nulls_last=True)
        estimates = []
        for row in rows.iter_rows(named=True):
            key = {name: row[name] for name in keys}
            own = row.get("specification", "study") == "study"
            said = " · ".join(f"{texts.name(f'definition_{name}')} {row[name]}" for name in varied)
            name = texts.say("own_definitions") if own else said
            estimates.append(_estimate("sensitivity", key, name, second=own))
            lines.append(
                _line(
                    "sensitivity", key, [texts.name(f"estimand_{estimand}"), name, *(str(row[each]) for each in varied)]
                )
            )
        if estimates:
            groups.append(Group(texts.name(f"estimand_{estimand}"), tuple(estimates)))
    drawn = draw_forest(
        "specifications",
        texts.say("sensitivity_figure"),
        groups,
        texts.say("no_difference"),
        desk.grid,
        desk.release.label,
    )
    heads = [
        texts.say("estimate"),
        texts.say("definitions_used"),
        *(texts.name(f"definition_{name}") for name in varied),
    ]
    table = desk.grid.draw(texts.say("sensitivity_caption"), heads, _columns(desk), lines)
    only = "" if varied else tag("p", text(texts.say("sensitivity_one")), class_="none")
    return (
        tag("h3", text(texts.say("sensitivity")))
        + only
        + desk.show(drawn)
        + details(texts.say("sensitivity_caption"), table)
    )


def _mirror(desk: Desk) -> str:
    frame = desk.release.tables.get("mirror")
    if frame is None or not frame.height:
        return ""
    texts, keys = desk.texts, desk.grid.keys["mirror"]
    lines = []
    for flow, income in (("R_to_G", "not_low"), ("G_to_R", "low")):
        of = frame.filter(pl.col("flow") == flow, pl.col("income_class") == income).select(
            "programme", "region", "year"
        )
        for stratum in of.unique().sort("region", "programme").iter_rows(named=True):
            settled, everybody = (
                {name: (stratum | {"flow": flow, "outcome": outcome, "income_class": income})[name] for name in keys}
                for outcome in ("settled", ALL)
            )
            cells = [
                Cell("mirror", "persons", everybody),
                *(Cell("mirror", each, settled) for each in ("persons", "settled_share")),
            ]
            lines.append(Line([texts.name(stratum["region"]), texts.name(f"mirror_{flow}")], cells))
    heads = [texts.say("region"), texts.say("way")]
    columns = [texts.say("everybody"), texts.say("settled"), texts.measure("settled_share")]
    return (
        tag("h3", text(texts.say("mirror")))
        + lead(desk, "mirror_lead")
        + desk.grid.draw(texts.say("mirror_caption"), heads, columns, [line for line in lines if desk.grid.any([line])])
        + _entrants(desk, frame, keys)
    )


def _entrants(desk: Desk, frame: pl.DataFrame, keys: Sequence[str]) -> str:
    """The class mix of who comes to live in the areas, by year since the start."""
    of = frame.filter(pl.col("flow") == "entrants")
    texts, lines = desk.texts, []
    for stratum in (
        of.select("programme", "region", "year", "outcome")
        .unique()
        .sort("region", "programme", pl.col("year").str.extract(r"([0-9-]+)$").cast(pl.Int64))
        .iter_rows(named=True)
    ):
        given = [stratum | {"flow": "entrants", "income_class": income} for income in CLASSES[:5]]
        cells = [Cell("mirror", "class_share", {name: one[name] for name in keys}) for one in given]
        year = str(stratum["year"]).removeprefix(_YEAR_WORD)
        lines.append(Line([texts.name(stratum["region"]), year], cells))
    heads = [texts.say("region"), texts.say("years_since")]
    shown = [line for line in lines if desk.grid.any([line])]
    return desk.grid.draw(texts.say("entrants_caption"), heads, list(map(texts.name, CLASSES[:5])), shown)


def _balance(desk: Desk) -> str:
    frame = desk.release.tables.get("balance")
    if frame is None or not frame.height:
        return ""
    texts, keys = desk.texts, desk.grid.keys["balance"]
    of = frame.filter(pl.col("region") == ALL, pl.col("period") == "now", pl.col("value") != ALL)
    lines = []
    for stratum in (
        of.select("programme", "covariate", "value")
        .unique()
        .sort("programme", "covariate", "value")
        .iter_rows(named=True)
    ):
        key = {arm: stratum | {"region": ALL, "period": "now", "arm": arm} for arm in ("treated", "comparison")}
        cells = [
            Cell("balance", measure, {name: key[arm][name] for name in keys})
            for arm, measure in (
                ("treated", "persons"), ("treated", "share"), ("comparison", "persons"), ("comparison", "share"),
                ("comparison", "share_weighted"), ("comparison", "difference"),
            )
        ]  # fmt: skip
        lines.append(Line([texts.name(f"covariate_{stratum['covariate']}"), texts.name(str(stratum["value"]))], cells))
    columns = [
        texts.say(f"balance_{column}") for column in ("own", "own_share", "others", "share", "weighted", "difference")
    ]
    heads = [texts.say("covariate"), texts.say("what")]
    table = desk.grid.draw(
        texts.say("balance_caption"), heads, columns, [line for line in lines if desk.grid.any([line])]
    )
    return (
        tag("h3", text(texts.say("balance")))
        + lead(desk, "balance_lead")
        + details(texts.say("balance_caption"), table)
    )
