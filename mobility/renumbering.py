"""What is only a new number on the door: administrative relocations (method 1, step 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.panel.lookup import rows_of
from mobility.stocks import INSTITUTIONAL

_PAIR = ("move_date", "origin_object", "destination_object")
_STILL = np.iinfo(np.int32).max  # an end that is still open


@dataclass(frozen=True)
class Relocation:
    """When moves are administrative.

    Attributes:
        min_objects: pairs of objects of one buurt on one day.
        max_distance_m: between the objects of a pair.
    """

    min_objects: int
    max_distance_m: int


def object_use(residence: pl.DataFrame) -> pl.DataFrame:
    """First and last use of each object by one partition of persons.

    One row per object, sorted: `object`, `first_start` (day number), `arrivals` (spells that start that day), `last_end` (day
    number; the largest there is: still in use), `departures` (spells that end that day).

    Args:
        residence: contract `tables.Residence`.
    """
    spells = residence.select("object", "start_date", "end_date").drop_nulls("object").sort("object")
    changes = spells["object"].ne_missing(spells["object"].shift()).to_numpy().copy()
    changes[:1] = True
    first, run = np.flatnonzero(changes), np.cumsum(changes) - 1
    start = spells["start_date"].to_physical().to_numpy()
    end = spells["end_date"].to_physical().fill_null(_STILL).to_numpy()
    if spells.is_empty():
        earliest = latest = arrivals = departures = np.zeros(0, dtype=np.int32)
    else:
        earliest, latest = np.minimum.reduceat(start, first), np.maximum.reduceat(end, first)
        arrivals = np.add.reduceat((start == earliest[run]).astype(np.int32), first)
        departures = np.add.reduceat((end == latest[run]).astype(np.int32), first)
    return pl.DataFrame(
        {
            "object": spells["object"].gather(first),
            "first_start": pl.Series(earliest, dtype=pl.Int32),
            "arrivals": pl.Series(arrivals, dtype=pl.Int32),
            "last_end": pl.Series(latest, dtype=pl.Int32),
            "departures": pl.Series(departures, dtype=pl.Int32),
        }
    )


def within_areas(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves that stay within a known buurt: few do, and no other can be administrative.

    One row per move: `move_date`, `area`, `origin_object`, `destination_object`.

    Args:
        moves: with `origin_area` and `destination_area`.
    """
    stays = (pl.col("origin_area") == pl.col("destination_area")) & (pl.col("origin_area") > 0)
    return moves.filter(stays).select("move_date", "origin_object", "destination_object", area=pl.col("origin_area"))


def bundled_objects(within: pl.DataFrame, min_objects: int) -> pl.Series:
    """The objects from or to which so many moved within one buurt on one day that there may be enough pairs; sorted.

    Args:
        within: of `within_areas`, of everybody.
        min_objects: pairs in a bundle.
    """
    bundle = ["move_date", "area"]
    enough = within.group_by(bundle).len().filter(pl.col("len") >= min_objects)
    moved = within.join(enough, on=bundle, how="semi")
    return pl.concat([moved["origin_object"], moved["destination_object"]]).unique().sort().alias("object")


def candidates(uses: list[pl.DataFrame], objects: pl.DataFrame) -> pl.DataFrame:
    """What decides whether a pair of objects is one: one row per object, with the columns of `object_use` and of `objects`.

    Args:
        uses: of `object_use`, of every partition of persons.
        objects: `object`, `x_m`, `y_m`, `demolished_date`.
    """
    first, last = pl.col("first_start"), pl.col("last_end")
    used = (
        pl.concat(uses)
        .group_by("object")
        .agg(
            arrivals=pl.col("arrivals").filter(first == first.min()).cast(pl.Int64).sum(),
            departures=pl.col("departures").filter(last == last.max()).cast(pl.Int64).sum(),
            first_start=first.min(),
            last_end=last.max(),
        )
    )
    return objects.join(used, on="object", how="inner").sort("object")


