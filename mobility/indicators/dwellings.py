"""Family E, from tenancies: successors, vacancy chains and new tenancies (E2, E3, E7). Pure."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from mobility.flows.indices import ALL
from mobility.income import CLASSES
from mobility.indicators.occupancy import NOBODY, multipliers
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.indicators.zones import NATIONAL
from mobility.stocks import Ints

WITHIN_DAYS = (90, 180, 365)
VACANT, DEMOLISHED = "vacant", "demolished"
SUCCESSIONS = ("level", "place", "cut", "year", "income_class", "tenure", "successor")
REOCCUPIED = ("level", "place", "cut", "year", "tenure", "days")
TENANCIES = ("level", "place", "cut", "year", "income_class")
CHAINS = ("level", "place", "cut", "year")
SECTORS = ("social", "owner", "private", "rented", "unknown")


def successions(ended: pl.DataFrame) -> pl.DataFrame:
    """Dwellings left empty, ready for `zoned`: one row per tenancy that ended, with who came after.

    `income_class` is that of who left last, `successor` the class of who came next (text), `vacant` or `demolished`.

    Args:
        ended: tenancies that ended in the years of the study: `year`, `tenure`, `class_out`, `persons_out`, `next_class` (null:
            nobody yet), `is_demolished`.
    """
    came = pl.col("next_class").cast(pl.Int64).replace_strict(dict(enumerate(CLASSES)), return_dtype=pl.String)
    nobody = pl.when("is_demolished").then(pl.lit(DEMOLISHED)).otherwise(pl.lit(VACANT))
    return ended.select(
        "year",
        income_class=pl.col("class_out").cast(pl.UInt8),
        tenure="tenure",
        successor=pl.coalesce(came, nobody),
        persons=pl.col("persons_out").cast(pl.Int64),
        households=pl.lit(1, pl.Int64),
    )


def reoccupations(ended: pl.DataFrame, last_day: int) -> pl.DataFrame:
    """Dwellings left empty long enough ago, and whether somebody came in time, ready for `zoned`.

    Args:
        ended: as for `successions`, with `end`, `next_start` (null: nobody yet) and `area`, which is passed on.
        last_day: number of the last day that counts.
    """
    tables = [
        ended.filter(pl.col("end") + days <= last_day, ~pl.col("is_demolished")).select(
            "year",
            "tenure",
            "area",
            days=pl.lit(days, pl.Int32),
            persons=pl.col("persons_out").cast(pl.Int64),
            households=pl.lit(1, pl.Int64),
            in_time=(pl.col("next_start") - pl.col("end") <= days).fill_null(False).cast(pl.Int64),
        )
        for days in WITHIN_DAYS
    ]
    return pl.concat(tables).with_columns(persons_in_time=pl.col("persons") * pl.col("in_time"))


def successors(counted: pl.DataFrame, again: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """E2: who comes after whom in a dwelling, and how soon.

    Details `<tenure>:<class>` (of the dwellings of that tenure that the class left, the % that somebody of the other class
    came to; `vacant`: nobody until the registers end; `demolished`), and `<tenure>:within_<days>` (% lived in again in so
    many days,
    of those
    left empty at least so long before the registers end; class `all`).

    Args:
        counted: of `successions`, at places, with the cut `total`.
        again: of `reoccupations`, likewise.
        low: classes that are low.
    """
    keys = [*TENANCIES, "tenure"]
    table = add_up([group_classes(counted, low)], [*keys, "successor"])
    whole = add_up([table.drop("successor")], keys)
    return pl.concat(
        [
            indicator(
                table.join(whole, on=keys, suffix="_all"),
                "E2",
                detail=pl.concat_str("tenure", "successor", separator=":"),
                numerator="households",
                denominator="households_all",
                scale=100,
                behind=Behind("dwellings", pl.format("left/{}", "tenure"), persons="persons_all"),
            ),
            indicator(
                again,
                "E2",
                detail=pl.format("{}:within_{}", "tenure", "days"),
                numerator="in_time",
                denominator="households",
                scale=100,
                persons="persons_in_time",
                households="in_time",
                income_class=ALL,
                behind=Behind("dwellings", pl.format("vacated/{}:{}", "tenure", "days"), persons="persons"),
            ),
        ]
    )


def new_tenancies(counted: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """E7: tenancies of corporation dwellings that began, by class of the oldest who entered; `value` is their number.

    Args:
        counted: tenancies at places, with the cut `total`: `persons` (who entered), `households` (tenancies).
        low: classes that are low.
    """
    table = add_up([group_classes(counted, low, each=True)], TENANCIES)
    return indicator(table, "E7", value=pl.col("households"), numerator="households", behind=Behind("count"))


def vacancy_chains(chains: pl.DataFrame, filled: dict[int, Ints]) -> pl.DataFrame:
    """E3: what new dwellings set going.

    Of the place of the new dwelling: `length` (dwellings freed per new dwelling), `censored` (% of the chains whose last
    dwelling was still empty when the registers ended), `reaches_heavy` (% that free a dwelling in a corporation-heavy
    buurt). Of the
    country: `multiplier:<sector>`, the vacancies that one in the sector leads to, itself included, from the years' transitions.

    Args:
        chains: at places, with the cut `total`: `freed`, `is_open`, `reaches`, `persons`, `households` (chains).
        filled: by year, of `multipliers`.
    """
    rows = [
        indicator(chains, "E3", detail="length", numerator="freed", denominator="households", income_class=ALL),
        indicator(
            chains,
            "E3",
            detail="censored",
            numerator="is_open",
            denominator="households",
            scale=100,
            income_class=ALL,
            behind=Behind("dwellings", "chains:open"),
        ),
        indicator(
            chains,
            "E3",
            detail="reaches_heavy",
            numerator="reaches",
            denominator="households",
            scale=100,
            income_class=ALL,
            behind=Behind("dwellings", "chains"),
        ),
    ]
    for year, counts in sorted(filled.items()):
        table = pl.DataFrame(
            {
                "place": [NATIONAL] * len(SECTORS),
                "year": pl.Series([year] * len(SECTORS), dtype=pl.Int64),
                "sector": SECTORS,
                "multiplier": multipliers(counts),
                "households": counts.sum(axis=1),
            }
        )
        rows.append(
            indicator(
                table,
                "E3",
                detail=pl.format("multiplier:{}", "sector"),
                value=pl.col("multiplier"),
                persons=pl.lit(None),
                level=NATIONAL,
                income_class=ALL,
            )
        )
    return pl.concat(rows)


def filled_vacancies(following: Ints, freed: Ints, sector: Ints, year: Ints, years: range) -> dict[int, Ints]:
    """Vacancies that were filled in each year, by sector and by the sector of the dwelling freed for it; the last column: none.

    Args:
        following: of every tenancy, the one that filled the vacancy it left (`occupancy.next_tenancy`).
        freed: of every tenancy, the one it freed (`occupancy.freed_by`).
        sector: of the dwelling of every tenancy when it ends, as a place in `SECTORS`.
        year: in which every tenancy begins.
        years: that count.
    """
    size, vacancy = len(SECTORS), np.flatnonzero(following != NOBODY)
    came = following[vacancy]
    to = np.where(freed[came] == NOBODY, size, sector[freed[came]])
    cell = sector[vacancy] * (size + 1) + to
    return {
        one: np.bincount(cell[year[came] == one], minlength=size * (size + 1)).reshape(size, size + 1) for one in years
    }
