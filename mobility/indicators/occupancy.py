"""Who lives in a dwelling after whom: tenancies, vacancies and the chains they make (E2, E3, E7). Pure.

A tenancy is the time from the day on which somebody enters an empty dwelling until the day on which nobody lives there any
more. Who moves in with those who are there belongs to their tenancy; who enters on the day the last one leaves begins another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.stocks import Ints

OPEN = (1 << 20) - 1  # day number of an end that is not there yet
NOBODY = -1
SPELLS = {
    "person": pl.UInt32,
    "object": pl.UInt32,
    "start": pl.Int32,
    "end": pl.Int32,
    "born": pl.Int32,
    "class_in": pl.UInt8,
    "class_out": pl.UInt8,
    "from_object": pl.Int64,
    "to_object": pl.Int64,
}
ZERO = 1 << 18  # day numbers are counted from here, so that they are never negative


def occupying(
    residence: pl.DataFrame, born: pl.Series, class_of: npt.NDArray[np.uint8], first_year: int
) -> pl.DataFrame:
    """Spells of residence as the dwellings see them: one row per spell in the country, columns of `SPELLS`.

    Days are numbers. `class_in` is the class in the year of entry, `class_out` in that of leaving; `from_object` and
    `to_object` are the dwellings before and after, `NOBODY` where somebody comes from or goes to none (birth, death,
    abroad).

    Args:
        residence: contract `tables.Residence`, of persons numbered by `place` in their partition.
        born: of the person of every row.
        class_of: of every person (row) in every year (column).
        first_year: of the columns; years outside them have the class of the nearest.
    """
    person = pl.col("person")
    before = pl.when(person == person.shift()).then(pl.col("object").shift())
    behind = pl.when(person == person.shift(-1)).then(pl.col("object").shift(-1))
    table = residence.with_columns(
        from_object=before.cast(pl.Int64).fill_null(NOBODY), to_object=behind.cast(pl.Int64).fill_null(NOBODY)
    )

    def of_year(date: pl.Series) -> pl.Series:
        column = np.clip(date.dt.year().fill_null(first_year).to_numpy() - first_year, 0, class_of.shape[1] - 1)
        return pl.Series(class_of[residence["place"].to_numpy(), column], dtype=pl.UInt8)

    days = {name: pl.col(f"{name}_date").to_physical() + ZERO for name in ("start", "end")}
    return (
        table.with_columns(
            start=days["start"],
            end=days["end"].fill_null(OPEN),
            born=born.to_physical().cast(pl.Int32),
            class_in=of_year(residence["start_date"]),
            class_out=of_year(residence["end_date"]),
        )
        .drop_nulls("object")
        .select(pl.col(name).cast(kind) for name, kind in SPELLS.items())
    )


def find_tenancies(spells: pl.DataFrame) -> pl.DataFrame:
    """The tenancies of some dwellings, in order of dwelling and time.

    One row per tenancy: `object`, `start`, `end`; of those who begin it `persons_in` and, of the oldest
    (ties: the smallest person), `class_in` and `from_object`; of those who end it `persons_out`, `class_out` and `to_object`
    likewise.

    Args:
        spells: of `occupying`, all of these dwellings.
    """
    ordered = spells.with_columns(pl.col("born").fill_null(OPEN)).sort("object", "start", "born", "person")
    dwelling = ordered["object"].to_numpy().astype(np.int64)
    # A number per dwelling and day: the largest end so far never reaches over to the next dwelling.
    start = (dwelling << 20) + ordered["start"].to_numpy()
    reach = np.maximum.accumulate((dwelling << 20) + ordered["end"].to_numpy())
    begins = np.ones(len(start), dtype=bool)
    begins[1:] = (dwelling[1:] != dwelling[:-1]) | (start[1:] >= reach[:-1])
    number = np.cumsum(begins) - 1
    marked = ordered.with_columns(tenancy=pl.Series(number, dtype=pl.Int64))
    whole = marked.group_by("tenancy").agg(pl.col("start").min().alias("begun"), pl.col("end").max().alias("ended"))
    marked = marked.join(whole, on="tenancy")
    come = marked.filter(pl.col("start") == pl.col("begun")).sort("tenancy", "born", "person")
    gone = marked.filter(pl.col("end") == pl.col("ended")).sort("tenancy", "born", "person")
    entered = come.unique("tenancy", keep="first", maintain_order=True)
    left = gone.unique("tenancy", keep="first", maintain_order=True)
    sizes = [part.group_by("tenancy").agg(n=pl.len().cast(pl.Int64)).sort("tenancy")["n"] for part in (come, gone)]
    table = entered.select("object", start="begun", end="ended", class_in="class_in", from_object="from_object")
    return table.with_columns(
        left["class_out"], left["to_object"], sizes[0].alias("persons_in"), sizes[1].alias("persons_out")
    )


def next_tenancy(tenancies: pl.DataFrame) -> Ints:
    """Row of the next tenancy of the same dwelling; `NOBODY` where there is none.

    Args:
        tenancies: of `find_tenancies`, those of a dwelling one after the other.
    """
    dwelling = tenancies["object"].to_numpy()
    following = np.full(len(dwelling), NOBODY, dtype=np.int64)
    goes_on = np.flatnonzero(dwelling[:-1] == dwelling[1:])
    following[goes_on] = goes_on + 1
    return following


def freed_by(tenancies: pl.DataFrame) -> Ints:
    """The tenancy that ended because those who begin each one left it for this; `NOBODY` where they freed no dwelling.

    The dwelling that the oldest left must be empty from the day of the move on: the last resident left that day.

    Args:
        tenancies: of `find_tenancies`, of all dwellings.
    """
    rows = tenancies.with_row_index("row")
    ended = rows.filter(pl.col("end") < OPEN).select(object=pl.col("object").cast(pl.Int64), day="end", freed="row")
    asked = rows.filter(pl.col("from_object") != NOBODY).select("row", object="from_object", day="start")
    # A dwelling can end only one tenancy on a day.
    found = asked.join(ended, on=["object", "day"], validate="m:1")
    freed = np.full(tenancies.height, NOBODY, dtype=np.int64)
    freed[found["row"].to_numpy()] = found["freed"].to_numpy()
    return freed


def follow_chains(
    begun: Ints, freed: Ints, following: Ints, is_reached: npt.NDArray[np.bool_]
) -> tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Chains of vacancies, each from the tenancy that begins it.

    Who begins a tenancy may free a dwelling; whoever begins the next tenancy there may free another, and so on until somebody
    comes who frees none (a new household, somebody from abroad), or nobody has come yet.

    Args:
        begun: rows of the tenancies that begin a chain.
        freed: of `freed_by`.
        following: of `next_tenancy`.
        is_reached: whether each tenancy's dwelling lies in a place looked for.

    Returns:
        Dwellings freed, whether the last of them is still empty (the chain is censored), and whether one of them was looked
        for.
    """
    length = np.zeros(len(begun), dtype=np.int64)
    is_open, reaches = np.zeros(len(begun), dtype=bool), np.zeros(len(begun), dtype=bool)
    chain, at = np.arange(len(begun)), begun.copy()
    while len(chain):
        vacancy = freed[at]
        goes_on = vacancy != NOBODY
        chain, vacancy = chain[goes_on], vacancy[goes_on]
        length[chain] += 1
        reaches[chain] |= is_reached[vacancy]
        at = following[vacancy]
        is_open[chain] = at == NOBODY
        chain, at = chain[at != NOBODY], at[at != NOBODY]
    return length, is_open, reaches


def multipliers(filled: Ints) -> npt.NDArray[np.float64]:
    """How many vacancies one in each sector leads to, itself included: the row sums of (I - Q)^-1 (White 1970; Chase 1991).

    Args:
        filled: filled vacancies by sector (row) and by the sector of the dwelling that was freed for it (column), the last
        column:
            none was. NaN for a sector without any.
    """
    total = filled.sum(axis=1)
    sectors = len(total)
    q = np.divide(filled[:, :sectors], total[:, None], out=np.zeros((sectors, sectors)), where=total[:, None] > 0)
    stays = np.eye(sectors) - q
    if abs(np.linalg.det(stays)) < 1e-12:  # a circle of sectors that nobody ever leaves
        return np.full(sectors, np.nan)
    found = np.linalg.solve(stays, np.ones(sectors))
    return np.where(total > 0, found, np.nan)
