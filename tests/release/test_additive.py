"""Numbers that add up: small counts rounded to nobody or to the minimum, everything else added up from them."""

from __future__ import annotations

import dataclasses
from itertools import product

import highspy
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from mobility.disclosure.additive.attack import find_narrow
from mobility.disclosure.additive.leaves import Leaves, find_leaves
from mobility.disclosure.additive.rounding import Added, round_small
from mobility.disclosure.additive.selection import select
from mobility.disclosure.cells import offer
from mobility.disclosure.protect import Protected, protect
from mobility.disclosure.relations import Relations
from mobility.errors import ReleaseError
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.settings import Settings
from tests.lib.oracles import oracle, read_rows
from tests.lib.systems import classes, tabulate
from tests.lib.tables import table
from tests.release.conftest import disclosure, read_package
from tests.release.test_between import EVENTS, exact, with_flows
from tests.release.test_gate import only
from tests.release.test_suppression import two_trees

SECRET = bytes(range(32))
TEN = np.array([10, 10])


def relations_of(parents: list[tuple[int, list[int]]]) -> Relations:
    """Relations, given as parent and children."""
    links = [(number, child) for number, (_, children) in enumerate(parents) for child in sorted(children)]
    heads = [(number, parent, False, False) for number, (parent, _) in enumerate(parents)]
    whole = {"relation": pl.Int64, "parent": pl.Int64, "open": pl.Boolean, "complete": pl.Boolean}
    return Relations(
        pl.DataFrame(links, schema={"relation": pl.Int64, "child": pl.Int64}, orient="row"),
        pl.DataFrame(heads, schema=whole, orient="row"),
    )


def rounded(
    households: np.ndarray, parents: list[tuple[int, list[int]]], least: int = 10, per_household: int = 2, seed: int = 1
) -> tuple[Leaves, Added, np.ndarray]:
    """Counts of households, each of so many persons, rounded; what comes out with the truth."""
    leaves = find_leaves(relations_of(parents), len(households))
    true = np.array([leaves.with_rests(households * per_household), leaves.with_rests(households)])
    keys = leaves.with_rests(np.arange(len(households)) * 7919 + seed)
    minimum = np.array([least, least])
    small = (true > 0).any(axis=0) & (true < least).any(axis=0)
    return leaves, round_small(leaves, true, small, keys, SECRET, minimum), true


def of_rows(rows: list[list[int]]) -> tuple[list[tuple[str, ...]], np.ndarray, list[tuple[int, list[int]]]]:
    """A table of two classifications with its margins."""
    inner = {(f"r{i}", f"c{j}"): number for i, row in enumerate(rows) for j, number in enumerate(row)}
    trees = [classes(dict.fromkeys(dict.fromkeys(key[place] for key in inner), "all")) for place in (0, 1)]
    names, counts, sums = tabulate(inner, trees)
    return (
        names,
        counts,
        [(parent, sums.child[sums.relation == number].tolist()) for number, parent in enumerate(sums.parent.tolist())],
    )


# ---- The draw ----------------------------------------------------------------------------------------------


def test_a_balanced_draw_keeps_its_sums_and_every_chance() -> None:
    # four units of chance 1/2 in two pairs, each of which must have one: 2 x 2 outcomes, each as often
    pairs = [(np.array([0, 1]), np.ones(2)), (np.array([2, 3]), np.ones(2))]
    drawn = np.array([select(np.full(4, 0.5), pairs, np.random.default_rng(seed)) for seed in range(400)])
    assert (drawn[:, :2].sum(axis=1) == 1).all()
    assert (drawn[:, 2:].sum(axis=1) == 1).all()
    assert abs(drawn.mean(axis=0) - 0.5).max() < 0.1


