"""Tables cut into numbered batches in one file, each of which can be read without the others: the exchange between partitions.

Whoever makes rows cuts them by where they go, and writes one file; whoever gathers them reads one batch of every file. The files
are Arrow's own format without compression: they live for one run, and are read at the speed of the file cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mobility.run.files import replacing


def write_batches(frame: pl.DataFrame, batch: npt.NDArray[np.integer], batches: int, path: Path) -> None:
    """Write a table, its rows by their batch and otherwise in the order given.

    Args:
        frame: the rows.
        batch: of each row, from 0 on.
        batches: how many there are; some may have no rows.
        path: of the file.
    """
    if np.any(batch[1:] < batch[:-1]):
        order = np.argsort(batch.astype(np.uint16), kind="stable")  # 16 bits: sorted by counting
        frame = frame.select(pl.all().gather(pl.Series(order.astype(np.uint32))))
    ends = np.cumsum(np.bincount(batch, minlength=batches))
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    empty = pa.RecordBatch.from_pylist([], schema=table.schema)
    with replacing(path) as temporary, pa.ipc.new_file(temporary, table.schema) as file:
        start = 0
        for end in ends.tolist():
            parts = table.slice(start, end - start).to_batches()
            file.write_batch(parts[0] if parts else empty)
            start = end


def read_batch(paths: Iterable[Path], number: int) -> pl.DataFrame:
    """One batch of every file, in the order of the files.

    Args:
        paths: of `write_batches`; at least one.
        number: of the batch.
    """
    parts = []
    for path in paths:
        with pa.OSFile(str(path)) as file:
            parts.append(pl.DataFrame(pa.ipc.open_file(file).get_batch(number)))
    return pl.concat(parts, rechunk=True)
