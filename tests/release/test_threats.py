"""Every threat of the design: first shown to work on a naive release (every count of ten or more, exact), then to fail on ours.

Nested levels and margins, and chains: test_attacks.py. Records of changed cells: tests/spec/test_earlier_releases.py.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.declaration import Rows
from mobility.disclosure.protect import protect
from mobility.disclosure.rounding import draw, round_counts
from mobility.errors import ReleaseError
from mobility.release import own
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.release.ledger import Ledger
from mobility.settings import Settings
from tests.release.conftest import LABEL, disclosure, study_settings
from tests.release.conftest import make_project as make
from tests.release.country import flows, moves, write_workspace
from tests.release.reader import Intervals, propagate, read_export, told
from tests.release.test_attacks import offered
from tests.release.test_gate import change_aggregate, contents, only
from tests.release.test_own import GROUPS, NOTHING, declare, income_of_groups
from tests.release.test_rules import BY_CLASS, cells
from tests.release.test_rules import declare as declare_places

TABLES = ("flows", "flows_total", "flows_in", "flows_out")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release of flows with every margin."""
    root = tmp_path_factory.mktemp("wide")
    write_workspace(root / "workspace", LABEL)
    given = only(study_settings(root), *TABLES)
    write_flows(given, moves())
    make(given.place.project)
    release(given)
    return given


def write_flows(settings: Settings, records: pl.DataFrame) -> None:
    """Three years of flows, which is enough to attack."""
    few = records.filter(pl.col("year").is_between(2014, 2016))
    flows(few).write_parquet(settings.place.root / "aggregates" / "flows.parquet")


def naive(cells: pl.DataFrame) -> pl.DataFrame:
    """Every count of ten persons and ten households, exact."""
    return cells.filter(pl.col("persons") >= 10, pl.col("households") >= 10)


def shown(settings: Settings, how: str, table: str) -> pl.DataFrame:
    if how == "naive":
        return naive(offered(settings, table))
    return read_export(settings.place.export / "demo" / "1")[table]


# ---- Within one release ------------------------------------------------------------------------------------

ONE_YEAR = (pl.col("level") == "gemeente") & (pl.col("count") == "events") & (pl.col("year") == 2015)


def margins(settings: Settings, how: str) -> tuple[Intervals, Intervals]:
    """Flows of one year between gemeenten with their margins by origin, by destination and by class: before, after."""
    keys = {
        "flows": ("origin", "destination", "income_class"),
        "flows_total": ("origin", "destination"),
        "flows_in": ("destination", "income_class"),
        "flows_out": ("origin", "income_class"),
    }
    start, known = {}, {}
    for table, columns in keys.items():
        for *key, number in shown(settings, how, table).filter(ONE_YEAR).select(*columns, "persons").iter_rows():
            known[table, *key] = (number, number) if how == "naive" else told(number)
    whole = offered(settings, "flows").filter(ONE_YEAR)
    every = [("flows", *row) for row in whole.select(keys["flows"]).iter_rows()]
    sums: dict[tuple, list] = {}
    for cell in every:
        _, origin, destination, name = cell
        for parent in (
            ("flows_total", origin, destination),
            ("flows_in", destination, name),
            ("flows_out", origin, name),
        ):
            sums.setdefault(parent, []).append(cell)
    for cell in (*every, *sums):
        start[cell] = known.get(cell, told(None))
    return start, propagate(start, list(sums.items()))


@pytest.mark.parametrize("how", ["naive", "ours"])
def test_the_complement_of_one_destination_and_tables_of_arrivals_and_departures(wide: Settings, how: str) -> None:
    before, after = margins(wide, how)
    withheld = [cell for cell, interval in before.items() if interval == told(None)]
    exact = [cell for cell in withheld if after[cell][0] == after[cell][1]]
    assert withheld
    if how == "naive":
        assert exact
    else:
        assert all(after[cell][1] - after[cell][0] >= 4 for cell in after)


def test_zeros_and_rows_of_ones() -> None:
    """Were zeros marked, a rest that equals the number of withheld cells, none of them zero, would be ones."""
    counts = {"q1": 18, "q2": 1, "q3": 1, "q4": 0, "q5": 0}
    frame = cells([("a", name, count, count) for name, count in counts.items()])
    whole = sum(counts.values())
    start = {name: (count, count) if count == 0 or count >= 10 else (1, 9) for name, count in counts.items()}
    marked = propagate({"all": (whole, whole)} | start, [("all", list(counts))])
    assert marked["q2"] == marked["q3"] == (1, 1)
    given = offer(declare_places(rows=(Rows(), Rows(total=("income_class",)))), frame, low=())
    (part,) = protect([given], profile=disclosure(), secret=bytes(32), blocks={})
    numbers = dict(part.safe.frame.select("income_class", "persons").iter_rows())
    ours = propagate({name: told(numbers.get(name)) for name in ("all", *counts)}, [("all", list(counts))])
    assert all(most - least >= 4 for least, most in ours.values())
    assert set(numbers) <= {"all", "q1"}, "no zero, no small number and no mark"


