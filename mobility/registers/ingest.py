"""One register file into the workspace: read in batches, typed, checked; refused rows set apart with the rule they broke."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from mobility.errors import DataError
from mobility.registers.decode import broken_rules, clean, decode, rules_of, without_impossible
from mobility.registers.dictionary import Column, Register
from mobility.registers.find import Found
from mobility.registers.read import read_batches
from mobility.registers.rules import stop_where_asked
from mobility.run.files import checksum, make_folder, remove_folder, write_json, write_parquet
from mobility.run.steps import fingerprint, program_digest, state_of
from mobility.settings import Severity

_PERSON_TYPE = "person_type"  # R in every row that is kept
_RECORD = "read.json"


@dataclass
class Counts:
    """Rows of one register (and year): `read = kept + sum(quarantined)`, exactly.

    Attributes:
        read: rows in the file.
        kept: rows that go on to the panel.
        quarantined: rule to refused rows; a row that breaks several is counted under the first.
        warned: rule to rows that were kept all the same.
        repaired: what was done to rows that were kept.
    """

    read: int = 0
    kept: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)

    def refuse(self, rule: str, rows: int) -> None:
        """Move rows from kept to quarantined."""
        if rows:
            self.kept -= rows
            self.quarantined[rule] = self.quarantined.get(rule, 0) + rows

    def add(self, part: Counts) -> None:
        """Add the counts of a part: another file, another partition."""
        self.read += part.read
        self.kept += part.kept
        for name in ("quarantined", "warned", "repaired"):
            into: dict[str, int] = getattr(self, name)
            for rule, rows in getattr(part, name).items():
                into[rule] = into.get(rule, 0) + rows


@dataclass(frozen=True)
class Spent:
    """Seconds of reading one file, by what they went to; of a file that was read before, none."""

    reading: float = 0.0
    decoding: float = 0.0
    checking: float = 0.0
    writing: float = 0.0


def ingest_file(
    register: Register,
    found: Found,
    geography_year: int,
    severities: dict[str, Severity],
    kept: Path,
    refused: Path,
    look_up: Callable[[], None] = lambda: None,
) -> tuple[Counts, Spent]:
    """Read one file into the folder `kept`, its refused rows into the folder `refused`.

    A file that was read before, by the same dictionary, rules and program, is not read again: what a run that was stopped had
    read stays.

    Args:
        register: its dictionary.
        found: the file.
        geography_year: fills `{geography_year}` in column names.
        severities: rule to what happens to a row that breaks it.
        kept: receives the canonical columns, one Parquet file per batch, and `read.json`, last.
        refused: receives the same columns and `rule`.
        look_up: called between batches; raises when reading is to end.

    Raises:
        DataError: the file cannot be read, lacks a column, changes meanwhile, or rows break a rule with severity `stop`.
    """
    layout = for_year(register, geography_year)
    before = state_of(found.path)
    rules = {rule: severities.get(rule) for rule in rules_of(layout)}  # those of linking change nothing here
    made_from = fingerprint(
        {
            "source": before,
            "layout": layout,
            "rules": rules,
            "program": program_digest("registers"),
            "file": found.path.name,
        }
    )
    known = _read_before(kept, made_from)
    if known:
        return known, Spent()
    for folder in (kept, refused):
        remove_folder(folder)
    make_folder(kept)
    reading = _Reading(layout, found, severities, kept, refused)
    reading.run(look_up)
    if state_of(found.path) != before:
        raise DataError(f"{found.path.name}: the file changed while it was read. Run again when it is complete.")
    files = {str(path.resolve()): checksum(path) for folder in (kept, refused) for path in _parquet(folder)}
    write_json(kept / _RECORD, {"made_from": made_from, "counts": asdict(reading.counts), "files": files})
    return reading.counts, Spent(**reading.seconds)


class _Reading:
    """One file being read, batch by batch."""

    def __init__(
        self, layout: Register, found: Found, severities: dict[str, Severity], kept: Path, refused: Path
    ) -> None:
        self.layout, self.found, self.severities, self.kept, self.refused = layout, found, severities, kept, refused
        self.rules = rules_of(layout)
        self.counts = Counts()
        self.stopping: dict[str, int] = {}
        self.seconds = dict.fromkeys(("reading", "decoding", "checking", "writing"), 0.0)

    def run(self, look_up: Callable[[], None]) -> None:
        """Read it whole, also when a row breaks a rule that stops: a count of the first batch would tell little."""
        columns = list(self.layout.used_columns)
        # So that a file without rows is a table too.
        nothing = pl.DataFrame(schema={column.name: pl.String for column in columns})
        empty = decode(clean(nothing, self.layout), self.layout)
        write_parquet(empty.drop(_PERSON_TYPE, strict=False), self.kept / "none.parquet")
        batches, number = read_batches(self.found.path, columns), 0
        while True:
            look_up()
            started = time.perf_counter()
            batch = next(batches, None)
            self.seconds["reading"] += time.perf_counter() - started
            if batch is None:
                break
            self._take(batch, number)
            number += 1
        stop_where_asked(self.layout.name, self.stopping, self.severities, self.found.path.name)

    def _take(self, batch: pl.DataFrame, number: int) -> None:
        clock = [time.perf_counter()]
        cleaned = clean(batch, self.layout)
        table = decode(cleaned, self.layout)
        clock.append(time.perf_counter())
        broken = broken_rules(cleaned, table, self.layout)
        numbers = {rule: int(broken[rule].sum()) for rule in self.rules}
        for rule, rows in numbers.items():
            if rows and self.severities.get(rule) == "stop":
                self.stopping[rule] = self.stopping.get(rule, 0) + rows
        if self.stopping:
            return  # of a file that will be refused nothing more is kept
        bad = self._refused(broken, numbers)
        apart = None if bad is None else self._set_apart(table, broken, bad, number)
        clock.append(time.perf_counter())
        good = table if bad is None else table.filter(~bad)
        if numbers.get("out_of_range"):
            good = without_impossible(good, self.layout)
        write_parquet(good.drop(_PERSON_TYPE, strict=False), self.kept / f"{number:04d}.parquet")
        clock.append(time.perf_counter())
        self.counts.add(
            Counts(
                read=batch.height,
                kept=batch.height,
                warned=self._warned(broken, bad, numbers),
            )
        )
        if apart is not None:
            for name, rows in apart.value_counts().sort("rule").iter_rows():
                self.counts.refuse(name, rows)
        for what, begun, ended in zip(("decoding", "checking", "writing"), clock, clock[1:], strict=False):
            self.seconds[what] += ended - begun

    def _warned(self, broken: pl.DataFrame, bad: pl.Series | None, numbers: dict[str, int]) -> dict[str, int]:
        """Rule to the rows that break it and are kept all the same."""
        told = [name for name in self.rules if numbers[name] and self.severities.get(name) == "warn"]
        kept = broken.select(told) if bad is None or not told else broken.select(told).filter(~bad)
        return {name: rows for name in told if (rows := int(kept[name].sum()))}

    def _refused(self, broken: pl.DataFrame, numbers: dict[str, int]) -> pl.Series | None:
        """Which rows are set apart; None when all rows stay."""
        refusing = [rule for rule in self.rules if numbers[rule] and self.severities.get(rule) == "quarantine"]
        return broken.select(pl.any_horizontal(refusing)).to_series() if refusing else None

    def _set_apart(self, table: pl.DataFrame, broken: pl.DataFrame, bad: pl.Series, number: int) -> pl.Series:
        """Put refused rows down; the rule that refuses each of them."""
        refusing = (rule for rule in self.rules if self.severities.get(rule) == "quarantine")
        why = pl.coalesce(pl.when(pl.col(name)).then(pl.lit(name)) for name in refusing).alias("rule")
        rule = broken.filter(bad).select(why).to_series()
        write_parquet(table.filter(bad).with_columns(rule), self.refused / f"{number:04d}.parquet")
        return rule


def _parquet(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _read_before(kept: Path, made_from: str) -> Counts | None:
    """Counts of the last time, if nothing has changed since: neither what it was made from nor what was made."""
    try:
        known = json.loads((kept / _RECORD).read_text(encoding="utf-8"))
        as_it_was = all(checksum(Path(name)) == known_sum for name, known_sum in known["files"].items())
        return Counts(**known["counts"]) if known["made_from"] == made_from and as_it_was else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def for_year(register: Register, geography_year: int) -> Register:
    """The dictionary with the columns of one division of gemeenten, wijken and buurten."""

    def named(column: Column) -> Column:
        return replace(column, name=column.name.replace("{geography_year}", str(geography_year)))

    return replace(register, columns=tuple(named(column) for column in register.columns))
