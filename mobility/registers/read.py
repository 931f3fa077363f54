"""Reading register files in batches: the only module, with `decode`, that sees raw rows.

SPSS and Stata files are read by polars-readstat, on one thread so that rows keep their order, once pyreadstat has opened them
and sees the same columns. polars-readstat returns no rows, without a word, when the header of an SPSS file does not know their
number; such files, and those of which it sees other columns or none, are read by pyreadstat.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import polars_readstat
import pyreadstat

from mobility.errors import DataError
from mobility.registers.dictionary import Column
from mobility.registers.find import SPSS, STATA

# It would tell names of columns on standard error; what is wrong with a file is told by our own messages.
warnings.filterwarnings("ignore", module="pyreadstat")

BATCH_ROWS = 1_000_000  # a quarter of it took a sixth more processor time, and hardly less memory
_HEADER_BYTES = 92
_DICTIONARY_BYTES = 1 << 22
_CASES_RECORD, _CASES_BYTES = (7, 16, 8, 2), 8
_BIAS = 100.0
_UNKNOWN = -1
# What SPSS, Stata and R write into a CSV file for "no value".
NO_VALUE = ("NA", "N/A", "#NULL!", ".")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SAME_NAME = re.compile(r"_duplicated_?\d+$")  # what polars and pyreadstat put behind the further columns of one name
_POWER = "e+"  # R writes a hundred thousand as 1e+05
_UNREADABLE_TYPES = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary, pl.Time, pl.Duration)


def read_batches(path: Path, wanted: list[Column]) -> Iterator[pl.DataFrame]:
    """The wanted columns of a register file, in order, in batches of at most `BATCH_ROWS` rows.

    Codes, not their labels. Days that a conversion turned into real dates come back as the text YYYYMMDD they were.

    Args:
        path: .sav, .zsav, .dta, .parquet or .csv.
        wanted: columns of the dictionary; their names, or other names they are known by, are matched without regard to case.

    Yields:
        Frames with the names of the dictionary, as the file stores them (text or number).

    Raises:
        DataError: the file cannot be read, a column is not there or is there twice, or it cannot hold what it should.
    """
    names = _match(path, column_names(path), wanted)
    promised, rows = number_of_cases(path), 0
    for batch in _batches(path, list(names)):
        rows += batch.height
        yield batch.select(_as_text_or_number(path, batch[there], column) for there, column in names.items())
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
        return _names_in(path)
    except DataError:
        raise
    except Exception as fault:
        kind = type(fault).__name__
    raise DataError(
        f"{path.name}: the file cannot be read ({kind}). It may be damaged or not be what its name says; copy it again."
    )


def number_of_cases(path: Path) -> int | None:
    """Rows according to the header of an SPSS file (-1: unknown); None for other files.

    Raises:
        DataError: the header is damaged. Small numbers are stored as one byte plus a bias; readers believe the bias of the
            header, so that one wrong field there shifts every number without a word. The number of rows stands there twice.
    """
    if path.suffix.lower() not in SPSS:
        return None
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        dictionary = file.read(_DICTIONARY_BYTES)
    if len(header) == _HEADER_BYTES:
        order = "<" if struct.unpack("<i", header[64:68])[0] in (2, 3) else ">"
        cases, bias = struct.unpack(f"{order}id", header[80:92])
        agrees = cases == _UNKNOWN or _cases_again(dictionary, order) in (None, _UNKNOWN, cases)
        if bias in (0.0, _BIAS) and cases >= _UNKNOWN and agrees:
            return int(cases)
    raise DataError(f"{path.name}: the header of the file is damaged. Copy it again.")


def _cases_again(dictionary: bytes, order: str) -> int | None:
    """The number of cases as the dictionary repeats it, in its extension record 7.16; None where it does not.

    Readers believe the header alone, and stop without a word where that says that there are fewer rows.
    """
    begin = dictionary.find(struct.pack(f"{order}4i", *_CASES_RECORD))
    cases = dictionary[begin + 24 : begin + 32]
    return int(struct.unpack(f"{order}q", cases)[0]) if begin >= 0 and len(cases) == _CASES_BYTES else None


def _match(path: Path, there: list[str], wanted: list[Column]) -> dict[str, Column]:
    by_name: dict[str, list[str]] = {}
    for name in there:
        by_name.setdefault(_SAME_NAME.sub("", name).strip().lower(), []).append(name)
    found: dict[str, Column] = {}
    absent = []
    for column in wanted:
        names = next((by_name[name.lower()] for name in (column.name, *column.also) if name.lower() in by_name), [])
        if not names:
            absent.append(column.name)
        elif len(names) > 1:
            raise DataError(
                f"{path.name}: there are {len(names)} columns {column.name}, and nothing says which is meant. Remove "
                "the others, or pin another file in conf/register."
            )
        else:
            found[names[0]] = column
    if absent:
        raise DataError(
            f"{path.name}: no column {', '.join(absent)}. The file has {len(there)} columns. "
            "Correct the name in schemas/registers, or pin another file in conf/register."
        )
    return found


def _as_text_or_number(path: Path, values: pl.Series, column: Column) -> pl.Series:
    """The values under their name in the dictionary, as one of the two kinds that a register stores."""
    kind = values.dtype
    if kind in (pl.Date, pl.Datetime):
        values = values.dt.strftime("%Y%m%d")
    elif kind in _UNREADABLE_TYPES:
        raise DataError(
            f"{path.name}: {column.name} holds {kind.base_type().__name__} values, where text or numbers are meant. Pin another "
            "file in conf/register."
        )
    elif kind == pl.Float32 and column.type in ("person", "first_day", "last_day"):
        # Stata's float holds seven digits: eight digits of a day or nine of a person are other digits by now.
        raise DataError(
            f"{path.name}: {column.name} is stored as a number of seven digits (float), and has lost the others. Convert the "
            "original again, with this column as text, long or double; or pin another file in conf/register."
        )
    elif kind == pl.String and column.type != "text" and path.suffix.lower() == ".csv":
        values = _without_powers(values)
    return values.alias(column.name)


def _without_powers(values: pl.Series) -> pl.Series:
    powers = values.str.contains(_POWER, literal=True)
    if not powers.any():
        return values
    written_out = values.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).cast(pl.String)
    return values.zip_with(~(powers & written_out.is_not_null()).fill_null(False), written_out)


def _names_in(path: Path) -> list[str]:
    if path.suffix.lower() not in (*SPSS, STATA):
        return _scan_flat(path).collect_schema().names()
    try:
        return _names_by_pyreadstat(path)
    except (
        Exception
    ):  # perhaps a label that is not in the encoding the file says it has; a damaged file is refused again
        return _names_by_pyreadstat(path, encoding="LATIN1")


def _names_by_pyreadstat(path: Path, encoding: str | None = None) -> list[str]:
    _, meta = _reader(path)(str(path), metadataonly=True, output_format="polars", encoding=encoding)
    return list(meta.column_names)


def _batches(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    try:
        if path.suffix.lower() == ".csv":
            # All columns, since only then a row with too many fields is an error; else its values would be other columns'.
            every = _names_in(path)
            rows = max(BATCH_ROWS * len(names) // len(every), 1)
            yield from (batch.select(names) for batch in _collected(_scan_flat(path), every, rows))
        elif path.suffix.lower() not in (*SPSS, STATA):
            yield from _collected(_scan_flat(path), names)
        elif number_of_cases(path) == _UNKNOWN or not _is_understood(path):
            yield from read_slowly(path, names)
        else:
            yield from _collected(_scan(path), names)
    except Exception as fault:
        kind = type(fault).__name__
    else:
        return
    raise DataError(f"{path.name}: reading stopped ({kind}). The file may be damaged; copy it again.")


def _collected(scan: pl.LazyFrame, names: list[str], rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
    return scan.select(names).collect_batches(chunk_size=rows, maintain_order=True)


def _scan(path: Path) -> pl.LazyFrame:
    scan: pl.LazyFrame = polars_readstat.scan_readstat(str(path), threads=1, preserve_order=True, batch_size=BATCH_ROWS)
    return scan


def _is_understood(path: Path) -> bool:
    """Whether polars-readstat sees the columns that pyreadstat sees.

    pyreadstat goes first: of a damaged header polars-readstat may believe a length and end the program for want of memory.
    """
    names = _names_in(path)
    try:
        return _scan(path).collect_schema().names() == names
    except Exception:  # whatever it is, the other reader is asked
        return False


def _reader(path: Path) -> Callable[..., Any]:
    reader: Callable[..., Any] = pyreadstat.read_dta if path.suffix.lower() == STATA else pyreadstat.read_sav
    return reader


def read_slowly(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    """Columns of an SPSS or Stata file by pyreadstat: what takes over where polars-readstat fails, and what checks it."""
    chunks = pyreadstat.read_file_in_chunks(
        _reader(path), str(path), chunksize=BATCH_ROWS, usecols=names, output_format="polars"
    )
    for batch, _ in chunks:
        yield batch


def _scan_flat(path: Path) -> pl.LazyFrame:
    if path.suffix.lower() == ".parquet":
        return pl.scan_parquet(path, glob=False)
    # Everything as text: a number would lose the leading zeros of a code.
    # Codes are ASCII; what another encoding writes in a name is of no use and must not stop the reading.
    return pl.scan_csv(
        path,
        infer_schema=False,
        separator=_separator(path),
        encoding="utf8-lossy",
        null_values=list(NO_VALUE),
        glob=False,
    )


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline()
    if first.startswith(_UTF_16):
        raise DataError(f"{path.name}: the file is in UTF-16. Save it as UTF-8, or pin another file in conf/register.")
    return max(",;\t", key=first.decode("latin-1").count)
