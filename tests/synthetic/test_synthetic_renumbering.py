"""Buildings that get other object numbers: everybody stays, nothing is demolished, and nobody moved."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from mobility.settings import Synthetic
from mobility.synthetic import write_country

START, END = "GBADATUMAANVANGADRESHOUDING", "GBADATUMEINDEADRESHOUDING"
OPEN = "88888888"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country just large enough for one building."""
    root = tmp_path_factory.mktemp("town") / "source"
    settings = Synthetic(persons=20_000, first_year=2017, flaws="none", formats=("parquet",))
    write_country(settings, root, lambda _name, _rows: None)
    return root


@pytest.fixture(scope="module")
def renumbered(town: Path) -> pl.DataFrame:
    return pl.read_parquet(town / "truth/renumbered.parquet")


@pytest.fixture(scope="module")
def addresses(town: Path) -> pl.DataFrame:
    return pl.read_parquet(town / "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1.parquet")


def test_one_building_of_twelve_is_renumbered_on_one_day(renumbered: pl.DataFrame) -> None:
    assert renumbered.height == 12
    assert renumbered["day"].n_unique() == renumbered["buurt"].n_unique() == 1
    assert set(renumbered["former_type"]) == set(renumbered["object_type"]) == {"B"}


def test_all_residents_go_from_the_old_number_to_the_new(renumbered: pl.DataFrame, addresses: pl.DataFrame) -> None:
    day = renumbered["day"][0]
    first, last = day.strftime("%Y%m%d"), (day.fromordinal(day.toordinal() - 1)).strftime("%Y%m%d")
    for old, new in renumbered.select("former_number", "object_number").iter_rows():
        before = addresses.filter(pl.col("RINOBJECTNUMMER") == old)
        after = addresses.filter(pl.col("RINOBJECTNUMMER") == new)
        assert before[END].max() == last
        assert after[START].min() == first
        left, came = before.filter(pl.col(END) == last), after.filter(pl.col(START) == first)
        assert set(left["RINPERSOON"]) == set(came["RINPERSOON"]) != set()


def test_the_pairs_lie_within_25_metres_and_the_building_too(town: Path, renumbered: pl.DataFrame) -> None:
    places = pl.read_parquet(town / "BouwenWonen/VSLCOORDTAB/VSLCOORDTAB2023V1.parquet")
    where = {number: (x, y) for _, number, x, y in places.iter_rows()}
    for old, new in renumbered.select("former_number", "object_number").iter_rows():
        assert where[old] == where[new]
    assert len({y for _, y in (where[new] for new in renumbered["object_number"])}) == 1


def test_the_old_numbers_are_not_demolished(town: Path, renumbered: pl.DataFrame) -> None:
    cycles = pl.read_parquet(next(town.rglob("LEVCYCL*.parquet")))
    last = cycles.sort("AANVLEVCYCLWOONNIETWOON").unique("RINOBJECTNUMMER", keep="last", maintain_order=True)
    ends = dict(last.select("RINOBJECTNUMMER", "EINDLEVCYCLWOONNIETWOON").iter_rows())
    assert {ends[number] for number in renumbered["former_number"]} == {OPEN}
    first = cycles.group_by("RINOBJECTNUMMER").agg(pl.col("AANVLEVCYCLWOONNIETWOON").min())
    starts = dict(first.iter_rows())
    assert {starts[number] for number in renumbered["object_number"]} == {renumbered["day"][0].strftime("%Y%m%d")}


def test_a_dwelling_is_owned_under_one_number_at_a_time(town: Path, renumbered: pl.DataFrame) -> None:
    day = renumbered["day"][0]
    for path in town.glob("BouwenWonen/EIGENDOMTAB/*.parquet"):
        owned = set(pl.read_parquet(path)["RINOBJECTNUMMER"])
        year = int(path.name.removeprefix("EIGENDOM")[:4])
        now, other = ("former_number", "object_number") if year <= day.year else ("object_number", "former_number")
        # A dwelling of a building may have been built in the period: only the years beside the day show all twelve.
        assert set(renumbered[now]) <= owned or year not in (day.year, day.year + 1)
        assert not set(renumbered[other]) & owned


def test_the_truth_knows_no_move_from_an_old_number_to_its_new_one(town: Path, renumbered: pl.DataFrame) -> None:
    moves = pl.read_parquet(town / "truth/moves.parquet")
    pairs = renumbered.select(origin_number="former_number", destination_number="object_number")
    assert moves.join(pairs, on=["origin_number", "destination_number"]).height == 0


def test_households_start_anew_with_the_new_number(
    town: Path, renumbered: pl.DataFrame, addresses: pl.DataFrame
) -> None:
    first = renumbered["day"][0].strftime("%Y%m%d")
    homes = pl.read_parquet(next(town.rglob("GBAHUISHOUDENS*.parquet")))
    at_new_number = pl.col("RINOBJECTNUMMER").is_in(renumbered["object_number"].implode())
    residents = addresses.filter(at_new_number, pl.col(START) == first)
    started = homes.filter(pl.col("DATUMAANVANGHH") == first)
    assert set(residents["RINPERSOON"]) <= set(started["RINPERSOON"])
