"""Compare the original residents with others like them: part of the step `chains`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mobility.chains.cohort import INCOME_BAND, Dwellings, People
from mobility.chains.programmes import Followed
from mobility.estimates.arms import arm_curves, back_curves
from mobility.estimates.balance import balance_table
from mobility.estimates.comparison import COUNT_KEYS
from mobility.estimates.counting import Plan, count_arms, make_plan
from mobility.estimates.excess import excess_table, whose
from mobility.estimates.incidence import ALL
from mobility.estimates.mirror import count_entrants, mirror_table
from mobility.estimates.offered import flow_counts
from mobility.income import CLASSES
from mobility.panel.store import Panel, Shape
from mobility.run.files import write_parquet
from mobility.settings import Study
from mobility.steps.counted import add_up_files

_ARMS, _BACK = "arms", "back"


@dataclass(frozen=True)
class Compared:
    """The tables of the comparison."""

    excess: pl.DataFrame
    balance: pl.DataFrame
    mirror: pl.DataFrame
    curves: pl.DataFrame
    mirror_counts: pl.DataFrame


def prepare(panel: Panel, shape: Shape, study: Study, followed: list[Followed], areas: pl.DataFrame) -> Plan:
    """Who is compared with whom."""
    objects = panel.objects("area", "x_m", "y_m")
    addresses = objects.select(areas["wijk"].gather(objects["area"]).alias("wijk"), "x_m", "y_m")
    years, low = shape.income_years, study.income.low
    return make_plan(followed, areas, addresses, years, shape.cut_off, low, study.chains, study.estimates)


def count_partition(partition: int, people: People, dwellings: Dwellings, plan: Plan, folder: Path) -> None:
    """Put down the counts of one partition of persons."""
    if plan.contrasts:
        for name, rows in zip((_ARMS, _BACK), count_arms(people, dwellings, plan), strict=True):
            write_parquet(rows, folder / name / f"part-{partition:03d}.parquet")


def compare(
    plan: Plan, folder: Path, followed: list[Followed], members: pl.DataFrame, areas: pl.DataFrame, moved: Path
) -> Compared:
    """The estimates from the counts of all partitions.

    Args:
        plan: of `prepare`.
        folder: where `count_partition` put them down.
        followed: the programme areas.
        members: of all cohorts, with `number`; the class is low or not_low.
        areas: of `places.zone_areas`.
        moved: folder of the linked moves.
    """
    rules = plan.rules
    counts = add_up_files(folder / _ARMS, COUNT_KEYS)
    back = add_up_files(folder / _BACK, ("number", "left", "cause"))
    together = [one for one in whose(counts, followed) if one.exposure == ALL]
    years = [one.start.year for one in followed]
    entering = _entering(moved, followed)
    entrants = count_entrants(entering, followed)
    by_area = {number: back.filter(number=number) for number in back["number"].unique()}
    return Compared(
        excess=excess_table(counts, followed, areas.select("wijk", "region").unique(), rules),
        balance=balance_table(counts, together, followed, rules.age_bands, INCOME_BAND),
        mirror=mirror_table(members, by_area, entrants, followed, rules),
        curves=pl.concat(
            [
                arm_curves(counts, together, years, rules.horizon_months),
                back_curves(back, followed, rules.horizon_months),
            ]
        ),
        mirror_counts=flow_counts(members, back, entering, followed, rules.horizon_months),
    )


def _entering(moved: Path, followed: list[Followed]) -> pl.DataFrame:
    """The moves that end in a programme area."""
    homes = pl.concat([one.inside.arg_true() for one in followed]).unique()
    kept = pl.scan_parquet(moved / "*.parquet").filter(
        ~pl.col("is_administrative"), pl.col("destination_area").is_in(homes.implode())
    )
    columns = ("move_date", "origin_area", "destination_area", "income_class", "is_carrier", "person", "carrier")
    found = kept.select(columns).collect()
    return found.with_columns(income_class=pl.Series(CLASSES).gather(found["income_class"]))
