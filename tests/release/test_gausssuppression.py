"""The examples that the R package GaussSuppression 1.2.3 publishes: our withheld cells beside its, and what a solver finds.

Small cells are those it calls primary. The guarantee is the same in each: no primary cell can be found exactly, as a
program in whole
numbers over all cells says, which shares nothing with the engine. Numbers with a decimal are taken in tenths.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from mobility.disclosure.suppression.engine import Pattern, check, suppress
from mobility.disclosure.suppression.system import Sums, System
from tests.lib.oracles import oracle, read_rows
from tests.lib.systems import classes, interval, system_of, tabulate
from tests.release.test_suppression import two_trees

Row = dict[str, str]
Key = tuple[str, ...]


def inner_cells(rows: Iterable[Row], by: Key, measure: str, unit: int = 1) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        found[key] = found.get(key, 0) + round(float(row[measure]) * unit)
    return found


def tree(rows: Iterable[Row], *columns: str) -> Mapping[str, str]:
    """A hierarchy by its columns, the finest first, up to the total."""
    found: dict[str, str] = {}
    for row in rows:
        for lower, upper in zip(columns, (*columns[1:], None), strict=True):
            found[row[lower]] = "Total" if upper is None else row[upper]
    return found


def answer(name: str, by: Key) -> dict[Key, Row]:
    return {tuple(row[column] for column in by): row for row in read_rows(oracle("gauss", name))}


def protect(
    names: list[Key], counts: np.ndarray, sums: Sums, theirs: dict[Key, Row], **kept: np.ndarray
) -> tuple[System, Pattern]:
    """Our pattern with the same primary cells; what no table shows is withheld, and costs nothing."""
    primary = np.array([theirs[name]["primary"] == "TRUE" if name in theirs else False for name in names])
    absent = np.array([name not in theirs for name in names])
    given = system_of(counts, sums, minimum=1, width=2, zeros_at_risk=True, hidden=primary | absent)
    system = dataclasses.replace(given, risk=primary & ~kept.get("kept", primary & False), **kept)
    return system, suppress(system)


def besides(names: list[Key], withheld: np.ndarray, theirs: dict[Key, Row]) -> tuple[int, int]:
    """Cells withheld beside the primary ones: ours, theirs."""
    ours = sum(
        withheld[place] and theirs[name]["primary"] != "TRUE" for place, name in enumerate(names) if name in theirs
    )
    return int(ours), sum(row["suppressed"] == "TRUE" and row["primary"] != "TRUE" for row in theirs.values())


def nothing_is_found(counts: np.ndarray, system: System, pattern: Pattern) -> None:
    assert (check(system, pattern) == system.risk).all()
    for cell in np.flatnonzero(system.risk):
        low, high = interval(counts, system.sums, pattern.withheld, cell)
        assert high - low >= 1, "found exactly"


MAGNITUDE = ("sector4", "geo")


@pytest.mark.parametrize("name", ["expected_magnitude1_few3.csv", "expected_magnitude1_k20_80.csv"])
def test_magnitude1(name: str) -> None:
    """Turnover of sectors in two divisions of places: cells of too few companies, and cells that one company dominates."""
    rows = read_rows(oracle("gauss", "magnitude1.csv"))
    inner = inner_cells(rows, MAGNITUDE, "value", 10)
    sectors = classes({row["sector4"]: "Total" for row in rows}, tree(rows, "sector4", "sector2"))
    places = classes({row["geo"]: "Total" for row in rows}, tree(rows, "geo", "eu"))
    names, counts, sums = tabulate(inner, [sectors, places])
    theirs = answer(name, MAGNITUDE)
    assert {key: round(float(row["value"]) * 10) for key, row in theirs.items()} == {
        key: counts[names.index(key)] for key in theirs
    }
    system, pattern = protect(names, counts, sums, theirs)
    ours, other = besides(names, pattern.withheld, theirs)
    assert ours <= max(1.25 * other, other + 1)
    nothing_is_found(counts, system, pattern)


def vignette() -> tuple[list[Key], np.ndarray, Sums]:
    """Two linked tables of one set of records: age by year by (eu), and year by (country): all cells of all three at once."""
    rows = read_rows(oracle("gauss", "linked_vignette_input.csv"))
    inner = inner_cells(rows, ("age", "year", "geo"), "freq")
    trees = [
        classes({row["age"]: "Total" for row in rows}),
        classes({row["year"]: "Total" for row in rows}),
        classes({row["geo"]: "Total" for row in rows}, tree(rows, "geo", "eu")),
    ]
    return tabulate(inner, trees)


@pytest.mark.parametrize("kind", ["global", "super-consistent", "consistent", "local"])
def test_linked_tables_of_the_vignette(kind: str) -> None:
    names, counts, sums = vignette()
    theirs = answer(f"expected_linked_vignette_{kind}.csv", ("age", "year", "region"))
    assert all(int(row["freq"]) == counts[names.index(key)] for key, row in theirs.items())
    system, pattern = protect(names, counts, sums, theirs)
    ours, other = besides(names, pattern.withheld, theirs)
    assert ours <= max(1.25 * other, other + 1)
    nothing_is_found(counts, system, pattern)


QUARTERS = ("quarter", "main_income", "size")


def quarters() -> tuple[list[Key], np.ndarray, Sums]:
    rows = [row for row in read_rows(oracle("gauss", "incremental_time_input.csv")) if row["quarter"] in ("Q1", "Q2")]
    inner = inner_cells(rows, QUARTERS, "freq")
    trees = [
        classes({row["quarter"]: "quarter_Q1_Q2" for row in rows}),
        classes({row["main_income"]: "Total" for row in rows}),
        classes({row["size"]: "Total" for row in rows}),
    ]
    return tabulate(inner, trees)


@pytest.mark.parametrize("name", ["expected_inctime_rel2_given_rel1.csv", "expected_inctime_rel2_ignoring_rel1.csv"])
def test_a_second_quarter_after_the_first(name: str) -> None:
    """What the first release showed is kept; ours then withholds no more than GaussSuppression does, and nothing is found."""
    names, counts, sums = quarters()
    theirs = answer(name, QUARTERS)
    first = answer("expected_inctime_rel1.csv", QUARTERS)
    shown_then = np.array([key in first and first[key]["suppressed"] == "FALSE" for key in names])
    assert all(int(row["freq"]) == counts[names.index(key)] for key, row in theirs.items())
    primary = np.array([key in theirs and theirs[key]["primary"] == "TRUE" for key in names])
    kept = shown_then & ~primary if "given" in name else np.zeros(len(names), np.bool_)
    system, pattern = protect(names, counts, sums, theirs, kept=kept)
    ours, other = besides(names, pattern.withheld, theirs)
    assert not (pattern.withheld & kept).any()
    assert ours <= max(1.25 * other, other + 1)
    nothing_is_found(counts, system, pattern)


def test_a_second_quarter_that_forgets_the_first_gives_it_away() -> None:
    """GaussSuppression's own answer without the first release, set beside that release: something can be found exactly."""
    names, counts, sums = quarters()
    later, first = (
        answer("expected_inctime_rel2_ignoring_rel1.csv", QUARTERS),
        answer("expected_inctime_rel1.csv", QUARTERS),
    )
    withheld = np.array([later[key]["suppressed"] == "TRUE" for key in names])
    withheld &= np.array([key not in first or first[key]["suppressed"] == "TRUE" for key in names])
    primary = [place for place, key in enumerate(names) if later[key]["primary"] == "TRUE" and withheld[place]]
    assert primary
    assert any(np.ptp(interval(counts, sums, withheld, place)) < 1 for place in primary)


