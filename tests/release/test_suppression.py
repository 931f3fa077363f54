"""Which cells are withheld beside the small ones, and whether a reader with a solver can still find one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.disclosure.suppression.engine import check, suppress
from mobility.disclosure.suppression.moves import Move, is_valid
from mobility.disclosure.suppression.probe import determined
from mobility.disclosure.suppression.propagate import propagate
from mobility.disclosure.suppression.system import System
from mobility.errors import ReleaseError
from tests.lib.oracles import oracle, read_rows
from tests.lib.systems import classes, interval, sums_of, system_of, tabulate


def square(drawn: str) -> tuple[list[tuple[str, ...]], np.ndarray, System]:
    """A table of two classifications with its margins, drawn; minimum 10, five counts to be left."""
    rows = [[int(number) for number in line.split()] for line in drawn.strip().splitlines()]
    inner = {(f"r{i}", f"c{j}"): number for i, row in enumerate(rows) for j, number in enumerate(row)}
    trees = [classes(dict.fromkeys(dict.fromkeys(key[place] for key in inner), "all")) for place in (0, 1)]
    names, counts, sums = tabulate(inner, trees)
    return names, counts, system_of(counts, sums, minimum=10, width=5)


def test_a_table_without_small_cells_is_shown_whole() -> None:
    _, _, system = square("10 20\n30 40")
    assert not suppress(system).withheld.any()


def test_a_small_cell_takes_three_others_with_it() -> None:
    # 4 alone follows from its row; with 20 from its column; a rectangle with 12 and 15, the cheapest, hides all four
    names, _, system = square("""
         4  12  50
        15  20  60
        70  80  90
    """)
    withheld = suppress(system).withheld
    assert {names[place] for place in np.flatnonzero(withheld)} == {
        ("r0", "c0"),
        ("r0", "c1"),
        ("r1", "c0"),
        ("r1", "c1"),
    }


def test_small_cells_that_add_up_to_less_than_ten_take_one_more() -> None:
    # 3 and 4 hide each other in their row, but their sum of 7 follows from it
    _, counts, system = square("""
         3   4  30
         5   6  30
        40  40  40
    """)
    withheld = suppress(system).withheld
    for relation, parent in enumerate(system.sums.parent):
        children = system.sums.child[system.sums.relation == relation]
        rest = counts[children][withheld[children]].sum()
        assert withheld[parent] or rest == 0 or rest >= 10


def test_a_cell_that_an_earlier_release_shows_stays_shown() -> None:
    names, _, system = square("4 12 50\n15 20 60\n70 80 90")
    kept = np.array([name == ("r0", "c1") for name in names])
    withheld = suppress(dataclasses.replace(system, kept=kept)).withheld
    assert not (withheld & kept).any()
    assert withheld.sum() == 4
    with pytest.raises(ReleaseError, match="less detail"):
        suppress(dataclasses.replace(system, kept=~system.hidden))


def test_a_move_is_looked_at_in_whole_numbers() -> None:
    names, _, system = square("4 12 50\n15 20 60\n70 80 90")
    at = [names.index(name) for name in (("r0", "c0"), ("r0", "c1"), ("r1", "c0"), ("r1", "c1"))]
    withheld = np.isin(np.arange(len(names)), at)
    assert is_valid(system, withheld, Move.of(np.array(at), np.array([4, -4, -4, 4])))
    assert not is_valid(system, withheld, Move.of(np.array(at), np.array([-5, 5, 5, -5]))), "below nobody"
    assert not is_valid(system, withheld, Move.of(np.array(at), np.array([4, -4, -4, 3]))), "a sum changes"
    assert not is_valid(
        system, withheld & (np.arange(len(names)) != at[3]), Move.of(np.array(at), np.array([4, -4, -4, 4]))
    )


def linked(name: str) -> tuple[list[str], np.ndarray, np.ndarray, System]:
    cells = read_rows(oracle("linked_tables", f"{name}_cells.csv"))
    names = [row["cell"] for row in cells]
    relations = [
        (names.index(row["parent"]), [names.index(child) for child in row["children"].split()])
        for row in read_rows(oracle("linked_tables", f"{name}_relations.csv"))
    ]
    counts = np.array([int(row["value"]) for row in cells])
    withheld = np.array([row["published"] == "0" for row in cells])
    system = system_of(counts, sums_of(len(names), relations), minimum=1, width=2, hidden=withheld)
    return names, counts, withheld, system


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("linked136_t1_alone", set()),
        ("linked136_t2_alone", set()),
        ("linked136_union", {"K"}),
        ("linked136_union_fixed", set()),
        ("heur4x4", {"wb"}),
        ("heur4x4_fixed", set()),
    ],
)
def test_linked_tables_with_published_answers(name: str, exact: set[str]) -> None:
    """sdcTools/UserSupport#136 and the simple heuristic of sdcTable: what each pattern gives away, and that ours does not."""
    names, counts, withheld, system = linked(name)
    assert {names[cell] for cell in np.flatnonzero(determined(system.sums, withheld))} == exact
    for row in read_rows(oracle("linked_tables", f"{name}_cells.csv")):
        if row["published"] == "0":
            cell = names.index(row["cell"])
            known = interval(counts, system.sums, withheld, cell, whole=False)
            assert known == (float(row["lo_lb0"]), float(row["hi_lb0"]))
    pattern = suppress(system)
    assert (pattern.withheld >= withheld).all()
    assert (pattern.withheld == withheld).all() == (not exact)
    for cell in np.flatnonzero(withheld):
        low, high = interval(counts, system.sums, pattern.withheld, cell)
        assert high - low >= 1


