"""Method 5: indices of the flows between places, counted by hand on three places."""

from math import log

import polars as pl
import pytest

from mobility.flows.indices import INDEX_KEYS, flow_indices
from tests.lib.tables import table

# q1: A to B 30, B to A 10, A to C 20. Out of A 50, B 10, C 0; into A 10, B 30, C 20. 60 movers among 400 residents.
FLOWS = table("""
    level    | count       | year | origin | destination | income_class | persons | households
    gemeente | events      | 2015 | A      | A           | q1           | 50      | 50
    gemeente | events      | 2015 | A      | B           | q1           | 30      | 12
    gemeente | events      | 2015 | B      | A           | q1           | 10      | 5
    gemeente | events      | 2015 | A      | C           | q1           | 20      | 8
    gemeente | events      | 2015 | A      | B           | q3           | 10      | 4
    gemeente | events      | 2015 | B      | C           | q3           | 10      | 4
    gemeente | events      | 2015 | C      | A           | q3           | 5       | 2
    gemeente | events      | 2015 | B      | C           | student      | 4       | 4
    gemeente | transitions | 2015 | C      | A           | q1           | 6       | 3
""")
STOCKS = table("""
    level    | year | place | income_class | persons | households
    gemeente | 2015 | A     | q1           | 200     | 100
    gemeente | 2015 | B     | q1           | 100     | 50
    gemeente | 2015 | C     | q1           | 100     | 50
    gemeente | 2015 | A     | q3           | 100     | 50
    gemeente | 2015 | B     | q3           | 200     | 100
    gemeente | 2015 | C     | q3           | 100     | 50
    gemeente | 2015 | B     | student      | 20      | 20
    national | 2015 | NL    | q1           | 400     | 200
""")


def indices(flows=FLOWS, stocks=STOCKS, **asked):
    return flow_indices(flows, stocks, low={"q1"}, not_low={"q3"}, **asked)


def found(index, income_class="q1", measure="value", table=None, level="gemeente"):
    rows = (indices() if table is None else table).filter(index=index, income_class=income_class, level=level)
    return dict(rows.select("place", measure).iter_rows())


def close(values):
    return pytest.approx(values, rel=1e-12)


def one(row):
    """A table with one row more."""
    return pl.DataFrame([row], schema=(FLOWS if len(row) == FLOWS.width else STOCKS).schema, orient="row")


def test_crude_intensity_is_the_moves_between_places_per_100_residents():
    assert found("crude_intensity") == close({"all": 100 * 60 / 400})


def test_courgeaus_k_divides_by_the_logarithm_of_the_square_of_the_number_of_places():
    assert found("courgeau_k") == close({"all": 15 / log(3**2)})


def test_effectiveness_of_all_places_is_the_sum_of_net_over_the_sum_of_gross_flows_without_a_half():
    net, gross = 40 + 20 + 20, 60 + 40 + 20
    assert found("effectiveness")["all"] == close(100 * net / gross)


def test_effectiveness_of_a_place_or_a_pair_has_a_sign():
    places = {"A": 100 * (10 - 50) / 60, "B": 100 * (30 - 10) / 40, "C": 100 * (20 - 0) / 20}
    pairs = {"A>B": 100 * (30 - 10) / 40, "A>C": 100 * (20 - 0) / 20}  # B and C: no moves, so no row
    assert found("effectiveness") == close({"all": 100 * 80 / 120} | places | pairs)


def test_a_pair_of_which_most_go_from_the_second_to_the_first_is_negative():
    assert found("effectiveness", "q3")["A>C"] == -100


def test_net_rate_and_its_sum_over_places_in_which_each_mover_counts_half():
    assert found("net_rate") == close({"A": 100 * -40 / 200, "B": 100 * 20 / 100, "C": 100 * 20 / 100})
    assert found("anmr") == close({"all": 100 * 0.5 * (40 + 20 + 20) / 400})


def test_connectivity_is_the_share_of_pairs_with_a_flow():
    assert found("connectivity") == {"all": 3 / 6}


