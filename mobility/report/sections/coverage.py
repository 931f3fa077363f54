"""How many residents could be linked."""

from __future__ import annotations

from mobility.report.desk import MEASURES, Desk, details, lead
from mobility.report.grids import Line


def coverage(desk: Desk) -> str:
    """How many residents could be linked."""
    frame = desk.release.tables.get("quality")
    if frame is None:
        return ""
    parts = ("population", "with_geography", "with_income_class")
    tables = [
        desk.grid.draw(
            desk.texts.say("coverage_caption" if measure == "persons" else "coverage_caption_households"),
            [desk.texts.say("year")],
            [desk.texts.name(part) for part in parts],
            [
                Line([str(year)], [desk.cell("quality", measure, measure=part, year=year) for part in parts])
                for year in sorted(set(frame["year"]))
            ],
        )
        for measure in MEASURES
    ]
    return lead(desk, "coverage_lead") + tables[0] + details(desk.texts.say("in_households"), tables[1])
