"""From the registers as read to the panel, in four passes, none of which holds more than a part of any register.

By object (numbers, areas, coordinates, tenure), by household number (numbers, sizes), by income year (persons to the income of
their household), and then by person, where all of it comes together, sorted and checked.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from mobility.errors import DataError
from mobility.panel.partitions import Exchange, exchanged
from mobility.panel.people import Tidied
from mobility.panel.store import Panel
from mobility.registers.ingest import Counts
from mobility.run.files import remove_folder, write_parquet
from mobility.run.progress import Tell
from mobility.settings import Engine


@dataclass(frozen=True)
class Sources:
    """The registers as read, and where what is left out goes. It knows paths only, so that it can travel to a worker.

    Attributes:
        registers: `<REGISTER>/<year>/*.parquet`.
        quarantine: folder of refused rows.
        scratch: files that are needed while the panel is built.
        panel: where the panel goes.
    """

    registers: Path
    quarantine: Path
    scratch: Path
    panel: Panel

    def years(self, register: str) -> list[int]:
        """Years of which a file was read."""
        folder = self.registers / register
        names = (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ()
        return sorted(int(name) for name in names if name.isdecimal())

    def scan(self, register: str, year: int | None = None) -> pl.LazyFrame | None:
        """A register as read; the newest year unless one is named; None when it was not there."""
        there = self.years(register)
        if not there:
            return None
        return pl.scan_parquet(self.registers / register / str(year or there[-1]) / "*.parquet")

    def files(self, register: str) -> list[Path]:
        """The Parquet files of the newest year of a register."""
        there = self.years(register)
        return sorted((self.registers / register / str(there[-1])).glob("*.parquet")) if there else []

    def need(self, register: str) -> pl.LazyFrame:
        """A register that a study cannot do without.

        Raises:
            DataError: it is not there.
        """
        table = self.scan(register)
        if table is None:
            raise DataError(
                f"{register}: no rows to work with. Run jobs/ingest.py check=true to see which files there are."
            )
        return table

    def set_apart(self, register: str, name: str, refused: pl.DataFrame) -> Counts:
        """Put rows down in the quarantine as `linked-<name>`; gives what they take from the counts of their register."""
        part = Counts()
        for rule, rows in refused["rule"].value_counts().sort("rule").iter_rows():
            part.refuse(rule, rows)
        if refused.height:
            write_parquet(refused, self.quarantine / register / f"{LINKED}{name}.parquet")
        return part

    def keep(self, part: Part, register: str, name: str, tidied: Tidied) -> pl.DataFrame:
        """The tidied table; what was left out or repaired is told in `part`."""
        part.of(register).add(self.set_apart(register, name, tidied.refused))
        part.of(register).add(Counts(repaired=dict(tidied.repaired)))
        return tidied.kept


LINKED = "linked-"  # what linking sets apart, beside the folders by year of what reading sets apart


@dataclass
class Part:
    """What one piece of linking tells.

    Attributes:
        counts: register to what linking changes in its counts.
        coverage: measure to persons or rows that could be linked, and of how many.
        checking: seconds that went to checking contracts.
        size: rows made, where the caller needs it.
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    coverage: dict[str, tuple[int, int]] = field(default_factory=dict)
    checking: float = 0.0
    size: int = 0

    def of(self, register: str) -> Counts:
        """Counts of a register."""
        return self.counts.setdefault(register, Counts())

    def cover(self, measure: str, linked: int, total: int) -> None:
        """Add to a coverage."""
        before = self.coverage.get(measure, (0, 0))
        self.coverage[measure] = (before[0] + linked, before[1] + total)

    def add(self, other: Part) -> None:
        """Add what another piece tells."""
        for register, counts in other.counts.items():
            self.of(register).add(counts)
        for measure, (linked, total) in other.coverage.items():
            self.cover(measure, linked, total)
        self.checking += other.checking


@dataclass
class Build:
    """What the passes share.

    Attributes:
        sources: the registers as read.
        counts: per register; linking takes from them what it sets apart.
        engine: how partitions are worked through.
        tell: progress: what, how many done, of how many.
        cut_off: last day that counts.
        first_days: 1 January of the years of the study, as far as the registers tell: days of which coverage is told.
        partitions: how many; also of the other passes.
        told: what linking told so far.
    """

    sources: Sources
    counts: dict[str, Counts]
    engine: Engine
    tell: Tell
    cut_off: dt.date
    first_days: tuple[dt.date, ...]
    partitions: int
    told: Part = field(default_factory=Part)

    def rows(self, register: str) -> int:
        """Rows of a register, all years, that reading kept."""
        return self.counts[register].kept if register in self.counts else 0

    def take(self, parts: list[Part]) -> None:
        """Add what the pieces of a pass told."""
        for part in parts:
            self.told.add(part)

    def exchanged(self, queries: list[pl.LazyFrame], count: int, bucket: pl.Expr) -> AbstractContextManager[Exchange]:
        """`partitions.exchanged` in the scratch folder."""
        return exchanged(queries, count, bucket, self.sources.scratch)


@contextmanager
def scratch_folder(sources: Sources) -> Iterator[None]:
    """The scratch folder, which disappears afterwards."""
    try:
        yield
    except BaseException:
        shutil.rmtree(sources.scratch, ignore_errors=True)  # what went wrong is told, not what stays
        raise
    remove_folder(sources.scratch)