def test_chances_are_kept_where_sums_cannot_be() -> None:
    chances = np.array([0.1, 0.3, 0.2, 0.9, 0.5])
    sums = [(np.arange(5), np.ones(5)), (np.array([0, 1, 3]), np.ones(3)), (np.array([1, 4]), np.ones(2))]
    drawn = np.array([select(chances, sums, np.random.default_rng(seed)) for seed in range(600)])
    assert abs(drawn.mean(axis=0) - chances).max() < 0.08
    assert set(drawn.sum(axis=1)) == {2}, "the chances add up to two"


# ---- The rounding ------------------------------------------------------------------------------------------


def square(drawn: str) -> dict[tuple[str, ...], tuple[int, int]]:
    rows = [[int(number) for number in line.split()] for line in drawn.strip().splitlines()]
    names, counts, parents = of_rows(rows)
    _, added, true = rounded(counts, parents)
    return {name: (int(true[1][at]), int(added.numbers[1][at])) for at, name in enumerate(names)}


def test_small_counts_are_nobody_or_ten_and_all_else_is_added_up() -> None:
    found = square("""
         4  12  50
        15   3  60
        70  80   0
    """)
    assert found["r0", "c1"] == (12, 12)
    assert found["r2", "c2"] == (0, 0)
    assert {found["r0", "c0"][1], found["r1", "c1"][1]} <= {0, 10}
    for row in ("r0", "r1", "r2"):
        assert found[row, "all"][1] == sum(found[row, column][1] for column in ("c0", "c1", "c2"))
    for column in ("c0", "c1", "c2"):
        assert found["all", column][1] == sum(found[row, column][1] for row in ("r0", "r1", "r2"))
    # 294 is true; 4 and 3 together go up once at most, so that the whole is 287 or 297
    assert found["all", "all"][0] == 294
    assert found["all", "all"][1] in (287, 297)


@pytest.mark.parametrize(
    ("persons", "households", "up"),
    [
        ((4,), (4,), {(0, 0), (10, 10)}),
        ((9,), (3,), {(0, 0), (30, 10)}),  # three each: 9 / 0.3
        ((25,), (9,), {(0, 0), (20, 10), (30, 10)}),  # 25 / 0.9 = 27.8, so 20 or 30
        ((14,), (11,), {(14, 11)}),
    ],
)
def test_persons_go_with_their_households(
    persons: tuple[int], households: tuple[int], up: set[tuple[int, int]]
) -> None:
    seen, total = set(), np.zeros(2)
    true = np.array([persons, households])
    for seed in range(250):
        leaves = find_leaves(relations_of([]), 1)
        small = (true < 10).any(axis=0)
        numbers = round_small(leaves, true, small, np.array([seed]), SECRET, TEN).numbers
        seen.add(tuple(numbers[:, 0].tolist()))
        total += numbers[:, 0]
    assert seen == up
    assert abs(total / 250 - true[:, 0]).max() < 3.0, "on average right"


COUNTS = st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=2, max_size=5)


@runs(max_examples=25, deadline=None)
@given(COUNTS, st.integers(1, 3), st.integers(0, 10**6))
def test_all_margins_add_up_and_nothing_lies_far(rows: list[list[int]], per_household: int, seed: int) -> None:
    names, counts, parents = of_rows(rows)
    leaves, added, true = rounded(counts, parents, per_household=per_household, seed=seed)
    for numbers in added.numbers:
        assert all(numbers[parent] == sum(numbers[child] for child in children) for parent, children in parents)
    inner = np.isin(np.arange(len(names)), leaves.leaf)
    large = inner & (true >= 10).all(axis=0)
    assert (added.numbers[:, large] == true[:, large]).all()
    off = np.abs(added.numbers - true)[1]
    assert (off[inner] < 10).all()
    assert off.max() < 10 * max(1, np.sqrt(inner.sum())), "sums lie nearer than by independent draws"
    assert ((added.numbers == 0) | (added.numbers >= 10)).all(), "no small number is shown"
    assert (added.numbers[0] >= added.numbers[1]).all()
    again = rounded(counts, parents, per_household=per_household, seed=seed)[1]
    assert (again.numbers == added.numbers).all()


