"""Indices and fits against figures that other software published or computed.

Small tables and single figures stand here with their source. Larger data (Korean and Italian flows of the R package migest,
a sample of the R package stplanr) are read from a folder beside the project and skipped where it is absent.
"""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobility.flows.expected import expected_flows
from mobility.flows.fitting import fit_flows
from mobility.flows.indices import flow_indices
from mobility.flows.significance import benjamini_hochberg, t_upper_tail
from tests.independent.figures import (
    KOREA_KM,
    KOREA_MILLIONS,
    KOREA_MOVES,
    KOREA_REGIONS,
    LEEDS_COMMUTERS,
    LEEDS_ZONES,
)

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "reference" / "oracles"


def oracle(*parts):
    path = ORACLES.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference data are not here: {'/'.join(parts)}")
    return path


def flows_of(frame):
    """`year`, `origin`, `destination`, `persons` as events of one class at one level."""
    return frame.with_columns(
        pl.col("persons").cast(pl.Int64),
        level=pl.lit("gemeente"),
        count=pl.lit("events"),
        income_class=pl.lit("q1"),
        households=pl.col("persons").cast(pl.Int64),
    )


def matrix_flows(matrix, names="ABCDEFGHI", year=2015):
    rows = [(year, names[i], names[j], value) for (i, j), value in np.ndenumerate(np.array(matrix))]
    return flows_of(pl.DataFrame(rows, schema=["year", "origin", "destination", "persons"], orient="row"))


def values_of(flows, stocks=None):
    """`{(year, index, place): value}`."""
    if stocks is None:
        stocks = flows.select("level", "year", "income_class", "persons", "households", place="origin").clear()
    rows = flow_indices(flows, stocks, {"q1"}, {"q2"}).filter(income_class="q1")
    return {key[:3]: key[3] for key in rows.select("year", "index", "place", "value").rows()}


# Plane and Mulligan (1997), Demography 34:251-262; Bell and others (2002), J. R. Statist. Soc. A 165:435-464. Tables and values
# as in the tests and examples of the R package migration.indices 0.3.0 ("results match values from articles").
PLANE_MULLIGAN = [
    (
        [[0, 10, 10], [20, 0, 20], [30, 30, 0]],
        {"total": 0.26666666666666666, "total_pm": 0.2222222222222222, "rows": 0.0, "columns": 25.0, "exchange": 25.0},
        {"out": [0, 0, 0], "in": [0.2, 0.5, 0.3333333333333333]},
    ),
    (
        [[0, 20, 20], [30, 0, 50], [20, 20, 0]],
        {
            "total": 0.225,
            "total_pm": 0.1875,
            "rows": 11.1111111111111,  # per cent of the total
            "columns": 22.2222222222222,
            "exchange": 22.2222222222222,
        },
        {"out": [0, 0.25, 0], "in": [0.2, 0, 0.428571428571429]},
    ),
]


@pytest.mark.parametrize(("matrix", "whole", "fields"), PLANE_MULLIGAN)
def test_gini_with_the_denominators_of_bell_and_of_plane_and_mulligan(matrix, whole, fields):
    found = values_of(matrix_flows(matrix))
    assert found[2015, "gini_total", "all"] == pytest.approx(whole["total"], abs=1e-9)
    assert found[2015, "gini_total_pm", "all"] == pytest.approx(whole["total_pm"], abs=1e-9)
    for part in ("rows", "columns", "exchange"):
        standard = 100 * found[2015, f"gini_{part}_pm", "all"] / found[2015, "gini_total_pm", "all"]
        assert standard == pytest.approx(whole[part], abs=1e-9)
    for way, expected in fields.items():
        assert [found[2015, f"gini_{way}", place] for place in "ABC"] == pytest.approx(expected, abs=1e-9)


