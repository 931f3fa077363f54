"""Indicators of spatial sorting: new concentrations of low incomes, and the sheet of every region."""

from __future__ import annotations

from functools import cache

import polars as pl

from mobility.catalogue import load_catalogue
from mobility.report.desk import Desk, details, lead
from mobility.report.figures import Panel
from mobility.report.grids import Cell, Line

_TABLE, _CONCENTRATIONS, _TOTAL = "indicators", "B6", "total"
_MOST = 4  # parts of an indicator on a sheet: those about most people; the table holds all
_CLASSES = ("low", "all")
_YEARS = 2  # with a number, for a series


def concentrations(desk: Desk) -> str:
    """Buurten outside every programme that became concentrations of low incomes, by region and year."""
    frame = desk.release.rows(_TABLE, indicator=_CONCENTRATIONS, level="region", cut=_TOTAL)
    if not frame.height:
        return ""
    texts, keys = desk.texts, desk.grid.keys[_TABLE]
    panels, lines = [], []
    for place in sorted(set(frame["place"])):
        rows = frame.filter(pl.col("place") == place).sort("year")
        cells = [({name: row[name] for name in keys}, row["year"]) for row in rows.iter_rows(named=True)]
        years = tuple((year, Cell(_TABLE, "numerator", key)) for key, year in cells)
        if sum(desk.grid.number(cell) is not None for _, cell in years) >= _YEARS:
            panels.append(Panel(texts.name(place), years=years))
        measures = ("numerator", "denominator", "value")
        lines += [
            Line([texts.name(place), str(year)], [Cell(_TABLE, each, key) for each in measures]) for key, year in cells
        ]
    columns = [texts.say(f"concentrations_{word}") for word in ("flagged", "looked", "value")]
    heads = [texts.say("region"), texts.say("year")]
    return (
        lead(desk, "concentrations_lead")
        + desk.figure("concentrations", texts.say("concentrations_figure"), panels)
        + desk.grid.draw(texts.say("concentrations_caption"), heads, columns, lines)
    )


def indicators_of(desk: Desk, region: str) -> str:
    """The newest number of every indicator of a region, of low incomes and of all."""
    frame = desk.release.rows(_TABLE, level="region", cut=_TOTAL, place=region)
    if not frame.height:
        return ""
    keys, texts = desk.grid.keys[_TABLE], desk.texts
    lines = []
    for (indicator,), rows in frame.sort("indicator").group_by("indicator", maintain_order=True):
        newest = rows.filter(pl.col("income_class").is_in(_CLASSES)).filter(pl.col("year") == pl.col("year").max())
        parts = (
            newest.group_by("detail").agg(pl.col("persons").max()).sort("persons", "detail", descending=[True, False])
        )
        for detail in parts["detail"].head(_MOST):
            for income in _CLASSES:
                for row in newest.filter(pl.col("detail") == detail, pl.col("income_class") == income).iter_rows(
                    named=True
                ):
                    key = {name: row[name] for name in keys}
                    heads = [
                        _name(str(indicator), texts.language),
                        texts.detail(detail),
                        texts.name(f"class_{income}"),
                        _year(row["year"]),
                    ]
                    lines.append(Line(heads, [Cell(_TABLE, each, key) for each in ("value", "persons", "households")]))
    heads = [texts.say(word) for word in ("indicator", "part", "income_class", "year")]
    columns = [texts.measure(each) for each in ("value", "persons", "households")]
    caption = texts.say("indicators_caption", region=texts.name(region))
    return details(caption, desk.grid.draw(caption, heads, columns, lines))


@cache
def _name(indicator: str, language: str) -> str:
    """Id and name of an indicator, as the catalogue gives them."""
    known = load_catalogue().get(indicator)
    return indicator if known is None else f"{indicator} {known.name.nl if language == 'nl' else known.name.en}"


def _year(year: int) -> str:
    return str(year) if year else "-"
