"""Files that grow block by block, so that a country of any size needs the memory of a few blocks."""

from __future__ import annotations

import io
import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl
import pyarrow.parquet as pq

from mobility.registers.dictionary import Column, load_register
from mobility.settings import Synthetic
from mobility.synthetic.deliveries import Delivery, deliveries
from mobility.synthetic.writer import columns_in, columns_of, table_in, write_sav

TRUTH = "truth/"  # what starts so is a table of the truth and no register
WORKERS = 2  # other processes, for blocks and for long SPSS files, of which a value at a time goes through Python
FEW_ROWS = 50_000  # of an SPSS file that is written here: starting a process would take longer
Part = pl.DataFrame | Path  # rows, or the Parquet file that holds them


def other_processes(workers: int) -> ProcessPoolExecutor:
    """Processes that are spawned: what Windows does, and the only way that is safe beside the threads of Polars."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


class Sink(Protocol):
    """One file being written."""

    def add(self, part: Part) -> None:
        """Append the rows of one block."""

    def close(self) -> None:
        """No row follows: the file is complete, or, of a long SPSS file, being written; or writing stops here."""


class Files:
    """All files of a country, opened with their first row and closed with their last block."""

    def __init__(self, root: Path, settings: Synthetic, tell: Callable[[str, int], None]) -> None:
        self._root, self._settings, self._tell = root, settings, tell
        self._open: dict[tuple[str, int], list[tuple[str, Sink]]] = {}
        self._rows: dict[tuple[str, int], int] = {}
        self._writers = _SavWriters()

    def add(self, name: str, year: int, part: Part, rows: int, *, is_last: bool) -> None:
        """Append what a block has of a register of a year; nobody delivers an empty file, but the truth may be empty.

        Args:
            name: the register, or the path of a table of the truth.
            year: the year of the file.
            part: its rows in this block.
            rows: how many.
            is_last: no block follows.
        """
        key = (name, year)
        if rows or name.startswith(TRUTH):
            if key not in self._open:
                self._open[key] = self._sinks(name, year)
            for _, sink in self._open[key]:
                sink.add(part)
            self._rows[key] = self._rows.get(key, 0) + rows
        if is_last and key in self._open:
            for number, (file, sink) in enumerate(self._open.pop(key)):
                sink.close()
                if number == 0:
                    self._tell(file, self._rows[key])

    def finish(self) -> None:
        """Wait until every file is complete."""
        self._writers.finish()

    def abandon(self) -> None:
        """Let go of files that are not complete."""
        self._writers.abandon()
        for sinks in self._open.values():
            for _, sink in sinks:
                if not isinstance(sink, _SavSink):
                    sink.close()

    def _sinks(self, name: str, year: int) -> list[tuple[str, Sink]]:
        if name.startswith(TRUTH):
            path = self._room(f"{name}.parquet")
            return [(path.name, _ParquetSink(path, lambda rows: rows))]
        register = load_register(name)
        planned = deliveries(register, year, self._settings.formats, self._settings.flaws == "quirks")
        return [(Path(plan.path).name, self._sink(name, year, plan)) for plan in planned]

    def _sink(self, name: str, year: int, plan: Delivery) -> Sink:
        columns = columns_of(load_register(name), year)
        path = self._room(plan.path)

        def shape(rows: pl.DataFrame) -> pl.DataFrame:
            return table_in(plan, rows, columns)

        if plan.form == "parquet":
            return _ParquetSink(path, shape)
        if plan.form == "csv":
            return _CsvSink(path, shape, plan)
        return _SavSink(shape, lambda table: self._writers.write(path, table, columns_in(plan, columns)))

    def _room(self, below: str) -> Path:
        path = self._root / below
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _rows_of(part: Part) -> pl.DataFrame:
    return part if isinstance(part, pl.DataFrame) else pl.read_parquet(part, memory_map=False)


class _SavWriters:
    """Writes SPSS files: short ones here, long ones in other processes, a few at a time."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[Future[None]] = deque()

    def write(self, path: Path, table: pl.DataFrame, columns: list[Column]) -> None:
        """Write one file, or see to it that it is written."""
        if table.height <= FEW_ROWS:
            write_sav(path, table, columns)
            return
        if self._pool is None:
            self._pool = other_processes(WORKERS)
        while len(self._waiting) > WORKERS:  # so that few tables are held at once
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(write_sav, path, table, columns))

    def finish(self) -> None:
        """Wait for all that is being written."""
        while self._waiting:
            self._waiting.popleft().result()

    def abandon(self) -> None:
        """Begin no further file, and end the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


class _ParquetSink:
    """One row group per block."""

    def __init__(self, path: Path, shape: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self._path, self._shape = path, shape
        self._writer: pq.ParquetWriter | None = None

    def add(self, part: Part) -> None:
        table = self._shape(_rows_of(part)).to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _CsvSink:
    """The names once, then the rows of block after block."""

    def __init__(self, path: Path, shape: Callable[[pl.DataFrame], pl.DataFrame], plan: Delivery) -> None:
        self._shape, self._plan = shape, plan
        self._file: BinaryIO = path.open("wb")
        self._is_new = True

    def add(self, part: Part) -> None:
        text = io.BytesIO()
        self._shape(_rows_of(part)).write_csv(text, include_header=self._is_new, separator=self._plan.separator)
        self._is_new = False
        written = text.getvalue()
        self._file.write(written.decode("utf-8").encode("latin-1") if self._plan.latin_1 else written)

    def close(self) -> None:
        self._file.close()


class _SavSink:
    """An SPSS file cannot grow: the parts are kept until the last is there."""

    def __init__(self, shape: Callable[[pl.DataFrame], pl.DataFrame], write: Callable[[pl.DataFrame], None]) -> None:
        self._shape, self._write = shape, write
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        self._parts.append(part)

    def close(self) -> None:
        self._write(pl.concat([self._shape(_rows_of(part)) for part in self._parts]))
        self._parts.clear()
