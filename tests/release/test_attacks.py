"""Attacks by a reader who has the export only: each works on a naive release (every count of 10 or more, exact), none on ours."""

from __future__ import annotations

import highspy
import numpy as np
import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.rules import judge
from mobility.release.declarations import load_declaration
from mobility.settings import Settings
from tests.release.conftest import disclosure

INFINITE = highspy.kHighsInf


def offered(settings: Settings, table: str) -> pl.DataFrame:
    """Every offered cell with its true counts."""
    declaration = load_declaration(table)
    aggregate = pl.read_parquet(settings.place.root / "aggregates" / f"{declaration.source}.parquet")
    return offer(declaration, aggregate, low=("q1",)).frame.drop("row_set", "cell_key")


def ours(settings: Settings, table: str) -> pl.DataFrame:
    """The offered cells with the released number of persons, or null."""
    cells = offered(settings, table)
    keys = list(load_declaration(table).cells)
    path = settings.place.export / "demo" / "1" / "tables" / f"{table}.csv"
    released = pl.read_csv(path, schema_overrides={key: cells.schema[key] for key in keys})
    return cells.join(released.select(*keys, shown="persons"), on=keys, how="left").sort(keys)


def naive(settings: Settings, table: str) -> pl.DataFrame:
    keys = list(load_declaration(table).cells)
    safe = (pl.col("persons") >= 10) & (pl.col("households") >= 10)
    return offered(settings, table).with_columns(shown=pl.when(safe).then("persons")).sort(keys)


def interval(
    relations: list[tuple[int, list[int]]], low: list[float], high: list[float], target: int
) -> tuple[float, float]:
    """The least and the most a cell can be, by linear programming."""
    found = []
    for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.addVars(len(low), low, high)
        model.changeColCost(target, 1.0)
        model.changeObjectiveSense(sense)
        for parent, children in relations:
            model.addRow(
                0,
                0,
                len(children) + 1,
                np.array([parent, *children], np.int32),
                np.array([1.0] + [-1.0] * len(children)),
            )
        model.run()
        bounded = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found.append(model.getInfo().objective_function_value if bounded else INFINITE)
    return found[0], found[1]


def chain_family(release, settings: Settings) -> tuple[pl.DataFrame, list[tuple[int, list[int]]]]:
    """The cells of chains and chains_destination, with the sums a reader knows of."""
    ends = release(settings, "chains_destination").with_columns(outcome=pl.lit("chain"))
    cells = pl.concat(
        [release(settings, "chains").with_columns(destination=pl.lit("any")), ends], how="diagonal"
    ).with_row_index("cell")
    at = {
        row[1:]: row[0]
        for row in cells.select("cell", "region", "income_class", "outcome", "path", "destination").iter_rows()
    }
    regions = sorted({key[0] for key in at} - {"all"})
    relations = []
    for region, income, outcome, path, destination in at:
        if destination != "any" and path == "all":
            children = [(region, income, outcome, way, destination) for way in ("direct", "stepwise")]
        elif destination != "any":
            continue
        else:
            children = []
            if region == "all":
                relations.append(
                    ((region, income, outcome, path, "any"), [(each, income, outcome, path, "any") for each in regions])
                )
            if outcome == "chain":
                cores = sorted({key[4] for key in at if key[0] == region and key[4] != "any"})
                if cores:
                    relations.append(
                        (
                            (region, income, outcome, path, "any"),
                            [(region, income, outcome, path, core) for core in cores],
                        )
                    )
                if path == "all":
                    children = [(region, income, outcome, way, "any") for way in ("direct", "stepwise")]
            elif outcome == "all":
                children = [
                    key
                    for key in at
                    if key[:2] == (region, income) and key[2] != "all" and key[3] == "all" and key[4] == "any"
                ]
        if children:
            relations.append(((region, income, outcome, path, destination), children))
    return cells, [(at[parent], [at[child] for child in children if child in at]) for parent, children in relations]


@pytest.mark.parametrize("release", [naive, ours])
def test_margins_of_chains_over_outcome_path_and_destination(release, shared: Settings) -> None:
    cells, relations = chain_family(release, shared)
    number, true = cells["shown"].to_list(), cells["persons"].to_list()
    slack = 0 if release is naive else 4
    low = [0.0 if value is None else max(10.0, value - slack) for value in number]
    high = [INFINITE if value is None else float(value + slack) for value in number]
    withheld = [place for place, value in enumerate(number) if value is None]
    assert withheld
    intervals = {place: interval(relations, low, high, place) for place in withheld}
    exact = [place for place, (least, most) in intervals.items() if most - least < 0.5]
    if release is naive:
        assert exact, "the attack must work somewhere"
        assert all(round(intervals[place][0]) == true[place] for place in exact)
    else:
        assert not exact
        # the interval is wide enough by linear programming too, which sees all relations at once
        assert all(most - least >= 4 for least, most in intervals.values())


