"""Compare the original residents with others like them: part of the step `chains`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mobility.chains.cohort import INCOME_BAND, Dwellings, People
from mobility.chains.programmes import HOME, Followed
from mobility.estimates.arms import arm_curves
from mobility.estimates.balance import balance_table
from mobility.estimates.comparison import COUNT_KEYS, NOW, Contrast, Homes, contrasts, count_contrast, low_residents
from mobility.estimates.excess import excess_table, whose
from mobility.estimates.incidence import ALL, INCIDENCE_KEYS
from mobility.estimates.mirror import count_back, count_entrants, mirror_table
from mobility.estimates.neighbours import next_to
from mobility.income import CLASSES
from mobility.panel.store import Panel, Shape
from mobility.run.files import write_parquet
from mobility.run.steps import files_below
from mobility.settings import Study

CONTRASTS, BACK = "contrasts", "back"


@dataclass(frozen=True)
class Comparing:
    """What a partition needs to count who is compared with whom.

    Attributes:
        contrasts: in the order in which their treated count: the first programme of a person is the one that counts.
        homes: by region.
        wijken: of each area.
        cut_off: last day.
        study: the study's numbers.
        folder: where the counts go.
    """

    contrasts: list[Contrast]
    homes: dict[str, Homes]
    wijken: pl.Series
    cut_off: dt.date
    study: Study
    folder: Path


def prepare(
    panel: Panel, shape: Shape, study: Study, followed: list[Followed], areas: pl.DataFrame, folder: Path
) -> Comparing:
    """Who is compared with whom."""
    touched = sorted({wijk for one in followed for wijk in areas.filter(one.states == HOME)["wijk"]})
    objects = panel.objects("area", "x_m", "y_m")
    addresses = objects.select(areas["wijk"].gather(objects["area"]).alias("wijk"), "x_m", "y_m")
    near = next_to(addresses, touched, study.estimates.neighbour_m)
    found = contrasts(
        followed, areas, near, study.estimates, shape.income_years, study.chains.income_years_observed, shape.cut_off
    )
    return Comparing(
        contrasts=sorted(found, key=lambda one: (one.day, one.followed.programme, one.number)),
        homes={region: Homes.of_region(areas, region) for region in {one.region for one in followed}},
        wijken=areas["wijk"],
        cut_off=shape.cut_off,
        study=study,
        folder=folder,
    )


def count_partition(partition: int, people: People, dwellings: Dwellings, comparing: Comparing) -> None:
    """Count both arms of every contrast, and the way back, among one partition of persons."""
    study = comparing.study
    counted, back = [], []
    treated: dict[str, list[pl.Series]] = {}
    kept: tuple[tuple[str, dt.date], pl.DataFrame] | None = None
    for one in comparing.contrasts:
        key = (one.followed.region, one.day)
        if kept is None or kept[0] != key:
            homes = comparing.homes[key[0]]
            kept = (
                key,
                low_residents(
                    people, dwellings, homes.inside, homes, one.day, study.income.low, study.chains, study.estimates
                ),
            )
        residents, before = kept[1], treated.setdefault(one.period, [pl.Series("person", [], dtype=pl.UInt32)])
        counted.append(
            count_contrast(
                residents, one, dwellings, comparing.wijken, comparing.cut_off, pl.concat(before), study.estimates
            )
        )
        before.append(residents.filter(one.treated.gather(residents["area"]))["person"])
        if one.period == NOW:
            rows = count_back(residents, people, dwellings, one.followed, study.chains, study.estimates)
            back.append(rows.with_columns(number=pl.lit(one.number, pl.Int64)))
    name = f"part-{partition:03d}.parquet"
    if counted:
        write_parquet(pl.concat(counted), comparing.folder / CONTRASTS / name)
        write_parquet(pl.concat(back), comparing.folder / BACK / name)


@dataclass(frozen=True)
class Compared:
    """The tables of the comparison."""

    excess: pl.DataFrame
    balance: pl.DataFrame
    mirror: pl.DataFrame
    curves: pl.DataFrame


def compare(
    comparing: Comparing, followed: list[Followed], members: pl.DataFrame, areas: pl.DataFrame, moved: Path
) -> Compared:
    """The estimates from the counts of all partitions.

    Args:
        comparing: of `prepare`.
        followed: the programme areas.
        members: of all cohorts, with `number`.
        areas: of `places.zone_areas`.
        moved: folder of the linked moves.
    """
    rules = comparing.study.estimates
    counts = _added(comparing.folder / CONTRASTS, COUNT_KEYS)
    back = _added(comparing.folder / BACK, ("number", "left", "cause"))
    together = [one for one in whose(counts, followed) if one.exposure == ALL]
    return Compared(
        excess=excess_table(counts, followed, areas.select("wijk", "region").unique(), rules),
        balance=balance_table(counts, together, rules.age_bands, INCOME_BAND),
        mirror=mirror_table(
            members,
            {number: back.filter(number=number) for number in back["number"].unique()},
            count_entrants(_entering(moved, followed), followed),
            followed,
            rules,
        ),
        curves=arm_curves(counts, together, [one.start.year for one in followed], rules.horizon_months).sort(
            INCIDENCE_KEYS
        ),
    )


def _added(folder: Path, keys: tuple[str, ...]) -> pl.DataFrame:
    parts = pl.concat([pl.read_parquet(path) for path in files_below(folder)])
    return parts.group_by(keys).agg(pl.col("persons").sum()).sort(keys)


def _entering(moved: Path, followed: list[Followed]) -> pl.DataFrame:
    """The moves that end in a programme area."""
    homes = pl.concat([pl.Series(one.states == HOME).arg_true() for one in followed]).unique()
    kept = pl.scan_parquet(moved / "*.parquet").filter(
        ~pl.col("is_administrative"), pl.col("destination_area").is_in(homes.cast(pl.UInt32).implode())
    )
    columns = ("move_date", "origin_area", "destination_area", "income_class", "is_carrier")
    found = kept.select(columns).collect()
    return found.with_columns(income_class=pl.Series(CLASSES).gather(found["income_class"]))
