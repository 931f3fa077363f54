"""Reading register files in batches: the only module, with `decode`, that sees raw rows.

SPSS files are read by polars-readstat, on one thread so that rows keep their order. It returns no rows, without a word, when
the header does not know their number; such files, and those it cannot read, go to pyreadstat.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars_readstat
import pyreadstat

from mobility.errors import DataError
from mobility.registers.dictionary import Column

BATCH_ROWS = 1_000_000
_HEADER_BYTES = 92
_BIAS = 100.0
_UNKNOWN = -1


def read_batches(path: Path, wanted: list[Column]) -> Iterator[pl.DataFrame]:
    """The wanted columns of a register file, in order, in batches of at most `BATCH_ROWS` rows.

    Args:
        path: .sav, .zsav, .parquet or .csv.
        wanted: columns of the dictionary; their names, or other names they are known by, are matched without regard to case.

    Yields:
        Frames with the names of the dictionary, as the file stores them (text or number).

    Raises:
        DataError: the file cannot be read, or a column is not there.
    """
    names = _match(path, column_names(path), wanted)
    promised, rows = number_of_cases(path), 0
    for batch in _batches(path, list(names)):
        rows += batch.height
        yield batch.select(pl.col(there).alias(here) for there, here in names.items())
    if promised not in (None, _UNKNOWN, rows):
        raise DataError(
            f"{path.name}: the file promises {promised} rows and gives {rows}. It may be cut short; copy it again."
        )


def column_names(path: Path) -> list[str]:
    """Names of the columns in a file.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        if path.suffix.lower() in (".sav", ".zsav"):
            return list(polars_readstat.scan_readstat(str(path), threads=1).collect_schema().names())
        return _scan_flat(path).collect_schema().names()
    except Exception as fault:
        kind = type(fault).__name__
    raise DataError(
        f"{path.name}: the file cannot be read ({kind}). It may be damaged or not be what its name says; copy it again."
    )


def number_of_cases(path: Path) -> int | None:
    """Rows according to the header of an SPSS file (-1: unknown); None for other files.

    Raises:
        DataError: the header is damaged. Small numbers are stored as one byte plus a bias; readers believe the bias of the
            header, so that one wrong field there shifts every number without a word.
    """
    if path.suffix.lower() not in (".sav", ".zsav"):
        return None
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) == _HEADER_BYTES:
        order = "<" if struct.unpack("<i", header[64:68])[0] in (2, 3) else ">"
        cases, bias = struct.unpack(f"{order}id", header[80:92])
        if bias in (0.0, _BIAS) and cases >= _UNKNOWN:
            return int(cases)
    raise DataError(f"{path.name}: the header of the file is damaged. Copy it again.")


def _match(path: Path, there: list[str], wanted: list[Column]) -> dict[str, str]:
    by_lower = {name.lower(): name for name in there}
    found, absent = {}, []
    for column in wanted:
        name = next((by_lower[name.lower()] for name in (column.name, *column.also) if name.lower() in by_lower), None)
        if name is None:
            absent.append(column.name)
        else:
            found[name] = column.name
    if absent:
        raise DataError(
            f"{path.name}: no column {', '.join(absent)}. The file has {len(there)} columns. "
            "Correct the name in schemas/registers, or pin another file in conf/register."
        )
    return found


def _batches(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    try:
        if path.suffix.lower() not in (".sav", ".zsav"):
            yield from _scan_flat(path).select(names).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        elif number_of_cases(path) == _UNKNOWN:
            yield from _pyreadstat(path, names)
        else:
            scan = polars_readstat.scan_readstat(str(path), threads=1, preserve_order=True, batch_size=BATCH_ROWS)
            yield from scan.select(names).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    except Exception as fault:
        kind = type(fault).__name__
    else:
        return
    raise DataError(f"{path.name}: reading stopped ({kind}). The file may be damaged; copy it again.")


def _pyreadstat(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    chunks = pyreadstat.read_file_in_chunks(
        pyreadstat.read_sav, str(path), chunksize=BATCH_ROWS, usecols=names, output_format="polars"
    )
    for batch, _ in chunks:
        yield batch


def _scan_flat(path: Path) -> pl.LazyFrame:
    if path.suffix.lower() == ".parquet":
        return pl.scan_parquet(path)
    # Everything as text: a number would lose the leading zeros of a code.
    # Codes are ASCII; what another encoding writes in a name is of no use and must not stop the reading.
    return pl.scan_csv(path, infer_schema=False, separator=_separator(path), encoding="utf8-lossy")


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline().decode("latin-1")
    return max(",;\t", key=first.count)
