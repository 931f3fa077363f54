"""Life histories hang together: one home at a time, one reference person, nobody in a demolished dwelling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

Read = Callable[[str, int], pl.DataFrame]
OPEN = "20501231"


def spells(table: pl.DataFrame, first: str, last: str) -> pl.DataFrame:
    """Spells with half-open dates; what is open ends far away."""
    day = pl.col(first).str.to_date("%Y%m%d")
    end = pl.col(last).str.replace("88888888", OPEN).str.to_date("%Y%m%d") + pl.duration(days=1)
    return table.with_columns(start=day, end=end).sort(
        "RINPERSOON" if "RINPERSOON" in table.columns else "RINOBJECTNUMMER", "start"
    )


@pytest.fixture(scope="module")
def addresses(read_clean: Read) -> pl.DataFrame:
    table = read_clean("GBAADRESOBJECTBUS", 2023)
    return spells(table, "GBADATUMAANVANGADRESHOUDING", "GBADATUMEINDEADRESHOUDING")


@pytest.fixture(scope="module")
def households(read_clean: Read) -> pl.DataFrame:
    return spells(read_clean("GBAHUISHOUDENSBUS", 2023), "DATUMAANVANGHH", "DATUMEINDEHH")


def test_nobody_lives_in_two_places(addresses: pl.DataFrame, households: pl.DataFrame) -> None:
    for table in (addresses, households):
        overlaps = table.filter(pl.col("start").shift(-1).over("RINPERSOON") < pl.col("end"))
        assert overlaps.height == 0
        assert (table["start"] < table["end"]).all()


def test_the_register_starts_in_1995(addresses: pl.DataFrame) -> None:
    starts = addresses["GBADATUMAANVANGADRESHOUDING"]
    assert starts.min() == "19950101"
    assert (starts == "19950101").sum() > 100


def test_everybody_with_an_address_has_a_household_and_the_reverse(
    addresses: pl.DataFrame, households: pl.DataFrame
) -> None:
    for year in (2004, 2012, 2023):
        day = pl.date(year, 12, 31)
        here, there = (
            set(table.filter(pl.col("start") <= day, pl.col("end") > day)["RINPERSOON"])
            for table in (addresses, households)
        )
        assert here == there


def test_a_household_has_one_reference_person_and_counts_its_members(households: pl.DataFrame) -> None:
    private = households.filter(pl.col("TYPHH") != "8")
    found = private.group_by("HUISHOUDNR", "DATUMAANVANGHH").agg(
        references=(pl.col("REFPERSOONHH") == "1").sum(),
        members=pl.len(),
        children=(pl.col("PLHH") == " 1").sum(),
        told=pl.col("AANTALPERSHH").unique(),
        told_children=pl.col("AANTALKINDHH").unique(),
        types=pl.col("TYPHH").n_unique(),
    )
    assert (found["references"] == 1).all()
    assert (found["types"] == 1).all()
    assert (found["told"].list.len() == 1).all()
    assert (found["told"].list.first() == found["members"]).all()
    assert (found["told_children"].list.first() == found["children"]).all()
    assert (households.filter(pl.col("TYPHH") == "8")["REFPERSOONHH"] == "0").all()


def test_a_household_number_is_unique_only_with_its_first_day(households: pl.DataFrame) -> None:
    starts = households.group_by("HUISHOUDNR").agg(pl.col("DATUMAANVANGHH").n_unique())
    assert (starts["DATUMAANVANGHH"] > 1).mean() > 0.5


def test_places_in_the_household_fit_its_type(households: pl.DataFrame) -> None:
    pairs = {(kind, place.strip()) for kind, place in households.select("TYPHH", "PLHH").unique().iter_rows()}
    allowed = {
        ("1", "2"),
        ("2", "3"),
        ("3", "4"),
        ("4", "5"),
        ("5", "6"),
        ("6", "7"),
        ("7", "8"),
        ("7", "9"),
        ("8", "10"),
    }
    allowed |= {(kind, "1") for kind in "4567"} | {("7", place) for place in ("3", "4", "5", "6", "7")}
    assert pairs <= allowed
    assert {("1", "2"), ("5", "6"), ("5", "1"), ("8", "10")} <= pairs
    assert set(households["PLHH"].str.len_chars()) == {2}


def test_those_who_live_together_are_one_household(addresses: pl.DataFrame, households: pl.DataFrame) -> None:
    day = pl.date(2015, 6, 30)
    there = households.filter(pl.col("start") <= day, pl.col("end") > day).select("RINPERSOON", "HUISHOUDNR")
    here = addresses.filter(pl.col("start") <= day, pl.col("end") > day).join(there, on="RINPERSOON", validate="1:1")
    per_object = here.group_by("SOORTOBJECTNUMMER", "RINOBJECTNUMMER").agg(pl.col("HUISHOUDNR").n_unique())
    assert (per_object["HUISHOUDNR"] == 1).all()


def test_nobody_has_an_address_in_a_dwelling_before_it_stands_or_after_demolition(
    addresses: pl.DataFrame, read_clean: Read
) -> None:
    cycles = spells(read_clean("LEVCYCLWOONNIETWOONBUS", 2023), "AANVLEVCYCLWOONNIETWOON", "EINDLEVCYCLWOONNIETWOON")
    whole = cycles.group_by("RINOBJECTNUMMER").agg(
        pl.col("start").min().alias("built"), pl.col("end").max().alias("gone")
    )
    lived = addresses.filter(pl.col("SOORTOBJECTNUMMER") == "B").join(
        whole, on="RINOBJECTNUMMER", how="left", validate="m:1"
    )
    assert lived["gone"].null_count() == 0
    assert (lived["end"] <= lived["gone"]).all()
    new = lived.filter(pl.col("built") > pl.date(2012, 1, 1))
    assert new.height > 10
    assert (new["start"] >= new["built"]).all()


def test_programme_areas_lose_corporation_dwellings(read_clean: Read) -> None:
    codes = read_clean("VSLGWBTAB", 2023).select("RINOBJECTNUMMER", "wc2023")
    shares = []
    for year in (2013, 2023):
        owned = read_clean("EIGENDOMTAB", year).join(codes, on="RINOBJECTNUMMER")
        shares.append(
            (owned.filter(pl.col("wc2023").is_in(["910101", "910102", "920107"]))["TypeEigenaar"] == "W").mean()
        )
    assert shares[1] < shares[0] - 0.05


def test_a_merger_a_boundary_change_and_a_new_code_of_a_growth_core_move_nobody(read_clean: Read) -> None:
    codes = read_clean("VSLGWBTAB", 2023)
    merged = codes.filter(pl.col("gem2023") == "9404")
    assert set(merged["gem2008"]) == {"9481", "9482"}
    assert set(merged["gem2009"]) == {"9404"}
    changed = codes.filter(pl.col("wc2023") == "920503")
    assert set(changed["gem2006"]) == {"9201"}
    assert set(changed["gem2007"]) == {"9205"}
    core = codes.filter(pl.col("gem2023") == "9302")
    assert set(core["gem2014"]) == {"9392"}
    assert set(core["gem2015"]) == {"9302"}
    for kind, width in (("wc", 6), ("bc", 8)):
        for year in (1999, 2008, 2014, 2023):
            assert (codes[f"{kind}{year}"].str.slice(0, 4) == codes[f"gem{year}"]).all()
            assert (codes[f"{kind}{year}"].str.len_chars() == width).all()


def test_deaths_end_addresses(addresses: pl.DataFrame, read_clean: Read) -> None:
    deaths = read_clean("GBAOVERLIJDENTAB", 2023).with_columns(death=pl.col("GBADatumOverlijden").str.to_date("%Y%m%d"))
    last = addresses.group_by("RINPERSOON").agg(pl.col("end").max()).join(deaths, on="RINPERSOON")
    assert last.height == deaths.height > 300
    assert (last["end"] - last["death"]).dt.total_days().unique().to_list() == [1]


def test_percentiles_are_even_among_private_households(read_clean: Read) -> None:
    incomes = read_clean("INHATAB", 2016).filter(pl.col("INHPOPIIV") == "1")
    fifths = ((incomes["INHP100HGEST"] - 1) // 20).value_counts()["count"]
    assert fifths.min() > 0.95 * incomes.height / 5
    assert set(read_clean("INHATAB", 2016)["INHPOPIIV"]) == {"1", "2", "3"}


def test_every_linked_household_has_an_income(read_clean: Read) -> None:
    links, incomes = read_clean("KOPPELPERSOONHUISHOUDEN", 2016), read_clean("INHATAB", 2016)
    assert incomes["RINPERSOONHKW"].is_unique().all()
    assert set(links["RINPERSOONHKW"]) == set(incomes["RINPERSOONHKW"])
    assert links["RINPERSOON"].is_unique().all()


def test_the_true_moves_are_those_of_clean_addresses(clean: Path, addresses: pl.DataFrame) -> None:
    truth = pl.read_parquet(clean / "truth/moves.parquet")
    following = pl.col("start").shift(-1).over("RINPERSOON") == pl.col("end")
    assert truth.height == addresses.select(following.sum()).item()  # too small a country for a renumbered building
    assert truth.schema["person"] == pl.Int64
    assert truth.schema["move_date"] == pl.Date
    assert truth["origin_gemeente"].null_count() == 0
