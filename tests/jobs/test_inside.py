"""The tables of a workspace as a researcher opens them in a notebook."""

import doctest

import polars as pl
import pytest

import mobility
import mobility.inside
from mobility.errors import RequestError

KEYS = ["year", "origin", "destination", "income_class"]


@pytest.fixture(scope="module")
def inside(tmp_path_factory, run_job, source, places):
    root = tmp_path_factory.mktemp("opened") / "workspace"
    for job in ("ingest", "moves", "flows", "chains"):
        done = run_job(job, *places(root, source), "study.period.first_year=2018")
        assert done.returncode == 0, done.stderr
    return mobility.open_workspace(root)


@pytest.mark.parametrize("count", ["events", "transitions"])
def test_moves_counted_by_hand_are_the_flows(inside, count):
    by_hand = (
        inside.moves(count)
        .filter(~pl.col("is_administrative"))
        .with_columns(
            year=pl.col("move_date").dt.year().cast(pl.Int64),
            origin="origin_gemeente",
            destination="destination_gemeente",
        )
        .filter(pl.col("year").is_between(2018, 2023))
        .group_by(KEYS)
        .agg(persons=pl.len().cast(pl.Int64), households=pl.col("is_carrier").sum().cast(pl.Int64))
        .sort(KEYS)
        .collect()
    )
    counted = (
        inside.aggregate("flows").filter(pl.col("level") == "gemeente", pl.col("count") == count).collect().sort(KEYS)
    )
    assert by_hand.height > 50
    assert by_hand.equals(counted.select(by_hand.columns))


def test_everybody_lives_somewhere_or_is_away(inside):
    spells = inside.residence().collect()
    away = spells["object"].is_null()
    assert spells["buurt"].is_null().sum() >= away.sum()
    assert spells.filter(away)["gemeente"].is_null().all()
    assert spells["person"].n_unique() == inside.persons().collect().height


def test_the_cohort_adds_up_to_its_aggregate(inside):
    assert inside.cohort().collect().height == inside.aggregate("cohort").select("persons").sum().collect().item()


def test_the_example_of_the_surface_runs_as_it_stands(inside, monkeypatch):
    monkeypatch.chdir(inside.workspace.root.parent)
    done = doctest.testmod(mobility.inside, raise_on_error=True)
    assert done.attempted >= 5


def test_what_is_not_there_is_named(inside, tmp_path):
    with pytest.raises(RequestError, match=r"no aggregate flowz in the workspace\. There are: account, "):
        inside.aggregate("flowz")
    with pytest.raises(RequestError, match="events or transitions"):
        inside.moves("moves")
    with pytest.raises(RequestError, match="is no workspace of this program"):
        mobility.open_workspace(tmp_path)
    with pytest.raises(AttributeError):
        mobility.open_panel  # noqa: B018
