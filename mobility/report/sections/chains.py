"""Wegsijpel chains by region, path and class, and where they end."""

from __future__ import annotations

from mobility.report.desk import ALL, INCOMES, MEASURES, Desk, lead
from mobility.report.figures import Bar, Panel
from mobility.report.grids import Line
from mobility.report.sections.courses import paths


def chains(desk: Desk) -> str:
    """Wegsijpel chains by region, path and class, and where they end."""
    if "chains" not in desk.release.tables:
        return ""
    texts = desk.texts
    lines = []
    for region in (*desk.regions(), ALL):
        for path in ("direct", "stepwise", ALL):
            cells = [
                desk.cell("chains", measure, region=region, income_class=income, outcome="chain", path=path)
                for income in INCOMES
                for measure in MEASURES
            ]
            lines.append(Line([texts.name(region), _path(desk, path)], cells, strong=path == ALL))
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    heads = [texts.say("region"), texts.say("path")]
    return (
        lead(desk, "chains_lead", settled=desk.release.package["study"]["chains"]["settled_months"])
        + _chain_figure(desk)
        + paths(desk)
        + desk.grid.draw(texts.say("chains_caption"), heads, columns, lines)
        + _destinations(desk)
    )


def _chain_figure(desk: Desk) -> str:
    panels = [
        Panel(
            f"{desk.texts.name(region)}, {desk.texts.name(income)}",
            bars=tuple(
                Bar(
                    desk.texts.name(path),
                    desk.cell("chains", "persons", region=region, income_class=income, outcome="chain", path=path),
                    path == "stepwise",
                )
                for path in ("direct", "stepwise")
            ),
        )
        for income in INCOMES
        for region in desk.regions()
    ]
    return desk.figure("chains", desk.texts.say("chains_figure"), panels)


def _destinations(desk: Desk) -> str:
    frame = desk.release.tables.get("chains_destination")
    if frame is None:
        return ""
    texts = desk.texts
    pairs = frame.select("region", "destination").unique().sort("region", "destination")
    lines = []
    for region, destination in pairs.iter_rows():
        for path in ("direct", "stepwise", ALL):
            cells = [
                desk.cell(
                    "chains_destination",
                    measure,
                    region=region,
                    destination=destination,
                    income_class=income,
                    path=path,
                )
                for income in INCOMES
                for measure in MEASURES
            ]
            lines.append(
                Line([texts.name(region), texts.name(destination), _path(desk, path)], cells, strong=path == ALL)
            )
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    heads = [texts.say("region"), texts.say("destination"), texts.say("path")]
    return desk.grid.draw(texts.say("destination_caption"), heads, columns, lines)


def _path(desk: Desk, path: str) -> str:
    return desk.texts.name("any_path" if path == ALL else path)
