"""Random countries, random choices of tables and of modes, one release after the other: a reader of the exports finds nothing."""

from __future__ import annotations

import dataclasses
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.errors import ReleaseError
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.settings import Settings
from tests.release.conftest import LABEL, make_project, study_settings
from tests.release.country import CLASSES, _count, flows, moves, residents, write_workspace
from tests.release.reader import FAR, propagate, read_export, told
from tests.release.test_gate import only

FAMILY = {
    "flows": ("origin", "destination", "income_class"),
    "flows_total": ("origin", "destination"),
    "flows_in": ("destination", "income_class"),
    "flows_out": ("origin", "income_class"),
}
CHAINS = ("cohort", "chains", "chains_destination")
KEYS = ("level", "count", "year")


def a_country(root: Path, seed: int, dice: np.random.Generator) -> Settings:
    """Aggregates of random records, of a random size, for three years."""
    write_workspace(root / "workspace", LABEL)
    settings = study_settings(root)
    folder = settings.place.root / "aggregates"
    records = moves(seed, per_year=int(dice.integers(300, 4000))).filter(pl.col("year").is_between(2014, 2016))
    flows(records).write_parquet(folder / "flows.parquet")
    people = residents(seed, per_area=int(dice.integers(10, 200)))
    weight = [pl.col("persons").cast(pl.Float64).sum().alias("household_weight")]
    for table in ("cohort", "chains"):
        measures = {"persons", "households", "unit_persons", "unit_households", "cell_key", "household_weight"}
        keys = [name for name in pl.read_parquet(folder / f"{table}.parquet").columns if name not in measures]
        _count(people, keys, weight).write_parquet(folder / f"{table}.parquet")
    make_project(settings.place.project)
    return settings


def knows(number: int | None, mode: str) -> tuple[int, int]:
    """What the documentation says of one number by itself, in each mode; an absent row: anything."""
    if number is None or mode == "round":
        return told(number)
    if mode == "suppress":
        return number, number
    # A multiple of ten can be a small count that went up; a sum lies as far from the truth as its parts take it.
    return (1 if number % 10 == 0 else 0), FAR


def is_open(cell: tuple, interval: tuple[int, int], mode: str, small: set[tuple]) -> bool:
    """Whether a cell is known to fewer than five counts that may not be: any cell where all are rounded, else a small one."""
    return interval[1] - interval[0] < 4 and (mode == "round" or cell in small)


def small_cells(settings: Settings, table: str, columns: tuple[str, ...]) -> set[tuple]:
    """The cells of a table in which somebody is, but fewer than ten persons or households."""
    declaration = load_declaration(table)
    aggregate = pl.read_parquet(settings.place.root / "aggregates" / f"{declaration.source}.parquet")
    cells = offer(declaration, aggregate, low=("q1",)).frame
    few = cells.filter(pl.col("persons") > 0, pl.min_horizontal("persons", "households") < 10)
    return {(table, *key) for key in few.select(columns).iter_rows()}


def narrow_flows(tables: dict[str, pl.DataFrame], mode: str, settings: Settings) -> list[tuple]:
    """Cells of flows that the reader can tell to fewer than five counts; he knows all classes, and the places in the export."""
    given = {name: frame for name, frame in tables.items() if name in FAMILY}
    if not given:
        return []
    found = []
    small = set().union(*(small_cells(settings, table, (*KEYS, *columns)) for table, columns in FAMILY.items()))
    systems = pl.concat([frame.select(KEYS) for frame in given.values()]).unique().sort(KEYS)
    systems = systems.filter(pl.col("level") != "gemeente", pl.col("year") == 2015)  # enough to attack, and soon done
    for level, count, year in systems.iter_rows():
        here = {name: frame.filter(level=level, count=count, year=year) for name, frame in given.items()}
        ends = [
            frame[end].to_list() for frame in here.values() for end in ("origin", "destination") if end in frame.columns
        ]
        places = sorted({place for values in ends for place in values} | {"any other"})
        start = {
            (table, *key): knows(number, mode)
            for table, columns in FAMILY.items()
            if table in here
            for *key, number in here[table].select(*columns, "persons").iter_rows()
        }
        sums: dict[tuple, list[tuple]] = {}
        for origin, destination, name in product(places, places, CLASSES):
            cell = ("flows", origin, destination, name)
            sums.setdefault(("flows_total", origin, destination), []).append(cell)
            sums.setdefault(("flows_in", destination, name), []).append(cell)
            sums.setdefault(("flows_out", origin, name), []).append(cell)
        for cell in (*sums, *(child for children in sums.values() for child in children)):
            start.setdefault(cell, told(None))
        after = propagate(start, list(sums.items()))
        at = (level, count, year)
        found += [
            (*at, *cell)
            for cell, interval in after.items()
            if is_open((cell[0], *at, *cell[1:]), interval, mode, small)
        ]
    return found


