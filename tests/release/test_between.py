"""Tables that stand between those of a release: what two tables share is protected, also where no table shows it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from mobility.release.between import tables_between
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.release.ledger import Ledger
from mobility.settings import Settings
from tests.lib.tables import table
from tests.release.test_gate import only

EVENTS = """
    origin    | destination | income_class | persons | households
    ----------+-------------+--------------+---------+-----------
    merenland | merenland   | q1           | 21      | 21
    merenland | merenland   | q5           | 20      | 20
    duinkant  | merenland   | q1           | 2       | 2
    duinkant  | merenland   | q5           | 2       | 2
    venstreek | merenland   | q1           | 14      | 14
    venstreek | merenland   | q5           | 16      | 16
    merenland | venstreek   | q1           | 30      | 30
    merenland | venstreek   | q5           | 40      | 40
"""


def with_flows(settings: Settings, drawn: str) -> Settings:
    """The workspace with these flows between regions as its only aggregate."""
    folder = settings.place.root / "aggregates"
    folder.unlink()
    folder.mkdir()
    flows = table(drawn).with_columns(
        level=pl.lit("region"), count=pl.lit("events"), year=pl.lit(2015, pl.Int64),
        unit_persons="persons", unit_households="households", cell_key=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) * 7919,
    )  # fmt: skip
    keys = ["level", "count", "year", "origin", "destination", "income_class"]
    measures = ["persons", "households", "unit_persons", "unit_households", "cell_key"]
    flows.select(*keys, *measures).sort(keys).write_parquet(folder / "flows.parquet")
    return settings


def exact(settings: Settings, *tables: str) -> Settings:
    given = only(settings, *tables)
    modes = dataclasses.replace(given.study.release, modes=dict.fromkeys(tables, "suppress"))
    return dataclasses.replace(given, study=dataclasses.replace(given.study, release=modes))


def read(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / "tables" / f"{name}.csv").filter(destination="merenland")


def rest_of_duinkant(arrivals: pl.DataFrame, flows: pl.DataFrame) -> int | None:
    """Arrivals in merenland of both classes, less those of the two other regions: 75 - 41 - 30 = 4, where all are shown."""
    if arrivals.height < 2 or flows.height < 2:
        return None
    return int(arrivals["persons"].sum()) - int(flows["persons"].sum())


def test_arrivals_by_class_and_flows_by_place_share_the_arrivals_of_a_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_flows(settings, EVENTS)
    with monkeypatch.context() as patched:
        patched.setattr("mobility.release.gate.tables_between", lambda *_: [])
        naive = dataclasses.replace(
            settings, place=dataclasses.replace(settings.place, project=settings.place.root / "naive")
        )
        folder = release(exact(naive, "flows_in", "flows_total")).folder
    told = rest_of_duinkant(read(folder, "flows_in"), read(folder, "flows_total"))
    assert told == 4, "with each table safe by itself, the two together give the small flow away"
    study = dataclasses.replace(settings.study, name="ours")
    folder = release(exact(dataclasses.replace(settings, study=study), "flows_in", "flows_total")).folder
    assert sorted(path.stem for path in (folder / "tables").glob("*.csv")) == ["flows_in", "flows_total"]
    assert rest_of_duinkant(read(folder, "flows_in"), read(folder, "flows_total")) is None
    assert read(folder, "flows_total").height + read(folder, "flows_in").height > 0, "not everything goes"


def test_also_where_the_one_follows_the_other(settings: Settings) -> None:
    settings = with_flows(settings, EVENTS)
    first = release(exact(settings, "flows_in")).folder
    then = release(exact(settings, "flows_total")).folder
    assert rest_of_duinkant(read(first, "flows_in"), read(then, "flows_total")) is None


@pytest.mark.parametrize(
    ("offered", "between"),
    [
        (("flows_in", "flows_out"), ["flows"]),
        (("flows_in",), []),
        (("flows_in", "flows", "flows_total"), []),
        (("flows_in", "flows_by_age_band"), ["flows", "flows_total"]),
        (("cohort", "chains_destination"), ["chains"]),
        (("cohort", "flows_total"), []),
    ],
)
def test_what_stands_between(offered: tuple[str, ...], between: list[str], tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.sqlite", bytes(32))
    found = tables_between([load_declaration(name) for name in offered], ledger, lambda _: True)
    assert [each.table for each in found] == between
    assert tables_between([load_declaration(name) for name in offered], ledger, lambda _: False) == []


def test_it_is_protected_as_what_it_connects(tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.sqlite", bytes(32))
    offered = [load_declaration("flows_in", {"flows_in": "suppress"}), load_declaration("flows_out")]
    assert [each.mode for each in tables_between(offered, ledger, lambda _: True)] == ["suppress"]
