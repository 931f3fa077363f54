"""Counts that partitions put down, added up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from mobility.run.steps import files_below


def add_up_files(folder: Path, keys: Sequence[str]) -> pl.DataFrame:
    """The counts in the files of a folder, added up; streaming, for those of a country are many times their sum.

    One row per combination of `keys`, sorted by them; every other column is a measure, in Int64.
    """
    parts = pl.scan_parquet(files_below(folder))
    measures = pl.exclude(list(keys)).cast(pl.Int64).sum()
    return parts.group_by(keys).agg(measures).sort(keys).collect()
