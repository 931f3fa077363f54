"""Every quirk is in the flawed files and none in the clean ones; careful reading finds the truth below them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

Read = Callable[[str, int], pl.DataFrame]
KEYS = ["SOORTOBJECTNUMMER", "RINOBJECTNUMMER"]
START, END = "GBADATUMAANVANGADRESHOUDING", "GBADATUMEINDEADRESHOUDING"


def address_quirks(read: Read) -> dict[str, int]:
    rows = read("GBAADRESOBJECTBUS", 2023).with_columns(
        start=pl.col(START).str.to_date("%Y%m%d"), end=pl.col(END).str.to_date("%Y%m%d")
    )
    good = rows.filter(pl.col("RINPERSOONS") == "R", pl.col("start") <= pl.col("end")).unique()
    good = good.sort("RINPERSOON", "start")
    after = pl.col("start").shift(-1).over("RINPERSOON")
    same_object = pl.concat_str(KEYS) == pl.concat_str(KEYS).shift(-1).over("RINPERSOON")
    gap = (after - pl.col("end")).dt.total_days() - 1
    deaths = read("GBAOVERLIJDENTAB", 2023).select(
        "RINPERSOON", death=pl.col("GBADatumOverlijden").str.to_date("%Y%m%d")
    )
    late = good.join(deaths, on="RINPERSOON").filter(pl.col("end") > pl.col("death"))
    next_year = (pl.col(START) > "20231231") | ((pl.col(END) > "20231231") & (pl.col(END) < "20501231"))
    objects = read("VSLGWBTAB", 2023)
    known = objects.select(KEYS).unique()
    return {
        "1 exact duplicates": rows.height - rows.unique().height,
        "2 contiguous splits": good.filter(same_object & (gap == 0)).height,
        "3 overlaps": good.filter(gap < 0).height,
        "4 running on after death": late.height,
        "6 next year": rows.filter(next_year).height,
        "7 objects without geography": rows.join(known, on=KEYS, how="anti").height,
        "short holes": good.filter(gap.is_between(1, 31) & ~same_object).height,
        "end before start": rows.filter(pl.col("start") > pl.col("end")).height,
        "not R": rows.filter(pl.col("RINPERSOONS") != "R").height,
    }


def other_quirks(read: Read) -> dict[str, int]:
    objects = read("VSLGWBTAB", 2023)
    cycles = read("LEVCYCLWOONNIETWOONBUS", 2023)
    incomes = pl.concat([read("INHATAB", year) for year in range(2011, 2024)])
    persons = read("GBAPERSOONTAB", 2023).with_columns(
        birth=pl.date(pl.col("GBAGEBOORTEJAAR").cast(pl.Int32), pl.col("GBAGEBOORTEMAAND").cast(pl.Int32), 1)
    )
    addresses = read("GBAADRESOBJECTBUS", 2023).group_by("RINPERSOON").agg(pl.col(START).min())
    first = read("GBAHUISHOUDENSBUS", 2023).group_by("RINPERSOON").agg(pl.col("DATUMAANVANGHH").min())
    newborn = (
        persons.join(addresses, on="RINPERSOON")
        .join(first, on="RINPERSOON")
        .filter(pl.col("birth") > pl.date(2003, 1, 1))
    )
    new_year = (pl.col(START) < "20160101") & (pl.col(END) > "20160101")
    alive = read("GBAADRESOBJECTBUS", 2023).filter(pl.col("RINPERSOONS") == "R", new_year)
    dead = read("GBAOVERLIJDENTAB", 2023).filter(pl.col("GBADatumOverlijden") < "20160101")
    alive = alive.join(dead, on="RINPERSOON", how="anti").unique("RINPERSOON")
    return {
        "8 dashes in some years": objects.filter((pl.col("gem1999") == "----") & (pl.col("gem2023") != "----")).height,
        "9 objects twice": objects.height - objects.select(KEYS).unique().height,
        "9 life cycles twice": cycles.height - cycles.unique().height,
        "10 one number, two types": objects.select(KEYS).unique().height - objects["RINOBJECTNUMMER"].n_unique(),
        "14 no percentile": incomes.filter(pl.col("INHP100HGEST").cast(pl.Int32).is_in([-1, -3])).height,
        "14 nines": incomes.filter(pl.col("INHGESTINKH") == 9_999_999_999).height,
        "16 no income household": alive.join(read("KOPPELPERSOONHUISHOUDEN", 2016), on="RINPERSOON", how="anti").height,
        "20 year 1005": cycles.filter(pl.col("BOUWJAAR") == "1005").height,
        "23 late newborn": newborn.filter(pl.col("DATUMAANVANGHH") > pl.col(START)).height,
    }


def test_clean_files_have_no_quirks(read_clean: Read) -> None:
    found = address_quirks(read_clean) | other_quirks(read_clean)
    assert {name: count for name, count in found.items() if count} == {}


def test_flawed_files_have_every_quirk(read_quirky: Read) -> None:
    found = address_quirks(read_quirky) | other_quirks(read_quirky)
    assert [name for name, count in found.items() if not count] == []


def test_quirks_are_rare(read_quirky: Read) -> None:
    rows = read_quirky("GBAADRESOBJECTBUS", 2023).height
    found = address_quirks(read_quirky)
    assert max(found.values()) < 0.08 * rows
    assert found["7 objects without geography"] < 0.01 * rows


@pytest.mark.parametrize("register", ["GBAHUISHOUDENSBUS"])
def test_places_are_padded_in_clean_and_in_flawed_files(read_clean: Read, read_quirky: Read, register: str) -> None:
    for read in (read_clean, read_quirky):
        assert {" 1", " 2", "10"} <= set(read(register, 2023)["PLHH"])


def test_the_truth_can_be_read_through_the_flaws(quirky: Path, read_quirky: Read) -> None:
    """A plain reading of the flawed file, person by person and day by day, gives the true moves of a year."""
    rows = read_quirky("GBAADRESOBJECTBUS", 2023).filter(pl.col("RINPERSOONS") == "R", pl.col(START) <= pl.col(END))
    deaths = dict(read_quirky("GBAOVERLIJDENTAB", 2023).select("RINPERSOON", "GBADatumOverlijden").iter_rows())
    by_person: dict[str, list[tuple[str, str, str, str]]] = {}
    for person, start, end, kind, number in rows.select("RINPERSOON", START, END, *KEYS).iter_rows():
        by_person.setdefault(person, []).append((start, min(end, deaths.get(person, end)), kind, number))
    days = pl.date_range(pl.date(2014, 11, 25), pl.date(2015, 12, 31), eager=True).dt.strftime("%Y%m%d").to_list()
    found = set()
    for person, registered in by_person.items():
        relevant = [spell for spell in registered if spell[1] >= days[0] and spell[0] <= days[-1]]
        if len(set(relevant)) < 2:
            continue
        home, empty_days = None, 0
        for day in days:
            covering = [spell for spell in relevant if spell[0] <= day <= spell[1]]
            if not covering:
                empty_days += 1
                continue
            now = max(covering)[2:]
            if home is not None and now != home and empty_days <= 31 and day >= "20150101":
                found.add((int(person), day, *home, *now))
            home, empty_days = now, 0
    truth = pl.read_parquet(quirky / "truth/moves.parquet").filter(pl.col("move_date").dt.year() == 2015)
    names = ["origin_type", "origin_number", "destination_type", "destination_number"]
    true = set(truth.select("person", pl.col("move_date").dt.strftime("%Y%m%d"), *names).iter_rows())
    assert found == true
