"""Aggregates that are made into cells before they can be offered: the account, the indices, the expected flows. Pure.

A cell needs persons and households, the different units behind both, and a key. These aggregates lack some of that; what the
flows know of the same moves is taken from there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from mobility.disclosure.cells import KEY, UNITS
from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.places import UNPLACEABLE
from mobility.records import record_hash
from mobility.release.estimated import balance_cells, excess_cells, sensitivity_cells
from mobility.settings import Study

Read = Callable[[str], pl.DataFrame]

_MEASURES = ("persons", "households", *UNITS, KEY)
_QUINTILES = ("q1", "q2", "q3", "q4", "q5")
# Components of which both units are counted. A person is in the stock once, dies once and changes class once a year, but can come
# and go several times.
COMPONENTS = ("class_in", "class_out", "deaths", "emigration", "immigration", "stock_start")
_REPEATABLE = ("emigration", "immigration")
_DAYS = 366


def account_cells(read: Read, study: Study) -> pl.DataFrame:
    """The account as cells: one row per `level`, `component`, `year`, `place`, `income_class`.

    Who comes from abroad twice in a year was away for longer than `slack_days` between, so the number of different
    persons behind a count of arrivals is at least that count over how often this fits in a year.

    The account counts no records, so the key of a cell is a hash of its component, year and counts. The same people give the same
    key in any table of the account; other people in the same numbers may share a draw, which tells nothing of either.
    """
    wide = read("account")
    keys = ["level", "year", "place", "income_class"]
    long = wide.unpivot(COMPONENTS, index=["unit", *keys], variable_name="component", value_name="count")
    cells = long.pivot("unit", index=[*keys, "component"], values="count").with_columns(
        pl.col("persons", "households").fill_null(0)
    )
    cells = cells.filter(pl.col("persons") > 0)
    often = pl.when(pl.col("component").is_in(_REPEATABLE)).then(_DAYS // (study.residence.slack_days + 2))
    times = pl.max_horizontal(often.otherwise(1), pl.lit(1))
    units = [
        (pl.min_horizontal(name, "persons") // times).cast(pl.Int64).alias(unit)
        for unit, name in zip(UNITS, ("persons", "households"), strict=True)
    ]
    number = pl.Series(np.arange(len(COMPONENTS)))
    component = cells["component"].replace_strict(COMPONENTS, number, return_dtype=pl.Int64)
    counts = cells["persons"] * (1 << 24) + cells["households"]
    inner = record_hash(counts, cells["year"] * 16 + component)
    return cells.with_columns(*units, inner.alias(KEY)).sort("level", "component", *keys[1:])


def index_cells(read: Read, study: Study) -> pl.DataFrame:
    """The indices of all places together: one row per `level`, `year`, `income_class`, `index`.

    With `value`, `areas` (places with anybody who moved between places, of any class) and `largest` (persons who left the place
    that most left). Courgeau's k over several levels rests on no one system of areas and has no row; nor has a level with too few
    areas to be shown at all.
    """
    flows = read("flows").filter(
        pl.col("count") == "events",
        pl.col("origin") != pl.col("destination"),
        ~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE),
    )
    not_low = [name for name in _QUINTILES if name not in study.income.low]
    every: list[str] = flows["income_class"].unique().to_list()
    classes: dict[str, list[str]] = {LOW: list(study.income.low), NOT_LOW: not_low, ALL: every}
    groups = pl.concat(
        [flows]
        + [
            flows.filter(pl.col("income_class").is_in(of)).with_columns(income_class=pl.lit(name))
            for name, of in classes.items()
        ]
    )
    system = ["level", "year", "income_class"]
    left = groups.group_by(*system, "origin").agg(pl.col("persons").sum())
    counted = groups.group_by(system).agg(pl.col(_MEASURES).sum())
    largest = left.group_by(system).agg(largest=pl.col("persons").max())
    areas = (
        pl.concat([flows.select("level", "year", place=end) for end in ("origin", "destination")])
        .group_by("level", "year")
        .agg(areas=pl.col("place").n_unique().cast(pl.Int64))
    )
    indices = read("flow_indices").filter(pl.col("place") == ALL).select(*system, "index", "value")
    found = indices.join(counted, on=system).join(largest, on=system).join(areas, on=["level", "year"])
    return found.with_columns(income_class=pl.col("income_class").replace(ALL, "every")).sort(*system, "index")


def expected_cells(read: Read, study: Study) -> pl.DataFrame:  # noqa: ARG001 - same form for every aggregate
    """Flows with what each model expects: one row per `level`, `year`, `origin`, `destination`, `income_class` with a move.

    With `expected_<model>`, `residual_<model>`, `q_value_<model>` and `degrees_<model>`.
    """
    keys = ["level", "year", "origin", "destination", "income_class"]
    fits = read("expected_fits").select("level", "year", "income_class", "model", "degrees")
    cells = read("expected").join(fits, on=["level", "year", "income_class", "model"])
    names = ["expected", "residual", "q_value", "degrees"]
    wide = cells.pivot("model", index=keys, values=names)
    flows = read("flows").filter(pl.col("count") == "events").select(*keys, *_MEASURES)
    return flows.join(wide, on=keys).sort(keys)


PREPARED: dict[str, tuple[tuple[str, ...], Callable[[Read, Study], pl.DataFrame]]] = {
    "account": (("account",), account_cells),
    "flow_indices": (("flow_indices", "flows"), index_cells),
    "expected": (("expected", "expected_fits", "flows"), expected_cells),
    "excess": (("excess",), excess_cells),
    "balance": (("balance",), balance_cells),
    "sensitivity": (("sensitivity",), sensitivity_cells),
}
"""The aggregates that are prepared: which files they need, and how."""


def files_of(source: str) -> tuple[str, ...]:
    """The aggregates on disk that a declaration's `from` needs."""
    return PREPARED[source][0] if source in PREPARED else (source,)