def mark_administrative(moves: pl.DataFrame, known: pl.DataFrame, rule: Relocation) -> pl.DataFrame:
    """Moves with `is_administrative` and `maybe_administrative`.

    On one day, at least `rule.min_objects` pairs of objects of one buurt, one to one: all residents of the first go to the
    second, the first is never lived in again, the second never was before, the pair lies within `rule.max_distance_m`, the
    first was not demolished and nobody involved lives in an institution. Where coordinates are missing it stays a move and is
    `maybe_administrative`.

    Args:
        moves: of `moves.add_household`, with areas; all moves out of the objects of a buurt must be there.
        known: of `candidates`; at least the objects of `bundled_objects`.
        rule: the thresholds.
    """
    in_bundle = pl.Series(rows_of(known["object"], moves["origin_object"]) >= 0)
    same = (pl.col("origin_area") == pl.col("destination_area")) & (pl.col("origin_area") > 0)
    pairs = (
        moves.filter(in_bundle)
        .filter(same)
        .group_by(_PAIR)
        .agg(
            area=pl.col("origin_area").first(),
            movers=pl.len().cast(pl.Int64),
            institutional=(pl.col("household_type") == INSTITUTIONAL).fill_null(False).any(),
        )
    )
    ends = pairs.join(known, left_on="origin_object", right_on="object", how="inner").join(
        known, left_on="destination_object", right_on="object", how="inner", suffix="_there"
    )
    day = pl.col("move_date").to_physical()
    emptied = (pl.col("last_end") == day) & (pl.col("departures") == pl.col("movers"))
    filled = (pl.col("first_start_there") == day) & (pl.col("arrivals_there") == pl.col("movers"))
    standing = pl.col("demolished_date").is_null() & ~pl.col("institutional")
    x, y = (pl.col(name) - pl.col(f"{name}_there") for name in ("x_m", "y_m"))
    far = (x**2 + y**2) > rule.max_distance_m**2
    likely = ends.filter(emptied, filled, standing, far.fill_null(False).not_()).with_columns(is_near=~far)
    bundle = ["move_date", "area"]
    enough = likely.with_columns(
        sure=pl.col("is_near").fill_null(False).sum().over(bundle), possible=pl.len().over(bundle)
    )
    marks = enough.select(
        *_PAIR,
        is_administrative=pl.col("is_near").fill_null(False) & (pl.col("sure") >= rule.min_objects),
        maybe_administrative=pl.col("is_near").is_null() & (pl.col("possible") >= rule.min_objects),
    ).filter(pl.col("is_administrative") | pl.col("maybe_administrative"))
    return _marked(moves, marks, _PAIR)


def mark_renumbered(transitions: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Transitions with the columns of `mark_administrative`.

    One between two objects of which the second is only the new number of the first is administrative too.

    Args:
        transitions: of `moves.group_household_moves`.
        pairs: `origin_object`, `destination_object` of the administrative relocations.
    """
    known = pairs.unique().with_columns(is_administrative=pl.lit(True), maybe_administrative=pl.lit(False))
    return _marked(transitions, known, ("origin_object", "destination_object"))


def _marked(moves: pl.DataFrame, marks: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    if marks.is_empty():  # nearly always
        return moves.with_columns(is_administrative=pl.lit(False), maybe_administrative=pl.lit(False))
    # Only the keys are joined, so that the other columns need not be copied.
    marked = moves.select(keys).join(marks, on=list(keys), how="left", maintain_order="left")
    return moves.with_columns(marked.select(pl.col("is_administrative", "maybe_administrative").fill_null(False)))


def stays_since(residence: pl.DataFrame, pairs: pl.DataFrame) -> pl.Series:
    """First day of the stay that each spell of residence belongs to: a new number on the door does not begin another.

    Args:
        residence: contract `tables.Residence`.
        pairs: `move_date`, `origin_object`, `destination_object` of the administrative relocations.
    """
    same_person = (pl.col("person") == pl.col("person").shift()).fill_null(False)
    spells = residence.select(
        "person",
        "start_date",
        origin_object=pl.when(same_person).then(pl.col("object").shift()),
        destination_object="object",
    )
    renumbered = pairs.select("origin_object", "destination_object", start_date="move_date").unique()
    on = ["origin_object", "destination_object", "start_date"]
    marked = spells.join(renumbered.with_columns(goes_on=pl.lit(True)), on=on, how="left", maintain_order="left")
    first = pl.when(pl.col("goes_on").is_null()).then("start_date")
    return marked.select(first.forward_fill().alias("since")).to_series()
