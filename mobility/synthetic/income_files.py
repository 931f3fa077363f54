"""The income registers as delivered: INHATAB and IHI, with the links from persons to their income household."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.country import Country
from mobility.synthetic.days import AnyInts
from mobility.synthetic.flaws import RATES
from mobility.synthetic.income import EARLY_UNKNOWN_EUROS, UNKNOWN_EUROS, IncomeYear

SELF_EMPLOYED = 13


def incomes(country: Country, year: IncomeYear, rng: np.random.Generator, quirks: bool) -> pl.DataFrame:
    """INHATAB of one year; among the lowest incomes are losses of the self-employed (quirk 14)."""
    loss = (year.percentile == 1) & (rng.random(len(year.payer)) < RATES["loss"]) & quirks
    source = np.where(loss, SELF_EMPLOYED, year.source)
    rows = pl.DataFrame(
        {
            "payer": country.persons.text.gather(year.payer),
            "percentile": year.percentile,
            "INHP100HGESTES": year.percentile_without_students,
            "population": pl.Series(year.population).cast(pl.String),
            "INHBESTINKH": np.where(loss, -year.disposable_eur, year.disposable_eur),
            "INHGESTINKH": np.where(loss, -year.standardised_eur, year.standardised_eur),
            "INHARMLAG": year.poverty,
            "INHEHALGR": pl.Series(year.tenure_code).cast(pl.String),
            "INHBBIHJ": pl.Series(source).cast(pl.String),
            "INHAHL": year.size,
        }
    )
    return rows.with_columns(payer_type=pl.lit("R")).sort("payer")


def income_links(country: Country, year: IncomeYear) -> pl.DataFrame:
    """KOPPELPERSOONHUISHOUDEN of one year, or the link table of a year before 2011."""
    texts = country.persons.text
    rows = pl.DataFrame({"person": texts.gather(year.persons), "payer": texts.gather(year.payers)})
    return rows.with_columns(person_type=pl.lit("R"), payer_type=pl.lit("R")).sort("person")


def early_incomes(country: Country, year: IncomeYear) -> pl.DataFrame:
    """IHI of one year (quirk 15): percentiles from 0 as text, and rent with and without support the other way round."""
    percentile = np.where(year.percentile > 0, year.percentile - 1, year.percentile)
    swapped = np.select([year.tenure_code == 2, year.tenure_code == 3], [3, 2], year.tenure_code)
    rows = pl.DataFrame(
        {
            "payer": country.persons.text.gather(year.payer),
            "percentile": pl.Series(percentile).cast(pl.String),
            "main_source": pl.Series(year.source).cast(pl.String),
            "BVREHALG": pl.Series(swapped).cast(pl.String),
            "BVRBESTINKH": _narrow(year.disposable_eur),
            "BVRGESTINKH": _narrow(year.standardised_eur),
        }
    )
    return rows.with_columns(payer_type=pl.lit("R")).sort("payer")


def _narrow(euros: AnyInts) -> AnyInts:
    """IHI writes an unknown amount with nine nines instead of ten (quirk 14)."""
    return np.where(euros == UNKNOWN_EUROS, EARLY_UNKNOWN_EUROS, euros)