def sized(name: str) -> tuple[list[Key], np.ndarray, Sums]:
    rows = read_rows(oracle("gauss", name))
    inner = inner_cells(rows, ("region", "main_income"), "freq")
    return tabulate(inner, two_trees(rows))


@pytest.mark.parametrize("name", ["expected_d2_region_maininc_maxN3_anySum.csv", "expected_d2_kdisclosure1.csv"])
def test_d2_with_other_rules(name: str) -> None:
    names, counts, sums = sized("d2.csv")
    theirs = answer(name, ("region", "main_income"))
    system, pattern = protect(names, counts, sums, theirs)
    ours, other = besides(names, pattern.withheld, theirs)
    assert ours <= 1.25 * other
    nothing_is_found(counts, system, pattern)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "by", "columns"),
    [
        ("d2s.csv", ("region", "size", "main_income"), (("region", "county"), ("size",), ("main_income",))),
        ("d3.csv", ("region", "months", "main_income"), (("region", "county"), ("months",), ("main_income",))),
        ("example1.csv", ("age", "geo", "year"), (("age",), ("geo", "eu"), ("year",))),
    ],
)
def test_data_without_an_answer(name: str, by: Key, columns: tuple[Key, ...]) -> None:
    """Its other data with every margin, cells of 1 to 3 small: no answer to compare with, so a solver looks at a
    hundred cells."""
    rows = read_rows(oracle("gauss", name))
    names, counts, sums = tabulate(inner_cells(rows, by, "freq"), [classes(tree(rows, *of)) for of in columns])
    system = system_of(counts, sums, minimum=4, width=2, hidden=(counts > 0) & (counts <= 3))
    pattern = suppress(system)
    assert (check(system, pattern) == system.risk).all()
    for cell in np.flatnonzero(system.risk)[:: max(1, int(system.risk.sum()) // 30)]:
        low, high = interval(counts, sums, pattern.withheld, cell, whole=False)
        assert high - low >= 1, names[cell]
