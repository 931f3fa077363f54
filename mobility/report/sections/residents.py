"""Who the original residents are, and what became of them."""

from __future__ import annotations

import polars as pl

from mobility.report.desk import ALL, INCOMES, MEASURES, OUTCOMES, Desk, details, lead
from mobility.report.figures import Bar, Panel
from mobility.report.grids import Cell, Line
from mobility.report.markup import tag, text
from mobility.report.sections.courses import courses


def residents(desk: Desk) -> str:
    """Who the original residents are, and what became of them."""
    if "chains" not in desk.release.tables:
        return ""
    texts, areas = desk.texts, desk.release.tables.get("cohort")
    regions = [*desk.regions(), ALL]
    tables = []
    for measure in MEASURES:
        lines = []
        for outcome in (*OUTCOMES, ALL):
            cells = [
                desk.cell("chains", measure, region=region, income_class=income, outcome=outcome, path=ALL)
                for region in regions
                for income in INCOMES
            ]
            if any(desk.grid.value(cell) is not None for cell in cells):
                lines.append(Line([texts.name("cohort" if outcome == ALL else outcome)], cells, strong=outcome == ALL))
        caption = texts.say("outcome_caption" if measure == "persons" else "outcome_caption_households")
        columns = [f"{texts.name(region)}, {texts.name(income)}" for region in regions for income in INCOMES]
        tables.append(desk.grid.draw(caption, [texts.say("outcome")], columns, lines))
    months = desk.release.package["study"]["chains"]["lead_months"]
    return (
        lead(desk, "residents_lead", lead=months)
        + _outcome_figure(desk)
        + tables[0]
        + details(texts.say("in_households"), tables[1])
        + ("" if areas is None else details(texts.say("cohort_details"), _cohort(desk, areas)))
        + courses(desk)
        + _absent(desk)
    )


def _absent(desk: Desk) -> str:
    """What belongs here but was not released, so that nobody takes silence for an answer."""
    absent = [name for name in ("incidence", "excess") if name not in desk.release.tables]
    sentences = " ".join(desk.texts.say(f"absent_{name}") for name in absent)
    return tag("p", text(sentences), class_="none") if sentences else ""


def _outcome_figure(desk: Desk) -> str:
    panels = []
    for region in desk.regions():
        bars = []
        for outcome in OUTCOMES:
            cell = desk.cell("chains", "persons", region=region, income_class="low", outcome=outcome, path=ALL)
            if desk.grid.value(cell) is not None or outcome == "chain":
                bars.append(Bar(desk.texts.name(outcome), cell, outcome == "chain"))
        panels.append(Panel(desk.texts.name(region), bars=tuple(bars)))
    return desk.figure("outcomes", desk.texts.say("outcome_figure"), panels)


def _cohort(desk: Desk, areas: pl.DataFrame) -> str:
    keys = (
        areas.select("region", "area", "cohort_year", "programme")
        .unique()
        .sort("region", "area", "cohort_year", "programme")
    )
    texts = desk.texts
    lines = []
    for key in keys.iter_rows(named=True):
        cells = [Cell("cohort", measure, key | {"income_class": income}) for income in INCOMES for measure in MEASURES]
        lines.append(Line([texts.name(key["area"]), texts.name(key["region"]), str(key["cohort_year"])], cells))
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    return desk.grid.draw(
        texts.say("cohort_caption"), [texts.say("area"), texts.say("region"), texts.say("cohort_year")], columns, lines
    )