@pytest.mark.parametrize("release", [naive, ours])
def test_complement_of_the_classes_in_a_total(release, shared: Settings) -> None:
    """A total minus the classes shown is what the others hold."""
    keys = ["level", "count", "year", "origin", "destination"]
    by_class = release(shared, "flows").group_by(keys).agg(
        pl.col("shown").sum().alias("seen"), pl.col("shown").is_not_null().sum().alias("classes"),
        pl.col("persons").filter(pl.col("shown").is_null()).sum().alias("hidden"),
    )  # fmt: skip
    both = (
        release(shared, "flows_total")
        .join(by_class, on=keys)
        .filter(pl.col("shown").is_not_null(), pl.col("hidden") < 10)
    )
    rest = both.with_columns(guess=pl.col("shown") - pl.col("seen"))
    right = rest.filter(pl.col("guess") == pl.col("hidden")).height
    if release is naive:
        assert right == rest.height > 50
    else:
        least = (pl.col("shown") - 4 - pl.col("seen") - 4 * pl.col("classes")).clip(lower_bound=0)
        most = pl.col("shown") + 4 - (pl.col("seen") - 4 * pl.col("classes"))
        assert right < 0.5 * rest.height
        assert rest.filter(most - least < 4).is_empty()


@pytest.mark.parametrize("release", [naive, ours])
def test_regions_minus_roles(release, shared: Settings) -> None:
    """A flow between regions minus the flows shown between their roles is what the other roles hold."""
    region = pl.col("origin", "destination").str.split("/").list.first()
    keys = ["count", "year", "origin", "destination", "income_class"]
    cells = release(shared, "flows")
    roles = cells.filter(pl.col("level") == "role").with_columns(region).group_by(keys).agg(
        pl.col("shown").sum().alias("seen"), pl.col("shown").is_not_null().sum().alias("parts"),
        pl.col("persons").filter(pl.col("shown").is_null()).sum().alias("hidden"),
    )  # fmt: skip
    both = cells.filter(pl.col("level") == "region", pl.col("shown").is_not_null()).join(roles, on=keys)
    right = both.filter(pl.col("shown") - pl.col("seen") == pl.col("hidden")).height
    if release is naive:
        assert right == both.height > 0
    else:
        most = pl.col("shown") + 4 - (pl.col("seen") - 4 * pl.col("parts"))
        assert right < 0.5 * both.height
        assert both.filter(most < 4).is_empty()


@pytest.mark.parametrize("release", [naive, ours])
def test_two_lists_of_gemeenten_and_roles(release, shared: Settings) -> None:
    """The growth cores of a region are whole gemeenten: a role's flow minus the gemeenten shown is what the others hold."""
    cores = {"GM9102": "merenland/growth_core", "GM9103": "merenland/growth_core"}
    cells = release(shared, "flows_total").filter(pl.col("count") == "events")
    parts = cells.filter(
        pl.col("level") == "gemeente", pl.col("origin").is_in(list(cores)), pl.col("destination").is_in(list(cores))
    )
    seen = parts.group_by("year").agg(
        pl.col("shown").sum().alias("seen"), pl.col("shown").is_not_null().sum().alias("parts")
    )
    role = pl.col("origin", "destination") == "merenland/growth_core"
    both = cells.filter(pl.all_horizontal(role), pl.col("shown").is_not_null()).join(seen, on="year")
    room = (
        both["shown"]
        + 4 * (0 if release is naive else 1)
        - (both["seen"] - 4 * (0 if release is naive else 1) * both["parts"])
    )
    assert len(room) > 5
    if release is naive:
        assert (room < 4).any()
    else:
        assert (room >= 4).all()


def test_group_disclosure_shows_in_a_naive_release_only(shared: Settings) -> None:
    """The part of a destination's chains that is direct: nearly all, or withheld."""
    keys = ["region", "destination", "income_class"]
    for release in (naive, ours):
        cells = release(shared, "chains_destination")
        total = cells.filter(pl.col("path") == "all").select(*keys, whole="persons")
        direct = cells.filter(pl.col("path") == "direct", pl.col("shown").is_not_null()).join(total, on=keys)
        alike = direct.filter(pl.col("persons") >= 0.9 * pl.col("whole"))
        assert alike.is_empty() == (release is ours)


def test_zero_and_withheld_look_alike(shared: Settings) -> None:
    declaration = load_declaration("chains_destination")
    aggregate = pl.read_parquet(shared.place.root / "aggregates" / "chains.parquet")
    cells = judge(offer(declaration, aggregate, low=("q1",)), disclosure())
    assert "small" in set(cells["reason"])
    text = (shared.place.export / "demo" / "1" / "tables" / "chains_destination.csv").read_text()
    assert text.splitlines()[0] == "region,destination,income_class,path,persons,households"
    assert all(line.count(",") == 5 and int(line.rsplit(",", 1)[1]) >= 10 for line in text.splitlines()[1:])
