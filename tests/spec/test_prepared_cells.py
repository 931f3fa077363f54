"""The account, the indices and the expected flows as cells that can be offered (docs/explanation/disclosure.md)."""

from __future__ import annotations

import polars as pl

from mobility.release.prepared import COMPONENTS, account_cells, expected_cells, index_cells
from mobility.settings import Study
from tests.lib.tables import assert_table, table
from tests.release.conftest import study_settings


def study(tmp_path) -> Study:
    return study_settings(tmp_path).study


def drawn_account(*rows: str) -> pl.DataFrame:
    frame = table("unit | level | year | place | income_class | component | count\n" + "\n".join(rows))
    wide = frame.pivot("component", index=["unit", "level", "year", "place", "income_class"], values="count")
    absent = [pl.lit(0, pl.Int64).alias(name) for name in COMPONENTS if name not in wide.columns]
    return wide.with_columns(absent).with_columns(pl.col(COMPONENTS).fill_null(0))


def test_the_account_as_cells_of_both_units(tmp_path) -> None:
    account = drawn_account(
        "persons    | role | 2020 | r/city | q1 | stock_start | 40",
        "households | role | 2020 | r/city | q1 | stock_start | 25",
        "persons    | role | 2020 | r/city | q1 | immigration | 120",
        "households | role | 2020 | r/city | q1 | immigration | 50",
        "persons    | role | 2020 | r/city | q1 | deaths      | 3",
    )
    # Away for more than 31 days between: an entry takes 33 days, so at most 11 in a year. Of 120 entries 10 are
    # different persons, of 50 households 4. A resident or a death is one person.
    found = account_cells(lambda _: account, study(tmp_path))
    assert_table(
        found.drop("cell_key"),
        """
        level | component   | year | place  | income_class | persons | households | unit_persons | unit_households
        role  | deaths      | 2020 | r/city | q1           | 3       | 0          | 3            | 0
        role  | immigration | 2020 | r/city | q1           | 120     | 50         | 10           | 4
        role  | stock_start | 2020 | r/city | q1           | 40      | 25         | 40           | 25
    """,
    )


def test_the_same_counts_of_a_component_and_year_share_a_key(tmp_path) -> None:
    account = drawn_account(
        "persons | role   | 2020 | r/city | q1 | deaths      | 3",
        "persons | region | 2020 | r      | q1 | deaths      | 3",
        "persons | region | 2021 | r      | q1 | deaths      | 3",
        "persons | region | 2020 | s      | q1 | deaths      | 4",
        "persons | region | 2020 | t      | q1 | stock_start | 3",
        "households | region | 2020 | u   | q1 | stock_start | 3",
    )
    found = account_cells(lambda _: account, study(tmp_path))
    key = dict(zip(found.select("place", "year").iter_rows(), found["cell_key"], strict=True))
    assert key["r/city", 2020] == key["r", 2020]
    assert len({key["r", 2020], key["r", 2021], key["s", 2020], key["t", 2020]}) == 4


FLOWS = """
    level | count       | year | origin | destination | income_class | persons | households | cell_key
    role  | events      | 2020 | a      | b           | q1           | 30      | 20         | 1
    role  | events      | 2020 | b      | a           | q2           | 50      | 10         | 2
    role  | events      | 2020 | a      | a           | q1           | 99      | 99         | 4
    role  | events      | 2020 | a      | unplaceable | q1           | 99      | 99         | 8
    role  | transitions | 2020 | a      | b           | q1           | 99      | 99         | 16
"""


def flows() -> pl.DataFrame:
    return table(FLOWS).with_columns(unit_persons=pl.col("persons") - 1, unit_households=pl.col("households") - 1)


def test_an_index_stands_on_the_moves_between_places(tmp_path) -> None:
    indices = table("""
        level | year | income_class | index           | place | value
        role  | 2020 | q1           | crude_intensity | all   | 5
        role  | 2020 | low          | crude_intensity | all   | 5
        role  | 2020 | all          | crude_intensity | all   | 7
        role  | 2020 | all          | net_rate        | a     | 3
        all   | 2020 | all          | courgeau_k      | all   | 1
    """)
    given = {"flows": flows(), "flow_indices": indices}
    found = index_cells(given.__getitem__, study(tmp_path))
    assert_table(
        found.drop("unit_persons", "unit_households"),
        """
        level | year | income_class | index           | value | persons | households | cell_key | largest | areas
        role  | 2020 | every        | crude_intensity | 7     | 80      | 30         | 3        | 50      | 2
        role  | 2020 | low          | crude_intensity | 5     | 30      | 20         | 1        | 30      | 2
        role  | 2020 | q1           | crude_intensity | 5     | 30      | 20         | 1        | 30      | 2
    """,
    )


def test_expected_flows_stand_beside_the_moves(tmp_path) -> None:
    cells = table("""
        level | year | income_class | model              | origin | destination | observed | expected | residual | q_value
        role  | 2020 | q1           | quasi_independence | a      | b           | 20       | 12       | 2        | 1
        role  | 2020 | q1           | doubly_constrained | a      | b           | 20       | 15       | 1        | 1
        role  | 2020 | all          | quasi_independence | a      | b           | 20       | 12       | 2        | 1
    """)
    fits = table("""
        level | year | income_class | model              | degrees
        role  | 2020 | q1           | quasi_independence | 11
        role  | 2020 | q1           | doubly_constrained | 10
        role  | 2020 | all          | quasi_independence | 11
    """)
    given = {"flows": flows(), "expected": cells, "expected_fits": fits}
    found = expected_cells(given.__getitem__, study(tmp_path))
    columns = [
        *("level", "year", "origin", "destination", "income_class", "persons", "households", "cell_key"),
        *("expected_quasi_independence", "expected_doubly_constrained", "degrees_doubly_constrained"),
    ]
    assert found.select(columns).rows() == [("role", 2020, "a", "b", "q1", 30, 20, 1, 12, 15, 10)]
