"""What the gate refuses, each with exit code 4 and a sentence, and with nothing written."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable

import polars as pl
import pytest

from mobility.disclosure.protect import _PASS, SafeTable
from mobility.errors import ReleaseError
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.release.vetting import vet
from mobility.settings import Settings
from tests.release.conftest import disclosure
from tests.release.test_gate import change_aggregate, only, rename, with_rules

WORDS = frozenset({"synthetic", "merenland", "low", "not_low"})


def refused(work: Callable[[], object], settings: Settings | None = None) -> str:
    """The sentence with which something is refused; the export folder stays as it was."""
    before = sorted(settings.place.export.rglob("*")) if settings else []
    with pytest.raises(ReleaseError) as caught:
        work()
    assert caught.value.exit_code == 4
    told = str(caught.value)
    assert told[0].strip()
    assert told.endswith(".")
    if settings:
        assert sorted(settings.place.export.rglob("*")) == before
    return told


def safe(**columns: object) -> SafeTable:
    """A table as it leaves the protection, with some columns put in its place."""
    cells = {
        "programme": "synthetic",
        "area": "WK910101",
        "region": "merenland",
        "cohort_year": 2012,
        "income_class": "low",
    }
    frame = pl.DataFrame(
        {name: [value] for name, value in (cells | {"persons": 30, "households": 20} | columns).items()}
    )
    return SafeTable(load_declaration("cohort"), frame, disclosure(), _pass=_PASS)


def test_what_is_declared_and_rounded_passes() -> None:
    vet(safe(), WORDS)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"household_weight": 12.5}, "its columns are not those of"),
        ({"rinpersoon": "123456789"}, "its columns are not those of"),
        ({"smallest_income": 9_120}, "its columns are not those of"),
        ({"largest_income": 812_300}, "its columns are not those of"),
        ({"region": "left after a divorce"}, "column region holds something that is no code"),
        ({"area": "000123456"}, "column area holds something that is no code"),
        ({"area": "1094KT 12"}, "column area holds something that is no code"),
        ({"programme": "a1b2c3d4e5f60718a1b2c3d4e5f60718"}, "column programme holds something"),
        ({"cohort_year": 201_204_17}, "column cohort_year holds something"),
        ({"persons": 31}, "holds a number that is not rounded"),
        ({"households": None}, "holds a number that is not rounded"),
    ],
)
def test_more_than_is_declared_never_leaves(columns: dict[str, object], sentence: str) -> None:
    """Unlisted columns (identifiers, weights, minima and maxima among them), values like identifiers, free text, true counts."""
    told = refused(lambda: vet(safe(**columns), WORDS))
    assert sentence in told
    assert not any(str(value) in told for value in columns.values() if value is not None)


def test_free_text_among_the_values_of_an_aggregate(settings: Settings) -> None:
    text = "moved to be near her sister"
    change_aggregate(
        settings, "cohort", pl.when(pl.col("area") == "WK910101").then(pl.lit(text)).otherwise("area").alias("area")
    )
    assert text not in refused(lambda: release(only(settings, "cohort")), settings)


def test_a_table_that_claims_more_units_than_it_counts(settings: Settings) -> None:
    """Deliberately unsafe: cells of three persons said to be of thirty."""
    change_aggregate(
        settings, "cohort", pl.lit(3, pl.Int64).alias("persons"), pl.lit(30, pl.Int64).alias("unit_persons")
    )
    assert "more units than there are" in refused(lambda: release(only(settings, "cohort")), settings)


def test_a_table_that_only_the_protection_may_make() -> None:
    with pytest.raises(TypeError, match="made by"):
        SafeTable(load_declaration("cohort"), safe().frame, disclosure())


@pytest.mark.parametrize(
    "change",
    ["UPDATE {0} SET {1} = {1} || 'x' WHERE rowid = 1", "DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})"],
)
def test_a_changed_ledger(settings: Settings, change: str) -> None:
    release(only(settings, "quality"))
    path = settings.place.project / "ledger.sqlite"
    ledger = sqlite3.connect(path)
    for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        ledger.execute(f"DROP TRIGGER {name}")
    table = next(
        name
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        if ledger.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - names of its own
    )
    column = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")][-1]
    ledger.execute(change.format(table, column))
    ledger.commit()
    ledger.close()
    assert "ledger" in refused(lambda: release(rename(only(settings, "cohort"), "next")), settings)


@pytest.mark.parametrize(
    "removed",
    [
        {"minimum_households": 1},
        {"group_share": 1.0},
        {"minimum_difference": 1},
        {"curve_events": 1},
        {"largest_share": 1.0},
    ],
)
def test_a_removed_rule(settings: Settings, removed: dict[str, float]) -> None:
    told = refused(lambda: release(with_rules(only(settings, "quality"), **removed)), settings)
    assert next(iter(removed)) in told


def test_numbers_of_a_table_that_adds_up_are_not_taken_for_rounded_ones() -> None:
    given = safe(persons=31, households=17)
    vet(
        SafeTable(dataclasses.replace(given.declaration, mode="additive"), given.frame, given.profile, _pass=_PASS),
        WORDS,
    )
    assert "not rounded" in refused(lambda: vet(given, WORDS))