def test_gini_of_all_flows_compares_every_flow_with_every_other():
    differences = 2 * (3 * (10 + 20 + 30) + 10 + 20 + 10)  # 0 0 0 10 20 30
    assert found("gini_total") == close({"all": differences / (2 * (6 - 1) * 60)})
    assert found("gini_total_pm") == close({"all": differences / (2 * 6 * 60)})


def test_gini_of_a_place_compares_its_own_flows_and_all_weighs_places_by_their_movers():
    out = {"A": 2 * 10 / (2 * 1 * 50), "B": 2 * 10 / (2 * 1 * 10)}
    assert found("gini_out") == close(out | {"all": (50 * out["A"] + 10 * out["B"]) / 60})
    assert found("gini_in") == close({"A": 1, "B": 1, "C": 1, "all": 1})


def test_parts_of_plane_and_mulligan():
    everything = 2 * 6 * 60
    assert found("gini_rows_pm") == close({"all": 2 * (10 + 10) / everything})
    assert found("gini_columns_pm") == close({"all": 2 * (10 + 30 + 20) / everything})
    assert found("gini_exchange_pm") == close({"all": 2 * (20 + 20 + 0) / everything})


def test_selectivity_is_the_rate_of_low_over_the_rate_of_not_low_to_the_stock_of_the_place_itself():
    out = {"A": (50 / 200) / (10 / 100), "B": (10 / 100) / (10 / 200), "C": 0.0}
    into = {"A": (10 / 200) / (5 / 100), "B": (30 / 100) / (10 / 200), "C": (20 / 100) / (10 / 100)}
    everywhere = {"all": (60 / 400) / (25 / 400)}
    assert found("selectivity_out", "low") == close(out | everywhere)
    assert found("selectivity_in", "low") == close(into | everywhere)


def test_balance_counts_low_income_households_passed_on_per_1000():
    """A passes households on, so its balance is above zero: 20 leave, 5 enter, 100 live there."""
    balance = {"A": 1000 * (20 - 5) / 100, "B": 1000 * (5 - 12) / 50, "C": 1000 * -8 / 50}
    assert found("balance", "low") == close(balance)


def test_students_are_in_all_and_neither_low_nor_not_low():
    rates = {name: found("crude_intensity", name) for name in ("low", "not_low", "all")}
    assert rates == {
        "low": close({"all": 100 * 60 / 400}),
        "not_low": close({"all": 100 * 25 / 400}),
        "all": close({"all": 100 * 89 / 820}),
    }


def test_persons_are_the_movers_behind_the_value():
    assert found("net_rate", measure="persons") == {"A": 60, "B": 40, "C": 20}
    assert found("gini_out", measure="persons") == {"A": 50, "B": 10, "all": 60}
    assert found("effectiveness", measure="persons") == {"A": 60, "B": 40, "C": 20, "A>B": 40, "A>C": 20, "all": 60}
    assert found("balance", "low", "persons") == {"A": 60, "B": 40, "C": 20}


def test_behind_a_selectivity_stands_the_smaller_of_the_two_groups():
    assert found("selectivity_out", "low", "persons") == {"A": 10, "B": 10, "C": 0, "all": 25}


def test_transitions_count_when_asked():
    assert found("crude_intensity", table=indices(count="transitions")) == close({"all": 100 * 6 / 400})


def test_unplaceable_is_no_place():
    more = pl.concat([FLOWS, one(("gemeente", "events", 2015, "A", "unplaceable", "q1", 99, 99))])
    living = pl.concat([STOCKS, one(("gemeente", 2015, "unplaceable", "q1", 99, 99))])
    assert indices(more, living).equals(indices())


def test_elsewhere_is_a_place():
    more = pl.concat([FLOWS, one(("gemeente", "events", 2015, "C", "elsewhere", "q1", 20, 20))])
    assert found("effectiveness", table=indices(more))["C"] == 0
    assert found("connectivity", table=indices(more)) == close({"all": 4 / 12})


