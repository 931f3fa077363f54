"""Register numbers: spread over their range, without order, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.days import AnyInts

_PERSON_PRIME = 999_999_937  # the largest prime below 10^9
_PERSON_STEP = 618_033_989
_HOUSEHOLD_PRIME = 999_999_999_989  # the largest prime below 10^12
_HOUSEHOLD_STEP = 61_803_398_875  # times a position this stays in 64 bits up to 298 million households


def person_numbers(first: int, count: int, seed: int) -> AnyInts:
    """RINPERSOON of the persons from position `first` on: whole numbers below 10^9, all different, in no order."""
    return (np.arange(first + 1, first + count + 1, dtype=np.int64) * _PERSON_STEP + seed * 7_919) % _PERSON_PRIME


def household_texts(first: int, count: int, seed: int) -> pl.Series:
    """HUISHOUDNR of the households from position `first` on: twelve digits, all different."""
    places = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    numbers = (places * np.uint64(_HOUSEHOLD_STEP)) % np.uint64(_HOUSEHOLD_PRIME)
    numbers = (numbers + np.uint64(seed * 104_729)) % np.uint64(_HOUSEHOLD_PRIME)
    return _texts(numbers, 12)


def object_texts(indices: AnyInts, seed: int) -> pl.Series:
    """RINOBJECTNUMMER of 32 digits; equal indices give equal numbers."""
    base = indices.astype(np.uint64) + (np.uint64(seed) << np.uint64(32))
    high, low = _mix(base * np.uint64(2)), _mix(base * np.uint64(2) + np.uint64(1))
    width = np.uint64(10**16)
    return _texts(high % width, 16) + _texts(low % width, 16)


def person_texts(numbers: AnyInts) -> pl.Series:
    """RINPERSOON as delivered: nine digits with leading zeros."""
    return _texts(numbers, 9)


def _texts(numbers: AnyInts, width: int) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(width)


def _mix(values: AnyInts) -> AnyInts:
    """The finaliser of splitmix64: a bijection that leaves no trace of order."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: AnyInts = values ^ (values >> np.uint64(31))
    return mixed