def exact_attack(
    counts: np.ndarray, added: Added, parents: list[tuple[int, list[int]]], leaf: np.ndarray, target: int
) -> float:
    """Counts left for a cell, by a program in whole numbers over all households; no sum is off by more than 15."""
    found = []
    shown = added.numbers[1]
    low = np.maximum(shown - 15.0, 0.0)
    high = shown + 15.0
    is_leaf = np.isin(np.arange(len(counts)), leaf)
    low[is_leaf] = np.where(shown[is_leaf] % 10 == 0, np.maximum(shown[is_leaf] - 10, 0), shown[is_leaf])
    high[is_leaf] = np.where(shown[is_leaf] == 0, 9, shown[is_leaf])
    if not ((low <= counts) & (counts <= high)).all():
        return np.inf  # a sum lies further off than this reader believes
    for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.addVars(len(counts), low, high)
        places = np.arange(len(counts), dtype=np.int32)
        model.changeColsIntegrality(len(counts), places, np.full(len(counts), highspy.HighsVarType.kInteger))
        for parent, children in parents:
            index = np.array([parent, *children], np.int32)
            model.addRow(0, 0, len(index), index, np.array([1.0] + [-1.0] * len(children)))
        model.changeColCost(target, 1.0)
        model.changeObjectiveSense(sense)
        model.run()
        found.append(model.getInfo().objective_function_value)
    return found[1] - found[0] + 1


@runs(max_examples=6, deadline=None)
@given(COUNTS, st.integers(0, 10**6))
def test_a_solver_finds_no_small_count(rows: list[list[int]], seed: int) -> None:
    _, counts, parents = of_rows(rows)
    leaves, added, true = rounded(counts, parents, seed=seed, per_household=1)
    assert not find_narrow(leaves, added, true, np.full(len(counts), 5), TEN).any()
    for target in np.flatnonzero(added.small)[:4].tolist():
        assert exact_attack(counts, added, parents, leaves.leaf, target) >= 5


def test_the_audit_finds_a_count_that_is_too_narrow() -> None:
    """A count that was rounded to nobody or ten is one of at most eleven: where twelve are asked, the audit must say so."""
    _, counts, parents = of_rows([[4, 12], [15, 20]])
    leaves, added, true = rounded(counts, parents, per_household=1)
    assert not find_narrow(leaves, added, true, np.full(len(counts), 5), TEN).any()
    narrow = find_narrow(leaves, added, true, np.full(len(counts), 12), TEN)
    assert narrow.tolist() == added.small.tolist()


def test_tables_that_divide_a_cell_in_two_ways_agree() -> None:
    # one whole of 61 by two classifications that know nothing of each other: 4 + 25 + 32 and 8 + 3 + 50
    counts = np.array([61, 4, 25, 32, 8, 3, 50])
    parents = [(0, [1, 2, 3]), (0, [4, 5, 6])]
    leaves, added, true = rounded(counts, parents)
    assert len(leaves.agreements) == 1
    for numbers in added.numbers:
        assert numbers[0] == numbers[1:4].sum() == numbers[4:7].sum()
    assert set(added.numbers[1, [1, 4, 5]]) <= {0, 10}
    assert (np.abs(added.numbers - true)[1, [2, 3, 6]] < 10).all()
    assert added.slack == 9
    assert not find_narrow(leaves, added, true, np.full(7, 5), TEN).any()


