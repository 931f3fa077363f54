"""Who original residents are compared with (method 6.4 e): eligible wijken, cells, and what happened within the horizon.

Pure.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from mobility.chains.cohort import Dwellings, People, exposures, find_residents
from mobility.chains.itinerary import absorb_short, episodes_between
from mobility.chains.programmes import Followed
from mobility.days import months_after
from mobility.estimates.events import first_events, on_clock
from mobility.estimates.homes import Homes
from mobility.income import CLASSES
from mobility.places import UNPLACEABLE
from mobility.settings import Chains, Estimates

TREATED, COMPARISON = "treated", "comparison"
CELL = ("tenure", "age_band", "household_type", "income_band", "moves", "in_city")
COUNT_KEYS = ("area", "period", "arm", "exposure", "wijk", *CELL, "left", "cause", "destination")
NOW, BEFORE = "now", "before"
_CITY_ROLES = ("centre", "city", "periphery")
_MOST_MOVES = 2
_AT_PARENTS = 9  # beside TYPHH 1 to 8
_TYPES = {2: 3, 4: 5}  # married or not is one


@dataclass(frozen=True)
class Contrast:
    """One programme area beside the wijken it is compared with, at one date.

    Attributes:
        number: of the programme area.
        period: `now` (the cohort date) or `before` (as long before it as the horizon).
        day: the date.
        treated: of each area, whether it is in the programme area.
        eligible: of each area, whether its residents may be compared with.
        until: of each area, the day on which the preparation of a later programme in it, or next to it, starts; null: none.
        followed: the programme area.
    """

    number: int
    period: str
    day: dt.date
    treated: pl.Series
    eligible: pl.Series
    until: pl.Series
    followed: Followed


def contrasts(
    followed: list[Followed],
    areas: pl.DataFrame,
    neighbours: pl.DataFrame,
    rules: Estimates,
    income_years: tuple[int, int] | None,
    least_years: int,
    last_day: dt.date,
) -> list[Contrast]:
    """Every programme area with whom it is compared now and, where incomes reach back so far, one horizon before.

    A wijk is eligible when it lies in the region, when no programme is active in it or next to it at any time in the
    `free_months` before the date, and when it is neither touched by the programme area itself nor next to it. A programme is
    active from its cohort date, since people leave before the work starts, until exits no longer count. Before, a wijk must
    have been eligible then too.

    Args:
        followed: the programme areas.
        areas: of `places.zone_areas`.
        neighbours: of `neighbours.next_to` the wijken of the programmes.
        rules: horizon and free months.
        income_years: first and last income year there are; None: none.
        least_years: income years that must be there before a cohort date.
        last_day: the cut-off; who cannot be seen until the horizon is not compared.
    """
    touched = [_touched(one, areas, neighbours) for one in followed]
    found = []
    for number, one in enumerate(followed):
        if months_after(one.cohort_date, rules.horizon_months) > last_day:
            continue
        in_region = (areas["region"] == one.region) & (areas["wijk"] != UNPLACEABLE)
        now = _eligible(number, one.cohort_date, followed, touched, rules) & in_region
        treated = one.inside
        found.append(_contrast(number, NOW, one.cohort_date, treated, now, followed, touched))
        earlier = months_after(one.cohort_date, -rules.horizon_months)
        if income_years is not None and income_years[0] <= earlier.year - least_years:
            before = _eligible(number, earlier, followed, touched, rules) & now
            found.append(_contrast(number, BEFORE, earlier, treated, before, followed, touched))
    return found


def _contrast(
    number: int,
    period: str,
    day: dt.date,
    treated: pl.Series,
    eligible: pl.Series,
    followed: list[Followed],
    touched: list[pl.Series],
) -> Contrast:
    until = pl.Series("until", [None], dtype=pl.Date).new_from_index(0, len(treated))
    for one, there in zip(followed, touched, strict=True):
        if one.cohort_date > day:
            starts = pl.Series("until", [one.cohort_date]).new_from_index(0, len(treated))
            until = pl.select(pl.min_horizontal(until, starts.set(~there, None))).to_series()
    return Contrast(number, period, day, treated, eligible, until, followed[number])


def _touched(one: Followed, areas: pl.DataFrame, neighbours: pl.DataFrame) -> pl.Series:
    """Of each area, whether it lies in a wijk of a programme area or next to one."""
    own = areas.filter(one.inside & (areas["wijk"] != UNPLACEABLE))["wijk"].unique()
    beside = neighbours.filter(pl.col("wijk").is_in(own.implode()))["neighbour"]
    return areas["wijk"].is_in(pl.concat([own, beside]).implode())


def _eligible(
    number: int, day: dt.date, followed: list[Followed], touched: list[pl.Series], rules: Estimates
) -> pl.Series:
    since = months_after(day, -rules.free_months)
    taken = touched[number]
    for one, there in zip(followed, touched, strict=True):
        if one.cohort_date <= day and one.exit_until >= since:
            taken = taken | there
    return ~taken


def low_residents(
    people: People,
    dwellings: Dwellings,
    inside: pl.Series,
    homes: Homes,
    day: dt.date,
    low: tuple[str, ...],
    chains: Chains,
    rules: Estimates,
) -> pl.DataFrame:
    """The low-income residents of some areas on a day, their cell, and what happened to them within the horizon.

    One row per person, sorted: `person`, `object`, `area`, `reference_person` (of the household), the columns of `CELL`, and
    `first_event`, `first_date`, `first_destination` of `events.first_events`, seen from the wijk of the baseline address, for
    both arms alike.
    """
    residents = find_residents(people, dwellings, inside, day, chains)
    is_low = pl.col("income_class").is_in([CLASSES.index(name) for name in low])
    eligible = residents.filter(pl.col("excluded").is_null(), is_low).drop("excluded")
    area = dwellings.area.gather(eligible["object"])
    eligible = eligible.with_columns(area.alias("area"), *_cell(eligible, area, people, dwellings, homes, day, rules))
    end = months_after(day, rules.horizon_months) + dt.timedelta(days=1)
    movers = eligible.filter(_moves_within(people, eligible["person"], day, end))
    homes_of = movers["area"]

    def state_of(person: pl.Series, there: pl.Series) -> pl.Series:
        return homes.state(homes_of.gather(movers["person"].search_sorted(person)), there)

    episodes = absorb_short(episodes_between(movers, people, dwellings, (day, end), state_of), chains.min_episode_days)
    events = first_events(episodes, chains).drop("exit_date")
    return eligible.join(events, on="person", how="left", maintain_order="left", validate="1:1").select(
        "person", "object", "area", "reference_person", *CELL, "first_event", "first_date", "first_destination"
    )


def _moves_within(people: People, persons: pl.Series, day: dt.date, end: dt.date) -> pl.Series:
    """Whether anything can have happened to each person: somebody who stays at one address, alive, has no event."""
    residence = people.residence_of(persons)
    within = pl.col("start_date").is_between(day, end, closed="right")
    changed = [
        residence.filter(within)["person"],
        people.households_of(persons).filter(within)["person"],
        people.persons_of(persons).filter(pl.col("death_date").is_between(day, end))["person"],
        residence.filter(pl.col("end_date").is_between(day, end, closed="right"))["person"],
    ]
    return persons.is_in(pl.concat(changed).unique().implode())


def _cell(
    residents: pl.DataFrame,
    area: pl.Series,
    people: People,
    dwellings: Dwellings,
    homes: Homes,
    day: dt.date,
    rules: Estimates,
) -> list[pl.Expr | pl.Series]:
    """What people are compared within, as small whole numbers."""
    years = [name for name in dwellings.tenure.columns if dt.date(int(name), 1, 1) <= day]
    unknown = pl.Series("tenure", [0], dtype=pl.UInt8).new_from_index(0, residents.height)
    tenure = dwellings.tenure[years[-1]].gather(residents["object"]) if years else unknown
    band = pl.lit(0, pl.Int64)
    for first in rules.age_bands:
        band = band + (pl.col("birth_date") <= months_after(day, -12 * first)).cast(pl.Int64)
    kind = pl.col("household_type").cast(pl.Int64).replace(_TYPES)
    return [
        tenure.cast(pl.Int64).alias("tenure"),
        band.alias("age_band"),
        pl.when("is_child").then(_AT_PARENTS).otherwise(kind).alias("household_type"),
        pl.col("income_band").cast(pl.Int64),
        _moves_before(people, residents["person"], day, rules.moves_months),
        homes.areas["state"].gather(area).is_in(_CITY_ROLES).cast(pl.Int64).alias("in_city"),
    ]


def _moves_before(people: People, persons: pl.Series, day: dt.date, months: int) -> pl.Series:
    """Moves in the months before the day: 0, 1, or 2 for more; a new number on the door is none."""
    since = months_after(day, -months)
    spells = people.residence_of(persons)
    moved = (
        (pl.col("person") == pl.col("person").shift())
        & pl.col("object").is_not_null()
        & pl.col("object").shift().is_not_null()
        & (pl.col("since") == pl.col("start_date"))
        & pl.col("start_date").is_between(since, day, closed="right")
    )
    counted = spells.filter(moved).group_by("person").agg(moves=pl.len().cast(pl.Int64))
    known = persons.to_frame("person").join(counted, on="person", how="left", maintain_order="left")
    return known["moves"].fill_null(0).clip(0, _MOST_MOVES)


def count_contrast(
    residents: pl.DataFrame,
    one: Contrast,
    dwellings: Dwellings,
    wijken: pl.Series,
    last_day: dt.date,
    earlier: pl.Series,
    rules: Estimates,
) -> pl.DataFrame:
    """Residents of both arms counted by wijk, cell, and how they left the risk set.

    One row per combination of `COUNT_KEYS`: `persons`, and `households`: of whom the reference person is among them, so at
    least so many. Counts of partitions add up. `left` is the month (at most the horizon) of the event `cause`, or in which a
    resident is censored (-): at the cut-off, or when a later programme is prepared where they live.

    Args:
        residents: of `low_residents` on the day of the contrast.
        one: the contrast.
        dwellings: of everybody.
        wijken: of each area, its wijk.
        last_day: the cut-off.
        earlier: persons who were treated by a programme that came first; they count there.
        rules: the horizon.
    """
    treated = one.treated.gather(residents["area"])
    eligible = one.eligible.gather(residents["area"])
    end = min(months_after(one.day, rules.horizon_months), last_day) + dt.timedelta(days=1)
    first = residents["person"].is_in(earlier.implode()).not_()
    arms = []
    for arm, wanted in ((TREATED, treated & first), (COMPARISON, eligible & ~treated)):
        rows = residents.filter(wanted)
        until = (
            one.until.gather(rows["area"])
            if arm == COMPARISON
            else pl.Series([None], dtype=pl.Date).new_from_index(0, rows.height)
        )
        exposed = (
            exposures(rows["object"], dwellings, one.followed)
            if arm == TREATED
            else pl.Series(["-"]).new_from_index(0, rows.height)
        )
        rows = rows.with_columns(until=until, exposure=exposed, wijk=wijken.gather(rows["area"]), arm=pl.lit(arm))
        seen_until = pl.min_horizontal(pl.lit(end), pl.col("until"))
        arms.append(rows.with_columns(on_clock("first", pl.lit(one.day), seen_until)))
    both = pl.concat(arms).with_columns(
        area=pl.lit(one.number, pl.Int64),
        period=pl.lit(one.period),
        left=pl.col("first_left"),
        cause=pl.col("first_cause").fill_null("-"),
        destination=pl.when(pl.col("first_cause").is_null())
        .then(pl.lit("-"))
        .otherwise(pl.col("first_destination").fill_null("-")),
    )
    is_reference = pl.col("reference_person").fill_null(False).cast(pl.Int64)
    counted = both.group_by(COUNT_KEYS).agg(persons=pl.len().cast(pl.Int64), households=is_reference.sum())
    return counted.sort(COUNT_KEYS)
