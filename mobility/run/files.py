"""Writing that is never half done: every file appears whole, under its own name, readable by its owner only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mobility.errors import RequestError

_CHUNK = 1 << 20
_GROUP_ROWS = 1 << 20
_HALF_WRITTEN = ".tmp-"


def make_folder(path: Path) -> Path:
    """Make a folder and its parents; those that are new are for their owner only."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it, if it is there.

    Raises:
        RequestError: something in it cannot be removed, as on Windows a file that another program has open. It would otherwise
            stay among what is written now.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as fault:
        problem = type(fault).__name__
    else:
        return
    raise RequestError(
        f"{folder} cannot be cleared ({problem}). A file in it may be open in another program, or belong to somebody else: close "
        "it, or ask for access, and run the same command again."
    )


def remove_leftovers(*folders: Path) -> None:
    """Remove what runs that were killed left half written in some folders and below.

    Raises:
        RequestError: something cannot be removed.
    """
    for path in [path for folder in folders if folder.is_dir() for path in folder.rglob(f"*{_HALF_WRITTEN}*")]:
        if path.is_dir():
            remove_folder(path)
        else:
            path.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """A name beside `path` for what is not whole yet; `remove_leftovers` knows it."""
    return path.with_name(f"{path.name}{_HALF_WRITTEN}{uuid.uuid4().hex[:8]}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; on success it takes the place of `path`, on failure it disappears.

    polars leaves an empty file where the old one was when a sink fails, so nothing is ever written in place.
    """
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        yield temporary
        temporary.chmod(0o600)
        os.replace(temporary, path)  # noqa: PTH105 - the one call that is atomic on Windows too
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: object) -> None:
    """Write a JSON file whole, with sorted keys."""
    write_text(path, json_text(content))


def json_text(content: object) -> str:
    """Content as JSON for people and programs: indented, keys sorted."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a table whole. The same rows give the same bytes."""
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression="zstd", compression_level=1, statistics=False)


def sink_parquet(frame: pl.LazyFrame, path: Path) -> None:
    """Write a query whole, streaming."""
    with replacing(path) as temporary:
        frame.sink_parquet(temporary, compression="zstd", compression_level=1, statistics=False)


@contextmanager
def appending_parquet(path: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that appends a table to a file, which appears whole when all are there. The same tables give the same bytes."""
    with replacing(path) as temporary:
        writer: pq.ParquetWriter | None = None
        try:

            def append(frame: pl.DataFrame) -> None:
                nonlocal writer
                table = _with_equal_words(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
                if writer is None:
                    # Without the schema of Arrow, words of an Enum are written once and read as text.
                    writer = pq.ParquetWriter(
                        temporary, table.schema, compression="zstd", compression_level=1, store_schema=False
                    )
                writer.write_table(table, row_group_size=_GROUP_ROWS)

            yield append
        finally:
            if writer is not None:
                writer.close()


def _with_equal_words(table: pa.Table) -> pa.Table:
    """Words of an Enum numbered in 32 bits, however many there are: tables with other words then have one schema."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            words = pa.dictionary(pa.int32(), pa.large_string())
            table = table.set_column(place, field.name, table.column(place).cast(words))
    return table


def digest(path: Path, look_up: Callable[[], None] = lambda: None) -> str:
    """SHA-256 of a file; `look_up` is called on the way, and raises when reading is to end."""
    known = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            look_up()
            known.update(chunk)
    return known.hexdigest()


def checksum(path: Path) -> str:
    """CRC-32 of a file: sees what a disk or an accident changed, twice as fast as a digest; no seal against intent."""
    known = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            known = zlib.crc32(chunk, known)
    return f"{known:08x}"