@pytest.mark.parametrize(
    ("base", "answer"), [(5, "expected_plsround_d2_base5.csv"), (10, "expected_plsround_d2_base10.csv")]
)
def test_as_near_as_smallcountrounding(base: int, answer: str) -> None:
    """Example d2 of the R package SmallCountRounding 1.2, every place, county and group by kind of income: our draw lies about
    as near as its search for the nearest table, which is the same whatever the secret, so that it can be run again."""
    rows = read_rows(oracle("gauss", "d2.csv"))
    inner: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = (row["region"], row["main_income"])
        inner[key] = inner.get(key, 0) + int(row["freq"])
    names, counts, sums = tabulate(inner, two_trees(rows))
    parents = [(p, sums.child[sums.relation == n].tolist()) for n, p in enumerate(sums.parent.tolist())]
    theirs = {(row["region"], row["main_income"]): row for row in read_rows(oracle("gauss", answer))}
    assert [int(theirs[name]["original"]) for name in names] == counts.tolist()
    off = np.array([abs(int(theirs[name]["difference"])) for name in names])
    ours = [
        np.abs(added.numbers - true)[1]
        for seed in range(20)
        for _, added, true in [rounded(counts, parents, base, 1, seed)]
    ]
    assert np.mean(ours) <= 1.5 * off.mean()
    assert np.median([each.max() for each in ours]) <= 2 * off.max()


# ---- Tables and releases -----------------------------------------------------------------------------------


def protected(drawn: str, name: str = "cohort") -> Protected:
    """One additive table, from a drawn aggregate."""
    aggregate = table(drawn).with_columns(
        unit_persons="persons", unit_households="households", cell_key=pl.col("persons") * 1000 + pl.col("households")
    )  # fmt: skip
    declaration = load_declaration(name, {name: "additive"})
    return protect([offer(declaration, aggregate, low=("q1",))], profile=disclosure(), secret=SECRET, blocks={})[0]


def test_one_table_drawn() -> None:
    found = protected("""
        programme | area | region    | cohort_year | income_class | persons | households
        ----------+------+-----------+-------------+--------------+---------+-----------
        synthetic | WK01 | merenland | 2012        | q1           | 31      | 20
        synthetic | WK01 | merenland | 2012        | q2           | 7       | 3
        synthetic | WK02 | merenland | 2012        | q1           | 22      | 11
        synthetic | WK02 | merenland | 2012        | q2           | 25      | 12
    """)
    shown = {(row["area"], row["income_class"]): row for row in found.safe.frame.iter_rows(named=True)}
    assert (shown["WK01", "low"]["persons"], shown["WK01", "low"]["households"]) == (31, 20)
    assert (shown["WK02", "not_low"]["persons"], shown["WK02", "not_low"]["households"]) == (25, 12)
    small = shown.get(("WK01", "not_low"))
    assert small is None or (small["persons"] in (20, 30) and small["households"] == 10)
    reasons = dict(found.inside.select("area", "reason").filter(pl.col("area") == "WK02").iter_rows())
    assert reasons == {"WK02": None}


FAMILY = ("cohort", "chains", "chains_destination")


def additive(given: Settings, *tables: str) -> Settings:
    chosen = only(given, *tables)
    modes = dataclasses.replace(chosen.study.release, modes=dict.fromkeys(tables, "additive"))
    return dataclasses.replace(chosen, study=dataclasses.replace(chosen.study, release=modes))


def test_a_release_adds_up_says_so_and_comes_out_the_same(settings: Settings) -> None:
    given = additive(settings, *FAMILY)
    folder = release(given).folder
    frames = {name: pl.read_csv(folder / "tables" / f"{name}.csv") for name in FAMILY}
    cohort = frames["cohort"].group_by("region", "income_class").agg(pl.col("persons", "households").sum())
    wholes = frames["chains"].filter(pl.col("outcome") == "all", pl.col("region") != "all")
    both = wholes.join(cohort, on=["region", "income_class"], suffix="_summed")
    assert both.height == wholes.height > 0
    assert (both["persons"] == both["persons_summed"]).all()
    assert (both["households"] == both["households_summed"]).all()
    every = frames["chains"].filter(pl.col("region") == "all")
    parts = frames["chains"].filter(pl.col("region") != "all")
    keys = ["income_class", "outcome", "path"]
    summed = parts.group_by(keys).agg(pl.col("persons", "households").sum())
    for row in every.join(summed, on=keys, suffix="_summed").iter_rows(named=True):
        assert (row["persons"], row["households"]) == (row["persons_summed"], row["households_summed"])
    for frame in frames.values():
        assert frame.select(pl.min_horizontal(pl.col("persons", "households").min())).item() >= 10
        assert frame.filter(pl.col("persons") < pl.col("households")).is_empty()
    assert {each["numbers"] for each in read_package(folder)["resources"]} == {"additive"}
    page = (folder / "dossier" / "cohort.md").read_text(encoding="utf-8")
    assert "Numbers that add up." in page
    assert "Random rounding" not in page
    assert "Behind every cell shown" not in page
    assert "{" not in page
    other_order = additive(settings, *FAMILY[::-1])
    assert release(other_order).name == release(given).name


