"""Curves and mirror flows as counts that can be offered for release: by region, with the different units behind them. Pure.

What is estimated with weights cannot be counted again by a reader; of that only `excess` and `balance` are offered.
"""

from __future__ import annotations

import polars as pl

from mobility.chains.programmes import Followed
from mobility.chains.tables import count_members
from mobility.days import months_after
from mobility.estimates.events import ARRIVAL, EVENTS
from mobility.estimates.incidence import ALL, LOW, NOT_LOW
from mobility.estimates.mirror import BACK, ENTRANTS, OUT
from mobility.records import record_hash

CURVE_KEYS = ("programme", "region", "income_class", "event", "month")
FLOW_KEYS = ("programme", "region", "flow", "outcome", "year", "income_class")
SETTLED, NO_YEAR = "settled", "-"
_YEARS = range(-5, 11)
_POOLED = ["programme", "region"]
_UNITS = ("unit_persons", "unit_households")
_COUNTS = ("persons", "households", *_UNITS, "cell_key")
_SIZE = 1 << 24


def curve_counts(strata: pl.DataFrame) -> pl.DataFrame:
    """How many original residents have each event in which month, by region.

    One row per `CURVE_KEYS`: `persons`, `households`, `unit_persons`, `unit_households`, `cell_key` (of
    `chains.tables.count_members`); `event` is one of `events.EVENTS`, `month` counts from the cohort date, and month 0 holds
    everybody who is followed. A curve ends with the last month through which everybody of the region is seen: until then nobody
    is censored, so the share that had an event is the cumulative incidence.

    Args:
        strata: members of `incidence.pooled_strata`, with what `count_members` asks, `first_left` and `first_cause`.
    """
    pooled = strata.filter(
        pl.col("area") == ALL,
        pl.col("exposure") == ALL,
        pl.col("region") != ALL,
        pl.col("income_class").is_in([LOW, NOT_LOW]),
    )
    censored = pl.col("first_left").filter(pl.col("first_cause").is_null())
    seen = pooled.group_by(_POOLED).agg(seen=censored.min())
    at_start = [pooled.with_columns(event=pl.lit(event), month=pl.lit(0, pl.Int64)) for event in EVENTS]
    happened = pooled.join(seen, on=_POOLED, maintain_order="left").filter(
        pl.col("first_cause").is_not_null(), (pl.col("first_left") <= pl.col("seen")).fill_null(True)
    )
    events = happened.drop("seen").with_columns(event="first_cause", month=pl.col("first_left").cast(pl.Int64))
    return count_members(pl.concat([*at_start, events]), CURVE_KEYS)


def flow_counts(
    members: pl.DataFrame, back: pl.DataFrame, entering: pl.DataFrame, followed: list[Followed], horizon: int
) -> pl.DataFrame:
    """The mirror flows by region, of areas outside growth cores.

    One row per `FLOW_KEYS`: `persons`, `households`, `unit_persons`, `unit_households`, `cell_key`.

    * `R_to_G` (not low) and `G_to_R` (low): `outcome` `all` (at risk on the cohort date) and `settled` (within the horizon),
      `year` -; of areas that are followed to the horizon. Who lives in a growth core is at risk for every programme area of the
      region: different persons are at least as many as for one of them.
    * `entrants`: moves into the areas, `outcome` `all`, by class and `year` (calendar year less that of the start, as
      `start+02`); of years that are seen of every area of the region.

    Args:
        members: of all programme areas, with `number`, `income_class` (low, not_low) and what `count_members` asks.
        back: of `mirror.count_back`, with `number`, all partitions together.
        entering: one row per move into an area: `move_date`, `origin_area`, `destination_area`, `income_class`, `is_carrier`,
            `person`, `carrier`.
        followed: the programme areas.
        horizon: months.
    """
    pooled = [number for number, one in enumerate(followed) if not one.r_in_g]
    seen = [n for n in pooled if followed[n].last_day >= months_after(followed[n].cohort_date, horizon)]
    found = [
        _out(members.filter(pl.col("number").is_in(seen), pl.col("income_class") == NOT_LOW), horizon),
        _back(back.filter(pl.col("number").is_in(seen)), followed),
        _entrants(entering, [followed[number] for number in pooled]),
    ]
    return pl.concat([each.select(*FLOW_KEYS, *_COUNTS) for each in found]).sort(FLOW_KEYS)


