"""The last look at a table before it is written: no column that is not declared, nothing that looks like an identifier.

A message says which column and what to do; it never quotes a value.
"""

from __future__ import annotations

import re

import polars as pl

from mobility.disclosure.protect import SafeTable
from mobility.errors import ReleaseError

IDENTIFIER_NAME = re.compile(
    r"^rin|rinpersoon|rinobject|rinadres|huishoudnr|person$|person_id|household_id|object_id|bsn|burgerservice|beid|brin|cell_key",
    re.IGNORECASE,
)
"""Names of columns that never leave: the linking identifiers in the output rules of CBS, and the program's own."""

_PLACE = r"^(BU\d{8}|WK\d{6}|GM\d{4}|\d{4}-\d{4})$"  # or a period
_SMALL = 10_000
_NUMBER = r"^(-?\d{1,3}(y|m|km)?|\d{1,3}-\d{1,3})$"  # years, months, distances, bands: too short for an identifier


def vet(table: SafeTable, vocabulary: frozenset[str]) -> None:
    """Refuse a table that holds more than its declaration says.

    Args:
        table: what is about to leave.
        vocabulary: every word that may stand in a table beside codes of places; see `vocabulary`. Anything else may be an
            identifier or free text.

    Raises:
        ReleaseError: a column is not declared, is missing, is named like an identifier, or holds what looks like one.
        TypeError: what is given is not a `SafeTable`.
    """
    if type(table) is not SafeTable:
        raise TypeError("Only a SafeTable can leave; pass the aggregate through mobility.disclosure.protect.")
    name, frame = table.declaration.table, table.frame
    if tuple(frame.columns) != table.declaration.columns:
        raise ReleaseError(f"{name}: its columns are not those of schemas/outputs/{name}.yaml, so it was not written.")
    for column in frame.columns:
        if IDENTIFIER_NAME.search(column):
            raise ReleaseError(f"{name}: {column} is the name of an identifier; such a column never leaves.")
    allowed = vocabulary | set(table.declaration.words)
    for column in table.declaration.cells:
        if not _is_plain(_taken_apart(frame[column]), allowed):
            raise ReleaseError(
                f"{name}: column {column} holds something that is no code, class, year or place, and may be "
                f"an identifier. "
                f"Nothing was written. Look at the aggregate {table.declaration.source} inside the environment."
            )
    _vet_numbers(table)


def _vet_numbers(table: SafeTable) -> None:
    name, frame = table.declaration.table, table.frame
    base = table.profile.rounding_base if table.declaration.mode == "round" else 1
    for column in table.declaration.measures:
        if frame[column].null_count() or (frame[column] % base != 0).any():
            raise ReleaseError(f"{name}: column {column} holds a number that is not rounded. Nothing was written.")
    for value in table.declaration.values:
        if not frame.schema[value.name].is_numeric():
            raise ReleaseError(f"{name}: column {value.name} holds something that is no number. Nothing was written.")


def _taken_apart(values: pl.Series) -> pl.Series:
    """The words of details, such as `hazard:3` or `moves:0-20>20-40`, and the places of pairs; other columns as they are."""
    if values.name not in ("detail", "place") or values.dtype != pl.String:
        return values
    words = values.unique().str.replace_all(">", ":", literal=True).str.split(":").explode()
    is_number = words.str.contains(_NUMBER) & (values.name == "detail")
    return words.filter((words != "") & ~is_number)


def _is_plain(values: pl.Series, vocabulary: frozenset[str]) -> bool:
    if values.null_count():
        return False
    if values.dtype == pl.Int64:
        return bool(values.is_between(0, _SMALL, closed="left").all())
    if values.dtype != pl.String:
        return False
    text = values.unique()
    return bool((text.str.contains(_PLACE) | text.is_in(sorted(vocabulary))).all())
