"""Who stands behind an estimate: enough persons, households and events in every arm, and no area that is most of it. Pure.

An estimate can be shown outside the secure zone only when that is so (disclosure, primary rules).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mobility.chains.programmes import AWAY, Followed
from mobility.estimates.comparison import BEFORE, CELL, COMPARISON, NOW, TREATED
from mobility.estimates.events import ARRIVAL

SUPPORT = ("households", "least_areas", "largest_area", "least_persons", "least_households", "least_events")
_GROUP = ("period", "area", *CELL)
_BOTH = (TREATED, COMPARISON)


@dataclass(frozen=True)
class Uses:
    """What an estimand is made of.

    Attributes:
        periods: the periods.
        arms: the arms.
        away: the arm of which the number that went away can be worked out; None: none.
    """

    periods: tuple[str, ...] = (NOW,)
    arms: tuple[str, ...] = _BOTH
    away: str | None = None


USES = {
    "difference": Uses(),
    "away_nowhere": Uses(away=COMPARISON),
    "away_arrived": Uses(away=TREATED),
    "earlier_cohort": Uses((NOW, BEFORE), (TREATED,)),
    "difference_in_differences": Uses((NOW, BEFORE)),
    "placebo": Uses((BEFORE,)),
}


def matched(counts: pl.DataFrame) -> pl.DataFrame:
    """The rows of `comparison.count_contrast` in cells with anybody in both arms."""
    sizes = counts.group_by(_GROUP).agg(
        pl.col("persons").filter(pl.col("arm") == arm).sum().alias(arm) for arm in _BOTH
    )
    there = sizes.filter(pl.all_horizontal(pl.col(arm) > 0 for arm in _BOTH))
    return counts.join(there.select(_GROUP), on=list(_GROUP), how="semi", maintain_order="left")


def dates_of(followed: list[Followed]) -> pl.DataFrame:
    """The cohort date of each programme area: `area` (its number), `region`, `day`."""
    rows = [(number, one.region, one.cohort_date) for number, one in enumerate(followed)]
    return pl.DataFrame(rows, schema={"area": pl.Int64, "region": pl.String, "day": pl.Date}, orient="row")


def _different(rows: pl.DataFrame, dates: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """Different residents of each arm, at least.

    Treated count once. Others are compared with for every programme area, on its date: on one date everybody lives in one wijk,
    so different ones are at least as many as on the date of a region with most of them.
    """
    measures = pl.col("persons", "households", "settled", "others", "away")
    dated = rows.join(dates, on="area", how="left")
    on_date = (
        dated.group_by(*keys, "region", "day", "wijk", "area")
        .agg(measures.sum())
        .group_by(*keys, "region", "day", "wijk")
        .agg(measures.max())
        .group_by(*keys, "region", "day")
        .agg(measures.sum())
        .group_by(*keys, "region")
        .agg(measures.max())
    )
    once = {TREATED: dated, COMPARISON: on_date}
    return pl.concat([table.filter(arm=arm).group_by(keys).agg(measures.sum()) for arm, table in once.items()]).sort(
        keys
    )


@dataclass(frozen=True)
class Behind:
    """Who is in each arm and period.

    Attributes:
        households: matched treated now, so many households at least.
        arms: one row per period, arm and whether matched: `persons`, `households`, `settled`, `others` (who did not), `away`
            (different ones, at least), `areas` (wijken), `largest` (persons of the largest of them) and `counted` (of all of
            them).
    """

    households: int
    arms: pl.DataFrame

    @classmethod
    def of(cls, counts: pl.DataFrame, dates: pl.DataFrame) -> Behind:
        """Counted residents of `comparison.count_contrast`; `dates` of `dates_of` the programme areas."""
        sets = [matched(counts).with_columns(is_matched=True), counts.with_columns(is_matched=False)]
        keys = ("period", "arm", "is_matched")
        rows = pl.concat(sets).with_columns(
            settled=pl.when(pl.col("cause") == ARRIVAL).then("persons").otherwise(0),
            others=pl.when(pl.col("cause") == ARRIVAL).then(0).otherwise("persons"),
            away=pl.when(pl.col("cause") == AWAY).then("persons").otherwise(0),
        )
        of_wijk = rows.group_by(*keys, "wijk").agg(pl.col("persons").sum())
        wijken = of_wijk.group_by(keys).agg(
            areas=pl.len().cast(pl.Int64), largest=pl.col("persons").max(), counted=pl.col("persons").sum()
        )
        arms = _different(rows, dates, keys).join(wijken, on=keys)
        treated = arms.filter(period=NOW, arm=TREATED, is_matched=True)
        return cls(int(treated["households"].sum()), arms.sort(keys))

    def support(self, estimand: str) -> tuple[int, ...]:
        """The numbers of `SUPPORT`; the least are over all arms and periods of the estimand.

        `largest_area` is the largest share of an arm in one wijk, in persons of an arm as large as the matched treated now,
        rounded up; `least_events` counts who settled and who did not, and, where the estimate tells it, who went away.
        """
        uses = USES[estimand]
        is_matched = uses.arms == _BOTH
        used = self.arms.filter(
            pl.col("period").is_in(uses.periods), pl.col("arm").is_in(uses.arms), pl.col("is_matched") == is_matched
        )
        if used.height < len(uses.periods) * len(uses.arms):
            return (self.households, 0, 0, 0, 0, 0)
        size = self.arms.filter(period=NOW, arm=TREATED, is_matched=True)["persons"].sum()
        away = used.filter(arm=uses.away)["away"].to_list() if uses.away else []
        largest = max(-(-most * size // all_) for most, all_ in used.select("largest", "counted").iter_rows())
        events = min([*used["settled"].to_list(), *used["others"].to_list(), *away])
        areas, persons, households = used.select(pl.col("areas", "persons", "households").min()).row(0)
        return (self.households, areas, int(largest), persons, households, int(events))