def _out(members: pl.DataFrame, horizon: int) -> pl.DataFrame:
    arrived = (pl.col("first_cause") == ARRIVAL) & (pl.col("first_left") <= horizon)
    fixed = {"flow": pl.lit(OUT), "year": pl.lit(NO_YEAR)}
    both = [
        rows.with_columns(outcome=pl.lit(outcome), **fixed)
        for outcome, rows in ((ALL, members), (SETTLED, members.filter(arrived.fill_null(False))))
    ]
    return count_members(pl.concat(both), FLOW_KEYS)


def _back(back: pl.DataFrame, followed: list[Followed]) -> pl.DataFrame:
    names = pl.DataFrame(
        [(number, one.programme, one.region) for number, one in enumerate(followed)],
        schema={"number": pl.Int64, "programme": pl.String, "region": pl.String},
        orient="row",
    )
    settled = back.filter(pl.col("cause") == ARRIVAL)
    both = pl.concat([back.with_columns(outcome=pl.lit(ALL)), settled.with_columns(outcome=pl.lit(SETTLED))])
    of_area = both.group_by("number", "outcome").agg(pl.col("persons", "households").sum())
    units = pl.col("persons", "households")
    counted = (
        of_area.join(names, on="number")
        .group_by(*_POOLED, "outcome")
        .agg(units.sum(), units.max().name.prefix("unit_"))
    )
    keyed = counted.with_columns(flow=pl.lit(BACK), year=pl.lit(NO_YEAR), income_class=pl.lit(LOW))
    return keyed.with_columns(cell_key=_key_of_counts(keyed, 0))


def _entrants(entering: pl.DataFrame, followed: list[Followed]) -> pl.DataFrame:
    moved = [entering.clear().with_columns(programme=pl.lit(""), region=pl.lit(""), offset=pl.lit(0, pl.Int64))]
    years = entering["move_date"].dt.year()
    first, last = int(years.min() or 0), int(years.max() or 0)  # type: ignore[arg-type]
    for key in sorted({(one.programme, one.region) for one in followed}):
        own = [one for one in followed if (one.programme, one.region) == key]
        starts = [one.start.year for one in own]
        known = [each for each in _YEARS if min(starts) + each >= first and max(starts) + each <= last]
        for one in own:
            home = one.inside
            entered = entering.filter(home.gather(entering["destination_area"]) & ~home.gather(entering["origin_area"]))
            offset = pl.col("move_date").dt.year().cast(pl.Int64) - one.start.year
            named = entered.with_columns(programme=pl.lit(one.programme), region=pl.lit(one.region), offset=offset)
            moved.append(named.filter(pl.col("offset").is_in(known)))
    rows = pl.concat(moved).sort(
        *_POOLED, "offset", "move_date", "person", "income_class", "origin_area", "destination_area"
    )
    cell = [*_POOLED, "offset"]
    is_new = pl.struct(*cell, "person").is_first_distinct()
    is_new_household = pl.struct(*cell, "carrier").is_first_distinct() & pl.col("is_carrier")
    counted = (
        rows.with_columns(is_new=is_new, is_new_household=is_new_household)
        .group_by(*cell, "income_class")
        .agg(
            persons=pl.len().cast(pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64).sum(),
            unit_persons=pl.col("is_new").cast(pl.Int64).sum(),
            unit_households=pl.col("is_new_household").cast(pl.Int64).sum(),
        )
    )
    words = {each: f"start{each:+03d}" for each in _YEARS}
    keyed = counted.with_columns(
        flow=pl.lit(ENTRANTS), outcome=pl.lit(ALL), year=pl.col("offset").replace_strict(words, return_dtype=pl.String)
    )
    return keyed.with_columns(cell_key=_key_of_counts(keyed, 1))


def _key_of_counts(rows: pl.DataFrame, kind: int) -> pl.Series:
    """Counts of people who are no records here: the key of a cell is a hash of its counts."""
    return record_hash(rows["persons"] * _SIZE + rows["households"], pl.Series([kind]).new_from_index(0, rows.height))