def two_trees(rows: list[dict[str, str]]) -> list[list[tuple[str, list[str]]]]:
    county = {row["region"]: row["county"] for row in rows}
    group = {row["region"]: row["k_group"] for row in rows}
    for tree in (county, group):
        tree |= dict.fromkeys(dict.fromkeys(tree.values()), "Total")
    return [classes(county, group), classes({row["main_income"]: "Total" for row in rows})]


@pytest.mark.parametrize(
    ("answer", "smallest", "width"),
    [("expected_d2_region_maininc_maxN3.csv", 1, 2), ("expected_d2_linkedregion_maxN9.csv", 10, 5)],
)
def test_no_more_is_withheld_than_by_gausssuppression(answer: str, smallest: int, width: int) -> None:
    """Example d2 of the R package GaussSuppression 1.2.3: places in two divisions by kind of income. Small cells are hidden
    as published, nobody-in-it too; ours must leave width counts of each and withhold at most 1.25 times as much besides."""
    rows = read_rows(oracle("gauss", "d2.csv"))
    inner: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = (row["region"], row["main_income"])
        inner[key] = inner.get(key, 0) + int(row["freq"])
    names, counts, sums = tabulate(inner, two_trees(rows))
    theirs = {(row["region"], row["main_income"]): row for row in read_rows(oracle("gauss", answer))}
    assert set(names) == set(theirs)
    hidden = np.array([theirs[name]["primary"] == "TRUE" for name in names])
    besides = sum(row["suppressed"] == "TRUE" for row in theirs.values()) - hidden.sum()
    system = system_of(counts, sums, minimum=smallest, width=width, zeros_at_risk=True, hidden=hidden)
    pattern = suppress(system)
    assert (pattern.withheld & ~hidden).sum() <= 1.25 * besides
    assert check(system, pattern).sum() == hidden.sum()
    assert not (determined(sums, pattern.withheld) & hidden).any()
    for cell in np.flatnonzero(hidden):
        low, high = interval(counts, sums, pattern.withheld, cell)
        assert high - low >= width - 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=4), min_size=2, max_size=4), st.booleans())
def test_brute_force_finds_no_cell(rows: list[list[int]], grouped: bool) -> None:
    """Whatever the table, a solver in whole numbers over all cells at once leaves every small cell five counts or more."""
    wide = min(len(row) for row in rows)
    inner = {(f"r{i}", f"c{j}"): row[j] for i, row in enumerate(rows) for j in range(wide)}
    columns = {f"c{j}": f"g{j % 2}" if grouped else "all" for j in range(wide)}
    columns |= {"g0": "all", "g1": "all"} if grouped else {}
    _, counts, sums = tabulate(inner, [classes({f"r{i}": "all" for i in range(len(rows))}), classes(columns)])
    system = system_of(counts, sums, minimum=10, width=5)
    pattern = suppress(system)
    assert (pattern.withheld >= system.hidden).all()
    assert not system.unsafe(pattern.withheld).any()
    assert (check(system, pattern) == system.risk).all()
    low, high = propagate(system, pattern.withheld)
    for cell in np.flatnonzero(system.risk):
        least, most = interval(counts, sums, pattern.withheld, cell)
        assert most - least >= 4
        # what follows from one sum after another holds for the solver too
        assert counts[cell] + low[cell] <= least
        assert most <= counts[cell] + high[cell]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=3, max_size=3))
def test_the_probe_finds_what_elimination_finds(gaps: list[list[bool]]) -> None:
    names, _, system = square("10 20 30\n40 50 60\n70 80 90")
    withheld = np.array(
        [name[0] != "all" and name[1] != "all" and gaps[int(name[0][1])][int(name[1][1])] for name in names]
    )
    matrix = np.zeros((system.sums.count, len(names)))
    table = system.sums.by_relation
    matrix[table.row, table.column] = table.sign
    unknown = np.flatnonzero(withheld)
    rank = np.linalg.matrix_rank(matrix[:, unknown]) if len(unknown) else 0
    fixed = [
        cell for cell in unknown
        if np.linalg.matrix_rank(np.delete(matrix[:, unknown], np.searchsorted(unknown, cell), axis=1), tol=1e-9) == rank - 1
    ]  # fmt: skip
    assert np.flatnonzero(determined(system.sums, withheld)).tolist() == fixed
