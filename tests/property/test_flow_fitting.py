"""Fits, tests and indices of flows against slow, plain readings of their definitions."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mobility.flows.expected import expected_flows
from mobility.flows.fitting import NotEstimableError, fillable, fit_flows
from mobility.flows.indices import flow_indices
from mobility.flows.significance import benjamini_hochberg, t_upper_tail


def squares(least, most, smallest=0, largest=40):
    """Square tables with an empty diagonal."""
    sizes = st.integers(least, most)
    whole = sizes.flatmap(lambda n: arrays.arrays(np.int64, (n, n), elements=st.integers(smallest, largest)))
    return whole.map(lambda table: (table * off_diagonal(table)).astype(float))


def off_diagonal(table):
    return ~np.eye(len(table), dtype=bool)


def log_distances(table):
    """Distances between places on a grid, no two alike."""
    place = np.arange(len(table))
    x, y = place % 3, place // 3 + 0.37 * place**1.5
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    return np.log(apart + np.eye(len(table)))


def fit(table, covariate=None, possible=None):
    try:
        return fit_flows(table, off_diagonal(table) if possible is None else possible, covariate)
    except NotEstimableError:
        return None


@settings(max_examples=150, deadline=None)
@given(squares(2, 7), st.booleans())
def test_margins_are_exact(table, near):
    found = fit(table, log_distances(table) if near else None)
    assume(found is not None)
    assert found.expected.sum(axis=0) == pytest.approx(table.sum(axis=0), rel=1e-11, abs=1e-11)
    assert found.expected.sum(axis=1) == pytest.approx(table.sum(axis=1), rel=1e-11, abs=1e-11)
    assert (found.expected >= 0).all()
    assert (found.expected[table > 0] > 0).all()
    assert (np.diag(found.expected) == 0).all()


@settings(max_examples=150, deadline=None)
@given(squares(2, 7))
def test_sizes_alone_can_always_be_fitted(table):
    assume(table.any())
    assert fit(table) is not None


@settings(max_examples=100, deadline=None)
@given(squares(3, 6))
def test_with_distance_the_mean_log_distance_is_that_observed(table):
    distance = log_distances(table)
    found = fit(table, distance)
    assume(found is not None)
    assert (found.expected * distance).sum() == pytest.approx((table * distance).sum(), rel=1e-7, abs=1e-7)


def proportional_fitting(table, possible, sweeps=3000):
    """Rows, then columns, over and over."""
    expected = possible.astype(float)
    for _ in range(sweeps):
        for axis in (0, 1):
            sums = expected.sum(axis=axis, keepdims=True)
            expected *= np.divide(table.sum(axis=axis, keepdims=True), sums, out=np.zeros_like(sums), where=sums > 0)
    return expected


@settings(max_examples=60, deadline=None)
@given(squares(3, 5, smallest=1))
def test_quasi_independence_is_iterative_proportional_fitting(table):
    assert fit(table).expected == pytest.approx(proportional_fitting(table, off_diagonal(table)), rel=1e-8)


def dense_poisson(table, possible, covariate):
    """Poisson regression on one dummy per origin and destination, by Newton on all parameters at once."""
    rows, columns = np.nonzero(possible)
    n = len(table)
    dummies = np.zeros((len(rows), 2 * n))
    dummies[np.arange(len(rows)), rows] = 1
    dummies[np.arange(len(rows)), n + columns] = 1
    design = np.column_stack([dummies[:, :-1], covariate[possible]])
    counts, mean = table[possible], table[possible] + 0.5
    for _ in range(60):
        working = np.log(mean) + (counts - mean) / mean
        parameters = np.linalg.solve(design.T @ (mean[:, None] * design), design.T @ (mean * working))
        mean = np.exp(design @ parameters)
    return mean, parameters[-1]


@settings(max_examples=60, deadline=None)
@given(squares(4, 6, smallest=1))
def test_doubly_constrained_is_a_poisson_regression_on_dummies(table):
    possible, distance = off_diagonal(table), log_distances(table)
    mean, beta = dense_poisson(table, possible, distance)
    found = fit_flows(table, possible, distance)
    assert found.expected[possible] == pytest.approx(mean, rel=1e-7)
    assert found.beta == pytest.approx(beta, rel=1e-6, abs=1e-7)


def tables_with_margins(rows, columns, possible):
    """All tables of whole numbers with these margins, by trying."""
    if not rows:
        return [[]] if not any(columns) else []
    spread = [range(min(rows[0], total) + 1) if may else (0,) for total, may in zip(columns, possible[0], strict=True)]
    found = []
    for row in itertools.product(*spread):
        if sum(row) == rows[0]:
            left = [total - part for total, part in zip(columns, row, strict=True)]
            found += [[row, *rest] for rest in tables_with_margins(rows[1:], left, possible[1:])]
    return found


@settings(max_examples=150, deadline=None)
@given(
    arrays.arrays(np.int64, (3, 4), elements=st.sampled_from([0, 0, 0, 1, 2])),
    arrays.arrays(np.bool_, (3, 4)),
)
def test_a_cell_is_open_if_some_table_with_the_same_margins_fills_it(table, possible):
    possible = possible | (table > 0)
    assume((table.sum(axis=0) > 0).all())
    assume((table.sum(axis=1) > 0).all())
    every = tables_with_margins(table.sum(axis=1).tolist(), table.sum(axis=0).tolist(), possible.tolist())
    can = (np.array(every) > 0).any(axis=0)
    assert (fillable(table > 0, possible)[0] == can).all()


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(np.int64, (3, 4), elements=st.sampled_from([0, 0, 0, 1, 1, 2])),
    arrays.arrays(np.int64, (3, 4), elements=st.integers(0, 4)),
)
def test_beta_is_finite_if_other_tables_with_the_same_margins_are_nearer_and_others_farther(table, distance):
    assume(table.any())
    possible = np.ones((3, 4), dtype=bool)
    every = tables_with_margins(table.sum(axis=1).tolist(), table.sum(axis=0).tolist(), possible.tolist())
    sums = (np.array(every) * distance).sum(axis=(1, 2))
    found = fit(table.astype(float), distance.astype(float), possible)
    assert (found is not None) == (sums.min() < (table * distance).sum() < sums.max())


def test_a_step_that_overshoots_is_halved():
    """Found by trying tables at random: full steps alone never settle here."""
    table = np.array([[0, 1, 59, 0], [4, 0, 2, 23], [58, 5, 0, 9], [1, 11, 5, 0]], dtype=float)
    distance = np.array([[0, 4.46, 0.62, 6.27], [4.46, 0, 5.73, 2.36], [0.62, 5.73, 0, 4.12], [6.27, 2.36, 4.12, 0]])
    found = fit(table, distance)
    assert found.expected.sum(axis=0) == pytest.approx(table.sum(axis=0), rel=1e-12)
    assert (found.expected * distance).sum() == pytest.approx((table * distance).sum(), rel=1e-10)


def test_open_cells_fall_apart_into_as_many_parts_as_there_are_blocks():
    filled = np.kron(np.eye(3, dtype=bool), np.ones((2, 2), dtype=bool))
    _, part_of_column, parts = fillable(filled, filled)
    assert (parts, part_of_column.tolist()) == (3, [0, 0, 2, 2, 4, 4])


def as_flows(table, order=None):
    rows = [
        ("gemeente", "events", 2015, f"P{origin}", f"P{destination}", "q1", int(value), int(value))
        for (origin, destination), value in np.ndenumerate(table)
    ]
    names = ["level", "count", "year", "origin", "destination", "income_class", "persons", "households"]
    flows = pl.DataFrame(rows, schema=names, orient="row")
    return flows if order is None else flows.sample(fraction=1, shuffle=True, seed=order)


def as_distances(table):
    distance = np.exp(log_distances(table))
    rows = [
        ("gemeente", f"P{origin}", f"P{destination}", value)
        for (origin, destination), value in np.ndenumerate(distance)
    ]
    return pl.DataFrame(rows, schema=["level", "origin", "destination", "distance"], orient="row")


@settings(max_examples=40, deadline=None)
@given(squares(3, 6), st.integers(0, 10**6))
def test_the_order_of_the_rows_does_not_matter(table, order):
    first, second = as_flows(table), as_flows(table, order)
    distances = as_distances(table)
    one, two = expected_flows(first, distances), expected_flows(second, distances.reverse())
    assert one.cells.equals(two.cells)
    assert one.fits.equals(two.fits)
    stocks = first.select("level", "year", "income_class", "persons", "households", place="destination")
    tables = [flow_indices(flows, stocks, {"q1"}, {"q2"}) for flows in (first, second)]
    assert tables[0].equals(tables[1])


@settings(max_examples=60, deadline=None)
@given(squares(3, 6), st.permutations(range(6)))
def test_the_names_of_the_places_do_not_matter(table, order):
    order = [place for place in order if place < len(table)]
    inner = np.ix_(order, order)
    distance = log_distances(table)
    one, two = fit(table, distance), fit(table[inner], distance[inner])
    assert (one is None) == (two is None)
    assume(one is not None)
    assert two.expected == pytest.approx(one.expected[inner], rel=1e-7, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(squares(4, 6), st.integers(2, 50), st.floats(0.01, 1000))
def test_more_of_the_same_and_another_unit_of_distance(table, times, unit):
    distance = log_distances(table)
    one, two = fit(table, distance), fit(table * times, distance + math.log(unit))
    assert (one is None) == (two is None)
    assume(one is not None)
    assert two.expected == pytest.approx(times * one.expected, rel=1e-7, abs=1e-7)
    assert two.beta == pytest.approx(one.beta, rel=1e-6, abs=1e-7)


def test_z_and_q_do_not_change_when_everything_is_multiplied():
    table = np.array([[0, 30, 12, 9], [25, 0, 8, 40], [16, 11, 0, 22], [7, 35, 28, 0]])
    one, ten = expected_flows(as_flows(table)), expected_flows(as_flows(10 * table))
    for name in ("residual", "q_value"):
        assert ten.cells[name].to_list() == pytest.approx(one.cells[name].to_list(), rel=1e-7)
    assert ten.fits["dispersion"][1] == pytest.approx(10 * one.fits["dispersion"][1], rel=1e-8)


def t_by_integration(t, degrees):
    """Half less the area from 0 to t under the density, by Gauss and Legendre on 2000 pieces."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    edges = np.linspace(0, abs(t), 2001)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    at = middle[:, None] + half[:, None] * nodes
    front = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    area = front * ((1 + at**2 / degrees) ** (-(degrees + 1) / 2) * weights * half[:, None]).sum()
    return 0.5 - area if t >= 0 else 0.5 + area


