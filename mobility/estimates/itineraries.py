"""Itineraries as a whole: time per state, transition rates, entropy (indicator A8; TraMineR's definitions). Pure.

An itinerary is a row of states at equally spaced times. Nothing is said about a time that is not seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.areas import ROLES
from mobility.chains.programmes import AWAY, DEAD, GROWTH_CORE, HOME, INSTITUTION, OTHER_REGION, SAME_CITY, Followed
from mobility.days import months_after
from mobility.estimates.competing import Floats, Ints
from mobility.estimates.incidence import ALL, NONE
from mobility.panel.lookup import on_day
from mobility.places import UNPLACEABLE
from mobility.settings import Chains

MISSING = -1
STATES = (HOME, SAME_CITY, *ROLES, OTHER_REGION, INSTITUTION, AWAY, UNPLACEABLE, DEAD)
ITINERARY_KEYS = ("programme", "area", "region", "cohort_year", "income_class", "statistic", "state", "next_state")
_STRATUM = ITINERARY_KEYS[:5]
_STEP_MONTHS = 12
_SCHEMA = dict.fromkeys(ITINERARY_KEYS, pl.String) | {
    "cohort_year": pl.Int64, "value": pl.Float64, "count": pl.Int64, "persons": pl.Int64, "households": pl.Int64,
}  # fmt: skip


def transition_counts(states: npt.NDArray[np.integer], count: int) -> Ints:
    """How often each state (row) is followed by each state (column) at the next time; pairs with a time not seen are passed over.

    Args:
        states: persons x times, as numbers from 0; `MISSING` where not seen.
        count: how many states there are.
    """
    now, after = states[:, :-1].ravel().astype(np.int64), states[:, 1:].ravel().astype(np.int64)
    seen = (now != MISSING) & (after != MISSING)
    return np.bincount(now[seen] * count + after[seen], minlength=count * count).reshape(count, count)


def transition_rates(counts: Ints) -> Floats:
    """Of those in each state, the share in each state at the next time; 0 where nobody is."""
    total = counts.sum(axis=1, keepdims=True)
    rates: Floats = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    return rates


def time_in_states(states: npt.NDArray[np.integer], count: int) -> Ints:
    """Times each person (row) spends in each state (column)."""
    person = np.repeat(np.arange(len(states)), states.shape[1])
    flat = states.ravel().astype(np.int64)
    seen = flat != MISSING
    return np.bincount(person[seen] * count + flat[seen], minlength=len(states) * count).reshape(-1, count)


def entropies(times: Ints) -> Floats:
    """Entropy of each person's times per state, from 0 (one state) to 1 (as long in every state there is).

    Args:
        times: of `time_in_states`.
    """
    share = times / np.maximum(times.sum(axis=1, keepdims=True), 1)
    spread = -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)
    found: Floats = spread / np.log(times.shape[1]) if times.shape[1] > 1 else spread
    return found


def yearly_states(episodes: pl.DataFrame, persons: pl.Series, followed: Followed, rules: Chains) -> list[pl.Series]:
    """State of each person on the cohort date and on every anniversary until following ends, as a place in `STATES`.

    Columns `state_0`, `state_1`, ..., as many for every area; null on a day that is not seen. The growth cores together are one
    state.

    Args:
        episodes: of `absorb_short`.
        persons: sorted.
        followed: the programme area.
        rules: lead and follow-up.
    """
    many = len(persons)
    months = range(0, rules.lead_months + rules.follow_up_months + 1, _STEP_MONTHS)
    days = [months_after(followed.cohort_date, each) for each in months]
    everybody = pl.concat([persons] * len(days))
    asked = pl.Series("day", days, dtype=pl.Date).gather(np.repeat(np.arange(len(days)), many))
    seen = on_day(episodes, everybody, asked)  # null after the last day followed, where episodes end
    state = episodes["state"].gather(seen)
    state = state.str.replace(f"^{GROWTH_CORE}.*$", GROWTH_CORE.removesuffix(":"))
    place = state.replace_strict({name: place for place, name in enumerate(STATES)}, return_dtype=pl.Int8)
    return [place.slice(number * many, many).alias(f"state_{number}") for number in range(len(days))]


def itinerary_table(strata: pl.DataFrame) -> pl.DataFrame:
    """How the years after the cohort date were spent.

    One row per stratum, `statistic`, `state` and `next_state`: `mean_years` (anniversaries in a state, per person; the cohort
    date counts), `rate` (of those in a state on an anniversary, the share in `next_state` on the next, over all years together),
    `entropy` (mean over persons, of their years per state, 0 to 1); `value`, `count` (anniversaries, or pairs of them; persons
    for entropy), `persons` and `households` of the stratum; sorted by keys. Rows of which the count is 0 are left out.

    Args:
        strata: members of `incidence.pooled_strata`, sorted, of one exposure, with the columns of `yearly_states` (null: not
            seen) and `is_carrier`.
    """
    columns = sorted((name for name in strata.columns if name.startswith("state_")), key=lambda name: int(name[6:]))
    rows: list[tuple[object, ...]] = []
    for stratum in strata.partition_by(_STRATUM, maintain_order=True):
        keys = stratum.select(_STRATUM).row(0)
        sizes = (stratum.height, int(stratum["is_carrier"].sum()))
        states = np.stack([stratum[name].fill_null(MISSING).to_numpy() for name in columns], axis=1)
        times, pairs = time_in_states(states, len(STATES)), transition_counts(states, len(STATES))
        rates, spent = transition_rates(pairs), times.sum(axis=0)
        for place in np.flatnonzero(spent):
            value = round(float(spent[place] / stratum.height), 12)
            rows.append((*keys, "mean_years", STATES[place], NONE, value, int(spent[place]), *sizes))
        for now, after in np.argwhere(pairs):
            value = round(float(rates[now, after]), 12)
            rows.append((*keys, "rate", STATES[now], STATES[after], value, int(pairs[now, after]), *sizes))
        rows.append((*keys, "entropy", ALL, NONE, round(float(entropies(times).mean()), 12), stratum.height, *sizes))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(ITINERARY_KEYS)
