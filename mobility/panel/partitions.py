"""The exchange on disk: rows to the partition of their key, then each partition in its own order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

import polars as pl

from mobility.run.files import make_folder, temporary_name
from mobility.settings import MOST_PARTITIONS

ROWS = 1_500_000  # rows of the largest table in one partition: what a laptop holds several times over
_SAMPLE = 50_000  # keys looked at to divide their order into ranges of about the same size


@dataclass(frozen=True)
class Exchange:
    """Rows of one table, split on disk. It knows paths only, so that it can travel to a worker.

    Attributes:
        folder: with a folder per query, and in it one per partition.
        schema: of the rows.
    """

    folder: Path
    schema: dict[str, pl.DataType]

    def read(self, partition: int) -> pl.DataFrame:
        """The rows of one partition, in no particular order."""
        files = sorted(self.folder.glob(f"*/bucket={partition}/*.parquet"))
        return pl.read_parquet(files) if files else pl.DataFrame(schema=self.schema)


def partitions_for(rows: int, fitting: int = ROWS) -> int:
    """A number of partitions such that one of them fits in memory.

    Args:
        rows: of the largest table.
        fitting: rows of one partition that fit in memory; more than `ROWS` are never put into one.
    """
    return min(MOST_PARTITIONS, max(1, -(-rows // max(1, min(ROWS, fitting)))))


def by_number(column: str, partitions: int) -> pl.Expr:
    """The partition of a column of unsigned integers. Never a hash of polars, which changes between versions."""
    return pl.col(column) % partitions


def by_text(columns: tuple[str, ...], bounds: pl.Series) -> pl.Expr:
    """The range that the text of some columns, one after the other, falls in.

    Ranges follow the order of the text, so that numbers given range after range follow it too.

    Args:
        columns: of text.
        bounds: of `range_bounds`: the first text of every range but the first.
    """
    find = partial(_range_of, bounds=bounds)
    return pl.concat_str(columns).map_batches(find, return_dtype=pl.UInt32, is_elementwise=True)


def _range_of(text: pl.Series, bounds: pl.Series) -> pl.Series:
    return bounds.search_sorted(text, side="right").cast(pl.UInt32)


def range_bounds(files: list[Path], rows: int, columns: tuple[str, ...], partitions: int) -> pl.Series:
    """Bounds that divide the text of some columns into at most so many ranges of about equally many rows.

    Files are looked at one by one: a scan of all of them runs ahead of what it feeds, by gigabytes.

    Args:
        files: Parquet, with all rows that will be divided.
        rows: how many there are, for the size of the sample.
        columns: of text.
        partitions: how many ranges.
    """
    step = max(1, rows // _SAMPLE)
    parts = [pl.read_parquet(file, columns=list(columns)).gather_every(step) for file in files]
    sample = pl.concat(parts).select(text=pl.concat_str(columns))["text"].sort()
    places = [sample.len() * number // partitions for number in range(1, partitions)]
    return sample.gather(places).unique().sort() if sample.len() else sample


def numbered_on(files: list[Path], column: str, sizes: list[int]) -> pl.LazyFrame:
    """Parts whose numbers each begin at 0 as one table whose numbers run on from part to part.

    Args:
        files: Parquet, in order.
        column: of numbers.
        sizes: how many numbers each part has.
    """
    offsets = accumulate(sizes, initial=0)
    return pl.concat(
        [
            pl.scan_parquet(file).with_columns(pl.col(column) + pl.lit(offset, pl.UInt32))
            for file, offset in zip(files, offsets, strict=False)
        ]
    )


@contextmanager
def exchanged(queries: list[pl.LazyFrame], count: int, bucket: pl.Expr, folder: Path) -> Iterator[Exchange]:
    """Rows split by the number in `bucket` on disk, streaming; the temporary files disappear afterwards.

    Args:
        queries: that give the rows, one after the other: several at once run ahead of what they feed, by gigabytes.
        count: the number of rows they give; polars has been seen to lose some on the way, without a word.
        bucket: of `by_number` or `by_text`; at most `MOST_PARTITIONS` different numbers.
        folder: where the temporary files go.

    Raises:
        RuntimeError: fewer or more rows arrived than were sent.
    """
    scratch = make_folder(temporary_name(folder / "exchange"))
    try:
        for number, rows in enumerate(queries):
            target = pl.PartitionBy(scratch / str(number), key="bucket", include_key=False)
            rows.with_columns(bucket.alias("bucket")).sink_parquet(target, mkdir=True, compression="lz4")
        arrived = sum(pl.scan_parquet(file).select(pl.len()).collect().item() for file in scratch.rglob("*.parquet"))
        if arrived != count:
            raise RuntimeError(f"{count} rows were sent through the exchange and {arrived} arrived")
        yield Exchange(scratch, dict(queries[0].collect_schema()))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # what stays is cleared with the scratch folder