def test_sums_and_net_flows_of_regions_and_pairs():
    """migest, sum_region and sum_bilat: out 200 100 135 65, in 130 160 95 115, net -70 60 -40 50; A to B 100, back 50."""
    matrix = [[0, 100, 30, 70], [50, 0, 45, 5], [60, 35, 0, 40], [20, 25, 20, 0]]
    flows = matrix_flows(matrix)
    found = values_of(flows)
    turnover = {"A": 330, "B": 260, "C": 230, "D": 180}
    net = {"A": -70, "B": 60, "C": -40, "D": 50}
    assert {p: found[2015, "effectiveness", p] * turnover[p] / 100 for p in "ABCD"} == pytest.approx(net, rel=1e-12)
    assert found[2015, "effectiveness", "all"] == pytest.approx(100 * (70 + 60 + 40 + 50) / (330 + 260 + 230 + 180))
    assert found[2015, "effectiveness", "A>B"] == pytest.approx(100 * 50 / 150)


# migest, data korea_gravity (17 regions, Statistics Korea), 2020, at full precision (R 4.2.2).
KOREA_2020 = {
    "crude_intensity": 4.88937250466790,
    "courgeau_k": 8.62866983689260e-01,
    "effectiveness": 7.67242515530083,
    "anmr": 3.75133445984502e-01,
    "connectivity": 1.0,
    "gini_total": 7.09033686677836e-01,
    "gini_total_pm": 7.06426945182697e-01,
    "gini_rows_pm": 3.48448853385072e-02,
    "gini_columns_pm": 3.65012450807148e-02,
    "gini_exchange_pm": 4.09474242975930e-04,
    "gini_out": 6.31853920804931e-01,
    "gini_in": 6.61889244130296e-01,
}
MIGEST_NAMES = {
    "cmp_pct": "crude_intensity",
    "courgeau_k": "courgeau_k",
    "mei_pct": "effectiveness",
    "anmr_pct": "anmr",
    "connectivity": "connectivity",
    "gini_total_bell": "gini_total",
    "gini_total_plane": "gini_total_pm",
    "gini_row": "gini_rows_pm",
    "gini_col": "gini_columns_pm",
    "gini_exchange": "gini_exchange_pm",
    "mwg_out_originshare": "gini_out",
    "mwg_in_destshare": "gini_in",
}


def korea():
    given = pl.read_csv(oracle("migest", "korea_gravity.csv"))
    flows = flows_of(given.select("year", origin="orig", destination="dest", persons="flow"))
    millions = given.select("year", place="dest", persons="dest_pop").unique()
    stocks = millions.with_columns(
        (pl.col("persons") * 1e6).round().cast(pl.Int64), level=pl.lit("gemeente"), income_class=pl.lit("q1")
    )
    return given, flows, stocks.with_columns(households="persons")


def migest_figures(data):
    figures = pl.read_csv(oracle("migest", "expected_indices.csv")).filter(data=data)
    named = figures.filter(pl.col("stat").is_in(list(MIGEST_NAMES)))
    return {(int(year), MIGEST_NAMES[stat], "all"): value for _, year, stat, value in named.rows()}


def typed_korea():
    """Moves, residents and distances of 2020, as typed."""
    stocks = pl.DataFrame({"place": KOREA_REGIONS, "persons": [round(one * 1e6) for one in KOREA_MILLIONS]}).select(
        "place",
        "persons",
        level=pl.lit("gemeente"),
        year=pl.lit(2020, pl.Int64),
        income_class=pl.lit("q1"),
        households="persons",
    )
    rows = [
        (*pair, kilometres, "gemeente")
        for i, row in enumerate(KOREA_KM)
        for j, kilometres in enumerate(row, start=i + 1)
        for pair in ((KOREA_REGIONS[i], KOREA_REGIONS[j]), (KOREA_REGIONS[j], KOREA_REGIONS[i]))
    ]
    distances = pl.DataFrame(rows, schema=["origin", "destination", "distance", "level"], orient="row")
    return matrix_flows(KOREA_MOVES, KOREA_REGIONS, 2020), stocks, distances


def test_indices_of_korea_in_2020():
    flows, stocks, _ = typed_korea()
    found = values_of(flows, stocks)
    assert {name: found[2020, name, "all"] for name in KOREA_2020} == pytest.approx(KOREA_2020, rel=1e-9)


def test_indices_of_korea_from_2012_to_2020():
    _, flows, stocks = korea()
    found, figures = values_of(flows, stocks), migest_figures("korea_gravity")
    assert len(figures) == 9 * len(MIGEST_NAMES)
    assert {key: found[key] for key in figures} == pytest.approx(figures, rel=1e-9)


