"""Places and cuts: where counts of areas are added up to (method 7). Pure.

Every area lies in one place of each level and in one cut: `inside` a programme of the study (at any time, so that the same
ground is compared over the years), in the `ring` around (neighbours of what is inside; inside wins) or in the `rest`. Counts
add up over cuts to `total`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows.counts import Level, level_of
from mobility.indicators.table import TOTAL, add_up
from mobility.neighbours import next_to
from mobility.places import UNPLACEABLE

INSIDE, RING, REST = CUTS = ("inside", "ring", "rest")
NATIONAL = "national"
PROGRAMME = "programme"
OUTSIDE = "-"  # place at level `programme` of what is in none


@dataclass(frozen=True)
class Zones:
    """The places of every level, and the cut of every area.

    Attributes:
        levels: by name; `national` and `programme` (areas of programmes) among them.
        cut: of every area, as a place in `CUTS`.
    """

    levels: dict[str, Level]
    cut: pl.Series

    def place(self, level: str, area: pl.Series) -> pl.Series:
        """Number of the place of each area, in the order of names."""
        return self.levels[level].of_area.gather(area)

    def lost(self, level: str) -> int:
        """Number of the place `unplaceable`; one that no area has where there is none."""
        places = self.levels[level].places
        return int(places.search_sorted(UNPLACEABLE)) if UNPLACEABLE in places else len(places)


def zones_of(
    areas: pl.DataFrame, programmes: Sequence[tuple[str, pl.Series]], neighbours: npt.NDArray[np.bool_]
) -> Zones:
    """The zones of a study.

    Args:
        areas: of `places.zone_areas`.
        programmes: name of every programme area, and whether each area lies in it.
        neighbours: whether each area is a neighbour of what is inside; see `near_inside`.
    """
    inside = inside_programmes(areas, programmes)
    cut = np.where(inside.to_numpy(), 0, np.where(neighbours, 1, 2))
    within = pl.Series([OUTSIDE]).new_from_index(0, areas.height)
    for name, mask in programmes:
        within = pl.Series([name]).new_from_index(0, areas.height).zip_with(mask, within)
    named = areas.with_columns(pl.lit(NATIONAL).alias(NATIONAL), within.alias(PROGRAMME))
    levels = (*("buurt", "wijk", "gemeente", "role", "region"), NATIONAL, PROGRAMME)
    return Zones({name: level_of(named, name) for name in levels}, pl.Series(cut, dtype=pl.UInt8))


def inside_programmes(areas: pl.DataFrame, programmes: Sequence[tuple[str, pl.Series]]) -> pl.Series:
    """Whether each area lies in an area of a programme."""
    inside = pl.Series([False]).new_from_index(0, areas.height)
    for _, mask in programmes:
        inside = inside | mask
    return inside


def near_inside(objects: pl.DataFrame, inside: pl.Series, metres: int) -> npt.NDArray[np.bool_]:
    """Whether each area has an address within so many metres of an address inside; what is inside is not near.

    Args:
        objects: `area`, `x_m`, `y_m`.
        inside: whether each area lies in a programme.
        metres: the distance.
    """
    of_area = pl.when(inside.gather(objects["area"])).then(pl.lit(INSIDE)).otherwise(pl.col("area").cast(pl.String))
    addresses = objects.select(of_area.alias("wijk"), "x_m", "y_m")
    near = np.zeros(len(inside), dtype=bool)
    near[next_to(addresses, [INSIDE], metres)["neighbour"].cast(pl.UInt32).to_numpy()] = True
    return near


def near_each(
    objects: pl.DataFrame, insides: Sequence[npt.NDArray[np.bool_]], metres: int
) -> list[npt.NDArray[np.bool_]]:
    """What `near_inside` tells of each of several sets of areas, from one look at the addresses.

    Args:
        objects: `area`, `x_m`, `y_m`.
        insides: whether each area lies in the set, for every set.
        metres: the distance.
    """
    if not insides:
        return []
    addresses = objects.select(pl.col("area").cast(pl.String).alias("wijk"), "x_m", "y_m")
    asked = [str(area) for area in np.flatnonzero(np.any(insides, axis=0))]
    pairs = next_to(addresses, asked, metres).select(pl.all().cast(pl.Int64))
    area, neighbour = pairs["wijk"].to_numpy(), pairs["neighbour"].to_numpy()
    found = []
    for inside in insides:
        near = np.zeros(len(inside), dtype=bool)
        near[neighbour[inside[area]]] = True
        found.append(near & ~inside)
    return found


def at_places(
    counts: pl.DataFrame, zones: Zones, levels: Sequence[str], keys: Sequence[str], area: str = "area"
) -> pl.DataFrame:
    """Counts of areas added up: one row per `level`, `place`, `cut` (and `total`) and `keys`; sorted.

    Args:
        counts: with `area`, `keys` and measures (Int64).
        zones: of the study.
        levels: names.
        keys: further columns that are no measure.
        area: column of the area.
    """
    measures = [name for name in counts.columns if name not in (*keys, area)]
    cut = pl.Series("cut", CUTS).gather(zones.cut.gather(counts[area]))
    tables = []
    for name in levels:
        place = zones.levels[name].places.gather(zones.place(name, counts[area])).alias("place")
        placed = counts.select(pl.lit(name).alias("level"), place, cut, *keys, *measures)
        tables.append(add_up([placed], ["level", "place", "cut", *keys]))
    parts = pl.concat(tables) if tables else pl.DataFrame()
    whole = parts.with_columns(cut=pl.lit(TOTAL))
    return add_up([parts, whole], ["level", "place", "cut", *keys]).filter(pl.col("place") != OUTSIDE)


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
