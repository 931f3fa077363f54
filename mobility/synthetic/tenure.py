"""Tenure of dwellings on 1 January: EIGENDOMTAB and the registers before it."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.atlas import load_map
from mobility.synthetic.block import OwnershipYear
from mobility.synthetic.country import Country
from mobility.synthetic.days import AnyInts, Ints
from mobility.synthetic.world import OWNER

OWNERSHIP_TOLD_UNTIL = 2014  # EIGENDOMWOZBAGTAB leaves ownership empty from 2015
_TENURE = np.array(["E", "W", "O"])
_EUROS_PER_M2 = 2_300


def ownership(country: Country, year: OwnershipYear) -> pl.DataFrame:
    """EIGENDOMTAB of one year: BAG dwellings that stand on 1 January."""
    objects = country.objects
    bag = objects.is_bag[year.dwelling]
    dwelling, tenure = year.dwelling[bag], year.tenure[bag]
    rows = pl.DataFrame(
        {
            "object_number": objects.number.gather(dwelling),
            "ownership": pl.Series(np.where(tenure == OWNER, "E", "H")),
            "tenure": pl.Series(_TENURE[tenure]),
            "AantalBewoners": year.residents[bag],
        }
    )
    return rows.with_columns(object_type=pl.lit("B")).sort("object_number")


def ownership_and_value(country: Country, year: OwnershipYear) -> pl.DataFrame:
    """EIGENDOMWOZBAGTAB of one year."""
    bag = country.objects.is_bag[year.dwelling]
    rows = _tenure(country, year.dwelling[bag], year.tenure[bag] == OWNER, "E", "H")
    if year.year > OWNERSHIP_TOLD_UNTIL:
        rows = rows.with_columns(ownership=pl.lit(""))
    return rows.with_columns(WOZGEBRUIKSCODEBAG=pl.lit("10"), WOZWAARDEOBJECTBAG=_values(country, year.dwelling[bag]))


def early_ownership(country: Country, year: OwnershipYear) -> pl.DataFrame:
    """EIGENDOMWOZTAB of one year, before the BAG."""
    known = year.dwelling[~country.objects.is_other[year.dwelling]]
    owned = year.tenure[~country.objects.is_other[year.dwelling]] == OWNER
    rows = _tenure(country, known, owned, "E", "H")
    return rows.with_columns(WOONRUIMTECODE=pl.lit("1"), WOZWAARDEOBJECT=_values(country, known))


def inhabited_dwellings(country: Country, year: OwnershipYear) -> pl.DataFrame:
    """OBJECTWONINGTAB of one year."""
    some = (year.residents > 0) & ~country.objects.is_other[year.dwelling]
    return _tenure(country, year.dwelling[some], year.tenure[some] == OWNER, "1", "2")


def _tenure(country: Country, dwelling: Ints, is_owned: AnyInts, owner: str, tenant: str) -> pl.DataFrame:
    """In the order of the block: these registers are not sorted."""
    return pl.DataFrame(
        {
            "object_type": country.objects.kind.gather(dwelling),
            "object_number": country.objects.number.gather(dwelling),
            "ownership": pl.Series(np.where(is_owned, owner, tenant), dtype=pl.String),
        }
    )


def _values(country: Country, dwelling: Ints) -> pl.Series:
    appeal = load_map().appeal[country.objects.buurt[dwelling]]
    euros = country.objects.floor_m2[dwelling] * _EUROS_PER_M2 * np.exp(0.25 * appeal)
    return pl.Series((euros / 1000).astype(np.int64) * 1000)
