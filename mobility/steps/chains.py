"""Follow the original residents of the programme areas and count what became of them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mobility.areas import ProgrammeArea, load_derivation, load_programme, load_zoning
from mobility.chains.arrival import arrivals, repeat_exposure
from mobility.chains.cohort import EXCLUSIONS, Dwellings, People, find_members
from mobility.chains.derived import derive_areas
from mobility.chains.itinerary import absorb_short, find_episodes
from mobility.chains.outcome import find_outcomes
from mobility.chains.programmes import Followed, follow
from mobility.chains.tables import (
    CHAIN_KEYS,
    COHORT_KEYS,
    count_members,
    mark_first_cohort,
)
from mobility.errors import RequestError
from mobility.estimates.counting import Plan
from mobility.estimates.incidence import ALL, INCIDENCE_KEYS, class_group, incidence_table, pooled_strata
from mobility.estimates.itineraries import itinerary_table
from mobility.estimates.leaving import BY_KEYS, EXIT_KEYS, by_household, chain_rates
from mobility.estimates.offered import curve_counts
from mobility.estimates.sensitivity import beside, one_specification
from mobility.income import income_classes
from mobility.panel.store import Panel, Shape
from mobility.places import unmatched_codes
from mobility.renumbering import stays_since
from mobility.run.engine import work
from mobility.run.files import make_folder, remove_folder, write_json, write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below, fingerprint, state_of
from mobility.settings import Settings, Study
from mobility.steps import moves
from mobility.steps.cohort_members import nobody, on_clocks, read_members
from mobility.steps.divisions import in_study_division
from mobility.steps.estimates import compare, count_partition, prepare
from mobility.steps.flows import zoned_areas
from mobility.steps.ingest import PANEL_TABLES
from mobility.steps.job import Job, Told, workspace

TABLES = (
    "cohort",
    "chains",
    "exits",
    "chains_by",
    "chain_rates",
    "itineraries",
    "incidence",
    "incidence_counts",
    "excess",
    "balance",
    "mirror",
    "mirror_counts",
    "sensitivity",
)
_SPECIFICATIONS = "sensitivity"  # the one table that keeps what earlier runs on the same panel found
_COMPARED = "compared"  # below the folder of the cohorts


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {
        "chains": study.chains,
        "estimates": study.estimates,
        "programmes": [(load_programme(name), load_derivation(name)) for name in study.programmes],
        "zoning": load_zoning(study.geography.zoning),
        "income": study.income,
    }


def _inputs(settings: Settings) -> list[Path]:
    space = workspace(settings)
    folders = (
        space.panel / "residence",
        moves.folders(settings)["events"],
        *(space.panel / name for name in PANEL_TABLES),
    )
    return files_below(*folders)


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    aggregates = [path for path in map(space.aggregate, TABLES) if path.is_file()]
    return [*aggregates, space.root / "cohort", space.quality / "chains.json"]


def followed_areas(settings: Settings, cut_off_of: Shape) -> list[Followed]:
    """The programme areas of a study, ready to be followed.

    Raises:
        RequestError: the codes of a programme occur nowhere, or it starts too late to be followed.
    """
    areas, _ = zoned_areas(settings)
    given: list[ProgrammeArea] = []
    for name in settings.study.programmes:
        year, programme = load_programme(name)
        is_ours = year == settings.study.geography.year or not programme
        given += programme if is_ours else in_study_division(settings, programme, year)
        if rule := load_derivation(name):
            panel = Panel(workspace(settings).panel)
            objects = panel.objects("area", "demolished_date")
            given += derive_areas(rule, areas, objects["area"], objects["demolished_date"], panel.tenure())
    absent = unmatched_codes(areas, [code for area in given for code in area.codes])
    if absent:
        raise RequestError(
            f"study.programmes: {', '.join(absent)} occur in no object of VSLGWBTAB for {settings.study.geography.year}. Correct "
            "the codes in schemas/areas/programmes."
        )
    rules, cut_off = settings.study.chains, cut_off_of.cut_off
    found = [follow(area, areas, rules, cut_off) for area in given]
    late = [one.area for one in found if one.cohort_date >= cut_off]
    if late:
        raise RequestError(
            f"study.programmes: {', '.join(late)} cannot be followed: the cohort date lies after the registers end."
        )
    return found


def _run(settings: Settings, tell: Tell) -> Told:
    space, study = workspace(settings), settings.study
    panel = Panel(space.panel)
    shape = panel.shape()
    followed = followed_areas(settings, shape)
    folder = space.root / "cohort"
    remove_folder(folder)
    for table in TABLES:
        if table != _SPECIFICATIONS:
            space.aggregate(table).unlink(missing_ok=True)
    make_folder(folder)
    areas, _ = zoned_areas(settings)
    plan = prepare(panel, shape, study, followed, areas)
    following = partial(
        _follow_partition,
        panel=panel,
        shape=shape,
        study=study,
        followed=followed,
        renumbered=_renumbered(settings),
        plan=plan,
        folder=folder,
    )
    left_out = work(following, shape.partitions, settings.engine, "cohort and itineraries", tell)
    members = [read_members(folder, number, one) for number, one in enumerate(followed)]
    everybody = mark_first_cohort(pl.concat(members)) if members else nobody()
    write_parquet(count_members(everybody, COHORT_KEYS), space.aggregate("cohort"))
    write_parquet(count_members(everybody, CHAIN_KEYS), space.aggregate("chains"))
    write_parquet(count_members(everybody, EXIT_KEYS), space.aggregate("exits"))
    by = by_household(everybody, study.flows.age_bands)
    write_parquet(count_members(by, BY_KEYS), space.aggregate("chains_by"))
    strata = pooled_strata(everybody, study.income.low)
    together = strata.filter(pl.col("exposure") == ALL).sort("programme", "area", "person", "cohort_date")
    write_parquet(itinerary_table(together), space.aggregate("itineraries"))
    rates = chain_rates(strata)
    write_parquet(rates, space.aggregate("chain_rates"))
    write_parquet(curve_counts(strata), space.aggregate("incidence_counts"))
    incidence = incidence_table(strata.with_columns(group=pl.lit("cohort")))
    if plan.contrasts:
        of_class = everybody.with_columns(income_class=class_group(study.income.low))
        tables = compare(plan, folder / _COMPARED, followed, of_class, areas, moves.folders(settings)["events"])
        incidence = pl.concat([incidence, tables.curves]).sort(INCIDENCE_KEYS)
        for name in ("excess", "balance", "mirror", "mirror_counts"):
            write_parquet(getattr(tables, name), space.aggregate(name))
        _put_beside(settings, tables.excess, rates)
    write_parquet(incidence, space.aggregate("incidence"))
    told: Told = {"areas": len(followed), "members": everybody.height, "not_members": _added(left_out)}
    write_json(space.quality / "chains.json", told)
    return told


def _put_beside(settings: Settings, excess: pl.DataFrame, rates: pl.DataFrame) -> None:
    """Write what this run found beside what others on the same panel found under other definitions."""
    space, study = workspace(settings), settings.study
    target, seen = space.aggregate(_SPECIFICATIONS), space.quality / f"{_SPECIFICATIONS}.json"
    made_from = fingerprint({str(path): state_of(path) for path in _inputs(settings)})
    same = seen.is_file() and json.loads(seen.read_text(encoding="utf-8")) == made_from
    known = pl.read_parquet(target) if same and target.is_file() else None
    found = one_specification(excess, rates, study.chains, study.estimates, study.income.low)
    write_parquet(beside(known, found), target)
    write_json(seen, made_from)


def _renumbered(settings: Settings) -> pl.DataFrame:
    """The administrative relocations: `move_date`, `origin_object`, `destination_object`; few beside the moves."""
    moved = pl.scan_parquet(moves.folders(settings)["events"] / "*.parquet").filter("is_administrative")
    pairs = moved.select("move_date", "origin_object", "destination_object").unique().collect()
    return pairs.sort(pairs.columns)


def _added(parts: list[dict[str, int]]) -> dict[str, int]:
    return {reason: sum(part[reason] for part in parts) for reason in EXCLUSIONS}


def _follow_partition(
    partition: int,
    panel: Panel,
    shape: Shape,
    study: Study,
    followed: list[Followed],
    renumbered: pl.DataFrame,
    plan: Plan,
    folder: Path,
) -> dict[str, int]:
    residence = panel.read("residence", partition)
    people = People(
        persons=panel.read("persons", partition),
        residence=residence.with_columns(stays_since(residence, renumbered)),
        households=panel.read("households", partition),
        incomes=panel.income(partition),
        income_years=shape.income_years,
    )
    objects = panel.objects("area", "demolished_date")
    dwellings = Dwellings(objects["area"], objects["demolished_date"], panel.tenure(), shape.has_demolition)
    classes = income_classes(people.incomes)
    other_areas = [one.inside for one in followed]
    left_out = dict.fromkeys(EXCLUSIONS, 0)
    for number, one in enumerate(followed):
        members, reasons = find_members(people, dwellings, one, study.chains)
        left_out = {reason: count + reasons[reason] for reason, count in left_out.items()}
        episodes = absorb_short(find_episodes(members, people, dwellings, one), study.chains.min_episode_days)
        outcomes = find_outcomes(episodes, one, study.chains)
        table = members.join(outcomes, on="person", how="left", maintain_order="left", validate="1:1")
        table = on_clocks(table, episodes, one, study.chains)
        table = table.with_columns(
            *arrivals(table, people, dwellings, classes, study.income.lag_years),
            repeat_exposure(
                table, people, dwellings, one, [area for place, area in enumerate(other_areas) if place != number]
            ),
        )
        write_parquet(table, folder / f"{number:03d}" / f"part-{partition:03d}.parquet")
    count_partition(partition, people, dwellings, plan, folder / _COMPARED)
    return left_out


def _closing(settings: Settings, told: Told) -> list[str]:
    reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in told["not_members"].items())
    if not told["members"]:
        return [
            f"nobody to follow: of the residents of {told['areas']} areas {reasons}. Are the start dates within the registers?"
        ]
    return [
        f"residents of a year or more who are not followed: {reasons}",
        f"{told['members']:,} original residents of {told['areas']} areas followed, in {workspace(settings).aggregate('chains')}",
    ]


JOB = Job(
    name="chains",
    does="follow original residents and flag wegsijpel chains",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda _: (moves.JOB,),
)
