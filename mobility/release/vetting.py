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

_PLACE = r"^(BU\d{8}|WK\d{6}|GM\d{4})$"
_LONG_NUMBER = r"\d{8,}"
_HEXADECIMAL = r"(?i)[0-9a-f]{16,}"
_WORD = r"^[\p{L}\p{N}][\p{L}\p{N} _/.:'()-]{0,79}$|^-$"
_SMALL = 10_000


def vet(table: SafeTable) -> None:
    """Refuse a table that holds more than its declaration says.

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
    for column in table.declaration.cells:
        if not _is_plain(frame[column]):
            raise ReleaseError(
                f"{name}: column {column} holds something that is no code, class, year or place, and may be "
                f"an identifier. "
                f"Nothing was written. Look at the aggregate {table.declaration.source} inside the environment."
            )
    base = table.profile.rounding_base
    for column in table.declaration.measures:
        if frame[column].null_count() or (frame[column] % base != 0).any():
            raise ReleaseError(f"{name}: column {column} holds a number that is not rounded. Nothing was written.")


def _is_plain(values: pl.Series) -> bool:
    if values.null_count():
        return False
    if values.dtype == pl.Int64:
        return bool(values.is_between(0, _SMALL, closed="left").all())
    if values.dtype != pl.String:
        return False
    text = values.unique()
    suspect = (text.str.contains(_LONG_NUMBER) | text.str.contains(_HEXADECIMAL)) & ~text.str.contains(_PLACE)
    return not bool((suspect | ~text.str.contains(_WORD)).any())
