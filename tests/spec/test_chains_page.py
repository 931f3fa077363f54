"""The itineraries drawn on the page *What is a wegsijpel chain?* have the outcomes that stand beside them."""

import re
from pathlib import Path

import polars as pl
import pytest

from mobility.chains.itinerary import absorb_short, merge_equal
from mobility.chains.outcome import find_outcomes
from mobility.days import months_after
from tests.spec.test_chains import FOLLOWED, RULES, G

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "chains.md"
STATES = {
    "h": "home", "s": "same_city", "t": "satellite", "G": G, "o": "other_region", "+": "dead", ".": "away",
}  # fmt: skip
DRAWN = re.findall(
    r"^ ?\d+  ([hstGo+.]+)    (\w+)(?:: (direct|stepwise))?", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)


def test_the_page_draws_itineraries():
    assert len(DRAWN) >= 14
    assert {months_after(FOLLOWED.cohort_date, 6 * len(line)) for line, _, _ in DRAWN} == {FOLLOWED.last_day}


@pytest.mark.parametrize(("line", "outcome", "path"), DRAWN)
def test_a_drawn_itinerary_has_the_outcome_beside_it(line, outcome, path):
    days = [months_after(FOLLOWED.cohort_date, 6 * number) for number in range(len(line))] + [FOLLOWED.end]
    schema = {"person": pl.UInt32, "state": pl.String, "start_date": pl.Date, "end_date": pl.Date, "area": pl.UInt32}
    rows = [(1, STATES[letter], start, end, 1) for letter, start, end in zip(line, days, days[1:], strict=False)]
    drawn = merge_equal(pl.DataFrame(rows, schema=schema, orient="row"))
    found = find_outcomes(absorb_short(drawn, RULES.min_episode_days), FOLLOWED, RULES).row(0, named=True)
    assert found["outcome"] == outcome
    assert not path or found["path"] == path
