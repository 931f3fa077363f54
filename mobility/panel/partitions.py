"""The exchange on disk: rows to the partition of their key, then each partition in its own order."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from mobility.run.files import make_folder
from mobility.settings import MOST_PARTITIONS

ROWS = 1_500_000  # rows of the largest table in one partition: what a laptop holds several times over


def partitions_for(rows: int) -> int:
    """A number of partitions such that one of them fits in memory several times."""
    return min(MOST_PARTITIONS, max(1, -(-rows // ROWS)))


@contextmanager
def exchanged(
    rows: pl.LazyFrame, count: int, key: str, partitions: int, folder: Path
) -> Iterator[Callable[[int], pl.DataFrame]]:
    """Rows split by `key % partitions` on disk, streaming; gives a function that reads one partition, in any order.

    Args:
        rows: a query.
        count: the number of rows it gives; polars has been seen to lose some on the way, without a word.
        key: a column of unsigned integers. Never a hash of polars, which changes between versions.
        partitions: at most `MOST_PARTITIONS`.
        folder: where the temporary files go; they disappear afterwards.

    Raises:
        RuntimeError: fewer or more rows arrived than were sent.
    """
    scratch = make_folder(folder / f"exchange.tmp-{uuid.uuid4().hex[:8]}")
    try:
        bucket = (pl.col(key) % partitions).alias("bucket")
        rows.with_columns(bucket).sink_parquet(
            pl.PartitionBy(scratch, key="bucket", include_key=False), mkdir=True, compression="lz4"
        )
        schema = rows.collect_schema()
        arrived = sum(pl.scan_parquet(file).select(pl.len()).collect().item() for file in scratch.rglob("*.parquet"))
        if arrived != count:
            raise RuntimeError(f"{count} rows were sent to {partitions} partitions and {arrived} arrived")

        def read(partition: int) -> pl.DataFrame:
            files = sorted((scratch / f"bucket={partition}").glob("*.parquet"))
            return pl.read_parquet(files) if files else pl.DataFrame(schema=schema)

        yield read
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
