"""The ledger: it only grows, shows every change, and remembers who was behind a cell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mobility.disclosure.cells import Offer
from mobility.disclosure.protect import Protected, protect
from mobility.errors import ReleaseError
from mobility.release import gate
from mobility.release.gate import release
from mobility.release.ledger import Ledger, Record
from mobility.settings import Settings
from tests.release.conftest import make_project
from tests.release.test_gate import change_aggregate, only, rename

SECRET = bytes(range(32))


def a_record(name: str) -> Record:
    return Record("demo", name, {"t": "0" * 64}, "d", "cbs", {"rounding_base": 5}, "0.1", ())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of three releases."""
    make_project(tmp_path / "project")
    found = tmp_path / "project" / "ledger.sqlite"
    ledger = Ledger.read(found, SECRET)
    for name in ("1", "2", "3"):
        ledger.append(a_record(name))
    return found


def by_force(path: Path, *statements: str) -> None:
    """Change a ledger, its guards taken off first."""
    with closing(sqlite3.connect(path)) as book, book:
        for (trigger,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            book.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            book.execute(statement)


def test_what_was_added_is_there(path: Path) -> None:
    assert [record.release for record in Ledger.read(path, SECRET).records] == ["1", "2", "3"]
    assert Ledger.read(path, SECRET).records[1] == a_record("2")


@pytest.mark.parametrize("statement", ["UPDATE entries SET entry = '{}' WHERE number = 1", "DELETE FROM entries"])
def test_the_ledger_only_grows(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as book, pytest.raises(sqlite3.Error, match="only grows"):
        book.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = replace(entry, '\"rounding_base\": 5', '\"rounding_base\": 1') WHERE number = 2",
        "DELETE FROM entries WHERE number = 2",
        "DELETE FROM entries WHERE number = 3",  # the last: the chain before it is whole
        "DELETE FROM entries WHERE number > 0",
        "UPDATE entries SET number = number + 10 WHERE number = 3",
        "INSERT INTO entries VALUES (4, '{}', 'made up')",
        "DROP TABLE entries",
    ],
)
def test_a_change_by_force_is_seen(path: Path, statement: str) -> None:
    by_force(path, statement)
    with pytest.raises(ReleaseError, match="seals do not fit"):
        Ledger.read(path, SECRET)


def test_a_ledger_belongs_to_its_secret(path: Path) -> None:
    with pytest.raises(ReleaseError, match="does not belong to the secret"):
        Ledger.read(path, bytes(32))


def test_two_at_once_do_not_pass_each_other_by(path: Path) -> None:
    mine, theirs = Ledger.read(path, SECRET), Ledger.read(path, SECRET)
    theirs.append(a_record("4"))
    with pytest.raises(ReleaseError, match="while this one was prepared"):
        mine.append(a_record("5"))
    assert [record.release for record in Ledger.read(path, SECRET).records] == ["1", "2", "3", "4"]


def test_the_same_content_is_kept_once(path: Path) -> None:
    ledger, frame = Ledger.read(path, SECRET), pl.DataFrame({"a": [1, 2]})
    assert ledger.keep(frame) == ledger.keep(frame.clone())
    with closing(sqlite3.connect(path)) as book:
        assert book.execute("SELECT count(*) FROM contents").fetchone() == (1,)


def drop_content(path: Path) -> None:
    by_force(path, "UPDATE contents SET content = zeroblob(length(content))")


def drop_line(path: Path) -> None:
    by_force(path, "DELETE FROM entries WHERE number = 1")


def drop_secret(path: Path) -> None:
    (path.parent / "secret").unlink()


def drop_head(path: Path) -> None:
    path.with_suffix(".head").unlink()


@pytest.mark.parametrize("damage", [drop_content, drop_line, drop_secret, drop_head, Path.unlink])
def test_nothing_is_released_beside_a_damaged_project(settings: Settings, damage: Callable[[Path], None]) -> None:
    settings = only(settings, "quality")
    release(settings)
    damage(settings.place.project / "ledger.sqlite")
    with pytest.raises(ReleaseError, match="backup"):
        release(rename(settings, "next"))
    assert not (settings.place.export / "demo" / "next").exists()


def test_a_cell_that_changed_by_an_unknown_number_is_shown_once(settings: Settings) -> None:
    """A corrected version of one year; of `quality` nobody knows who is behind it."""
    settings = only(settings, "quality")
    first = pl.read_csv(release(settings).folder / "tables" / "quality.csv")
    corrected = pl.col("year") == 2015
    change_aggregate(
        settings,
        "quality",
        *(pl.col(name) - corrected.cast(pl.Int64) * 3 for name in ("persons", "cell_key", "unit_persons")),
    )
    second = release(settings)
    shown = pl.read_csv(second.folder / "tables" / "quality.csv")
    assert shown.equals(first.filter(pl.col("year") != 2015))
    inside = pl.read_csv(settings.place.root / "check" / second.name / "quality.csv")
    assert set(inside.filter(corrected)["reason"]) == {"earlier"}


def test_what_was_withheld_stays_withheld(settings: Settings) -> None:
    """Nine persons were behind it, and it was withheld; forty are, and still it stays away."""
    settings = only(settings, "quality")
    small = (pl.col("year") == 2015).cast(pl.Int64)
    names = ("persons", "households", "unit_persons", "unit_households")
    original = pl.read_parquet(settings.place.root / "aggregates" / "quality.parquet")
    change_aggregate(settings, "quality", *((pl.col(name) * (1 - small) + 9 * small).alias(name) for name in names))
    assert 2015 not in pl.read_csv(release(settings).folder / "tables" / "quality.csv")["year"]
    original.write_parquet(settings.place.root / "aggregates" / "quality.parquet")
    assert 2015 not in pl.read_csv(release(settings).folder / "tables" / "quality.csv")["year"]


def test_tables_of_earlier_releases_are_audited_with_the_new_ones(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where chains end, and then what became of everybody: what was shown before is part of what the audit starts from."""
    before = release(only(settings, "chains_destination")).tables[0].published
    seen: list[Offer] = []

    def watched(offers: list[Offer], **rules: Any) -> list[Protected]:
        seen.extend(offers)
        return protect(offers, **rules)

    monkeypatch.setattr(gate, "protect", watched)
    assert [table.table for table in release(only(settings, "chains")).tables] == ["chains"]
    assert [each.declaration.table for each in seen] == ["chains", "chains_destination"]
    assert (seen[1].frame["state"] == "public").sum() == before > 0
    assert set(seen[1].frame["state"]) == {"public", "closed"}
