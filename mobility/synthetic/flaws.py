"""The flaws of real register files, planted at known small rates; their numbers are those of the list of quirks.

None of them hides the truth: whoever reads the registers with care finds the life histories that lie in `truth/`.
Quirks that are part of the country rather than of a file are elsewhere: incomes not recorded (14, 16) in `income`,
objects of type D and shared numbers (7, 10) in `country`, changed codes (19) in `atlas`, programme areas inside a
growth core (21) in `geography`. Always there, with flaws or without: returns from abroad (5), blanks before PLHH (17),
numbers of households that are unique only with their first day (18), demolition after the last departure (20), students
and institutions (22).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl

from mobility.synthetic.days import FOREVER, Ints

# Share of the rows, persons or objects that have the flaw.
RATES = {
    "hole": 0.010,  # address rows with 1 to 30 unregistered days before the next address
    "overlap": 0.008,  # 3: registered at two addresses for some days
    "runs_on_after_death": 0.03,  # 4: last address rows of the dead
    "next_year": 0.015,  # 6: running address rows that end after the file's year, most with a successor
    "split": 0.030,  # 2: address rows cut in 2 to 4 contiguous rows
    "split_hole": 0.10,  # of the cuts: with some unregistered days
    "not_r": 0.0006,  # address rows of persons who are not in the BRP
    "reversed": 0.0008,  # rows with the end before the start, beside the right row
    "duplicate": 0.003,  # 1: exact duplicates
    "late_newborn": 0.25,  # 23: newborn children who enter their household some days late
    "no_code": 0.03,  # 8: objects without codes in the early years
    "duplicate_object": 0.003,  # 9: objects twice in VSLGWBTAB and LEVCYCLWOONNIETWOONBUS
    "no_coordinate": 0.004,  # objects absent from VSLCOORDTAB
    "loss": 0.2,  # 14: incomes of the lowest percentile: below zero
    "unknown_built_year": 0.05,  # 20: year of construction 1005
}
_SHORTEST_DAYS = 60  # spells that are changed last longer than this


def flaw_addresses(
    spells: pl.DataFrame, deaths: Ints, objects: int, cut_off: int, rng: np.random.Generator, planted: Counter[str]
) -> pl.DataFrame:
    """Address rows with all their flaws.

    Args:
        spells: `person_type, person, start, end, object`, sorted by person and start; days, end exclusive.
        deaths: day of death of each person.
        objects: number of objects, from which next year's addresses are drawn.
        cut_off: first day after the file's year.
        rng: random stream.
        planted: receives the number of each flaw.
    """
    spells = spells.with_columns(touched=pl.lit(value=False))
    steps: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "hole": lambda rows: leave_holes(rows, rng),
        "overlap": lambda rows: overlap(rows, rng),
        "runs_on_after_death": lambda rows: run_on_after_death(rows, deaths, rng),
        "next_year": lambda rows: spill_over(rows, objects, cut_off, rng),
        "split": lambda rows: split(rows, cut_off, rng),
        "not_r": lambda rows: add_others(rows, rng),
        "reversed": lambda rows: add_reversed(rows, rng),
        "duplicate": lambda rows: duplicate(rows, RATES["duplicate"], rng),
    }
    for flaw, step in steps.items():
        before, spells = spells, step(spells)
        added = spells.height - before.height
        planted[flaw] += added or int((spells["end"] != before["end"]).sum())
    return spells.drop("touched").sort("person", "start", "end", maintain_order=True)


def _draw(rows: pl.DataFrame, rate: float, rng: np.random.Generator) -> pl.Series:
    return pl.Series(rng.random(rows.height) < rate)


def _changes_object(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `follows`: the next row is the person's next address, at once; and `next_end`."""
    same_person = pl.col("person").shift(-1) == pl.col("person")
    adjoins = pl.col("start").shift(-1) == pl.col("end")
    return rows.with_columns(
        follows=(same_person & adjoins).fill_null(value=False),
        next_end=pl.col("end").shift(-1).fill_null(0),
    )


