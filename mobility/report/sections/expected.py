"""Flows between gemeenten beside what sizes and distances lead to expect."""

from __future__ import annotations

import polars as pl

from mobility.report.desk import Desk, lead
from mobility.report.grids import Cell, Line
from mobility.report.markup import tag, text

_LEVEL, _MODEL = "gemeente", "doubly_constrained"
_MOST_Q = 0.05  # of the pairs that are shown one in twenty is there by chance
_MOST_ROWS = 20


def expected(desk: Desk) -> str:
    """Pairs of gemeenten between which more households moved than expected, the most striking first."""
    frame = desk.release.rows("expected", level=_LEVEL)
    if not frame.height:
        return ""
    texts, columns = desk.texts, [f"{part}_{_MODEL}" for part in ("expected", "residual", "q_value")]
    above = frame.filter(pl.col(columns[2]) <= _MOST_Q).sort(
        columns[1], "year", "origin", "destination", "income_class", descending=[True, False, False, False, False]
    )
    if not above.height:
        return lead(desk, "expected_lead", share=5) + tag("p", text(texts.say("expected_none")))
    keys = desk.grid.keys["expected"]
    lines = []
    for row in above.head(_MOST_ROWS).iter_rows(named=True):
        key = {name: row[name] for name in keys}
        heads = [
            texts.name(row["origin"]),
            texts.name(row["destination"]),
            str(row["year"]),
            texts.name(row["income_class"]),
        ]
        lines.append(Line(heads, [Cell("expected", measure, key) for measure in ("households", *columns)]))
    heads = [texts.say(word) for word in ("from", "to", "year", "income_class")]
    titles = [texts.say(word) for word in ("households", "expected_number", "expected_residual", "q_value")]
    return lead(desk, "expected_lead", share=5) + desk.grid.draw(texts.say("expected_caption"), heads, titles, lines)
