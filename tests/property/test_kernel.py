"""The compiled pass gives what arrays give, to the last byte; they are checked against slow readings elsewhere."""

import datetime as dt
import hashlib
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings

from mobility.flows.account import Frame, count_account, count_steps, no_account, with_year_ends
from mobility.income import ClassTable
from mobility.moves import add_household, find_moves, find_transitions, first_of_year
from mobility.panel.lookup import rows_of
from mobility.quality import count_coverage
from mobility.steps import flows, moves
from mobility.stocks import take_stocks
from tests.property.test_account_day_by_day import AREA_OF_OBJECT, AREAS, REGISTER_STARTS, panels
from tests.registers.country import read_request, run_steps

pytest.importorskip("numba", reason="the extra `fast` is not installed")
AREA = pl.Series(AREA_OF_OBJECT, dtype=pl.UInt32)


def silent(what, done, of, rows=0, /):
    return None


@settings(max_examples=200, deadline=None)
@given(panels())
def test_one_compiled_pass_equals_all_that_arrays_make(panel):
    from mobility.at_once import AtOnce

    lives = replace(panel.lives, migrations=panel.lives.migrations.sort("person"))
    days, frame = panel.stock_days, Frame(panel.years, AREAS.height)
    table = ClassTable(panel.years.start, panel.classes.astype("uint8"))
    classes = table.in_years([(day + dt.timedelta(days=1)).year for day in days])
    stocks = take_stocks(lives.residence, lives.persons, lives.households, days)
    onto = no_account(frame)
    counted = count_account(lives, AREA, stocks, classes, frame, REGISTER_STARTS, panel.slack, onto)

    at_once = AtOnce(AREA, days, frame, REGISTER_STARTS, panel.slack)
    found, steps = at_once.follow(lives, table)

    assert (with_year_ends(at_once.block) == counted.block).all()
    assert count_steps([steps]).sort("cell").equals(counted.steps.sort("cell"))
    assert at_once.coverage.equals(count_coverage(stocks, stocks.area(AREA), classes, lives.persons, frame.years))
    for count, moved in (
        ("events", find_moves(lives.residence)),
        ("transitions", find_transitions(stocks, lives.persons)),
    ):
        year = moved["move_date"].dt.year().cast(pl.Int64).to_numpy()
        of_move = table.of(rows_of(lives.persons["person"], moved["person"]), year)
        expected = add_household(moved, lives.household_on, lives.persons).with_columns(
            pl.Series("income_class", of_move), first_of_year(moved)
        )
        assert found[count].equals(expected)
        assert found[count].schema == expected.schema


@pytest.mark.slow
def test_a_country_with_every_quirk_is_the_same_bytes_compiled_or_not(tmp_path, monkeypatch):
    made = {}
    country = ("register=synthetic", "synthetic.persons=4000", "synthetic.formats=[parquet]")
    for partitions in (1, 3):
        root, asked = tmp_path / f"in{partitions}", (*country, f"place.partitions={partitions}")
        steps = ("synthesise", "ingest") if partitions == 1 else ("ingest",)
        run_steps(root, tmp_path / "source", *steps, settings=asked)
        for compiled in (False, True):
            monkeypatch.setattr(moves, "_is_worth_compiling", lambda *_, compiled=compiled: compiled)
            for step in (moves, flows):
                step.JOB.run(read_request(root, tmp_path / "source", asked), silent)
            folders = ("panel/residence", "moves", "transitions", "aggregates")
            made[partitions, compiled] = {
                path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest()
                for folder in folders
                for path in sorted((root / folder).rglob("*.parquet"))
            }
        assert len(made[partitions, True]) >= 3 * partitions + 3
        assert made[partitions, True] == made[partitions, False]
    aggregates = [
        {path: digest for path, digest in made[partitions, True].items() if path.parts[0] == "aggregates"}
        for partitions in (1, 3)
    ]
    assert aggregates[0] == aggregates[1]


def test_a_small_country_is_not_compiled_and_a_large_one_only_where_numba_is(monkeypatch):
    rows = {"there": moves.LEAST_ROWS}

    class OfPanel:
        def path(self, table, _):
            return table

    class Shape:
        partitions = 2

    monkeypatch.setattr(moves.pq, "read_metadata", lambda _: type("Metadata", (), {"num_rows": rows["there"] // 2}))
    assert moves._is_worth_compiling(OfPanel(), Shape())
    monkeypatch.setattr(moves, "find_spec", lambda _: None)
    assert not moves._is_worth_compiling(OfPanel(), Shape())
    monkeypatch.undo()
    rows["there"] -= 2
    monkeypatch.setattr(moves.pq, "read_metadata", lambda _: type("Metadata", (), {"num_rows": rows["there"] // 2}))
    assert not moves._is_worth_compiling(OfPanel(), Shape())
