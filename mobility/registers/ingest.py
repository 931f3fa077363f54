"""One register file into the workspace: read in batches, typed, checked; refused rows set apart with the rule they broke."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from mobility.errors import DataError
from mobility.registers.decode import decode, rules_of
from mobility.registers.dictionary import Column, Register
from mobility.registers.find import Found
from mobility.registers.read import read_batches
from mobility.run.files import make_folder, write_parquet
from mobility.settings import Severity


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


def ingest_file(
    register: Register, found: Found, geography_year: int, severities: dict[str, Severity], kept: Path, refused: Path
) -> Counts:
    """Read one file into the folder `kept`, its refused rows into the folder `refused`.

    Args:
        register: its dictionary.
        found: the file.
        geography_year: fills `{geography_year}` in column names.
        severities: rule to what happens to a row that breaks it.
        kept: receives the canonical columns, one Parquet file per batch.
        refused: receives the same columns and `rule`.

    Raises:
        DataError: the file cannot be read, lacks a column, or rows break a rule with severity `stop`.
    """
    for folder in (kept, refused):
        shutil.rmtree(folder, ignore_errors=True)
    make_folder(kept)
    layout = for_year(register, geography_year)
    rules = rules_of(layout)
    counts = Counts()
    empty = pl.DataFrame(schema={column.name: pl.String for column in layout.used_columns})
    write_parquet(
        decode(empty, layout).drop(rules), kept / "none.parquet"
    )  # so that a file without rows is a table too
    for number, batch in enumerate(read_batches(found.path, list(layout.used_columns))):
        table = decode(batch, layout)
        broken = {rule: int(table[rule].sum()) for rule in rules}
        _stop_if_asked(register, found, broken, severities)
        refusing = [rule for rule in rules if broken[rule] and severities.get(rule) == "quarantine"]
        rule = (
            pl.coalesce(pl.when(pl.col(name)).then(pl.lit(name)) for name in refusing)
            if refusing
            else pl.lit(None, pl.String)
        )
        table = table.with_columns(rule=rule)
        bad = table.filter(pl.col("rule").is_not_null()).drop(rules)
        good = table.filter(pl.col("rule").is_null()).drop(*rules, "rule")
        write_parquet(good, kept / f"{number:04d}.parquet")
        if bad.height:
            write_parquet(bad, refused / f"{number:04d}.parquet")
        counts.read += batch.height
        counts.kept += batch.height
        for name, rows in bad["rule"].value_counts().sort("rule").iter_rows():
            counts.refuse(name, rows)
        for name in rules:
            if broken[name] and severities.get(name) == "warn":
                counts.warned[name] = counts.warned.get(name, 0) + broken[name]
    return counts


def for_year(register: Register, geography_year: int) -> Register:
    """The dictionary with the columns of one division of gemeenten, wijken and buurten."""

    def named(column: Column) -> Column:
        return replace(column, name=column.name.replace("{geography_year}", str(geography_year)))

    return replace(register, columns=tuple(named(column) for column in register.columns))


def _stop_if_asked(register: Register, found: Found, broken: dict[str, int], severities: dict[str, Severity]) -> None:
    for rule, rows in broken.items():
        if rows and severities.get(rule) == "stop":
            raise DataError(
                f"{found.path.name}: {rule} in {rows} rows of {register.name}, and study.rules.{rule} is stop. "
                "Set it to quarantine to go on without these rows, or mend the dictionary in schemas/registers."
            )
