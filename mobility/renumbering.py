"""What is only a new number on the door: administrative relocations (method 1, step 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.stocks import INSTITUTIONAL

_PAIR = ("move_date", "origin_object", "destination_object")
_STILL = np.iinfo(np.int32).max  # an end that is still open
_NEVER = np.iinfo(np.int32).max  # a first use of what was never used
Days = npt.NDArray[np.int32]


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


class ObjectUse:
    """First and last use of every object by everybody, as arrays by object.

    Args:
        objects: how many there are.
    """

    def __init__(self, objects: int) -> None:
        self.first_start: Days = np.full(objects, _NEVER, dtype=np.int32)
        self.last_end: Days = np.full(objects, np.iinfo(np.int32).min, dtype=np.int32)
        self.arrivals: Days = np.zeros(objects, dtype=np.int32)
        self.departures: Days = np.zeros(objects, dtype=np.int32)

    def add(self, part: pl.DataFrame) -> None:
        """Add the use by one partition, of `object_use`."""
        at = part["object"].to_numpy()
        for days, counts, name, number, wins in (
            (self.first_start, self.arrivals, "first_start", "arrivals", np.less),
            (self.last_end, self.departures, "last_end", "departures", np.greater),
        ):
            new, many = part[name].to_numpy(), part[number].to_numpy()
            better, equal = wins(new, days[at]), new == days[at]
            counts[at] = np.where(better, many, np.where(equal, counts[at] + many, counts[at]))
            days[at] = np.where(better, new, days[at])


def mark_administrative(moves: pl.DataFrame, use: ObjectUse, objects: pl.DataFrame, rule: Relocation) -> pl.DataFrame:
    """Moves with `is_administrative` and `maybe_administrative`.

    On one day, at least `rule.min_objects` pairs of objects of one buurt, one to one: all residents of the first go to the
    second, the first is never lived in again, the second never was before, the pair lies within `rule.max_distance_m`, the
    first was not demolished and nobody involved lives in an institution. Where coordinates are missing it stays a move and is
    `maybe_administrative`.

    Args:
        moves: of `moves.add_household`; all moves out of the objects of a buurt must be there.
        use: of all objects.
        objects: contract `tables.Object`.
        rule: the thresholds.
    """
    area, area_2 = (objects["area"].gather(moves[side]) for side in ("origin_object", "destination_object"))
    within = moves.filter((area == area_2) & (area > 0))  # few moves stay within a buurt, and no other can be one
    pairs = within.group_by(_PAIR).agg(
        movers=pl.len().cast(pl.Int64), institutional=(pl.col("household_type") == INSTITUTIONAL).fill_null(False).any()
    )
    origin, destination = pairs["origin_object"].to_numpy(), pairs["destination_object"].to_numpy()
    known = pairs.with_columns(
        day=pl.col("move_date").to_physical(),
        last_end=pl.Series(use.last_end[origin]),
        departures=pl.Series(use.departures[origin]),
        first_start=pl.Series(use.first_start[destination]),
        arrivals=pl.Series(use.arrivals[destination]),
        area=objects["area"].gather(origin),
        demolished_date=objects["demolished_date"].gather(origin),
        x=objects["x_m"].gather(origin) - objects["x_m"].gather(destination),
        y=objects["y_m"].gather(origin) - objects["y_m"].gather(destination),
    )
    emptied = (pl.col("last_end") == pl.col("day")) & (pl.col("departures") == pl.col("movers"))
    filled = (pl.col("first_start") == pl.col("day")) & (pl.col("arrivals") == pl.col("movers"))
    standing = pl.col("demolished_date").is_null() & ~pl.col("institutional")
    far = (pl.col("x") ** 2 + pl.col("y") ** 2) > rule.max_distance_m**2
    likely = known.filter(emptied, filled, standing, far.fill_null(False).not_()).with_columns(is_near=~far)
    bundle = ["move_date", "area"]
    enough = likely.with_columns(
        sure=pl.col("is_near").fill_null(False).sum().over(bundle), possible=pl.len().over(bundle)
    )
    marks = enough.select(
        *_PAIR,
        is_administrative=pl.col("is_near").fill_null(False) & (pl.col("sure") >= rule.min_objects),
        maybe_administrative=pl.col("is_near").is_null() & (pl.col("possible") >= rule.min_objects),
    )
    marked = moves.join(marks, on=list(_PAIR), how="left", maintain_order="left")
    return marked.with_columns(pl.col("is_administrative", "maybe_administrative").fill_null(False))


def mark_renumbered(transitions: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Transitions with the columns of `mark_administrative`.

    One between two objects of which the second is only the new number of the first is administrative too.

    Args:
        transitions: of `moves.group_household_moves`.
        pairs: `origin_object`, `destination_object` of the administrative relocations.
    """
    known = pairs.unique().with_columns(is_administrative=pl.lit(True), maybe_administrative=pl.lit(False))
    marked = transitions.join(known, on=["origin_object", "destination_object"], how="left", maintain_order="left")
    return marked.with_columns(pl.col("is_administrative", "maybe_administrative").fill_null(False))


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