def whole_of(table: str, region: str, name: str, *rest: str) -> tuple | None:
    """The cell of chains that a cell is a part of."""
    if table == "chains_destination":
        return "chains", region, name, "chain", rest[0]
    if table == "cohort":
        return "chains", region, name, "all", "all"
    outcome, path = rest
    if outcome == "all":
        return None
    return ("chains", region, name, "all", "all") if path == "all" else ("chains", region, name, outcome, "all")


def narrow_chains(tables: dict[str, pl.DataFrame], mode: str, settings: Settings) -> list[tuple]:
    """The same of chains and the cohort: outcomes in all, paths in outcomes, destinations in chains, areas in the cohort."""
    columns = {
        "chains": ("region", "income_class", "outcome", "path"),
        "chains_destination": ("region", "income_class", "path", "destination"),
        "cohort": ("region", "income_class", "area"),
    }
    start = {
        (table, *key): knows(number, mode)
        for table, names in columns.items()
        if table in tables
        for *key, number in tables[table].select(*names, "persons").iter_rows()
    }
    sums: dict[tuple[str, tuple], list[tuple]] = {}
    for cell in start:
        parent = whole_of(*cell)
        if parent:
            sums.setdefault((cell[0], parent), []).append(cell)
    relations = []
    for number, ((_, parent), children) in enumerate(sums.items()):
        rest = ("rest", number)  # whatever is not in the export
        start.setdefault(parent, told(None))
        start[rest] = told(None)
        relations.append((parent, [*children, rest]))
    small = set().union(*(small_cells(settings, table, names) for table, names in columns.items()))
    after = propagate(start, relations)
    return [cell for cell, interval in after.items() if is_open(cell, interval, mode, small)]


def attack(tmp_path: Path, seed: int) -> dict[str, object]:
    """Two releases of one country, and the attack on both exports together; what the dice chose, and how many were refused."""
    dice = np.random.default_rng(seed)
    settings = a_country(tmp_path, seed, dice)
    names = [*FAMILY, *CHAINS, "quality"]
    modes = {
        table: str(mode)
        for family in (FAMILY, CHAINS)
        for mode in [dice.choice(["round", "round", "suppress", "additive"])]
        for table in family
    }
    if modes["flows"] != "round":  # every gemeente by itself asks for more time than there is here
        path = settings.place.root / "aggregates" / "flows.parquet"
        pl.read_parquet(path).filter(pl.col("level") != "gemeente", pl.col("year") == 2015).write_parquet(path)
    study = settings.study
    chosen = dataclasses.replace(study.release, tables=tuple(names), modes=modes)
    settings = dataclasses.replace(settings, study=dataclasses.replace(study, release=chosen))
    seen: dict[str, pl.DataFrame] = {}
    refused = 0
    for _ in range(2):
        offered = tuple(sorted(dice.choice(names, int(dice.integers(1, len(names) + 1)), replace=False)))
        try:
            done = release(only(settings, *map(str, offered)))
        except ReleaseError:
            refused += 1  # nothing was written, so nothing is told
            continue
        for table, frame in read_export(done.folder).items():
            keys = [name for name in frame.columns if name not in ("persons", "households")]
            if table in seen:
                both = frame.join(seen[table], on=keys, suffix="_then")
                assert both.filter(pl.col("persons") != pl.col("persons_then")).is_empty(), table
            seen[table] = frame
    assert refused < 2, "a country of which nothing can be shown would prove nothing"
    assert narrow_flows(seen, modes["flows"], settings) == []
    assert narrow_chains(seen, modes["cohort"], settings) == []
    return {"flows": modes["flows"], "chains": modes["cohort"], "refused": refused}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_five_random_countries(tmp_path: Path, seed: int) -> None:
    attack(tmp_path, seed)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(6, 51))
def test_fifty_random_countries(tmp_path: Path, seed: int) -> None:
    attack(tmp_path, seed)
