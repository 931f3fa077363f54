"""What earlier releases of the project mean for the cells of a new one. Pure.

A number that was published stays published. So every offered cell has a state:

- `public`: the very same records were shown under this name before; it is a fixed part of what a reader knows;
- `closed`: it stays withheld. It was withheld before; or it was shown before with other records, and the two editions differ by
  fewer persons or households than the rule asks, or nobody can tell by how many;
- none: it is new, or differs enough from every earlier edition.

Names of cells are compared, not definitions: the income class `low` of two studies is one name, whatever classes each of them
counts as low, and so is a gemeente in the divisions of two years. Those are the pairs that a reader subtracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mobility.disclosure.cells import KEY, STATE, Offer
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.members import IDENTITY, RECORD, Members, identity, records_of
from mobility.errors import ReleaseError

PUBLIC, CLOSED = "public", "closed"

_PERIOD = r"\d{4}(?:-\d{4})?"


@dataclass(frozen=True)
class Edition:
    """One aggregate as an earlier release had it.

    Attributes:
        source: name of the aggregate.
        low: the income classes that counted as low.
        cells: one row per offered cell: `identity`, `cell_key`, `persons` and `households` as shown (null: withheld).
        members: the records behind them; None: unknown.
    """

    source: str
    low: tuple[str, ...]
    cells: pl.DataFrame
    members: Members | None


def states(
    given: Offer, editions: Sequence[Edition], members: Members | None, low: tuple[str, ...], least: dict[str, int]
) -> pl.DataFrame:
    """The cells of an offer with `state`, in their order.

    Args:
        given: what is offered.
        editions: everything earlier.
        members: the records behind the offered cells; None: unknown.
        low: the income classes that count as low.
        least: the smallest difference, in persons and in households, that two editions of a cell may have.
    """
    frame = given.frame.with_columns(identity(given.declaration))
    public, closed = pl.Series(IDENTITY, [], pl.String), pl.Series(IDENTITY, [], pl.String)
    for edition in editions:
        if edition.source != given.declaration.source:
            continue
        both = frame.select(IDENTITY, KEY).join(edition.cells, on=IDENTITY, suffix="_then")
        is_shown = pl.col("persons").is_not_null()
        same = pl.col(KEY) == pl.col(f"{KEY}_then")
        public = public.append(both.filter(is_shown & same)[IDENTITY])
        changed = both.filter(is_shown & ~same)[IDENTITY].unique()
        far = _far_apart(given.declaration, changed, members, low, edition, least)
        closed = closed.append(both.filter(~is_shown)[IDENTITY]).append(changed.filter(~changed.is_in(far.implode())))
    known, shut = pl.col(IDENTITY).is_in(public.implode()), pl.col(IDENTITY).is_in(closed.implode())
    state = pl.when(known).then(pl.lit(PUBLIC)).when(shut).then(pl.lit(CLOSED)).alias(STATE)
    return frame.with_columns(state).drop(IDENTITY)


def check_periods(given: Offer, editions: Sequence[Edition]) -> None:
    """Refuse periods that overlap those of an earlier release without being the same.

    2012-2014 less 2013 and 2014 is 2012, and less 2013-2015 it is 2012 less 2015: years that a period hides.

    Raises:
        ReleaseError: naming the table and the periods.
    """
    if "year" not in given.declaration.cells:
        return
    # Of other steps, such as years since a start, one is not part of another.
    own = given.frame["year"].cast(pl.String).unique().sort()
    mine = {_years(period) for period in own.filter(own.str.contains(f"^{_PERIOD}$"))}
    for edition in editions:
        if edition.source != given.declaration.source:
            continue
        found = edition.cells[IDENTITY].str.extract(rf"\|year=({_PERIOD})(?:\||$)").drop_nulls().unique().sort()
        for period in found:
            theirs = _years(period)
            clash = [own for own in mine if own != theirs and own[0] <= theirs[1] and theirs[0] <= own[1]]
            if clash:
                first, last = min(clash)
                raise ReleaseError(
                    f"{given.declaration.table}: its period {first}-{last} overlaps {period}, for which an earlier "
                    f"release showed "
                    "such cells; the two together tell of the years between. Use the periods of the earlier release "
                    "(study.period, study.release.coarsen). Nothing was written."
                )


def _years(period: str) -> tuple[int, int]:
    first, _, last = period.partition("-")
    return int(first), int(last or first)


def only_public(frame: pl.DataFrame) -> pl.DataFrame:
    """The cells of a table that is not released this time: what is not public is closed."""
    return frame.with_columns(pl.col(STATE).fill_null(CLOSED))


def _far_apart(
    declaration: Declaration,
    changed: pl.Series,
    members: Members | None,
    low: tuple[str, ...],
    edition: Edition,
    least: dict[str, int],
) -> pl.Series:
    """Those of the changed cells whose two editions differ by enough persons and households."""
    none = changed.clear()
    if changed.is_empty() or members is None or edition.members is None:
        return none
    found = [
        difference(
            _behind(declaration, members, year, low, changed),
            _behind(declaration, edition.members, year, edition.low, changed),
        )
        for year in sorted({*members.years, *edition.members.years})
    ]
    enough = [pl.col(unit) >= minimum for unit, minimum in least.items()]
    return pl.concat(found).group_by(IDENTITY).agg(pl.col("persons", "households").sum()).filter(enough)[IDENTITY]


def _behind(
    declaration: Declaration, members: Members, year: int, low: tuple[str, ...], cells: pl.Series
) -> pl.DataFrame:
    if year not in members.years:
        schema = {IDENTITY: pl.String, RECORD: pl.Int64, "persons": pl.Int64, "households": pl.Int64}
        return pl.DataFrame(schema=schema)
    wanted = cells.to_frame(IDENTITY).lazy()
    return records_of(declaration, members.named(year), low).join(wanted, on=IDENTITY, how="semi").collect()


def difference(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """By how much two editions of cells differ: one row per cell, `identity`, `persons`, `households`; sorted.

    A household counts as different when its record stands in one edition only, or with another number of persons. Persons are
    counted by how far those numbers lie apart: at least so many different persons are in one edition and not in the other.

    Args:
        now: of `members.records_of`.
        then: the same, of the earlier edition.
    """
    then = then.with_columns(pl.col("persons", "households") * -1)
    return (
        pl.concat([now, then.select(now.columns)])
        .group_by(IDENTITY, RECORD)
        .agg(pl.col("persons", "households").sum())
        .group_by(IDENTITY)
        .agg(
            persons=pl.col("persons").abs().sum(),
            households=((pl.col("persons") != 0) | (pl.col("households") != 0)).cast(pl.Int64).sum(),
        )
        .sort(IDENTITY)
    )
