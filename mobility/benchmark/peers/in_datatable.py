"""The question answered by R data.table: `datatable.R`.

R reads no Parquet by itself, so the panel is written as CSV before the clock starts; reading that is part of what is measured.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import polars as pl

from mobility.benchmark.peers.question import FOREVER, Question
from mobility.errors import RequestError

_HERE = Path(__file__).parent
_EPOCH = dt.date(1970, 1, 1)


def is_there() -> bool:
    """Whether R and its package are installed."""
    r = shutil.which("Rscript")
    if r is None:
        return False
    return subprocess.run([r, "-e", "library(data.table)"], capture_output=True, check=False).returncode == 0  # noqa: S603


def prepare(question: Question) -> None:
    """Write the panel as CSV, days as whole numbers."""
    for table, columns in (
        ("registrations", ["person", "start_date", "end_date", "object"]),
        ("persons", ["person", "birth_date", "death_date"]),
        ("households", ["person", "start_date", "end_date", "household_type"]),
        ("income", ["percentile", "population"]),
    ):
        _write(pl.scan_parquet(question.parts(table)).select(columns), question.folder / f"{table}.csv")
    objects = pl.scan_parquet(question.panel / "objects.parquet").select("area", "x_m", "y_m", "demolished_date")
    _write(objects, question.folder / "objects.csv")
    _write(pl.scan_parquet(question.panel / "areas.parquet"), question.folder / "areas.csv")
    zoning = pl.LazyFrame(question.zoning, schema=["code", "region", "role"], orient="row")
    _write(zoning, question.folder / "zoning.csv")


def _write(table: pl.LazyFrame, path: Path) -> None:
    collected = table.collect(engine="in-memory")  # in the order of the files: incomes have no other key
    if "start_date" in collected.columns:
        collected = collected.with_columns(pl.col("end_date").fill_null(FOREVER))
    days = [name for name, kind in collected.schema.items() if kind == pl.Date]
    collected.with_columns(pl.col(days).to_physical()).write_csv(path)


def answer(question: Question) -> None:
    """Write `flows.csv`.

    Raises:
        RequestError: R ended with an error.
    """
    given = {
        "folder": question.folder,
        "threads": question.threads,
        "forever": (FOREVER - _EPOCH).days,
        "cut_off": (question.cut_off - _EPOCH).days,
        **question.definitions,
    }
    command = [shutil.which("Rscript") or "Rscript", str(_HERE / "datatable.R")]
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, *(f"{name}={value}" for name, value in given.items())], capture_output=True, check=False
    )
    if done.returncode:
        raise RequestError(f"Rscript ended with exit code {done.returncode} in {_HERE.name}/datatable.R.")