def test_a_place_with_residents_of_another_class_only_is_a_place_of_every_class():
    living = pl.concat([STOCKS, one(("gemeente", 2015, "D", "q3", 50, 25))])
    table = indices(stocks=living)
    assert found("connectivity", table=table) == close({"all": 3 / 12})
    assert found("courgeau_k", table=table) == close({"all": 15 / log(4**2)})
    assert "D" not in found("net_rate", table=table)  # nobody of q1 lives there
    assert found("net_rate", "q3", table=table)["D"] == 0


def test_no_rate_where_nobody_lived_on_1_january():
    living = STOCKS.filter(~((pl.col("place") == "C") & (pl.col("income_class") == "q1")))
    table = indices(stocks=living)
    assert set(found("net_rate", table=table)) == {"A", "B"}
    assert set(found("balance", "low", table=table)) == {"A", "B"}
    assert "C" not in found("selectivity_in", "low", table=table)
    assert found("effectiveness", table=table)["C"] == 100  # this one does not need a stock


def test_no_selectivity_where_the_others_did_not_move_or_do_not_live():
    nobody = STOCKS.filter(~((pl.col("place") == "B") & (pl.col("income_class") == "q3")))
    assert set(found("selectivity_in", "low", table=indices(stocks=nobody))) == {"A", "C", "all"}
    still = FLOWS.filter(~((pl.col("origin") == "B") & (pl.col("income_class") == "q3")))
    assert set(found("selectivity_out", "low", table=indices(still))) == {"A", "C", "all"}


def test_a_year_without_moves_has_intensity_0_and_no_effectiveness():
    table = indices(FLOWS.clear())
    assert found("crude_intensity", table=table) == found("connectivity", table=table) == {"all": 0}
    assert found("effectiveness", table=table) == found("gini_total", table=table) == {}


def test_with_two_places_there_is_no_gini_of_a_place():
    two = FLOWS.filter(pl.col("origin").is_in(["A", "B"]), pl.col("destination").is_in(["A", "B"]))
    table = indices(two, STOCKS.filter(pl.col("place") != "C"))
    assert found("gini_out", table=table) == {}
    assert found("gini_total", table=table) == close({"all": 2 * 20 / (2 * 1 * 40)})


def test_k_of_several_levels_is_the_slope_through_the_origin_over_the_nested_ones():
    """4 buurten: 8 of 100 move; 2 gemeenten: 2 of 100. Roles are another hierarchy and do not count."""
    flows = table("""
        level    | count  | year | origin | destination | income_class | persons | households
        buurt    | events | 2015 | A1     | A2          | q1           | 6       | 6
        buurt    | events | 2015 | A1     | B1          | q1           | 2       | 2
        gemeente | events | 2015 | A      | B           | q1           | 2       | 2
        role     | events | 2015 | r/city | elsewhere   | q1           | 2       | 2
    """)
    stocks = table("""
        level    | year | place     | income_class | persons | households
        buurt    | 2015 | A1        | q1           | 40      | 40
        buurt    | 2015 | A2        | q1           | 20      | 20
        buurt    | 2015 | B1        | q1           | 20      | 20
        buurt    | 2015 | B2        | q1           | 20      | 20
        gemeente | 2015 | A         | q1           | 60      | 60
        gemeente | 2015 | B         | q1           | 40      | 40
        role     | 2015 | r/city    | q1           | 60      | 60
        role     | 2015 | elsewhere | q1           | 40      | 40
    """)
    line = (log(16) * 8 + log(4) * 2) / (log(16) ** 2 + log(4) ** 2)
    rows = indices(flows, stocks)
    assert found("courgeau_k", table=rows, level="all") == close({"all": line})
    assert found("courgeau_k", table=rows, level="role") == close({"all": 2 / log(4)})
    assert found("courgeau_k", measure="persons", table=rows, level="all") == {"all": 8}


def test_the_table_is_sorted_by_its_keys_which_are_unique():
    rows = indices()
    assert rows.columns == [*INDEX_KEYS, "value", "persons"]
    assert rows.equals(rows.sort(INDEX_KEYS))
    assert not rows.select(INDEX_KEYS).is_duplicated().any()
