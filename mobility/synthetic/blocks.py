"""The country block by block: simulated here or by other processes, appended to the files in the order of the blocks.

Each block is a small country of its own over the same geography, with its own people, households and dwellings; nobody
moves from one block to another. Blocks are exchangeable, so that what a register calls national, such as the percentile
of an income, may be taken within the block.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.block import block_sizes
from mobility.synthetic.check import Tally
from mobility.synthetic.country import Country, live_through
from mobility.synthetic.quirks import count_in, count_of
from mobility.synthetic.registers import all_registers
from mobility.synthetic.sinks import TRUTH, WORKERS, Files, Part, other_processes
from mobility.synthetic.truth import truth_tables

ALONE = 300_000  # persons up to which starting other processes is not worth while
_PARTS = "parts.tmp"  # below the root, while other processes write their blocks


Table = tuple[str, int, Part, int]  # register or table of the truth, year, rows, how many


@dataclass
class Made:
    """A block of which the tables are being written.

    Attributes:
        tables: one at a time.
        tally: counts for the rates.
        planted: counts of flaws by key, complete when the tables are; in the end also rows by `REGISTER/year`.
    """

    tables: Iterable[Table]
    tally: Tally
    planted: Counter[str]


def write_blocks(
    settings: Synthetic,
    root: Path,
    tell: Callable[[str, int], None],
    progress: Callable[[int, int], None],
    workers: int | None = None,
) -> Made:
    """Write all registers and the truth below the root; returns the counts of all blocks.

    Args:
        settings: size, period and contents.
        root: an empty folder.
        tell: called with name and rows of each file when it has all its rows; all are complete when this ends.
        progress: called with the blocks done and their number.
        workers: other processes, 0 for none; None: two for a large country. The files do not depend on it.
    """
    count = len(block_sizes(settings.persons))
    if workers is None:
        workers = WORKERS if settings.persons > ALONE else 0
    total = Made((), Tally(), Counter())
    files = Files(root, settings, tell)
    blocks = _by_others(settings, root / _PARTS, count, workers) if workers else _here(settings, count)
    try:
        for number, block in enumerate(blocks):
            for name, year, part, rows in block.tables:
                files.add(name, year, part, rows, is_last=number == count - 1)
                total.planted[f"{name}/{year}"] += rows
            total.tally.merge(block.tally)
            total.planted.update(block.planted)
            progress(number + 1, count)
        files.finish()
    finally:
        blocks.close()
        files.abandon()
        shutil.rmtree(root / _PARTS, ignore_errors=True)
    return total


def _here(settings: Synthetic, count: int) -> Generator[Made]:
    for number in range(count):
        country = live_through(settings, number)
        yield Made(_tables(country, settings), country.tally, country.planted)


def _tables(country: Country, settings: Synthetic) -> Iterator[Table]:
    for name, year, rows in all_registers(country, settings):
        country.planted.update(count_in(name, rows))
        yield name, year, rows, rows.height
    country.planted.update(count_of(country))
    for name, rows in truth_tables(country, settings):
        yield TRUTH + name, 0, rows, rows.height


def _by_others(settings: Synthetic, folder: Path, count: int, workers: int) -> Generator[Made]:
    """Blocks in order, a few of them ahead; between processes travel paths and counts."""
    with other_processes(workers) as pool:
        ahead: deque[Future[Made]] = deque()
        try:
            for number in range(count + workers):
                if number < count:
                    ahead.append(pool.submit(make_parts, settings, number, folder / f"{number:05d}"))
                if number >= workers:
                    yield ahead.popleft().result()
                    if "sav" not in settings.formats:  # an SPSS file is written from all its parts at the end
                        shutil.rmtree(folder / f"{number - workers:05d}")
        finally:
            for future in ahead:  # when writing stops early, blocks not yet begun are not begun
                future.cancel()


def make_parts(settings: Synthetic, number: int, folder: Path) -> Made:
    """Simulate one block and put every table down in a Parquet file of its own; runs in another process."""
    folder.mkdir(parents=True)
    country = live_through(settings, number)
    parts: list[Table] = []
    for place, (name, year, part, rows) in enumerate(_tables(country, settings)):
        path = folder / f"{place:04d}.parquet"
        if isinstance(part, pl.DataFrame):
            part.write_parquet(path, compression="lz4")
        parts.append((name, year, path, rows))
    return Made(parts, country.tally, country.planted)