def test_indices_of_the_korean_regions():
    _, flows, stocks = korea()
    found = values_of(flows, stocks)
    regions = pl.read_csv(oracle("migest", "expected_korea2020_regions.csv"))
    assert regions.height == 17
    for index, column in (("effectiveness", "mei_region"), ("gini_out", "gini_out"), ("gini_in", "gini_in")):
        figures = dict(regions.select("region", column).rows())
        assert {place: found[2020, index, place] for place in figures} == pytest.approx(figures, rel=1e-9)


def test_indices_of_italy_without_stocks():
    given = pl.read_csv(oracle("migest", "italy_area.csv"))
    summed = given.group_by("year", "orig", "dest").agg(pl.col("flow").sum().cast(pl.Int64))
    year = pl.col("year").cast(pl.Int64)
    flows = flows_of(summed.select(year, origin="orig", destination="dest", persons="flow"))
    found, figures = values_of(flows), migest_figures("italy_area_all_ages")
    assert len(figures) == 7 * 9  # those that need no population
    assert {key: found[key] for key in figures} == pytest.approx(figures, rel=1e-9)


# Austrian interregional migration 2006 (Dennett 2012, as in the Python package spint), AT11 to AT34, and distances in km.
AUSTRIA = [
    [0, 1131, 1887, 69, 738, 98, 31, 43, 19],
    [1633, 0, 14055, 416, 1276, 1850, 388, 303, 159],
    [2301, 20164, 0, 1080, 1831, 1943, 742, 674, 407],
    [85, 379, 1597, 0, 1608, 328, 317, 469, 114],
    [762, 1110, 2973, 1252, 0, 1081, 622, 425, 262],
    [196, 2027, 3498, 346, 1332, 0, 2144, 821, 274],
    [49, 378, 1349, 310, 851, 2117, 0, 630, 106],
    [87, 424, 978, 490, 670, 577, 546, 0, 569],
    [33, 128, 643, 154, 328, 199, 112, 587, 0],
]
AUSTRIA_KM = [
    [103.001845, 84.204666, 220.811933, 132.00748, 214.511814, 246.933305, 390.85611, 505.089539],
    [45.796272, 216.994739, 129.878172, 140.706671, 201.232355, 343.50075, 453.515594],
    [249.932874, 158.630661, 186.420738, 244.108305, 387.61776, 498.407152],
    [92.407958, 151.777157, 92.894408, 194.851669, 306.105825],
    [124.563096, 122.433524, 261.893783, 376.34667],
    [81.753652, 208.456383, 314.793199],
    [145.076472, 258.591197],
    [114.46325],
]


def austria():
    flows = np.array(AUSTRIA, dtype=float)
    kilometres = np.zeros((9, 9))
    for origin, row in enumerate(AUSTRIA_KM):
        kilometres[origin, origin + 1 :] = kilometres[origin + 1 :, origin] = row
    return flows, kilometres, ~np.eye(9, dtype=bool)


def deviance(flows, expected, cells):
    return 2 * (flows[cells] * np.log(flows[cells] / expected[cells])).sum()  # margins are equal; no flow is 0


def test_doubly_constrained_with_distance_as_it_is():
    """Beta and constant as in spint's own tests; deviance of R's glm."""
    flows, kilometres, cells = austria()
    fit = fit_flows(flows, cells, kilometres)
    assert fit.beta == pytest.approx(-0.00791533, abs=1e-8)
    assert fit.beta == pytest.approx(-0.00791533316109899, rel=1e-9)
    assert deviance(flows, fit.expected, cells) == pytest.approx(9360.48248642072, rel=1e-10)
    # The constant is that of the first origin and first destination, whose own cell is not fitted.
    with np.errstate(divide="ignore"):
        effects = np.log(fit.expected) - fit.beta * kilometres
    assert effects[0, 2] + effects[1, 0] - effects[1, 2] == pytest.approx(6.20471518, abs=1e-7)


