"""Every table that can be declared leaves the gate."""

from __future__ import annotations

import re

import polars as pl
import pytest

from mobility.release.declarations import declared_tables
from tests.jobs.conftest import SMALL


@pytest.mark.slow
def test_every_declared_table_can_be_released(run_job, tmp_path):
    export = tmp_path / "export"
    places = (f"place.root={tmp_path / 'workspace'}", f"place.export={export}")
    wanted = f"study.release.tables=[{','.join(declared_tables())}]"
    # with less detail, or in a country this small nothing of so many tables would be left
    done = run_job("pipeline", *places, *SMALL, wanted, "study.flows.levels=[gemeente,role,region]")
    assert done.returncode == 0, done.stderr
    folder = export / "demo" / "1"
    for table in declared_tables():
        counts = {"persons": pl.Int64, "households": pl.Int64}
        path = folder / "tables" / f"{table}.csv"
        assert not re.search(r"\.\d{10}", path.read_text(encoding="utf-8")), f"{table}: what floating point adds"
        shown = pl.read_csv(path, schema_overrides=counts)
        assert ((shown["persons"] % 5 == 0) & (shown["persons"] >= 10)).all(), table
    for table in ("account", "flows_in", "flow_indices", "flows_by_kind"):
        assert pl.read_csv(folder / "tables" / f"{table}.csv").height > 0, table
    # and again beside all of them, when low is something else
    done = run_job(
        "pipeline", *places, *SMALL, wanted, "study.flows.levels=[gemeente,role,region]", "study.income.low=[q1,q2]"
    )
    assert done.returncode == 0, done.stderr
    assert (export / "demo" / "2").is_dir()
