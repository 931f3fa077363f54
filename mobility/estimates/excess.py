"""More than expected? Original residents beside others, and beside the cohort before (contract: `excess`; method 6.4 e).

Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.chains.programmes import Followed
from mobility.estimates.comparison import BEFORE, COMPARISON, NOW, TREATED
from mobility.estimates.competing import Floats
from mobility.estimates.events import ARRIVAL
from mobility.estimates.incidence import ALL, LOW
from mobility.estimates.support import SUPPORT, Behind, dates_of
from mobility.estimates.weighting import Arms, Incidences, build_arms, draw_again, estimate
from mobility.settings import Estimates

EXCESS_KEYS = ("programme", "area", "region", "exposure", "income_class", "destination", "horizon", "estimand")
_EMPTY: dict[str, type[pl.DataType]] = dict.fromkeys(EXCESS_KEYS, pl.String) | {
    "horizon": pl.Int64, "value": pl.Float64, "comparison": pl.Float64, "difference": pl.Float64, "lower": pl.Float64,
    "upper": pl.Float64, "persons": pl.Int64, "not_matched": pl.Int64, "compared_with": pl.Int64, "wijken": pl.Int64,
    "interval": pl.String,
} | dict.fromkeys(SUPPORT, pl.Int64)  # fmt: skip
BOOTSTRAP, PLACEBO_WIJKEN = "wijken drawn again", "placebo wijken"
FEW_WIJKEN, FEW_PLACEBOS = "none: too few treated wijken", "none: too few placebo wijken"
NOT_ESTIMABLE, NOBODY = "not estimable: no incomes for the cohort before", "not estimable: nobody to compare with"
ELSEWHERE = "arrival elsewhere"
_TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Asked:
    """One row of the table to be: whose excess, and from which areas."""

    programme: str
    area: str
    region: str
    exposure: str
    numbers: tuple[int, ...]


# The value, what it is compared with, and whether the cohort before is needed.
Estimand = Callable[[Incidences, Incidences | None], tuple[Floats, Floats]]


def _before(given: Incidences | None) -> Incidences:
    assert given is not None  # noqa: S101 - asked for with the cohort before only
    return given


ESTIMANDS: dict[str, tuple[bool, Estimand]] = {
    "difference": (False, lambda now, _: (now.treated, now.comparison)),
    "away_nowhere": (False, lambda now, _: (now.treated, now.comparison + now.comparison_away)),
    "away_arrived": (False, lambda now, _: (now.treated + now.treated_away, now.comparison)),
    "earlier_cohort": (True, lambda now, before: (now.everybody, _before(before).everybody)),
    "difference_in_differences": (
        True,
        lambda now, before: (now.treated - _before(before).treated, now.comparison - _before(before).comparison),
    ),
    "placebo": (True, lambda _, before: (_before(before).treated, _before(before).comparison)),
}


def excess_table(
    counts: pl.DataFrame, followed: list[Followed], regions: pl.DataFrame, rules: Estimates
) -> pl.DataFrame:
    """How many more low-income original residents settle in a growth core within the horizon than others like them.

    One row per whose (each area, each region, all), `exposure`, `destination` and `estimand`: `value`, `comparison`,
    `difference`, `lower` and `upper` (95 %), `persons` (matched treated), `not_matched`, `compared_with` (persons), `wijken`
    (treated), `interval` (how it was made, or why there is none), and who stands behind it (`support.SUPPORT`).
    Shares are from 0 to 1. Estimands:

    * `difference`: treated beside others in the same cells, now;
    * `earlier_cohort`: beside the residents of the same area one horizon before;
    * `difference_in_differences`: the change among the treated beside the change among others;
    * `placebo`: the difference one horizon before, when nothing had happened yet;
    * `away_nowhere`, `away_arrived`: bounds of the difference: whoever went away counts as not settled when treated and
    settled when
      compared with, or the reverse.

    Args:
        counts: of `comparison.count_contrast`, all partitions together, sorted.
        followed: the programme areas.
        regions: `wijk`, `region`.
        rules: draws and least numbers.
    """
    return excess_of(whose(counts, followed), counts, followed, regions, rules)


def excess_of(
    asked: list[Asked], counts: pl.DataFrame, followed: list[Followed], regions: pl.DataFrame, rules: Estimates
) -> pl.DataFrame:
    """`excess_table` of some only; see `whose`."""
    dates = dates_of(followed)
    rows = [row for one in asked for row in _rows(counts, one, regions, dates, rules)]
    return pl.DataFrame(rows, schema=_EMPTY, orient="row").sort(EXCESS_KEYS)


def whose(counts: pl.DataFrame, followed: list[Followed]) -> list[Asked]:
    """Every area, every region and all regions of a programme; areas inside a growth core by themselves only."""
    treated = counts.filter(arm=TREATED, period=NOW)
    there = treated["area"].unique().sort().to_list()
    asked = []
    for number in there:
        one = followed[number]
        asked.append(Asked(one.programme, one.area, one.region, ALL, (number,)))
    pooled = [number for number in there if not followed[number].r_in_g]
    for programme in sorted({followed[number].programme for number in pooled}):
        own = [number for number in pooled if followed[number].programme == programme]
        for region in [ALL, *sorted({followed[number].region for number in own})]:
            inside = tuple(number for number in own if region in (ALL, followed[number].region))
            exposed = treated.filter(pl.col("area").is_in(inside))["exposure"].unique().sort()
            asked += [Asked(programme, ALL, region, exposure, inside) for exposure in [ALL, *exposed]]
    return asked


def _rows(
    counts: pl.DataFrame, asked: Asked, regions: pl.DataFrame, dates: pl.DataFrame, rules: Estimates
) -> list[tuple[object, ...]]:
    exposed = (
        pl.lit(True)
        if asked.exposure == ALL
        else (pl.col("exposure") == asked.exposure) | (pl.col("arm") == COMPARISON)
    )
    own = counts.filter(pl.col("area").is_in(asked.numbers), exposed)
    rows: list[tuple[object, ...]] = []
    for destination in [ALL, *_destinations(own, asked)]:
        found = _Found(_to(own, destination), asked.numbers, regions, dates, rules)
        both = found.narrowed()
        keys = (asked.programme, asked.area, asked.region, asked.exposure, LOW, destination, rules.horizon_months)
        for name, (needs_before, estimand) in ESTIMANDS.items():
            if needs_before and both is None:
                rows.append((*keys, name, *[None] * 9, NOT_ESTIMABLE, *[None] * len(SUPPORT)))
            else:
                rows.append((*keys, name, *(both if needs_before and both else found).row(name, estimand)))
    return rows


def _destinations(counts: pl.DataFrame, asked: Asked) -> list[str]:
    """The growth cores that are told apart: those of one region in which anybody settled, without regard to exposure."""
    if asked.region == ALL or asked.exposure != ALL:
        return []
    return counts.filter(cause=ARRIVAL)["destination"].unique().sort().to_list()


def _to(counts: pl.DataFrame, destination: str) -> pl.DataFrame:
    """The counts with one growth core as the event: settling in another one competes with it."""
    if destination == ALL:
        return counts
    elsewhere = (pl.col("cause") == ARRIVAL) & (pl.col("destination") != destination)
    return counts.with_columns(cause=pl.when(elsewhere).then(pl.lit(ELSEWHERE)).otherwise("cause"))


class _Found:
    """What is estimated for some areas, with its draws."""

    def __init__(
        self,
        counts: pl.DataFrame,
        numbers: tuple[int, ...],
        regions: pl.DataFrame,
        dates: pl.DataFrame,
        rules: Estimates,
    ) -> None:
        self.counts, self.numbers, self.regions, self.dates, self.rules = counts, numbers, regions, dates, rules
        self.treated_wijken, self.compared_wijken = (
            counts.filter(arm=arm)["wijk"].unique().sort() for arm in (TREATED, COMPARISON)
        )
        self.periods = [period for period in (NOW, BEFORE) if counts.filter(period=period, arm=TREATED).height]
        self.arms = {period: self._arms(counts.filter(period=period)) for period in self.periods}
        self.point = self._estimates(np.ones((1, len(self.treated_wijken))), np.ones((1, len(self.compared_wijken))))
        self.draws, self.interval = self._drawn()
        self.behind = Behind.of(counts, dates)

    def _arms(self, counts: pl.DataFrame) -> Arms:
        return build_arms(counts, self.treated_wijken, self.compared_wijken, self.rules.horizon_months)

    def _estimates(self, treated: Floats, compared: Floats) -> tuple[Incidences, Incidences | None]:
        found = {period: estimate(arms, treated, compared) for period, arms in self.arms.items()}
        return found[NOW], found.get(BEFORE)

    def narrowed(self) -> _Found | None:
        """The same for the areas that have a cohort before; None: there are none."""
        there = set(self.counts.filter(period=BEFORE, arm=TREATED)["area"]) & set(
            self.counts.filter(period=NOW, arm=TREATED)["area"]
        )
        if there >= set(self.numbers):
            return self
        kept = tuple(number for number in self.numbers if number in there)
        counts = self.counts.filter(pl.col("area").is_in(kept))
        return _Found(counts, kept, self.regions, self.dates, self.rules) if kept else None

    def _drawn(self) -> tuple[tuple[Incidences, Incidences | None] | None, str]:
        if len(self.treated_wijken) >= self.rules.least_treated:
            chance = np.random.default_rng(self.rules.seed)
            treated, compared = (
                draw_again(self._region_of(wijken), self.rules.draws, chance)
                for wijken in (self.treated_wijken, self.compared_wijken)
            )
            return self._estimates(treated, compared), BOOTSTRAP
        if len(self.numbers) > 1:
            return None, FEW_WIJKEN
        kinds = self.counts.filter(arm=TREATED).select("in_city").unique()
        alike = self.counts.filter(arm=COMPARISON).join(kinds, on="in_city", how="semi", maintain_order="left")
        wijken = alike.filter(period=NOW)["wijk"].unique().sort()
        if len(wijken) < self.rules.least_placebos:
            return None, FEW_PLACEBOS
        return self._as_if(alike.filter(pl.col("wijk").is_in(wijken.implode())), wijken), PLACEBO_WIJKEN

    def _region_of(self, wijken: pl.Series) -> pl.Series:
        return wijken.to_frame("wijk").join(self.regions, on="wijk", how="left", maintain_order="left")["region"]

    def _as_if(self, alike: pl.DataFrame, wijken: pl.Series) -> tuple[Incidences, Incidences | None]:
        """The estimates as if, one wijk after the other, it had been treated and the others had not."""
        one_by_one, others = np.eye(len(wijken)), 1 - np.eye(len(wijken))
        both = pl.concat([alike.with_columns(arm=pl.lit(arm)) for arm in (TREATED, COMPARISON)])
        found = {}
        for period in self.periods:
            arms = build_arms(both.filter(period=period), wijken, wijken, self.rules.horizon_months)
            found[period] = estimate(arms, one_by_one, others)
        return found[NOW], found.get(BEFORE)

    def row(self, name: str, estimand: Estimand) -> tuple[object, ...]:
        """Value, comparison, difference, interval, sizes and who stands behind it."""
        now, before = self.point
        value, comparison = (float(each[0]) for each in estimand(now, before))
        sizes = (
            round(float(now.matched[0])), round(float(now.size[0] - now.matched[0])),
            int(self.arms[NOW].comparison.persons.sum()), len(self.treated_wijken),
        )  # fmt: skip
        support = self.behind.support(name)
        if not np.isfinite(value - comparison):
            return (None, None, None, None, None, *sizes, NOBODY, *support)
        difference = value - comparison
        lower, upper = self._interval_of(estimand, difference)
        shown = [None if each is None else round(each, 12) for each in (value, comparison, difference, lower, upper)]
        return (*shown, *sizes, self.interval, *support)

    def _interval_of(self, estimand: Estimand, difference: float) -> tuple[float | None, float | None]:
        if self.draws is None:
            return None, None
        drawn = np.subtract(*estimand(*self.draws))
        drawn = drawn[np.isfinite(drawn)]  # a draw may hold nobody to compare with
        low, high = (float(each) for each in np.percentile(drawn, _TAILS))
        # Drawn again, wijken vary around the estimate; placebo wijken vary around nothing.
        return (low, high) if self.interval == BOOTSTRAP else (difference - high, difference - low)
