"""The ledger of a project: everything that was ever released, in a chain that shows any change.

An SQLite file, `ledger.sqlite` in `place.project`, beside the secret. `entries` holds one line per release, each sealed with the
secret over the seal before it; `contents` holds what is large, under its digest: the cells of every table, and the records behind
them by year. Both only grow: a trigger refuses changes, and where somebody goes round it, the seals no longer fit. `ledger.head`
repeats the last seal, so that lines taken off the end are missed too.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mobility.disclosure.earlier import Edition
from mobility.disclosure.members import Members
from mobility.errors import ReleaseError
from mobility.run.files import write_text

_FORMAT = json.dumps({"ledger": 1})
_TABLES = """
CREATE TABLE entries (number INTEGER PRIMARY KEY, entry TEXT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE contents (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
_GUARD = (
    "CREATE TRIGGER no_{verb}_{table} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;"
)


@dataclass(frozen=True)
class Recorded:
    """One aggregate in the record of a release.

    Attributes:
        tables: the tables made from it.
        source: name of the aggregate.
        definition: what its cells mean: filter of the universe, division and zoning, class bounds, weights, rules of the study.
        cells: digest of the cells of the tables.
        places: digest of `Members.places`; None where nobody knows who is behind the cells.
        years: digests of the records behind the cells, by year.
    """

    tables: tuple[str, ...]
    source: str
    definition: dict[str, Any]
    cells: str
    places: str | None
    years: dict[str, str]


@dataclass(frozen=True)
class Record:
    """What the project keeps of a release.

    Attributes:
        study: its study.
        release: its name.
        tables: the digests of its tables.
        definition: the digest of the study and the profile it was made by.
        profile: name of the profile.
        rules: the values of the profile.
        program: version of the program.
        recorded: what was shown, by aggregate.
    """

    study: str
    release: str
    tables: dict[str, str]
    definition: str | None
    profile: str
    rules: dict[str, Any]
    program: str
    recorded: tuple[Recorded, ...]


class Ledger:
    """The ledger of one project, read and found whole."""

    def __init__(self, path: Path, secret: bytes, records: list[Record], last: str) -> None:
        self.path, self.records = path, records
        self._secret, self._last = secret, last

    @classmethod
    def empty(cls, path: Path) -> Ledger:
        """The ledger of a project in which nothing was released, not written down."""
        return cls(path, b"", [], "")

    @classmethod
    def make(cls, path: Path, secret: bytes) -> Ledger:
        """A new ledger, for its owner only, with nothing in it but its first line."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        first = _seal(secret, 0, "", _FORMAT)
        with _opened(path) as book:
            book.executescript(_TABLES)
            for table in ("entries", "contents"):
                for verb in ("UPDATE", "DELETE"):
                    book.execute(_GUARD.format(verb=verb, table=table))
            book.execute("INSERT INTO entries VALUES (0, ?, ?)", (_FORMAT, first))
        write_text(_head(path), first + "\n")
        return cls(path, secret, [], first)

    @classmethod
    def read(cls, path: Path, secret: bytes) -> Ledger:
        """The ledger in a file.

        Raises:
            ReleaseError: a seal does not fit, or lines are missing.
        """
        try:
            with _opened(path) as book:
                lines = book.execute("SELECT number, entry, seal FROM entries ORDER BY number").fetchall()
            head = _head(path).read_text(encoding="utf-8").strip()
        except (sqlite3.Error, OSError):
            lines, head = [], ""
        last, seals = "", []
        for place, (number, entry, seal) in enumerate(lines):
            last = _seal(secret, place, last, str(entry))
            if number != place or not hmac.compare_digest(last, str(seal)):
                break
            seals.append(last)
        if not lines or len(seals) < len(lines) or head not in seals or lines[0][1] != _FORMAT:
            raise ReleaseError(_broken(path))
        return cls(path, secret, [_record(json.loads(entry)) for _, entry, _ in lines[1:]], last)

    def editions(self) -> Iterator[Edition]:
        """Everything earlier, by release and aggregate.

        Raises:
            ReleaseError: a part of the ledger was changed or is missing.
        """
        for record in self.records:
            for each in record.recorded:
                members = None
                if each.places is not None:
                    years = {int(year): digest for year, digest in each.years.items()}
                    read = partial(self._read_year, years)
                    members = Members(self._frame(each.places), tuple(sorted(years)), read)
                low = tuple(each.definition["low"])
                yield Edition(each.source, low, self._frame(each.cells), members)

    def _read_year(self, years: dict[int, str], year: int) -> pl.DataFrame:
        return self._frame(years[year])

    def _frame(self, digest: str) -> pl.DataFrame:
        with _opened(self.path) as book:
            found = book.execute("SELECT content FROM contents WHERE digest = ?", (digest,)).fetchone()
        if found is None or hashlib.sha256(found[0]).hexdigest() != digest:
            raise ReleaseError(_broken(self.path))
        return pl.read_parquet(io.BytesIO(found[0]))

    def keep(self, frame: pl.DataFrame) -> str:
        """Put a frame among the contents, once; gives its digest. The same rows have the same digest."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=9, statistics=False)
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        with _opened(self.path) as book:
            book.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (digest, content))
        return digest

    def append(self, record: Record) -> None:
        """Add a line.

        Raises:
            ReleaseError: somebody else released in the meantime.
        """
        entry = json.dumps(asdict(record), sort_keys=True)
        number = len(self.records) + 1
        seal = _seal(self._secret, number, self._last, entry)
        with _opened(self.path) as book:
            book.execute("BEGIN IMMEDIATE")
            (last,) = book.execute("SELECT seal FROM entries ORDER BY number DESC LIMIT 1").fetchone()
            others = last != self._last
            if not others:
                book.execute("INSERT INTO entries VALUES (?, ?, ?)", (number, entry, seal))
        if others:
            raise ReleaseError(
                "Another release of this project was made while this one was prepared, so it was not held against that one. "
                "Nothing was written to the export folder. Run it again."
            )
        write_text(_head(self.path), seal + "\n")
        self.records, self._last = [*self.records, record], seal


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=60)) as book, book:
        yield book


def _head(path: Path) -> Path:
    return path.with_suffix(".head")


def _seal(secret: bytes, number: int, before: str, entry: str) -> str:
    return hmac.new(secret, f"ledger\n{number}\n{before}\n{entry}".encode(), "sha256").hexdigest()


def _record(given: dict[str, Any]) -> Record:
    recorded = tuple(Recorded(**each | {"tables": tuple(each["tables"])}) for each in given.pop("recorded"))
    return Record(**given, recorded=recorded)


def _broken(path: Path) -> str:
    return (
        f"{path} was changed, cut off or damaged, or does not belong to the secret beside it: its seals do not fit. It cannot be "
        f"told what this project released. Put the ledger, {_head(path).name} and the secret back together from one backup of "
        "the project folder. Nothing was written."
    )
