"""The pass of the monitor over the original residents of programme areas: where they are after so many years."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.chains.tables import add_baseline_households
from mobility.days import months_after
from mobility.indicators.outcomes import BY_TRAJECTORY, NO_OUTCOME, trajectory
from mobility.indicators.residents import HORIZONS, states_on
from mobility.indicators.table import add_up
from mobility.indicators.zones import near_each
from mobility.panel.lookup import on_day
from mobility.run.engine import work
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings
from mobility.steps.monitor_further import CARE, INCOME, outcomes_at
from mobility.steps.monitor_ground import BIN_M, Ground
from mobility.stocks import Ints

FAR_YEARS = 5  # after the cohort date, at which it is looked how far from their dwelling of that date people live
DISTANCES_GONE = ("place", "region", "year", "income_class", "trajectory", "bin")
SINCE = range(-3, 11)  # years after that of the cohort date in which outcomes are looked at
_KEYS = ("place", "region", "year", "horizon", "income_class", "state")
_NOBODY = {
    **dict.fromkeys(("place", "region", "state"), pl.String),
    "year": pl.Int32,
    "horizon": pl.Int32,
    "income_class": pl.UInt8,
    "persons": pl.Int64,
    "households": pl.Int64,
}

_NO_DISTANCES = {name: kind for name, kind in _NOBODY.items() if name in DISTANCES_GONE} | {
    "trajectory": pl.String,
    "bin": pl.Int32,
    "persons": pl.Int64,
    "households": pl.Int64,
}


@dataclass(frozen=True)
class OriginalResidents:
    """Members of the cohorts, counted; every table has `persons` and `households` (through their carriers).

    Attributes:
        states: one row per programme area, horizon, class and state; a horizon after the last day that is followed has none.
        outcomes: one row per `outcomes.BY_TRAJECTORY`, with `total`.
        distances: one row per `DISTANCES_GONE`: how far from their dwelling of the cohort date they live `FAR_YEARS` later.
    """

    states: pl.DataFrame
    outcomes: pl.DataFrame
    distances: pl.DataFrame


def count_original_residents(ground: Ground, cohort: Path, settings: Settings, tell: Tell) -> OriginalResidents:
    """Members of the cohorts by where they are, by the way they went with their outcomes, and by how far they went.

    Args:
        ground: of the study.
        cohort: folder of the step `chains` with the members.
        settings: for the engine.
        tell: progress.
    """
    objects = ground.panel.objects("area", "x_m", "y_m")
    insides = [one.inside.to_numpy() for one in ground.followed]
    if ground.shape.has_coordinates:
        near = near_each(objects, insides, ground.study.monitor.ring_m)
    else:
        near = [np.zeros(len(inside), dtype=bool) for inside in insides]
    task = partial(_states, ground=ground, cohort=cohort, near=near)
    work(task, ground.shape.partitions, settings.engine, "original residents", tell)
    states, outcomes, distances = [pl.DataFrame(schema=_NOBODY)], [], [pl.DataFrame(schema=_NO_DISTANCES)]
    for number, one in enumerate(ground.followed):
        parts = [pl.read_parquet(path) for path in files_below(ground.scratch / "states" / f"{number:03d}")]
        members = add_baseline_households(pl.concat(parts)).with_columns(
            place=pl.lit(one.area),
            region=pl.lit(one.region),
            income_class=pl.col("income_class").cast(pl.UInt8),
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
        )
        started = pl.lit(one.start.year, pl.Int32).alias("year")
        states.append(_long(members, "horizon", "state", "state").with_columns(started).select(list(_NOBODY)))
        if "bin" in members.columns:
            gone = members.drop_nulls("bin").with_columns(started)
            distances.append(gone.select(list(_NO_DISTANCES)))
        for name in (INCOME, CARE):
            rows = _long(members, "since", name, "total").with_columns(
                year=one.cohort_date.year + pl.col("since"), outcome=pl.lit(name)
            )
            outcomes.append(rows.select(*BY_TRAJECTORY, "persons", "households", "total"))
    return OriginalResidents(
        add_up(states, _KEYS),
        add_up(outcomes, BY_TRAJECTORY) if outcomes else pl.DataFrame(),
        add_up(distances, DISTANCES_GONE),
    )


def _long(members: pl.DataFrame, number: str, prefix: str, value: str) -> pl.DataFrame:
    """One row per member and column `<prefix>_<number>` that tells something."""
    on = [name for name in members.columns if name.startswith(f"{prefix}_")]
    index = ["place", "region", "income_class", "trajectory", "persons", "households"]
    rows = members.unpivot(on, index=index, variable_name=number, value_name=value).drop_nulls(value)
    return rows.with_columns(pl.col(number).str.strip_prefix(f"{prefix}_").cast(pl.Int32))


def _states(partition: int, ground: Ground, cohort: Path, near: list[npt.NDArray[np.bool_]]) -> None:
    panel = ground.panel
    cohorts = [
        pl.read_parquet(cohort / f"{number:03d}" / f"part-{partition:03d}.parquet")
        for number in range(len(ground.followed))
    ]
    # Few live in a programme area: what is looked up for every area and horizon is of them alone.
    anybody = pl.concat([pl.Series("person", [], dtype=pl.UInt32), *(each["person"] for each in cohorts)]).unique()
    persons = panel.read("persons", partition)
    residence, households = (
        panel.read(name, partition).filter(pl.col("person").is_in(anybody.implode()))
        for name in ("residence", "households")
    )
    area = panel.objects("area")["area"]
    begun = [one.cohort_date.year for one in ground.followed]
    years = range(min(begun, default=0) + SINCE.start, max(begun, default=0) + SINCE.stop)
    outcomes = {name: outcomes_at(panel, partition, name, persons["person"], years) for name in (INCOME, CARE)}
    for number, one in enumerate(ground.followed):
        kept = cohorts[number].select("person", "birth_date", "household", "object", "income_class", trajectory())
        for horizon in HORIZONS:
            day = months_after(one.cohort_date, 12 * horizon)
            if day <= one.last_day:
                state = states_on(day, kept, persons, residence, households, area, one, near[number])
                kept = kept.with_columns(state.alias(f"state_{horizon}"))
                if horizon == FAR_YEARS and ground.shape.has_coordinates:
                    kept = kept.with_columns(_bins(day, kept, residence, panel.objects("x_m", "y_m")))
        row = persons["person"].search_sorted(kept["person"]).to_numpy()
        kept = kept.with_columns(
            _known(f"{name}_{since}", values[row, one.cohort_date.year + since - years.start])
            for name, values in outcomes.items()
            for since in SINCE
        )
        ground.put(f"states/{number:03d}", partition, kept)


def _bins(day: dt.date, members: pl.DataFrame, residence: pl.DataFrame, objects: pl.DataFrame) -> pl.Series:
    """Bin of the straight-line distance between the dwelling of the cohort date and that of a day; null where one is unknown."""
    days = pl.Series("day", [day], dtype=pl.Date).new_from_index(0, members.height)
    there = residence["object"].gather(on_day(residence, members["person"], days))
    across, along = (
        (objects[name].gather(there) - objects[name].gather(members["object"])).cast(pl.Float64)
        for name in ("x_m", "y_m")
    )
    return ((across**2 + along**2).sqrt() // BIN_M).cast(pl.Int32).alias("bin")


def _known(name: str, values: Ints) -> pl.Series:
    """Values with null for `NO_OUTCOME`."""
    given = pl.Series(values)
    return pl.select(pl.when(given != NO_OUTCOME).then(given).alias(name)).to_series()
