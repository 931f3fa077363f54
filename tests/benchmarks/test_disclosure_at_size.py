"""How long protection takes at the size of a country, and what it leaves to publish.

uv run pytest -m campaign -s tests/benchmarks/test_disclosure_at_size.py
"""

from __future__ import annotations

import resource
import time

import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.nesting import find_blocks
from mobility.disclosure.protect import Protected, protect
from mobility.release.declarations import load_declaration
from tests.lib.gravity import gravity_flows
from tests.release.conftest import disclosure

TABLES = ("flows", "flows_total")


def measured(mode: str, places: int, classes: int, years: int, households: int) -> tuple[list[Protected], float]:
    """Protect the flows of a made-up country, and tell what it took."""
    aggregate, roles = gravity_flows(places, classes, years, households)
    blocks = find_blocks({place: frozenset({role}) for place, role in roles.items()})
    begin, used = time.perf_counter(), time.process_time()
    declared = [load_declaration(name, dict.fromkeys(TABLES, mode)) for name in TABLES]
    offers = [offer(each, aggregate, low=("q1",)) for each in declared]
    parts = protect(offers, profile=disclosure(), secret=bytes(32), blocks=blocks)
    seconds, processor = time.perf_counter() - begin, time.process_time() - used
    inside = pl.concat([part.inside for part in parts], how="diagonal")
    shown = inside.filter(pl.col("reason").is_null())
    print(
        f"\n{mode}, {places} places, {classes} classes, {years} years: {inside.height:,} cells, "
        f"{inside['reason'].is_in(['small', 'group']).sum():,} primary, {(inside['reason'] == 'interval').sum():,} secondary; "
        f"{100 * shown['persons'].sum() / inside['persons'].sum():.1f} % of the volume shown; {seconds:.0f} s "
        f"({processor:.0f} s of processor), {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MiB at most"
    )
    return parts, seconds


@pytest.mark.campaign
def test_one_year_in_exact_numbers() -> None:
    _, seconds = measured("suppress", 300, 5, 1, 300_000)
    assert seconds < 90


@pytest.mark.campaign
def test_ten_years_in_exact_numbers() -> None:
    _, seconds = measured("suppress", 300, 5, 10, 210_000)
    assert seconds < 720


@pytest.mark.campaign
def test_a_national_release_in_rounded_numbers() -> None:
    _, seconds = measured("round", 345, 6, 20, 900_000)
    assert seconds < 120


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["round", "suppress"])
def test_a_hundred_places(mode: str) -> None:
    parts, _ = measured(mode, 100, 5, 1, 90_000)
    assert all(part.safe.frame.height > 1000 for part in parts)
