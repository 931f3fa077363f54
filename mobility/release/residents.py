"""Public population totals, as the account of the study has them: what anybody can look up on StatLine."""

from __future__ import annotations

import polars as pl

from mobility.disclosure.residents import PERSONS
from mobility.run.workspace import Workspace
from mobility.settings import Study

_SOURCE = "account"
_KEYS = ["level", "place", "year"]


def read_residents(workspace: Workspace, study: Study) -> pl.DataFrame | None:
    """One row per `at`, `level`, `place` and `year`: `residents`, in persons; None where there is no account.

    `start` and `end` are the stocks around a calendar year, `cohort` is that at the start of the year in which the cohort of a
    programme is fixed, by the year in which the programme starts.
    """
    path = workspace.aggregate(_SOURCE)
    if not path.is_file():
        return None
    persons = pl.scan_parquet(path).filter(pl.col("unit") == "persons").group_by(_KEYS)
    stocks = persons.agg(pl.col("stock_start", "stock_end").cast(pl.Int64).sum()).sort(_KEYS).collect()
    lead = round(study.chains.lead_months / 12)
    found = {
        "start": stocks.select(*_KEYS, pl.col("stock_start").alias(PERSONS)),
        "end": stocks.select(*_KEYS, pl.col("stock_end").alias(PERSONS)),
        "cohort": stocks.select("level", "place", pl.col("year") + lead, pl.col("stock_start").alias(PERSONS)),
    }
    return pl.concat(frame.select(pl.lit(at).alias("at"), pl.all()) for at, frame in found.items())
