"""The optional registers agree with the lives of the people and the places of the dwellings."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from mobility.synthetic.proximity import DETOUR, places_of

Read = Callable[[str, int], pl.DataFrame]
OBJECT = ["SOORTOBJECTNUMMER", "RINOBJECTNUMMER"]


def births(read: Read) -> pl.DataFrame:
    year, month = (pl.col(f"GBAGEBOORTE{part}").cast(pl.Int32) for part in ("JAAR", "MAAND"))
    return read("GBAPERSOONTAB", 2023).select("RINPERSOON", "GBAGESLACHT", birth=year + month / 12)


def test_early_percentiles_are_text_from_0_to_99_and_households_are_linked(read_clean: Read) -> None:
    incomes, links = read_clean("IHI", 2008), read_clean("KOPPELTABEL_IPI_IHI_IVB", 2008)
    assert incomes.schema["BVRPERCGESTINKH"] == pl.String
    observed = incomes["BVRPERCGESTINKH"].cast(pl.Int32)
    assert set(observed.unique()) <= {-2, *range(100)}
    assert {0, 99} <= set(observed)
    assert set(links["RINPERSOONHKW"]) == set(incomes["RINPERSOONKERN"])


def test_early_incomes_are_of_31_december(read_clean: Read) -> None:
    addresses = read_clean("GBAADRESOBJECTBUS", 2023)
    there = addresses.filter(
        pl.col("GBADATUMAANVANGADRESHOUDING") <= "20081231", pl.col("GBADATUMEINDEADRESHOUDING") >= "20081231"
    )
    dead = set(read_clean("GBAOVERLIJDENTAB", 2023).filter(pl.col("GBADatumOverlijden") == "20081231")["RINPERSOON"])
    linked = set(read_clean("KOPPELTABEL_IPI_IHI_IVB", 2008)["RINPERSOON"])
    assert linked == set(there["RINPERSOON"]) - dead


def test_rent_with_support_has_code_2_before_2011_and_3_after(read_clean: Read) -> None:
    early, late = read_clean("IHI", 2010), read_clean("INHATAB", 2011)
    poorest = early.filter(pl.col("BVRPERCGESTINKH").is_in([str(n) for n in range(10)]))
    assert (poorest["BVREHALG"] == "2").sum() > (poorest["BVREHALG"] == "3").sum()
    poorest = late.filter(pl.col("INHP100HGEST").is_between(1, 10))
    assert (poorest["INHEHALGR"] == "3").sum() > (poorest["INHEHALGR"] == "2").sum()


def test_percentiles_of_two_years_go_together_but_are_not_the_same(read_clean: Read) -> None:
    def percentiles(income: str, link: str, year: int, key: str, name: str) -> pl.DataFrame:
        rows = read_clean(link, year).join(read_clean(income, year), left_on="RINPERSOONHKW", right_on=key)
        return rows.select("RINPERSOON", pl.col(name).cast(pl.Int32).alias(f"p{year}")).filter(pl.col(f"p{year}") > 0)

    early = percentiles("IHI", "KOPPELTABEL_IPI_IHI_IVB", 2010, "RINPERSOONKERN", "BVRPERCGESTINKH")
    late = percentiles("INHATAB", "KOPPELPERSOONHUISHOUDEN", 2011, "RINPERSOONHKW", "INHP100HGEST")
    both = early.join(late, on="RINPERSOON")
    assert both.select(pl.corr("p2010", "p2011")).item() > 0.8
    assert (both["p2010"] + 1 != both["p2011"]).mean() > 0.5


def test_migration_tells_arrivals_and_departures_of_the_address_register(read_clean: Read) -> None:
    events = read_clean("GBAMIGRATIEBUS", 2023)
    assert set(events["GBASOORTMIGRATIE"]) == {"1", "2", "3", "4"}
    addresses = read_clean("GBAADRESOBJECTBUS", 2023)
    starts = addresses.select("RINPERSOON", GBADATUMMIGRATIE="GBADATUMAANVANGADRESHOUDING")
    arrivals = events.filter(pl.col("GBASOORTMIGRATIE").is_in(["1", "4"]))
    assert arrivals.join(starts, on=["RINPERSOON", "GBADATUMMIGRATIE"], how="anti").height == 0
    ends = pl.col("GBADATUMEINDEADRESHOUDING").str.to_date("%Y%m%d") + pl.duration(days=1)
    leaves = addresses.select("RINPERSOON", GBADATUMMIGRATIE=ends.dt.strftime("%Y%m%d"))
    departures = events.filter(pl.col("GBASOORTMIGRATIE").is_in(["2", "3"]))
    assert departures.join(leaves, on=["RINPERSOON", "GBADATUMMIGRATIE"], how="anti").height == 0
    late = events["GBAPUBLICATIEJAAR"].cast(pl.Int32) - events["GBADATUMMIGRATIE"].str.slice(0, 4).cast(pl.Int32)
    assert set(late.unique()) == {0, 1}
    assert events["GBAPUBLICATIEJAAR"].max() == "2023"


def test_parents_are_a_man_and_a_woman_of_the_right_age_who_lived_with_the_child(read_clean: Read) -> None:
    people = births(read_clean)
    children = read_clean("KINDOUDERTAB", 2023).join(people, on="RINPERSOON")
    for parent, sex in (("RINPERSOONMa", "2"), ("RINPERSOONpa", "1")):
        known = children.filter(pl.col(parent) != "-" * 9).join(people, left_on=parent, right_on="RINPERSOON")
        assert known.height > 500
        assert (known["GBAGESLACHT_right"] == sex).all()
        assert (known["birth"] - known["birth_right"]).median() == pytest.approx(30, abs=5)
    mothers = children.filter(pl.col("RINPERSOONMa") != "-" * 9)
    assert mothers.height / children.height > 0.9
    addresses = read_clean("GBAADRESOBJECTBUS", 2023).unique(["RINPERSOON"], keep="first", maintain_order=True)
    young = mothers.filter(pl.col("birth") > 2010).join(addresses, on="RINPERSOON").select("RINPERSOONMa", *OBJECT)
    every = read_clean("GBAADRESOBJECTBUS", 2023).select(*OBJECT, RINPERSOONMa="RINPERSOON").unique()
    assert young.join(every, on=["RINPERSOONMa", *OBJECT], how="anti").height < 0.02 * young.height


def test_what_people_live_on_follows_age(read_clean: Read) -> None:
    spells = read_clean("SECMBUS", 2023).join(births(read_clean), on="RINPERSOON")
    age = spells["AANVSECM"].str.slice(0, 4).cast(pl.Int32) - spells["birth"]
    spells = spells.with_columns(age=age)
    assert spells.filter(pl.col("SECM") == "25")["age"].min() > 64
    assert spells.filter(pl.col("SECM").is_in(["11", "13", "22"]))["age"].max() < 67
    ordered = spells.sort("RINPERSOON", "AANVSECM")
    overlap = pl.col("AANVSECM").shift(-1).over("RINPERSOON") <= pl.col("EINDSECM")
    assert ordered.filter(overlap).height == 0


def test_personal_incomes_belong_to_linked_persons(read_clean: Read) -> None:
    incomes = read_clean("INPATAB", 2023)
    links = read_clean("KOPPELPERSOONHUISHOUDEN", 2023)
    assert (
        incomes.select("RINPERSOON", "RINPERSOONHKW")
        .sort("RINPERSOON")
        .equals(links.select("RINPERSOON", "RINPERSOONHKW").sort("RINPERSOON"))
    )
    supported = read_clean("INHATAB", 2023).filter(pl.col("INHEHALGR") == "3")["RINPERSOONHKW"]
    assert set(incomes.filter(pl.col("INPT7340HRS") > 0)["RINPERSOON"]) == set(supported)
    jobs = read_clean("SPOLISBUS", 2023)
    employees = incomes.filter(pl.col("INPSECJ") == "11")
    assert set(jobs["RINPERSOON"]) == set(employees["RINPERSOON"])


def test_costs_of_care_rise_with_age(read_clean: Read) -> None:
    costs = read_clean("ZVWZORGKOSTENTAB", 2023).join(births(read_clean), on="RINPERSOON")
    young, old = (
        costs.filter(wanted)["ZVWKTOTAAL"].mean() for wanted in (pl.col("birth") > 1990, pl.col("birth") < 1955)
    )
    assert old > 3 * young  # type: ignore[operator]
    assert 0.005 < (costs["ZVWKTOTAAL"] == 0).mean() < 0.03  # type: ignore[operator]


def test_owners_have_more_wealth(read_clean: Read) -> None:
    joined = read_clean("VEHTAB", 2023).join(read_clean("INHATAB", 2023), on="RINPERSOONHKW")
    means = dict(joined.group_by("INHEHALGR").agg(pl.col("VEHP100HVERM").mean()).iter_rows())
    assert means["1"] > means["3"] + 20
    assert (joined["VEHW1000VERH"] < 0).any()


def test_two_thirds_have_a_known_education(read_clean: Read) -> None:
    known = read_clean("HOOGSTEOPLTAB", 2023).height / read_clean("KOPPELPERSOONHUISHOUDEN", 2023).height
    assert 0.45 < known < 0.7


def test_squares_and_distances_follow_coordinates(read_clean: Read) -> None:
    coordinates = read_clean("VSLCOORDTAB", 2023)
    squares = read_clean("VSLVIERKANTTAB", 2023).join(coordinates, on=OBJECT)
    assert squares.height == coordinates.height
    for name, axis, at in (("X", "XCOORDADRES", 1), ("Y", "YCOORDADRES", 6)):
        corner = squares["VIERKANT100M"].str.slice(at, 4).cast(pl.Int32) * 100
        assert (squares[axis] - corner).is_between(0, 99).all(), name
    near = read_clean("NABIJHEIDZORGTAB", 2023).join(coordinates, on=OBJECT)
    first = near.row(0, named=True)
    straight = min(
        ((east - first["XCOORDADRES"]) ** 2 + (north - first["YCOORDADRES"]) ** 2) ** 0.5
        for east, north in places_of("practice")
    )
    assert first["VZAFSTANDHARTSPR"] == pytest.approx(DETOUR * straight, abs=2)
    assert ((near["VZAFSTANDHARTSPR"] <= 3_000) == (near["VZAANTHARTSPR03KM"] > 0)).all()


def test_tenure_before_2012_is_that_of_the_same_dwellings(read_clean: Read) -> None:
    before, after = read_clean("EIGENDOMWOZTAB", 2011), read_clean("EIGENDOMTAB", 2012)
    both = before.join(after, on=OBJECT)
    assert both.height > 0.9 * after.height
    assert (both["VBOEIGENDOM"] == both["TypeEigendom"]).mean() > 0.98  # type: ignore[operator]
    assert set(read_clean("OBJECTWONINGTAB", 2005)["HUURKOOP"]) == {"1", "2"}
    assert set(read_clean("EIGENDOMWOZBAGTAB", 2012)["VBOEIGENDOMBAG"]) == {"E", "H"}
    assert set(read_clean("EIGENDOMWOZBAGTAB", 2021)["VBOEIGENDOMBAG"]) == {""}


def test_objects_of_type_d_are_placed_by_a_register_of_their_own(read_quirky: Read) -> None:
    other, known = read_quirky("NIETVSLGWBTAB", 2023), read_quirky("VSLGWBTAB", 2023)
    assert set(other["SOORTOBJECTNUMMER"]) == {"D"}
    assert other.join(known, on=OBJECT).height == 0
    assert (other["gem2023"] != "----").all()
    lived = read_quirky("GBAADRESOBJECTBUS", 2023).filter(pl.col("SOORTOBJECTNUMMER") == "D")
    assert 0 < lived.join(other, on=OBJECT, how="anti").height < lived.height
