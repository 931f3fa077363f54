"""One partition of persons counted for the comparison: every contrast, and the way back (method 6.4 e). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from mobility.chains.cohort import Dwellings, People
from mobility.chains.programmes import Followed
from mobility.estimates.comparison import NOW, Contrast, contrasts, count_contrast, low_residents
from mobility.estimates.homes import Homes
from mobility.estimates.mirror import count_back
from mobility.neighbours import next_to
from mobility.settings import Chains, Estimates


@dataclass(frozen=True)
class Plan:
    """Who is compared with whom, and by what numbers; small enough to travel to a worker.

    Attributes:
        contrasts: by date, programme and number: of the programmes that treat a person, the first is the one that counts.
        homes: by region.
        wijken: of each area.
        cut_off: last day.
        low: the classes that count as low.
        chains: cohort, itinerary and outcome.
        rules: the comparison.
    """

    contrasts: list[Contrast]
    homes: dict[str, Homes]
    wijken: pl.Series
    cut_off: dt.date
    low: tuple[str, ...]
    chains: Chains
    rules: Estimates


def make_plan(
    followed: list[Followed],
    areas: pl.DataFrame,
    addresses: pl.DataFrame,
    income_years: tuple[int, int] | None,
    cut_off: dt.date,
    low: tuple[str, ...],
    chains: Chains,
    rules: Estimates,
) -> Plan:
    """The plan of a study.

    Args:
        followed: the programme areas.
        areas: of `places.zone_areas`.
        addresses: `wijk`, `x_m`, `y_m` of every object; without coordinates no wijk is next to another.
        income_years: first and last income year there are; None: none.
        cut_off: last day.
        low: the classes that count as low.
        chains: cohort, itinerary and outcome.
        rules: the comparison.
    """
    touched = sorted({wijk for one in followed for wijk in areas.filter(one.inside)["wijk"]})
    near = next_to(addresses, touched, rules.neighbour_m)
    found = contrasts(followed, areas, near, rules, income_years, chains.income_years_observed, cut_off)
    return Plan(
        contrasts=sorted(found, key=lambda one: (one.day, one.followed.programme, one.number)),
        homes={
            region: Homes.of_region(areas, region, chains.exit_scope)
            for region in sorted({one.region for one in followed})
        },
        wijken=areas["wijk"],
        cut_off=cut_off,
        low=low,
        chains=chains,
        rules=rules,
    )


def count_arms(people: People, dwellings: Dwellings, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both arms of every contrast (of `count_contrast`), and the way back (of `count_back`, with `number`).

    Args:
        people: of one partition.
        dwellings: of everybody.
        plan: with at least one contrast.
    """
    counted, back = [], []
    treated: dict[str, list[pl.Series]] = {}
    kept: tuple[tuple[str, dt.date], pl.DataFrame] | None = None
    for one in plan.contrasts:
        key = (one.followed.region, one.day)
        if kept is None or kept[0] != key:
            homes = plan.homes[one.followed.region]
            kept = (
                key,
                low_residents(people, dwellings, homes.inside, homes, one.day, plan.low, plan.chains, plan.rules),
            )
        residents = kept[1]
        before = treated.setdefault(one.period, [pl.Series("person", [], dtype=pl.UInt32)])
        counted.append(
            count_contrast(residents, one, dwellings, plan.wijken, plan.cut_off, pl.concat(before), plan.rules)
        )
        before.append(residents.filter(one.treated.gather(residents["area"]))["person"])
        if one.period == NOW:
            rows = count_back(residents, people, dwellings, one.followed, plan.chains, plan.rules)
            back.append(rows.with_columns(number=pl.lit(one.number, pl.Int64)))
    return pl.concat(counted), pl.concat(back)