def test_doubly_constrained_with_log_distance():
    """R's glm: deviance and Pearson dispersion with 54 degrees of freedom."""
    flows, kilometres, cells = austria()
    fit = fit_flows(flows, cells, np.log(kilometres, out=np.zeros((9, 9)), where=cells))
    assert fit.beta == pytest.approx(-1.26408253318718, rel=1e-10)
    assert deviance(flows, fit.expected, cells) == pytest.approx(5655.26285469152, rel=1e-10)
    assert fit.cells - fit.parameters == 54
    # AT11 to AT12, AT13, AT21, AT22
    assert fit.expected[0, 1:5] == pytest.approx(
        [837.3633528326251, 2210.5337974399308, 114.0417687824049, 398.8020437461384], abs=1e-6
    )


def test_the_table_of_expected_flows_for_austria():
    _, kilometres, cells = austria()
    pairs = [
        ("gemeente", "ABCDEFGHI"[i], "ABCDEFGHI"[j], kilometres[i, j]) for i, j in zip(*np.nonzero(cells), strict=True)
    ]
    distances = pl.DataFrame(pairs, schema=["level", "origin", "destination", "distance"], orient="row")
    found = expected_flows(matrix_flows(AUSTRIA), distances)
    fits = {row["model"]: row for row in found.fits.iter_rows(named=True)}
    assert fits["doubly_constrained"]["dispersion"] == pytest.approx(104.897884713816, rel=1e-8)
    assert (fits["doubly_constrained"]["degrees"], fits["quasi_independence"]["degrees"]) == (54, 55)
    sums = found.cells.group_by("model").agg(pl.col("observed", "expected").sum())
    assert sums["expected"].to_list() == pytest.approx(sums["observed"].to_list(), rel=1e-9)


def test_quasi_independence_without_the_diagonal():
    flows, _, cells = austria()
    fit = fit_flows(flows, cells)
    assert deviance(flows, fit.expected, cells) == pytest.approx(35890.2652126836, rel=1e-10)
    assert fit.cells - fit.parameters == 55


def test_every_fitted_flow_of_austria():
    given = pl.read_csv(oracle("gravity_austria", "expected_fitted.csv")).sort("Origin", "Destination")
    flows, kilometres, cells = austria()
    logarithms = np.log(kilometres, out=np.zeros((9, 9)), where=cells)
    for column, covariate in (("mu_qi", None), ("mu_power", logarithms), ("mu_exp", kilometres)):
        assert fit_flows(flows, cells, covariate).expected[cells] == pytest.approx(given[column].to_numpy(), rel=1e-6)


def korea_2020():
    given, flows, _ = korea()
    apart = given.filter(pl.col("orig") != pl.col("dest"), year=2020)
    distances = apart.select(origin="orig", destination="dest", distance="dist_cent", level=pl.lit("gemeente"))
    return expected_flows(flows.filter(year=2020), distances)


def test_expected_flows_and_excess_of_korea():
    """Against R's glm and p.adjust (BH), cell by cell; there the tail is that of the normal distribution."""
    found = korea_2020()
    figures = pl.read_csv(oracle("gravity_fdr", "expected_korea2020.csv")).rename(
        {"orig": "origin", "dest": "destination"}
    )
    fitted = {row["model"]: row for row in found.fits.iter_rows(named=True)}
    assert fitted["doubly_constrained"]["beta"] == pytest.approx(-0.920150378125839, rel=1e-9)
    assert fitted["doubly_constrained"]["dispersion"] == pytest.approx(2370.06686315886, rel=1e-8)
    assert fitted["quasi_independence"]["dispersion"] == pytest.approx(13812.6031476756, rel=1e-8)
    both = found.cells.join(figures, on=["origin", "destination"])
    independent, distance = both.filter(model="quasi_independence"), both.filter(model="doubly_constrained")
    assert (independent.height, distance.height) == (272, 272)
    assert independent["expected"].to_list() == pytest.approx(independent["mu_qi"].to_list(), rel=1e-6)
    for ours, theirs in (("expected", "mu_dc"), ("residual", "z_quasi")):
        assert distance[ours].to_list() == pytest.approx(distance[theirs].to_list(), rel=1e-6)
    normal = np.array([0.5 * math.erfc(z / math.sqrt(2)) for z in distance["residual"]])
    assert normal == pytest.approx(distance["p_quasi"].to_numpy(), rel=1e-6)
    assert benjamini_hochberg(normal) == pytest.approx(distance["q_bh"].to_numpy(), rel=1e-6)
    # Ours come from t with 238 degrees of freedom, whose tails are a little heavier.
    ours, theirs = distance["q_value"].to_numpy(), distance["q_bh"].to_numpy()
    small = theirs < 0.05
    assert (ours[small] > theirs[small]).all()
    assert ours == pytest.approx(theirs, abs=0.02)