@settings(max_examples=200, deadline=None)
@given(st.floats(-30, 30), st.integers(1, 3000))
def test_the_upper_tail_of_t_is_the_area_under_its_density(t, degrees):
    assert t_upper_tail(np.array([t]), degrees)[0] == pytest.approx(t_by_integration(t, degrees), abs=1e-11)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1e6))
def test_the_upper_tail_of_t_in_closed_form(t):
    """With 1 degree of freedom the distribution is that of Cauchy; with 2 it is algebraic."""
    assert t_upper_tail(np.array([t]), 1)[0] == pytest.approx(math.atan2(1, t) / math.pi, rel=1e-11)
    # (1 - t / sqrt(2 + t^2)) / 2, written so that no digits are lost
    root = math.sqrt(2 + t * t)
    assert t_upper_tail(np.array([t]), 2)[0] == pytest.approx(1 / (root * (root + t)), rel=1e-11)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_q_value_is_the_least_of_the_scaled_p_values_from_its_rank_on(p_values):
    ranked = sorted(p_values)
    scaled = [p * len(ranked) / rank for rank, p in enumerate(ranked, start=1)]
    expected = [min([1.0, *(s for s, other in zip(scaled, ranked, strict=True) if other >= p)]) for p in p_values]
    assert benjamini_hochberg(np.array(p_values)).tolist() == pytest.approx(expected, rel=1e-12)


def gini(flows):
    flows = [float(flow) for flow in flows]
    return sum(abs(one - two) for one in flows for two in flows) / (2 * (len(flows) - 1) * sum(flows))


@settings(max_examples=60, deadline=None)
@given(squares(3, 6))
def test_concentration_from_filled_cells_equals_comparing_every_pair_of_cells(table):
    assume(table.any())
    flows = as_flows(table)
    stocks = flows.select("level", "year", "income_class", persons=pl.lit(9), households=pl.lit(9), place="destination")
    found = flow_indices(flows, stocks, {"q1"}, {"q2"}).filter(income_class="q1")
    values = {(index, place): value for index, place, value in found.select("index", "place", "value").rows()}
    off = off_diagonal(table)
    assert values["gini_total", "all"] == pytest.approx(gini(table[off]), rel=1e-12)
    for place, row in enumerate(table):
        if row.sum() > 0:
            assert values["gini_out", f"P{place}"] == pytest.approx(gini(row[off[place]]), rel=1e-12)
        else:
            assert ("gini_out", f"P{place}") not in values
