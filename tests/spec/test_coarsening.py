"""The finest detail at which enough can be shown (disclosure 2, coarsen)."""

from __future__ import annotations

import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.coarsening import Rung, coarsened, ladder, offer_at, share_shown
from mobility.disclosure.earlier import Edition, check_periods
from mobility.disclosure.members import Members, identity
from mobility.errors import ReleaseError
from mobility.release.declarations import load_declaration
from tests.lib.tables import assert_table, table
from tests.release.conftest import disclosure

YEARS = range(2012, 2016)
FINEST = Rung("gemeente", 1, "declared")


def test_the_ladder_goes_from_fine_to_coarse() -> None:
    steps = list(ladder(4, periods=True))
    assert steps[0] == FINEST
    # one step: classes, then years, then places
    assert steps[1:4] == [Rung("gemeente", 1, "low"), Rung("gemeente", 2, "declared"), Rung("role", 1, "declared")]
    assert steps[-1] == Rung("region", 4, "all")
    assert {step.years for step in steps} == {1, 2, 3, 4}
    assert {step.years for step in ladder(12, periods=False)} == {1}


def people(*households: tuple[int, int, str, int]) -> pl.DataFrame:
    """Moves from a to b: first and last number of the household, class, year; one person each."""
    return pl.DataFrame(
        [
            {"count": "events", "year": year, "origin": "a", "destination": "b", "income_class": name, "person": number}
            for first, last, name, year in households
            for number in range(first, last + 1)
        ]
    ).with_columns(carrier="person", is_carrier=True, level=pl.lit("gemeente"))


def aggregate(moves: pl.DataFrame) -> pl.DataFrame:
    keys = ["level", "count", "year", "origin", "destination", "income_class"]
    return moves.group_by(keys).agg(
        persons=pl.len().cast(pl.Int64),
        households=pl.len().cast(pl.Int64),
        unit_persons=pl.col("person").n_unique().cast(pl.Int64),
        unit_households=pl.col("person").n_unique().cast(pl.Int64),
        cell_key=pl.col("person").sum(),
    )


def known(moves: pl.DataFrame) -> Members:
    nowhere = pl.DataFrame()
    return Members(
        nowhere, tuple(YEARS), lambda _: nowhere, lambda years: moves.filter(pl.col("year").is_in(list(years)))
    )


# 6 of q1 in 2012 and 2013, three of them the same people; 7 others in 2014, and the same 7 in 2015; 12 of q3 in 2012
MOVES = people(
    (1, 6, "q1", 2012), (4, 9, "q1", 2013), (11, 17, "q1", 2014), (11, 17, "q1", 2015), (21, 32, "q3", 2012)
)  # fmt: skip


def at(rung: Rung):
    return offer_at(
        load_declaration("flows"), aggregate(MOVES), rung, YEARS, known(MOVES), low=("q1",), profile=disclosure()
    )


def test_over_several_years_everybody_is_counted_once() -> None:
    assert_table(
        at(Rung("gemeente", 2, "declared")).frame.select("year", "income_class", "persons", "unit_persons"),
        """
        year      | income_class | persons | unit_persons
        2012-2013 | q1           | 12      | 9
        2012-2013 | q3           | 12      | 12
        2014-2015 | q1           | 14      | 7
    """,
    )


def test_the_share_is_that_of_persons_in_cells_that_meet_the_minimum() -> None:
    # 38 persons. By year only the 12 of q3; by four years 26 moves of q1 by 16 people, and 12 of q3; together in 2012: 18
    shares = {
        (1, "declared"): 12 / 38,
        (4, "declared"): 1.0,
        (1, "all"): 18 / 38,
        (2, "all"): 24 / 38,
    }
    for (years, classes), share in shares.items():
        rung = Rung("gemeente", years, classes)
        assert share_shown(at(rung), rung, disclosure()) == pytest.approx(share), rung


def test_a_rung_keeps_the_coarser_levels_and_whole_periods() -> None:
    declaration = coarsened(load_declaration("flows"), Rung("role", 3, "low"), YEARS)
    assert dict(declaration.where)["level"] == ("role", "region")
    assert dict(declaration.where)["year"] == (2012, 2013, 2014)
    assert dict(declaration.recode) == {"year": "2012+3", "income_class": "low"}


@pytest.mark.parametrize(
    ("rung", "refused"), [(Rung("gemeente", 2, "all"), False), (FINEST, True), (Rung("gemeente", 4, "all"), True)]
)
def test_periods_that_overlap_those_of_an_earlier_release_are_refused(rung: Rung, refused: bool) -> None:
    before = at(Rung("gemeente", 2, "declared"))
    cells = before.frame.with_columns(identity(before.declaration))
    edition = Edition("flows", ("q1",), cells.select("identity", "cell_key", "persons", "households"), None)
    if refused:
        with pytest.raises(ReleaseError, match="overlaps 2012-2013"):
            check_periods(at(rung), [edition])
    else:
        check_periods(at(rung), [edition])


def test_one_year_is_not_a_period() -> None:
    fine = offer(load_declaration("flows"), aggregate(MOVES), low=("q1",))
    assert at(FINEST).frame.equals(fine.frame)
    assert table("year\n2012")["year"].dtype == fine.frame["year"].dtype
