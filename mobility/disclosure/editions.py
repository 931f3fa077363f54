"""Two editions of the same cells as one system of sums: who came into a cell, who went out of it, and who stayed. Pure.

A reader who has both subtracts, and adds up what he subtracted. Records that changed in the same cells, in both editions, make an
*atom*. Every changed cell then is what did not change plus its atoms, in the edition of then and in that of now. Cells
with the very same records are one number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.disclosure.cells import KEY, SET, STATE, UNITS, Joined, Offer, offer
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.earlier import CLOSED, PUBLIC, Edition
from mobility.disclosure.members import IDENTITY, RECORD, Members, identity, records_of
from mobility.disclosure.nesting import HIDDEN_SET
from mobility.disclosure.relations import CELL, Table

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_COUNTS = ("persons", "households")
NOW, THEN = "now", "then"
_OF_A_YEAR = r"\|year="


@dataclass(frozen=True)
class Between:
    """What lies between editions, as cells that no table shows.

    Attributes:
        counts: persons and households of these cells.
        is_exact: those between tables in exact numbers.
        pairs: the relations with the cells of tables, one row per parent and child, as `relations` makes them.
    """

    counts: Whole
    is_exact: Flags
    pairs: tuple[pl.DataFrame, ...]


def offers_then(
    declared: Sequence[Declaration],
    edition: Edition,
    now: Sequence[Offer],
    members: Members,
    low: tuple[str, ...],
    suffix: str,
) -> list[Offer]:
    """The tables of an earlier release as they were, joined to the tables of now that are made from the same aggregate.

    Args:
        declared: the earlier tables, as they were.
        edition: what was shown, and who was behind it.
        now: the tables of now made from the same aggregate, and those of earlier releases as they would be now.
        members: who is behind these.
        low: the income classes that count as low now.
        suffix: marks the names of the earlier tables; their margins still name the tables without it.

    Returns:
        No offers where nothing changed: then the edition tells no more than its cells do by themselves.
    """
    if edition.members is None or not _differs(edition, now):
        return []
    tables = [given.declaration for given in now]
    changed: dict[str, list[pl.DataFrame]] = {NOW: [], THEN: []}
    before = []
    for year in sorted({*members.years, *edition.members.years}):
        rows = {tag: of.named(year) for tag, of in ((NOW, members), (THEN, edition.members)) if year in of.years}
        if THEN in rows:
            before.append(_counted(rows[THEN]))
        for tag, other in ((NOW, THEN), (THEN, NOW)):
            mine, theirs = rows.get(tag), rows.get(other)
            if mine is None:
                continue
            if theirs is not None and low == edition.low:
                mine = mine.join(theirs, on=mine.columns, how="anti", nulls_equal=True)
            bound = low if tag == NOW else edition.low
            found = pl.concat([records_of(each, mine, bound) for each in (*tables, *declared)])
            if theirs is None:  # the cells of this year are in one edition only, and held against nothing
                found = found.filter(~pl.col(IDENTITY).str.contains(_OF_A_YEAR))
            changed[tag].append(found.unique([IDENTITY, RECORD]).collect())
    joined = _atoms(pl.concat(changed[NOW]), pl.concat(changed[THEN]), tuple(each.table for each in tables))
    aggregate = pl.concat(before)
    return [_offer_then(each, aggregate, edition, each.table + suffix, joined) for each in declared]


def _differs(edition: Edition, now: Sequence[Offer]) -> bool:
    found = [given.frame.select(identity(given.declaration), KEY) for given in now]
    both = edition.cells.select(IDENTITY, KEY).join(
        pl.concat(found).unique(IDENTITY), on=IDENTITY, how="left", suffix="_then"
    )
    return not both.filter(pl.col(KEY).ne_missing(pl.col(f"{KEY}_then"))).is_empty()


def _counted(rows: pl.DataFrame) -> pl.DataFrame:
    """The aggregate of then; who was counted twice is not known any more, and what may be shown was decided then."""
    keys = [name for name in rows.columns if name not in (RECORD, *_COUNTS)]
    units = [pl.col(unit.removeprefix("unit_")).alias(unit) for unit in UNITS]
    return (
        rows.group_by(keys)
        .agg(pl.col(_COUNTS).sum(), pl.col(RECORD).sum().cast(pl.Int64).alias(KEY))
        .with_columns(units)
    )


def _offer_then(declared: Declaration, aggregate: pl.DataFrame, edition: Edition, name: str, joined: Joined) -> Offer:
    # The keys are those of the ledger, of which only that they are the same is asked.
    then = dataclasses.replace(declared, table=name, values=(), key="counts", residents=())
    given = offer(then, aggregate, low=edition.low)
    shown = pl.col("persons_shown").is_not_null()
    known = edition.cells.select(IDENTITY, pl.col(KEY).alias("key_then"), pl.col("persons").alias("persons_shown"))
    frame = given.frame.with_columns(identity(then)).join(known, on=IDENTITY, how="left", maintain_order="left")
    state = pl.when(shown).then(pl.lit(PUBLIC)).otherwise(pl.lit(CLOSED)).alias(STATE)
    frame = frame.with_columns(state, pl.coalesce("key_then", KEY).alias(KEY)).select(given.frame.columns)
    return Offer(then, frame, given.base, joined)


def _atoms(now: pl.DataFrame, then: pl.DataFrame, beside: tuple[str, ...]) -> Joined:
    """The records that changed, put together where they are in the same changed cells in both editions."""
    keys = [IDENTITY, RECORD, *_COUNTS]
    came, went = now.select(keys).join(then, on=keys, how="anti"), then.select(keys).join(now, on=keys, how="anti")
    both = pl.concat([each.with_columns(pl.lit(tag).alias("edition")) for tag, each in ((NOW, came), (THEN, went))])
    sign = pl.struct(IDENTITY, "edition")
    unit = both.group_by(RECORD, *_COUNTS).agg(sign.hash(1).sum().alias("one"), sign.hash(2).sum().alias("other"))
    units = both.join(unit, on=[RECORD, *_COUNTS])
    alike = (
        units.group_by("one", "other").agg(pl.col(IDENTITY).min()).sort(IDENTITY, "one", "other").with_row_index("atom")
    )
    alike = alike.select("one", "other", pl.col("atom").cast(pl.Int64))
    links = units.join(alike, on=["one", "other"])
    atoms = links.unique([RECORD, *_COUNTS]).group_by("atom").agg(pl.col(_COUNTS).sum()).sort("atom")
    return Joined(beside, links.select(IDENTITY, "edition", "atom").unique().sort(IDENTITY, "edition", "atom"), atoms)


def between(tables: Mapping[str, Table], offers: Sequence[Offer], start: int) -> Between:
    """The cells between editions, numbered from `start` on, and their relations."""
    counts, exact, pairs = [np.zeros((2, 0), np.int64)], [np.zeros(0, np.bool_)], []
    editions: dict[int, list[Offer]] = {}
    for given in offers:
        if given.joined is not None:
            editions.setdefault(id(given.joined), []).append(given)
    for then in editions.values():
        joined = then[0].joined
        if joined is None:
            continue
        names = {THEN: [given.declaration.table for given in then], NOW: list(joined.beside)}
        of = {tag: _cells([tables[name] for name in named if name in tables]) for tag, named in names.items()}
        links = pl.concat([_with_cells(joined, of[tag], tag) for tag in (NOW, THEN)])
        moved = links.join(joined.atoms, on="atom").group_by("edition", IDENTITY).agg(pl.col(_COUNTS).sum())
        same, stay, apart = _unchanged(of, moved)
        links = links.join(apart, on=IDENTITY, how="anti")
        atoms = joined.atoms.filter(pl.col("atom").is_in(links["atom"].unique().implode()))
        number = atoms.select("atom", child=pl.int_range(start, start + pl.len(), dtype=pl.Int64))
        stay = stay.with_columns(
            child=pl.int_range(start + atoms.height, start + atoms.height + pl.len(), dtype=pl.Int64)
        )
        found = [links.join(number, on="atom").select("parent", "child")]
        found += [of[tag].join(stay, on=IDENTITY).select("parent", "child") for tag in (NOW, THEN)]
        at = pl.lit(f"{', '.join(names[NOW])} and an earlier edition").alias("at")
        more = pl.lit(value=False).alias("open"), pl.lit(0, dtype=pl.Int64).alias("domain"), at
        pairs.append(pl.concat(found).sort("parent", "child").select("parent", "child", *more))
        pairs.append(same.sort("parent", "child").select("parent", "child", *more))
        added = pl.concat([atoms.select(_COUNTS), stay.select(_COUNTS)])
        counts.append(added.to_numpy().T.astype(np.int64).reshape(2, -1))
        exact.append(np.full(added.height, all(each.declaration.mode == "suppress" for each in then)))
        start += added.height
    return Between(np.hstack(counts), np.concatenate(exact), tuple(pairs))


def _cells(tables: Sequence[Table]) -> pl.DataFrame:
    """The cells of tables by what they are, each once."""
    found = [
        table.frame.filter(pl.col(SET) != HIDDEN_SET).select(identity(table.declaration), KEY, *_COUNTS, parent=CELL)
        for table in tables
    ]
    return pl.concat(found).unique(IDENTITY, keep="first", maintain_order=True)


def _with_cells(joined: Joined, cells: pl.DataFrame, tag: str) -> pl.DataFrame:
    return joined.links.filter(pl.col("edition") == tag).join(cells.select(IDENTITY, "parent"), on=IDENTITY)


def _unchanged(of: Mapping[str, pl.DataFrame], moved: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The pairs of cells of the very same records; of every other cell, who is in it in both editions; and cells set apart.

    A cell that its records do not add up to is set apart: `earlier.states` compares its editions by themselves.
    """
    left = {
        tag: cells.join(moved.filter(pl.col("edition") == tag), on=IDENTITY, how="left", suffix="_moved").select(
            IDENTITY, KEY, "parent", pl.col("edition").is_not_null().alias("is_moved"),
            *(pl.col(name) - pl.col(f"{name}_moved").fill_null(0) for name in _COUNTS),
        )
        for tag, cells in of.items()
    }  # fmt: skip
    both = left[NOW].join(left[THEN], on=IDENTITY, how="full", suffix="_then", coalesce=True)
    is_same = (pl.col(KEY) == pl.col(f"{KEY}_then")).fill_null(value=False)
    same = both.filter(is_same).select("parent", child="parent_then")
    # A cell of one edition only is of interest where somebody came or went.
    moves = pl.any_horizontal(pl.col("is_moved", "is_moved_then").fill_null(value=False))
    is_two = pl.col("parent").is_not_null() & pl.col("parent_then").is_not_null()
    rest = both.filter(~is_same & (is_two | moves))
    wrong = [is_two & (pl.col(name) != pl.col(f"{name}_then")) for name in _COUNTS]
    rest = rest.with_columns(pl.coalesce(name, f"{name}_then").alias(name) for name in _COUNTS)
    wrong += [pl.col(name) < 0 for name in _COUNTS]
    apart = rest.filter(pl.any_horizontal(wrong)).select(IDENTITY)
    stay = rest.join(apart, on=IDENTITY, how="anti").filter(pl.col("persons") > 0).select(IDENTITY, *_COUNTS)
    return same, stay.sort(IDENTITY), apart
