"""The hash of a record, from which cell keys are summed (disclosure.md 2). Pure.

A record is a household (its carrier) in an event year. The sum of its records' hashes is the key of a cell: the same set of
records has the same key in whatever table, at whatever level and in whatever release it stands, and the key of a total is the
sum of those of its parts. It needs no secret, so that aggregates do not depend on one; the secret enters where numbers are
rounded.
"""

from __future__ import annotations

import numpy as np
import polars as pl

_BITS = 36  # sums of 2**27 records stay within Int64


def record_hash(carrier: pl.Series, year: pl.Series) -> pl.Series:
    """36 well-mixed bits of (carrier, year), as Int64: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        mixed = (carrier.cast(pl.UInt64).to_numpy() << np.uint64(16)) ^ year.cast(pl.UInt64).to_numpy()
        mixed = (mixed + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return pl.Series("cell_key", (mixed >> np.uint64(64 - _BITS)).astype(np.int64))
