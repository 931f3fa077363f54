"""Do the estimates of the excess find what was planted, and nothing where nothing was?

Small countries with 24 treated wijken outside growth cores, seeds fixed beforehand, no register files in between. What each
effect plants stands in `mobility/settings/synthetic.py`. The truth of `excess` and `removal` is the mean share of all treated
who settle in a growth core within three years, less the same where nothing is planted (`null`), over the campaign; that of the
others is nothing.
"""

import polars as pl
import pytest

from mobility.estimates.comparison import COUNT_KEYS, TREATED
from mobility.estimates.counting import count_arms, make_plan
from mobility.estimates.excess import excess_table
from mobility.settings import Estimates, Synthetic
from tests.lib.worlds import live_in_memory
from tests.spec.test_chains import RULES

NUMBERS = Estimates(
    horizon_months=36, free_months=60, neighbour_m=250, moves_months=60, age_bands=(35, 50, 65), least_treated=10,
    least_placebos=39, draws=399, seed=1,
)  # fmt: skip
EFFECTS = ("excess", "null", "income_change", "trend", "removal")
PLANTED = 0.0392  # see docs/explanation/excess.md
TRUTH = {"excess": PLANTED, "removal": PLANTED}


def estimates(effect, seed, persons=30_000):
    """`{estimand: row}` of all areas together."""
    settings = Synthetic(persons=persons, seed=seed, first_year=2005, last_year=2019, flaws="none", effect=effect)
    world = live_in_memory(settings, RULES)
    years = world.people.income_years
    plan = make_plan(world.followed, world.areas, world.addresses, years, world.cut_off, ("q1",), RULES, NUMBERS)
    counts, _ = count_arms(world.people, world.dwellings, plan)
    pooled = [number for number, one in enumerate(world.followed) if not one.r_in_g]
    counts = counts.filter(pl.col("area").is_in(pooled)).sort(COUNT_KEYS)
    assert counts.filter(arm=TREATED)["wijk"].n_unique() >= 20
    # One exposure and one region spare the tables that are not looked at.
    counts = counts.with_columns(exposure=pl.lit("area"))
    regions = world.areas.select("wijk", "region").unique()
    found = excess_table(counts, world.followed, regions, NUMBERS).filter(area="all", region="all", exposure="all")
    return {row["estimand"]: row for row in found.iter_rows(named=True)}


def covers(row, truth):
    return row["lower"] <= truth <= row["upper"]


@pytest.mark.slow
def test_ten_countries_are_judged_right():
    """Two of each effect. An interval of 95 % misses more than three times in ten less than once in a thousand countries."""
    hits = []
    for seed in range(1, 11):
        effect = EFFECTS[seed % len(EFFECTS)]
        found, truth = estimates(effect, seed, persons=20_000), TRUTH.get(effect, 0)
        if effect == "removal":
            hits.append(found["away_nowhere"]["lower"] <= truth <= found["away_arrived"]["upper"])
        else:
            hits.append(covers(found["difference_in_differences"], truth) and covers(found["placebo"], 0))
        print(seed, effect, found["difference_in_differences"]["difference"], hits[-1])
    assert sum(hits) >= 7


@pytest.mark.campaign
@pytest.mark.parametrize("effect", EFFECTS)
def test_the_campaign(effect):
    """400 countries of each effect: 95 % intervals cover the truth at the nominal rate."""
    truth, rows = TRUTH.get(effect, 0), []
    for seed in range(1, 401):
        found = estimates(effect, seed)
        bounds = found["away_nowhere"]["lower"] <= truth <= found["away_arrived"]["upper"]
        rows += [
            (name, row["difference"], covers(row, 0 if name == "placebo" else truth)) for name, row in found.items()
        ]
        rows.append(("bounds", None, bounds))
    table = pl.DataFrame(rows, schema=["estimand", "difference", "covers"], orient="row")
    rates = table.group_by("estimand").agg(pl.col("difference", "covers").mean()).sort("estimand")
    print(effect, rates)
    rate = dict(rates.select("estimand", "covers").iter_rows())
    assert rate["bounds"] >= 0.95
    for name in ("difference", "difference_in_differences") if effect != "removal" else ():
        assert 0.92 <= rate[name] <= 0.99, name
    assert 0.92 <= rate["placebo"] <= 0.98