def test_persons_and_households_are_no_two_editions() -> None:
    """Judged apart, households of one place follow from the total; together both are withheld."""
    rows = [("a", "q1", 40, 20), ("a", "q2", 30, 9), ("a", "q3", 31, 21)]
    frame = cells(rows)
    apart = frame.filter(pl.col("households") >= 10)["households"].sum()
    assert frame["households"].sum() - apart == 9, "the total less what is shown"
    (part,) = protect([offer(declare_places(), frame, low=())], profile=disclosure(), secret=bytes(32), blocks={})
    safe = part.safe.frame
    assert safe["income_class"].to_list() == ["q1", "q3"]
    assert safe.columns == ["place", "income_class", "persons", "households"]


@pytest.mark.parametrize("how", ["naive", "ours"])
def test_events_less_transitions_are_those_who_moved_twice(wide: Settings, how: str) -> None:
    keys = ["level", "year", "origin", "destination"]
    true = offered(wide, "flows_total").pivot("count", index=keys, values="persons").drop_nulls()
    seen = shown(wide, how, "flows_total").pivot("count", index=keys, values="persons").drop_nulls()
    both = seen.join(true, on=keys, suffix="_true")
    few = (pl.col("events_true") - pl.col("transitions_true")).is_between(1, 9)
    both = both.filter(few)
    right = both.filter(
        pl.col("events") - pl.col("transitions") == pl.col("events_true") - pl.col("transitions_true")
    ).height
    assert both.height > 20
    if how == "naive":
        assert right == both.height
    else:
        assert right < 0.5 * both.height
        # either number stands for at least five counts whatever the other is, so the difference for nine or more
        assert (both.select("events", "transitions").min_horizontal() >= 10).all()


@pytest.mark.parametrize("how", ["naive", "ours"])
def test_stayers_are_not_the_public_population_less_those_who_left(wide: Settings, how: str) -> None:
    """Of every place the population is known exactly, here 7 more than left."""
    left = offered(wide, "flows_out").filter(pl.col("count") == "events")
    keys = ["level", "count", "year", "origin", "income_class"]
    both = shown(wide, how, "flows_out").join(left, on=keys, suffix="_true")
    stayers = {
        (population - high, population - low)
        for number, population in both.select("persons", pl.col("persons_true") + 7).iter_rows()
        for low, high in [(number, number) if how == "naive" else told(number)]
    }
    if how == "naive":
        assert stayers == {(7, 7)}
    else:
        assert all(most - max(least, 0) >= 4 for least, most in stayers)


def test_nearly_all_are_alike_on_and_off_the_diagonal() -> None:
    rows = [(place, name, count, count) for place in ("a>a", "a>b") for name, count in (("q1", 95), ("q5", 10))]
    frame = cells(rows)
    alike = frame.with_columns(share=pl.col("persons") / pl.col("persons").sum().over("place"))
    assert naive(alike).filter(pl.col("share") >= 0.9).height == 2
    given = offer(declare_places(BY_CLASS), frame, low=())
    (part,) = protect([given], profile=disclosure(), secret=bytes(32), blocks={})
    assert part.safe.frame.is_empty()


# ---- Values beside counts ----------------------------------------------------------------------------------


def test_a_mean_does_not_tell_of_the_richest(settings: Settings, tmp_path: Path) -> None:
    """Who knows that all others have 10 gets the one from the mean."""
    aggregate = income_of_groups(GROUPS)
    _, count, largest = GROUPS[1]
    mean = aggregate.filter(pl.col("group") == "one_rich").select(pl.col("total") / pl.col("persons")).item()
    assert round(mean * count - 10 * (count - 1)) == largest
    own.protect(aggregate, declare(tmp_path), settings)
    table = read_export(release(only(settings, "income_of_groups")).folder)["income_of_groups"]
    assert table.filter(pl.col("group") == "one_rich")["mean_income"].to_list() == [None]


