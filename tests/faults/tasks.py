"""Tasks that workers are given by the tests of the engine; in a module of their own, since workers import them."""

import os
import signal
import time
from pathlib import Path

import polars as pl

from mobility.errors import DataError

CANARY = "987654321"


def count(partition, folder):
    """Notes every try, so that partitions that are done twice are seen."""
    with (Path(folder) / f"tried-{partition:03d}").open("a", encoding="utf-8") as file:
        file.write("x")
    return partition


def nothing(partition):
    """A task that has nothing to tell."""


def die(partition, folder, deadly, times):
    """One partition ends its worker as often as asked; the others count."""
    tried = Path(folder) / f"died-{partition:03d}"
    if partition == deadly and len(tried.read_bytes() if tried.exists() else b"") < times:
        with tried.open("a", encoding="utf-8") as file:
            file.write("x")
        time.sleep(1)  # as one that runs out of memory: not in the moment in which it begins
        os.kill(os.getpid(), signal.SIGKILL)
    return count(partition, folder)


def fail(partition, kind):
    """Fails as libraries do: with rows in the text."""
    if kind == "value":
        raise ValueError(f"person {CANARY}")
    if kind == "polars":
        pl.Series([CANARY + "x"]).cast(pl.Int64)
    if kind == "disk":
        raise OSError(28, "No space left on device", "part-001.parquet")
    raise DataError("Residence: 3 rows.")


def threads(partition):
    return {"polars": pl.thread_pool_size(), "pid": os.getpid(), "temporary": os.environ.get("TMPDIR", "")}


def slowly(partition, folder):
    """Counts, and takes its time."""
    time.sleep(0.2)
    return count(partition, folder)
