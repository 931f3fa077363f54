"""Family E: successors, vacancy chains, stock flows, crowding and new tenancies (E2, E3, E5 to E7). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows.indices import ALL
from mobility.income import CLASSES
from mobility.indicators.occupancy import NOBODY, multipliers
from mobility.indicators.table import TOTAL, add_up, group_classes, indicator
from mobility.indicators.zones import CUTS, NATIONAL, OUTSIDE, Zones
from mobility.panel.lookup import TENURES, on_day
from mobility.stocks import Ints, Stocks

WITHIN_DAYS = (90, 180, 365)
VACANT, DEMOLISHED, NEW = "vacant", "demolished", "new"
SUCCESSIONS = ("level", "place", "cut", "year", "income_class", "tenure", "successor")
REOCCUPIED = ("level", "place", "cut", "year", "tenure", "days")
TENANCIES = ("level", "place", "cut", "year", "income_class")
CHAINS = ("level", "place", "cut", "year")
STOCK_FLOWS = ("level", "place", "cut", "year", "left", "entered")
CROWDING = ("level", "place", "cut", "year", "tenure", "former")
_SOCIAL = TENURES.index("social")
_KINDS = {"year": pl.Int32, "tenure": pl.String, "former": pl.String, "households": pl.Int64, "non_family": pl.Int64}
_OTHER_KIND = 7  # TYPHH
_CROWDED = 5  # residents from which a dwelling counts as full
_MARKET = ("owner", "private", "rented", "unknown")
SECTORS = ("social", *_MARKET)


def zoned(
    table: pl.DataFrame, area: pl.Series, zones: Zones, levels: Sequence[str], keys: Sequence[str]
) -> pl.DataFrame:
    """Rows of dwellings counted at every level, by cut: measures are the columns of type Int64 that are no key.

    Args:
        table: one row per dwelling or event, with `keys`.
        area: of every row.
        zones: of the study.
        levels: names.
        keys: `level`, `place`, `cut` and others.
    """
    cut = pl.Series("cut", CUTS).gather(zones.cut.gather(area))
    parts = []
    for level in levels:
        place = zones.levels[level].places.gather(zones.place(level, area)).alias("place")
        parts.append(add_up([table.with_columns(pl.lit(level).alias("level"), place, cut)], keys))
    return pl.concat(parts)


def with_total(counts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Counts by cut with the cut `total`; places are those of `Zones`, without what lies in no programme."""
    placed = counts.filter(pl.col("place") != OUTSIDE)
    return add_up([placed, placed.with_columns(cut=pl.lit(TOTAL))], keys)


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
    return pl.concat(tables)


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
            ),
            indicator(
                again,
                "E2",
                detail=pl.format("{}:within_{}", "tenure", "days"),
                numerator="in_time",
                denominator="households",
                scale=100,
                households="in_time",
                income_class=ALL,
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
    return indicator(table, "E7", value=pl.col("households"), numerator="households")


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
            chains, "E3", detail="censored", numerator="is_open", denominator="households", scale=100, income_class=ALL
        ),
        indicator(
            chains,
            "E3",
            detail="reaches_heavy",
            numerator="reaches",
            denominator="households",
            scale=100,
            income_class=ALL,
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
                counted, "E6", detail=end + ":persons", numerator="persons", denominator="households", income_class=ALL
            ),
            indicator(
                counted,
                "E6",
                detail=end + ":five_or_more",
                numerator="crowded",
                denominator="households",
                scale=100,
                households="crowded",
                income_class=ALL,
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