def poisson_upper_tail(observed, expected):
    """Log of P(X >= observed) where observed lies above expected: the first term and the series behind it."""
    first = observed * math.log(expected) - expected - math.lgamma(observed + 1)
    term, total, count = 1.0, 1.0, observed
    while term > 1e-17 * total:
        count += 1
        term *= expected / count
        total += term
    return first + math.log(total)


def test_plain_poisson_flags_74_flows_of_korea_where_4_are_in_excess():
    flows, _, distances = typed_korea()
    found = expected_flows(flows, distances).cells.filter(model="doubly_constrained")
    above = found.filter(pl.col("observed") > pl.col("expected")).select("observed", "expected")
    flagged = sum(poisson_upper_tail(*row) < math.log(0.05 / found.height) for row in above.rows())
    assert (found.height, flagged, (found["q_value"] < 0.05).sum()) == (272, 74, 4)


def test_pairs_of_zones_in_the_sample_of_stplanr():
    """stplanr, flow: 49 rows between 7 zones, 2816 in all; one way 28 unordered pairs, of which 7 are within a zone."""
    flows = matrix_flows(LEEDS_COMMUTERS, LEEDS_ZONES, 2011)
    assert (flows.height, flows["persons"].sum()) == (49, 2816)
    stocks = flows.select("level", "year", "income_class", "persons", "households", place="origin").clear()
    rows = flow_indices(flows, stocks, {"q1"}, {"q2"}).filter(income_class="q1", index="effectiveness")
    pairs = rows.filter(pl.col("place").str.contains(">"))
    within = flows.filter(pl.col("origin") == pl.col("destination"))
    assert (pairs.height, within.height) == (21, 7)
    assert pairs["persons"].sum() + within["persons"].sum() == 2816


# One-sided critical values of Student's t (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, three decimals).
@pytest.mark.parametrize(
    ("degrees", "area", "critical"),
    [
        (1, 0.05, 6.314),
        (2, 0.025, 4.303),
        (5, 0.01, 3.365),
        (10, 0.025, 2.228),
        (30, 0.005, 2.750),
        (60, 0.05, 1.671),
        (100, 0.001, 3.174),
    ],
)
def test_student_t_has_the_critical_values_of_the_tables(degrees, area, critical):
    tails = t_upper_tail(np.array([critical - 0.0005, critical + 0.0005, -critical]), degrees)
    assert tails[0] > area > tails[1]
    assert tails[2] == pytest.approx(1 - area, abs=1e-4)


def test_the_typed_figures_are_those_of_the_reference_folder():
    given = json.loads(oracle("plane_mulligan", "expected.json").read_text(encoding="utf-8"))
    assert [given["hyp"]["matrix"], given["hyp2"]["matrix"]] == [matrix for matrix, _, _ in PLANE_MULLIGAN]
    table = pl.read_csv(oracle("gravity_austria", "austria.csv"))
    assert table["Data"].to_numpy().reshape(9, 9).tolist() == AUSTRIA
    leeds = pl.read_csv(oracle("stplanr", "flow.csv")).sort("Area.of.residence", "Area.of.workplace")
    assert leeds["All"].to_numpy().reshape(7, 7).tolist() == [list(row) for row in LEEDS_COMMUTERS]
    moves, residents, _ = typed_korea()
    _, flows, stocks = korea()
    keys = ["origin", "destination"]
    assert (
        moves.select(*keys, "persons").sort(keys).rows()
        == flows.filter(year=2020).select(*keys, "persons").sort(keys).rows()
    )
    of_2020 = stocks.filter(year=2020).select("place", "persons").sort("place")
    assert residents.select("place", "persons").sort("place").rows() == of_2020.rows()