def leave_holes(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """1 to 30 unregistered days between two addresses: the person still lives at the first."""
    rows = _changes_object(rows)
    chosen = _draw(rows, RATES["hole"], rng) & rows["follows"] & (rows["end"] - rows["start"] > _SHORTEST_DAYS)
    days = pl.Series(rng.integers(1, 31, rows.height, dtype=np.int32))
    return rows.with_columns(
        end=pl.when(chosen).then(pl.col("end") - days).otherwise("end"), touched=pl.col("touched") | chosen
    ).drop("follows", "next_end")


def overlap(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Quirk 3: still registered at the old address some days after the new one began."""
    rows = _changes_object(rows)
    chosen = (
        _draw(rows, RATES["overlap"], rng)
        & rows["follows"]
        & (rows["next_end"] - rows["end"] > _SHORTEST_DAYS)
        & ~rows["touched"]
    )
    days = pl.Series(rng.integers(1, _SHORTEST_DAYS, rows.height, dtype=np.int32))
    # The new address is marked too: days missing inside it would let the old one shine through.
    marked = chosen | chosen.shift(1, fill_value=False)
    return rows.with_columns(
        end=pl.when(chosen).then(pl.col("end") + days).otherwise("end"), touched=pl.col("touched") | marked
    ).drop("follows", "next_end")


def run_on_after_death(rows: pl.DataFrame, deaths: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Quirk 4: the address is closed long after the death, or never."""
    ends_at_death = pl.Series(deaths[rows["person"].to_numpy()] + 1) == rows["end"]
    chosen = _draw(rows, RATES["runs_on_after_death"], rng) & ends_at_death
    late = pl.Series(np.where(rng.random(rows.height) < 0.5, FOREVER, 0).astype(np.int32))
    days = pl.Series(rng.integers(1, 400, rows.height, dtype=np.int32))
    later = pl.max_horizontal(late, pl.col("end") + days)
    return rows.with_columns(end=pl.when(chosen).then(later).otherwise("end"), touched=pl.col("touched") | chosen)


def spill_over(rows: pl.DataFrame, objects: int, cut_off: int, rng: np.random.Generator) -> pl.DataFrame:
    """Quirk 6: the file already knows some moves of the first months of the next year."""
    chosen = _draw(rows, RATES["next_year"], rng) & (rows["end"] == FOREVER) & ~rows["touched"]
    days = pl.Series(rng.integers(cut_off, cut_off + 75, rows.height, dtype=np.int32))
    ended = rows.with_columns(
        end=pl.when(chosen).then(days).otherwise("end").cast(pl.Int32), touched=pl.col("touched") | chosen
    )
    successors = ended.filter(chosen & _draw(rows, 0.8, rng))
    successors = successors.with_columns(
        start="end",
        end=pl.lit(FOREVER, pl.Int32),
        object=pl.Series(rng.integers(0, objects, successors.height, dtype=np.int32)),
    )
    return pl.concat([ended, successors])


def split(rows: pl.DataFrame, cut_off: int, rng: np.random.Generator) -> pl.DataFrame:
    """Quirk 2: one stay is delivered as two to four contiguous rows, some with days missing in between."""
    length = pl.min_horizontal("end", pl.lit(cut_off)) - pl.col("start")
    long = rows.select((length > 2 * _SHORTEST_DAYS) & ~pl.col("touched")).to_series()
    chosen = _draw(rows, RATES["split"], rng) & long
    kept, cut = rows.filter(~chosen), rows.filter(chosen)
    pieces = pl.Series(rng.integers(2, 5, cut.height))
    parts = [kept]
    for count in (2, 3, 4):
        some = cut.filter(pieces == count)
        start, end = some["start"].to_numpy(), some["end"].to_numpy()
        room = np.minimum(end, cut_off) - start
        shares = (np.arange(1, count)[None, :] + rng.uniform(-0.3, 0.3, (some.height, count - 1))) / count
        cuts = start[:, None] + np.clip((shares * room[:, None]).astype(np.int32), 1, room[:, None] - 1)
        starts = np.column_stack([start[:, None], cuts])
        holes = np.where(rng.random(cuts.shape) < RATES["split_hole"], rng.integers(1, 8, cuts.shape), 0)
        ends = np.column_stack([cuts - holes, end[:, None]])
        parts += [
            some.with_columns(
                start=pl.Series(starts[:, n].astype(np.int32)), end=pl.Series(ends[:, n].astype(np.int32))
            )
            for n in range(count)
        ]
    return pl.concat(parts)


def add_others(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of persons who are known in other registers only; some bear the number of a person in the BRP."""
    others = rows.filter(_draw(rows, RATES["not_r"], rng))
    shifted = pl.Series(rng.permutation(others["person"].to_numpy()))
    return pl.concat([rows, others.with_columns(person_type=pl.lit("S"), person=shifted)])


def add_reversed(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Rows that end before they start, beside the right row."""
    wrong = rows.filter(
        _draw(rows, RATES["reversed"], rng) & (rows["end"] < FOREVER) & (rows["end"] - rows["start"] > 2)
    )
    return pl.concat([rows, wrong.with_columns(start="end", end="start")])


def duplicate(rows: pl.DataFrame, rate: float, rng: np.random.Generator) -> pl.DataFrame:
    """Quirks 1 and 9: exact duplicates."""
    return pl.concat([rows, rows.filter(_draw(rows, rate, rng))])


def delay_newborn(rows: pl.DataFrame, births: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Quirk 23: a newborn child enters the household up to three weeks after birth."""
    born = pl.Series(births[rows["person"].to_numpy()]) == rows["start"]
    days = pl.Series(rng.integers(1, 22, rows.height, dtype=np.int32))
    chosen = _draw(rows, RATES["late_newborn"], rng) & born & (rows["end"] - rows["start"] > days)
    return rows.with_columns(start=pl.when(chosen).then(pl.col("start") + days).otherwise("start"))