def test_it_is_refused_beside_other_numbers_of_the_same_sums(settings: Settings) -> None:
    study = only(settings, *FAMILY).study
    modes = dataclasses.replace(study.release, modes={"cohort": "additive"})
    mixed = dataclasses.replace(settings, study=dataclasses.replace(study, release=modes))
    with pytest.raises(ReleaseError, match="choose one mode for all of them"):
        release(mixed)
    release(only(settings, "cohort"))
    with pytest.raises(ReleaseError, match="was released as round before"):
        release(additive(settings, "cohort"))
    with pytest.raises(ReleaseError, match="choose one mode for all of them"):
        release(additive(settings, "chains", "chains_destination"))
    assert len(list((settings.place.export / "demo").glob("*.zip"))) == 1


def test_another_edition_of_its_cells_is_refused(settings: Settings) -> None:
    release(additive(settings, "chains", "chains_destination"))
    with pytest.raises(ReleaseError, match="Offer the very tables of that release"):
        release(additive(settings, *FAMILY))
    with pytest.raises(ReleaseError, match="choose one mode for all of them"):
        release(only(settings, "cohort"))
    assert release(additive(settings, "chains", "chains_destination")).name == "1"


def test_it_is_refused_where_totals_are_public_or_values_do_not_add_up(settings: Settings) -> None:
    declaration = dataclasses.replace(load_declaration("cohort", {"cohort": "additive"}), key="counts")
    aggregate = pl.read_parquet(settings.place.root / "aggregates" / "cohort.parquet")
    given = offer(declaration, aggregate, low=("q1",))
    with pytest.raises(ReleaseError, match="cannot be additive"):
        protect([given], profile=disclosure(), secret=SECRET, blocks={})


def test_arrivals_and_flows_that_share_a_table_between_add_up(settings: Settings) -> None:
    settings = with_flows(settings, EVENTS)
    folder = release(additive(settings, "flows_in", "flows_total")).folder
    arrivals, flows = (
        pl.read_csv(folder / "tables" / f"{name}.csv")
        .group_by("destination")
        .agg(pl.col("persons").sum())
        .sort("destination")
        for name in ("flows_in", "flows_total")
    )
    assert arrivals.equals(flows)
    with pytest.raises(ReleaseError, match="keep to its mode"):
        release(exact(settings, "flows_in"))


def test_many_small_cells_are_balanced_over_all_their_sums() -> None:
    """Flows of one to nine households between twelve places and four classes: the whole is off by less than one rounding."""
    dice = np.random.default_rng(3)
    keys = list(product(range(12), range(12), range(4)))
    counts = {(f"o{o}", f"d{d}", f"c{c}"): int(dice.integers(1, 10)) for o, d, c in keys}
    trees = [classes({f"{kind}{n}": "all" for n in range(size)}) for kind, size in (("o", 12), ("d", 12), ("c", 4))]
    names, every, sums = tabulate(counts, trees)
    parents = [(p, sums.child[sums.relation == n].tolist()) for n, p in enumerate(sums.parent.tolist())]
    _, added, true = rounded(every, parents)
    off = dict(zip(names, np.abs(added.numbers - true)[1].tolist(), strict=True))
    assert off["all", "all", "all"] < 10
    assert max(off["all", "all", f"c{c}"] for c in range(4)) < 20
    assert max(off[f"o{o}", "all", "all"] for o in range(12)) < 40