def test_a_share_does_not_tell_its_denominator(settings: Settings, tmp_path: Path) -> None:
    assert Fraction(13 / 27).limit_denominator(100) == Fraction(13, 27)
    rows = pl.DataFrame(
        {"person": range(27), "household": range(27), "year": 2020, "answer": ["yes"] * 13 + ["no"] * 14}
    )
    path = declare(
        tmp_path, "answers", cells=["answer"], rows=[{}, {"total": ["answer"]}], words=["yes", "no"],
        values={"part": {"rule": "share", "of": "answer"}},
        variables=dict.fromkeys(["answer", "persons", "households", "part"], NOTHING),
    )  # fmt: skip
    own.protect(own.count_records(rows, ["answer"]), path, settings)
    table = read_export(release(only(settings, "answers")).folder)["answers"]
    for part in table["part"].drop_nulls():
        fits = {(n, d) for d in range(20, 35) for n in range(d + 1) if abs(n / d - part) <= 0.1}
        assert len({n for n, _ in fits}) >= 3


def test_an_index_of_two_areas_is_not_shown(settings: Settings, tmp_path: Path) -> None:
    """Effectiveness of two areas and the sum of their flows give both flows."""
    there, back = 57, 43
    effectiveness, total = (there - back) / (there + back), there + back
    assert ((1 + effectiveness) * total / 2, (1 - effectiveness) * total / 2) == pytest.approx((there, back))
    rows = pl.DataFrame({"person": range(100), "household": range(100), "year": 2020, "group": ["even"] * 100})
    aggregate = own.count_records(rows, ["group"]).with_columns(value=pl.lit(effectiveness), areas=2, largest=57)
    variables = dict.fromkeys(["group", "persons", "households", "index"], NOTHING)
    values = {"index": {"rule": "index", "value": "value", "areas": "areas", "largest": "largest"}}
    own.protect(aggregate, declare(tmp_path, "two_areas", values=values, variables=variables), settings)
    assert read_export(release(only(settings, "two_areas")).folder)["two_areas"]["index"].to_list() == [None]


# ---- Over several releases ---------------------------------------------------------------------------------


def corrected(settings: Settings) -> Settings:
    """A household has been taken out of the moves of 2015, and of everything they add up to."""
    records = moves()
    one = (pl.col("year") == 2015) & (pl.col("income_class") == "q2") & (pl.col("origin_role") == "merenland/city")
    first = records.with_row_index("row").filter(one & (pl.col("cell_key") % 20 != 0))["row"].min()
    kept = records.with_row_index("row").filter(pl.col("row") != first).drop("row")
    write_flows(settings, kept)
    return settings


def other_bound(settings: Settings) -> Settings:
    income = dataclasses.replace(settings.study.income, low=("q1", "q2"))
    return dataclasses.replace(settings, study=dataclasses.replace(settings.study, income=income))


def sliver(settings: Settings) -> Settings:
    """Another division: four households of a neighbour lie in GM9101 now."""
    now = (pl.col("area") == "WK910101").cast(pl.Int64)
    adds = {"persons": 9, "households": 4, "unit_persons": 9, "unit_households": 4, "cell_key": 54_321}
    rewrite(settings, "cohort", *(pl.col(name) + now * by for name, by in adds.items()))
    return settings


def rewrite(settings: Settings, table: str, *columns: pl.Expr) -> None:
    path = settings.place.root / "aggregates" / f"{table}.parquet"
    pl.read_parquet(path).with_columns(columns).write_parquet(path)


def colleague(settings: Settings) -> Settings:
    """Another study of the project, which leaves out nine households by a filter of its own."""
    now = (pl.col("year") == 2016).cast(pl.Int64)
    takes = {"persons": 17, "households": 9, "unit_persons": 17, "unit_households": 9, "cell_key": 99_999}
    rewrite(settings, "quality", *(pl.col(name) - now * by for name, by in takes.items()))
    return dataclasses.replace(settings, study=dataclasses.replace(settings.study, name="colleague"))


@pytest.mark.parametrize(
    ("table", "second"),
    [("flows", corrected), ("chains", other_bound), ("cohort", sliver), ("quality", colleague)],
    ids=["a corrected version", "class bounds", "two divisions", "two researchers"],
)
def test_two_editions_of_a_cell_are_not_subtracted(settings: Settings, table: str, second) -> None:
    settings = only(settings, table)
    change_aggregate(settings, table)
    if table == "flows":
        write_flows(settings, moves())
    keys = [name for name in offered(settings, table).columns if name not in _NUMBERS]
    true_before = offered(settings, table)
    before = read_export(release(settings).folder)[table]
    later = second(settings)
    low = later.study.income.low
    true_after = _offered(later, table, low)
    both = naive(true_before).join(naive(true_after), on=keys, suffix="_then")
    naively = both.filter(pl.col("persons") != pl.col("persons_then"))
    assert naively.height > 0, "exact numbers differ, and the difference is a group of few or of another class"
    after = read_export(release(later).folder)[table]
    ours = before.join(after, on=keys, suffix="_then")
    assert ours.height > 0
    assert ours.filter(pl.col("persons") != pl.col("persons_then")).is_empty()
    # and a cell that changed is shown once only
    assert ours.join(naively.select(keys), on=keys, how="semi").is_empty()


