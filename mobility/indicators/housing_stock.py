"""Family E, from the stock of dwellings: changes of tenure, demolition and building (E5), and crowding (E6). Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows.indices import ALL
from mobility.indicators.table import Behind, add_up, indicator
from mobility.panel.lookup import TENURES, on_day
from mobility.stocks import Ints, Stocks

DEMOLISHED, NEW = "demolished", "new"
STOCK_FLOWS = ("level", "place", "cut", "year", "left", "entered")
CROWDING = ("level", "place", "cut", "year", "tenure", "former")
_SOCIAL = TENURES.index("social")
_KINDS = {"year": pl.Int32, "tenure": pl.String, "former": pl.String, "households": pl.Int64, "non_family": pl.Int64}
_OTHER_KIND = 7  # TYPHH
_CROWDED = 5  # residents from which a dwelling counts as full


def stock_steps(
    tenure: pl.DataFrame, year: int, demolished: pl.Series, first_used: npt.NDArray[np.int16], residents: Ints
) -> tuple[Ints, pl.DataFrame]:
    """Dwellings by tenure on 1 January of a year and of the next, ready for `zoned`: rows of objects, and their numbers.

    `left` is `new` for a dwelling without tenure in the first year that nobody had lived in before it; `entered` is
    `demolished` when its life ends within the year.

    Args:
        tenure: of every object by year, with both years.
        year: the first of the two.
        demolished: first day on which each object is no more; null: stands.
        first_used: year in which each object was first lived in.
        residents: on 1 January, of every object.
    """
    before, after = (tenure[str(each)].to_numpy() for each in (year, year + 1))
    gone = (demolished.dt.year() == year).fill_null(False).to_numpy()
    is_new = (before == 0) & (after > 0) & (first_used >= year)
    rows = np.flatnonzero((before > 0) | is_new)
    names = pl.Series(TENURES)
    left = np.where(is_new[rows], len(TENURES), before[rows])
    entered = np.where(gone[rows], len(TENURES), after[rows])
    lived = residents[rows]
    return rows, pl.DataFrame(
        {
            "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(rows)),
            "left": pl.concat([names, pl.Series([NEW])]).gather(left),
            "entered": pl.concat([names, pl.Series([DEMOLISHED])]).gather(entered),
            "dwellings": np.ones(len(rows), dtype=np.int64),
            "persons": lived.astype(np.int64),
            "households": (lived > 0).astype(np.int64),
        }
    )


def stock_flows(counted: pl.DataFrame) -> pl.DataFrame:
    """E5: of the dwellings of a tenure the % of another a year later, or demolished; of the new ones the % of each tenure.

    Details `<tenure>><tenure>`, `<tenure>>demolished`, `new><tenure>`.

    Args:
        counted: of `stock_steps`, at places, with the cut `total`. `persons` live there on 1 January; `households` are the
        dwellings
            that are lived in.
    """
    keys = ["level", "place", "cut", "year", "left"]
    whole = add_up([counted.drop("entered")], keys)
    return indicator(
        counted.join(whole, on=keys, suffix="_all"),
        "E5",
        detail=pl.concat_str("left", "entered", separator=">"),
        numerator="dwellings",
        denominator="dwellings_all",
        scale=100,
        income_class=ALL,
        behind=Behind("dwellings", pl.format("dwellings/{}", "left")),
    )


def lived_in(tenure: pl.DataFrame, year: int, residents: Ints) -> tuple[Ints, pl.DataFrame]:
    """Dwellings that are lived in on 1 January, by present tenure and whether they were social before, ready for `zoned`.

    Args:
        tenure: of every object by year.
        year: of the 1 January.
        residents: of every object on that day.
    """
    now, former = tenure_and_past(tenure, year, np.arange(tenure.height))
    rows = np.flatnonzero((residents > 0) & (now > 0))
    return rows, pl.DataFrame(
        {
            "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(rows)),
            "tenure": pl.Series(TENURES).gather(now[rows]),
            "former": former[rows],
            "persons": residents[rows].astype(np.int64),
            "households": np.ones(len(rows), dtype=np.int64),
            "crowded": (residents[rows] >= _CROWDED).astype(np.int64),
            "persons_crowded": np.where(residents[rows] >= _CROWDED, residents[rows], 0).astype(np.int64),
        }
    )


def crowding(counted: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """E6: persons per dwelling that is lived in, by present tenure, of dwellings that were social before and of others.

    Details `<tenure>:<former_social or other>:persons`, `...:five_or_more` (% of the dwellings) and `...:non_family` (% of
    the households that are of kind `other` in the BRP: people who are no couple and no parent with children).

    Args:
        counted: of `lived_in`, at places, with the cut `total`.
        kinds: households by the same keys, with `non_family`.
    """
    end = pl.concat_str("tenure", "former", separator=":")
    return pl.concat(
        [
            indicator(
                counted,
                "E6",
                detail=end + ":persons",
                numerator="persons",
                denominator="households",
                income_class=ALL,
                behind=Behind("ratio"),
            ),
            indicator(
                counted,
                "E6",
                detail=end + ":five_or_more",
                numerator="crowded",
                denominator="households",
                scale=100,
                persons="persons_crowded",
                households="crowded",
                income_class=ALL,
                behind=Behind("dwellings", end + ":persons", persons="persons"),
            ),
            indicator(
                kinds,
                "E6",
                detail=end + ":non_family",
                numerator="non_family",
                denominator="households",
                scale=100,
                persons="non_family",
                households="non_family",
                income_class=ALL,
                behind=Behind(
                    "estimate",
                    degrees=pl.min_horizontal("non_family", pl.col("households") - pl.col("non_family")),
                ),
            ),
        ]
    )


def household_kinds(
    stocks: Stocks, persons: pl.Series, households: pl.DataFrame, tenure: pl.DataFrame, years: range
) -> tuple[Ints, pl.DataFrame]:
    """Households on every 1 January by tenure and kind, ready for `zoned`: the dwelling of every one, and its row.

    Args:
        stocks: of the partition.
        persons: of the partition.
        households: contract `tables.HouseholdSpell`.
        tenure: of every object by year.
        years: that count.
    """
    objects, tables = [np.zeros(0, dtype=np.int64)], [pl.DataFrame(schema=_KINDS)]
    for column, year in enumerate(years):
        if str(year) not in tenure.columns:
            continue
        heads = np.flatnonzero(stocks.is_there[:, column] & stocks.is_reference[:, column])
        dwelling = stocks.object[heads, column].astype(np.int64)
        days = pl.Series("day", [stocks.days[column]], dtype=pl.Date).new_from_index(0, len(heads))
        kind = households["household_type"].gather(on_day(households, persons.gather(heads), days))
        now, former = tenure_and_past(tenure, year, dwelling)
        known = now > 0
        objects.append(dwelling[known])
        tables.append(
            pl.DataFrame(
                {
                    "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, int(known.sum())),
                    "tenure": pl.Series(TENURES).gather(now[known]),
                    "former": former[known],
                    "households": np.ones(int(known.sum()), dtype=np.int64),
                    "non_family": (kind == _OTHER_KIND).fill_null(False).to_numpy()[known].astype(np.int64),
                }
            )
        )
    return np.concatenate(objects), pl.concat(tables)


def tenure_and_past(tenure: pl.DataFrame, year: int, objects: Ints) -> tuple[Ints, npt.NDArray[np.str_]]:
    """Tenure of dwellings on 1 January of a year, and `former_social` where they were social before and no longer are.

    Args:
        tenure: of every object by year.
        year: of the 1 January.
        objects: asked for.
    """
    now = tenure[str(year)].to_numpy()[objects].astype(np.int64)
    was = np.zeros(len(objects), dtype=bool)
    for name in tenure.columns:
        if int(name) < year:
            was |= tenure[name].to_numpy()[objects] == _SOCIAL
    return now, np.where(was & (now != _SOCIAL) & (now > 0), "former_social", "other")


def residents_on(spells: pl.DataFrame, objects: range, day: int) -> Ints:
    """Residents of every dwelling of a range on a day.

    Args:
        spells: of `occupancy.occupying`.
        objects: numbers of the dwellings.
        day: its number.
    """
    there = spells.filter(pl.col("start") <= day, pl.col("end") > day)["object"].to_numpy().astype(np.int64)
    return np.bincount(there - objects.start, minlength=len(objects))
