"""Rates of a larger country lie in the published ranges, and what is planted is there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from mobility.settings import Effect, Synthetic
from mobility.synthetic import write_country
from mobility.synthetic.check import PUBLISHED

pytestmark = pytest.mark.slow
# A small country is grainier than a large one: ranges are widened by this share.
MARGIN = 0.06


def _chains(folder: Path, effect: Effect) -> tuple[dict[str, float], pl.DataFrame]:
    rates = write_country(
        Synthetic(persons=40_000, seed=2, effect=effect, formats=("parquet",)), folder, lambda _n, _r: None
    )
    return rates, pl.read_parquet(folder / "truth/chains.parquet")


def test_rates_and_the_planted_effect(tmp_path: Path) -> None:
    rates, excess = _chains(tmp_path / "excess", "excess")
    assert list(rates) == list(PUBLISHED)
    outside = {
        name: rate
        for name, rate in rates.items()
        if not PUBLISHED[name][0] * (1 - MARGIN) <= rate <= PUBLISHED[name][1] * (1 + MARGIN)
    }
    assert outside == {}
    _, null = _chains(tmp_path / "null", "null")

    def share(table: pl.DataFrame, *, low: bool) -> float:
        members = table.filter((pl.col("income_class") == "q1") == low)
        return float(members.select((pl.col("outcome") == "chain").mean()).item())

    assert share(excess, low=True) > 2 * share(null, low=True)
    assert abs(share(excess, low=False) - share(null, low=False)) < 0.02
    assert not null["planted"].any()
    assert set(excess["outcome"]) >= {
        "stayed",
        "left",
        "chain",
        "dead",
        "away",
        "institution",
        "returned",
        "late",
        "censored",
    }