_NUMBERS = ("persons", "households", "unit_persons", "unit_households", "state")


def _offered(settings: Settings, table: str, low: tuple[str, ...]) -> pl.DataFrame:
    declaration = load_declaration(table)
    aggregate = pl.read_parquet(settings.place.root / "aggregates" / f"{declaration.source}.parquet")
    return offer(declaration, aggregate, low=low).frame.drop("row_set", "cell_key")


def test_overlapping_periods_are_refused(settings: Settings, tmp_path: Path) -> None:
    """2012-2014 and 2013-2015, exact, give 2015 less 2012."""
    by_year = {2012: 30, 2013: 40, 2014: 50, 2015: 33}
    first, second = (sum(by_year[year] for year in years) for years in ((2012, 2013, 2014), (2013, 2014, 2015)))
    assert second - first == by_year[2015] - by_year[2012]

    def table(period: str) -> tuple[pl.DataFrame, Path]:
        rows = pl.DataFrame({"person": range(120), "household": range(120), "period": [period] * 120})
        aggregate = own.count_records(rows.with_columns(year=pl.lit(2012)), ["period"]).rename({"period": "year"})
        return aggregate, declare(
            tmp_path, "periods", cells=["year"], values={},
            variables=dict.fromkeys(["year", "persons", "households"], NOTHING),
        )  # fmt: skip

    own.protect(*table("2012-2014"), settings)
    release(only(settings, "periods"))
    with pytest.raises(ReleaseError, match="period 2013-2015 overlaps 2012-2014"):
        own.protect(*table("2013-2015"), settings)


def test_asking_often_does_not_average_the_rounding_away(settings: Settings) -> None:
    true, asked = 12, 400
    dice = np.random.default_rng(1)
    fresh = round_counts(np.full(asked, true), dice.random(asked), 5).mean()
    assert abs(fresh - true) < 0.5, "a rounding drawn anew every time"
    ours = {int(round_counts(np.array([true]), draw(bytes(32), np.array([77])), 5)[0]) for _ in range(asked)}
    assert len(ours) == 1
    # nor over releases under other names
    settings = only(settings, "quality")
    names = [None, "spring", "summer"]
    tables = []
    for name in names:
        wanted = dataclasses.replace(settings.study.release, name=name)
        study = dataclasses.replace(settings.study, release=wanted)
        tables.append(read_export(release(dataclasses.replace(settings, study=study)).folder)["quality"])
    assert all(table.equals(tables[0]) for table in tables)


def test_what_is_withheld_changes_no_byte_of_the_export(settings: Settings) -> None:
    """Row order, file sizes, names: three households in a withheld cell or seven, the export is the same."""
    change_aggregate(settings, "cohort")
    path = settings.place.root / "aggregates" / "cohort.parquet"
    original = pl.read_parquet(path).with_row_index("row")
    cell = (pl.col("area") == "WK910101") & (pl.col("income_class") != "q1")
    one = pl.col("row") == original.filter(cell)["row"].min()
    names = ("persons", "households", "unit_persons", "unit_households")
    tables = []
    for count in (3, 7):
        place = dataclasses.replace(
            settings.place, project=settings.place.project / str(count), export=settings.place.export / str(count)
        )
        make(place.project)
        changed = [pl.when(one).then(count).when(cell).then(0).otherwise(name).alias(name) for name in names]
        original.with_columns(changed).drop("row").with_columns(pl.col(names).cast(pl.Int64)).write_parquet(path)
        release(only(dataclasses.replace(settings, place=place), "cohort"))
        tables.append(contents(place.export / "demo" / "1"))
        frame = pl.read_csv(place.export / "demo" / "1" / "tables" / "cohort.csv")
        assert frame.equals(frame.sort("programme", "area", "region", "cohort_year", "income_class"))
        assert frame.filter(pl.col("area") == "WK910101", pl.col("income_class") == "not_low").is_empty()
    assert tables[0].keys() == tables[1].keys()
    assert [name for name in tables[0] if tables[0][name] != tables[1][name]] == []


def test_neither_secret_nor_seed_nor_ledger_is_in_the_export(wide: Settings) -> None:
    secret = (wide.place.project / "secret").read_bytes()
    ledger = Ledger.read(wide.place.project / "ledger.sqlite", secret)
    head = (wide.place.project / "ledger.head").read_text().strip()
    digests = [each.cells for record in ledger.records for each in record.recorded]
    everything = b"".join(contents(wide.place.export).values())
    assert secret not in everything
    for word in (secret.hex(), head, *digests, "cell_key", "ledger.sqlite"):
        assert word.encode() not in everything
    assert Counter(record.release for record in ledger.records) == {"1": 1}
