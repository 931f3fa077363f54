"""Tables in exact numbers: what is shown is true, and what is left out cannot be worked out."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from mobility.disclosure.attack import find_given_away
from mobility.disclosure.audit import Net, Shown
from mobility.disclosure.cells import offer
from mobility.disclosure.protect import Protected, protect
from mobility.errors import RequestError
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.settings import Settings
from tests.lib.tables import assert_table, table
from tests.release.conftest import disclosure, read_package
from tests.release.test_attacks import chain_family, interval, ours

MODES = {"cohort": "suppress", "chains": "suppress", "chains_destination": "suppress"}


def protected(name: str, drawn: str) -> Protected:
    """One table in exact numbers, from a drawn aggregate."""
    aggregate = table(drawn).with_columns(
        unit_persons="persons", unit_households="households", cell_key=pl.col("persons") * 1000 + pl.col("households")
    )  # fmt: skip
    declaration = load_declaration(name, {name: "suppress"})
    given = offer(declaration, aggregate, low=("q1",))
    return protect([given], profile=disclosure(), secret=bytes(32), blocks={})[0]


def test_a_part_is_left_out_where_the_rest_would_be_known_to_be_small() -> None:
    # in 2021 all but 4 persons have a class, so that number is left out; in 2022 all but 50
    found = protected(
        "quality",
        """
        measure           | year | persons | households
        ------------------+------+---------+-----------
        population        | 2021 | 1000    | 500
        with_geography    | 2021 | 1000    | 500
        with_income_class | 2021 | 996     | 498
        population        | 2022 | 1100    | 550
        with_geography    | 2022 | 1080    | 540
        with_income_class | 2022 | 1050    | 520
        """,
    )
    assert_table(
        found.safe.frame,
        """
        measure           | year | persons | households
        ------------------+------+---------+-----------
        population        | 2021 | 1000    | 500
        with_geography    | 2021 | 1000    | 500
        population        | 2022 | 1100    | 550
        with_geography    | 2022 | 1080    | 540
        with_income_class | 2022 | 1050    | 520
        """,
    )
    assert found.inside.filter(pl.col("reason") == "interval").height == 1


@pytest.fixture(scope="module")
def exact(shared: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a release of the same country with the cohort and the chains in exact numbers."""
    root = tmp_path_factory.mktemp("exact")
    study = dataclasses.replace(
        shared.study,
        release=dataclasses.replace(shared.study.release, tables=tuple(MODES), modes=MODES),
    )
    (root / "workspace").mkdir()
    for part in ("aggregates", "registers"):
        (root / "workspace" / part).symlink_to(shared.place.root / part)
    place = dataclasses.replace(shared.place, root=root / "workspace", project=root / "project", export=root / "export")
    given = dataclasses.replace(shared, study=study, place=place)
    release(given)
    return given


@pytest.mark.parametrize("name", MODES)
def test_what_is_shown_is_true_and_says_so(exact: Settings, name: str) -> None:
    shown = ours(exact, name).filter(pl.col("shown").is_not_null())
    assert shown.height > 10
    assert (shown["shown"] == shown["persons"]).all()
    folder = exact.place.export / "demo" / "1"
    assert {each["numbers"] for each in read_package(folder)["resources"]} == {"exact"}
    page = (folder / "dossier" / f"{name}.md").read_text(encoding="utf-8")
    assert "Exact numbers." in page
    assert "Random rounding" not in page


def test_no_chain_can_be_worked_out_from_exact_margins(exact: Settings) -> None:
    """The attack that works on a naive release in exact numbers (test_attacks) does not on ours."""
    cells, relations = chain_family(ours, exact)
    number, true, households = (cells[name].to_list() for name in ("shown", "persons", "households"))
    low = [0.0 if value is None else float(value) for value in number]
    high = [1e9 if value is None else float(value) for value in number]
    small = [place for place in range(len(number)) if true[place] > 0 and min(true[place], households[place]) < 10]
    assert small
    assert all(number[place] is None for place in small)
    for place in small:
        least, most = interval(relations, low, high, place)
        assert most - least >= 4


def square(withheld: list[int]) -> tuple[Shown, np.ndarray, np.ndarray, Net]:
    """Cells 0 to 3 are a square, 4 and 5 its rows, 6 and 7 its columns; as many households as persons."""
    counts = np.array([4, 12, 15, 20, 16, 35, 19, 32])
    is_shown = ~np.isin(np.arange(8), withheld)
    numbers = np.where(is_shown, counts, 0)
    every = np.ones(8, np.int64)
    shown = Shown(np.array([numbers, numbers]), every, np.array([10, 10]), every * 5, 5, every == 0, every == 0)
    net = Net(
        np.array([4, 5, 6, 7]), np.zeros(4, np.int64), np.ones(4, np.bool_),
        np.array([0, 1, 2, 3, 0, 2, 1, 3]), np.array([0, 0, 1, 1, 2, 2, 3, 3]),
    )  # fmt: skip
    return shown, np.array([counts, counts]), is_shown, net


@pytest.mark.parametrize(
    ("withheld", "given_away"),
    [
        ([0], True),  # its row tells
        ([0, 1], True),  # its column tells
        ([0, 1, 2, 3], False),  # 0 to 15 are possible
        ([0, 4, 6], False),  # with its row and column it may be anything
    ],
)
def test_the_attack_finds_what_sums_give_away(withheld: list[int], given_away: bool) -> None:
    shown, counts, is_shown, net = square(withheld)
    found = find_given_away(shown, counts, is_shown, net, np.arange(8) == 0)
    assert found.tolist() == [given_away, *[False] * 7]


def test_the_attack_knows_that_there_are_no_more_households_than_persons() -> None:
    # 4 persons in 4 households, and the persons of the square cannot move: a withheld count of households lies in 0 to 4
    shown, counts, is_shown, net = square([0, 1, 2, 3])
    counts = counts.copy()
    counts[1, 1:4] = 0
    counts[1, 4:] = [4, 0, 4, 0]
    numbers = np.where(is_shown, counts, 0)
    shown = dataclasses.replace(shown, numbers=numbers)
    # households: rows 4 and 0, columns 4 and 0: cell 0 holds exactly 4 households
    assert find_given_away(shown, counts, is_shown, net, np.arange(8) == 0)[0]


def test_a_mode_belongs_to_a_table_of_the_release(shared: Settings) -> None:
    with pytest.raises(RequestError, match=r"study\.release\.modes: account"):
        dataclasses.replace(shared.study.release, modes={"account": "suppress"})
