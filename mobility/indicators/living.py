"""Family B: the units of segregation, and where low incomes live (B1, B2). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.flows.indices import LOW, NOT_LOW
from mobility.income import CLASSES
from mobility.indicators.segregation import Numbers
from mobility.indicators.table import BEHIND, add_up, empty, group_classes, indicator, not_low
from mobility.indicators.zones import Zones
from mobility.places import ELSEWHERE, UNPLACEABLE
from mobility.stocks import Ints

QUINTILES = range(5)  # q1 to q5 among `CLASSES`


@dataclass(frozen=True)
class Units:
    """Buurten of one year that are large enough: residents with a percentile by class, and the places they lie in.

    Attributes:
        year: of the stock.
        area: of every unit.
        persons: units by `q1` to `q5`.
        households: the same, of households.
    """

    year: int
    area: Ints
    persons: Numbers
    households: Numbers

    def chosen(self, mask: Ints) -> Units:
        """Some of the units."""
        return Units(self.year, self.area[mask], self.persons[mask], self.households[mask])

    def split(self, low: Collection[str]) -> tuple[Numbers, Numbers]:
        """Low and not low residents of every unit."""
        ours, others = ([CLASSES.index(name) for name in names] for names in (low, not_low(low)))
        return self.persons[:, ours].sum(axis=1), self.persons[:, others].sum(axis=1)


def units_of(residents: pl.DataFrame, zones: Zones, areas: int, least: int) -> list[Units]:
    """The units of every year: buurten with at least so many residents with a percentile.

    Args:
        residents: by year, area, class and age.
        zones: of the study.
        areas: how many there are.
        least: persons.
    """
    placed = (zones.levels["buurt"].places.gather(zones.levels["buurt"].of_area) != UNPLACEABLE).to_numpy()
    found = []
    for year in residents["year"].unique().sort().to_list():
        rows = residents.filter(pl.col("year") == year, pl.col("income_class") < len(QUINTILES))
        cell = (rows["area"].to_numpy().astype(np.int64), rows["income_class"].to_numpy().astype(np.int64))
        counts = {}
        for measure in ("persons", "households"):
            counts[measure] = np.zeros((areas, len(QUINTILES)))
            np.add.at(counts[measure], cell, rows[measure].to_numpy())
        area = np.flatnonzero(placed & (counts["persons"].sum(axis=1) >= max(least, 1)))
        found.append(Units(year, area, counts["persons"][area], counts["households"][area]))
    return found


def places_of(units: Units, zones: Zones, level: str) -> Iterator[tuple[str, Units]]:
    """Places of a level with at least two units, and their units."""
    number = zones.levels[level].of_area.to_numpy()[units.area]
    for place in np.unique(number):
        name = zones.levels[level].places[int(place)]
        inside = units.chosen(np.flatnonzero(number == place))
        if len(inside.area) > 1 and name not in (UNPLACEABLE, ELSEWHERE):
            yield name, inside


def row_of(
    key: str,
    place: str,
    level: str,
    year: int,
    income_class: str,
    detail: str,
    value: float,
    counted: tuple[Numbers, Numbers],
    sides: tuple[int, int] | None = None,
) -> tuple[object, ...]:
    """One row; `counted` holds the persons and the households behind it, by area, with classes in columns if there are any.

    With `sides`, persons on either side of its bin, the row is a quantile; else it is an index of the areas.
    """
    persons, households = (int(each.sum()) for each in counted)
    whole = (key, place, level, "total", year, income_class, detail, value, None, None, persons, households)
    of_area = counted[0].reshape(len(counted[0]), -1).sum(axis=1)
    rule: tuple[object, ...] = ("index", int((of_area > 0).sum()), int(of_area.max()), None, None)
    if sides is not None:
        rule = ("quantile", None, None, *sides)
    behind = dict(zip(("rule", "areas", "largest", "below", "above"), rule, strict=True))
    return (*whole, *(behind.get(name) for name in BEHIND))


def told(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """The table of `row_of`, without what has no value."""
    table = pl.DataFrame(rows, schema=empty().schema, orient="row")
    return table.filter(pl.col("value").is_finite()).with_columns(pl.col("value").round(9) + 0.0)


def suburbanisation(stocks: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """B1: where the low-income households of a region live, and how poor each role is.

    Details of a role: `share_of_region` (% of the region's low-income households), `low_share` (% of the role's residents
    with a percentile who are low), `index` (the former, first year = 100).

    Args:
        stocks: residents by place, cut, year, class and age.
        low: classes that are low.
    """
    keys = ["place", "cut", "year"]
    ours = group_classes(stocks.filter(level="role").drop("age", "level"), low)
    ours = add_up([ours], [*keys, "income_class"])
    wide = {name: ours.filter(income_class=name).drop("income_class") for name in (LOW, NOT_LOW)}
    table = wide[LOW].join(wide[NOT_LOW], on=keys, how="full", coalesce=True, suffix="_other").fill_null(0)
    table = table.filter(~pl.col("place").is_in([UNPLACEABLE, ELSEWHERE]))
    table = table.with_columns(region=pl.col("place").str.split("/").list.first())
    whole = table.group_by("region", "cut", "year").agg(region_households=pl.col("households").sum())
    table = table.join(whole, on=["region", "cut", "year"])
    first = table.filter(pl.col("year") == table["year"].min()).select(
        "place", "cut", first="households", first_region="region_households"
    )
    indexed = table.join(first, on=["place", "cut"])
    share = pl.col("households") / pl.col("region_households")
    return pl.concat(
        [
            indicator(
                table,
                "B1",
                detail="share_of_region",
                numerator="households",
                denominator="region_households",
                scale=100,
                level="role",
                income_class=LOW,
            ),
            indicator(
                table,
                "B1",
                detail="low_share",
                numerator="persons",
                denominator=pl.col("persons") + pl.col("persons_other"),
                scale=100,
                level="role",
                income_class=LOW,
            ),
            indicator(
                indexed,
                "B1",
                detail="index",
                value=100 * share / (pl.col("first") / pl.col("first_region")),
                persons=pl.col("persons"),
                households=pl.min_horizontal("households", "first"),
                level="role",
                income_class=LOW,
            ),
        ]
    )


def distance_to_centre(distances: pl.DataFrame, regions: pl.Series, bin_m: int, low: Collection[str]) -> pl.DataFrame:
    """B2: quartiles of the distance to the centre of the region (km), and how central low incomes are among all.

    Details `q25`, `median`, `q75` (middle of the bin in which it falls) of `low`, `not_low` and `all`; `centralisation` of low
    against not low (Duncan and Duncan 1955): -1 all low further out than all others, 1 all nearer.

    Args:
        distances: `blocks.count_distances`.
        regions: names by number.
        bin_m: width of a bin.
        low: classes that are low.
    """
    keys = ("year", "region", "income_class", "bin")
    table = add_up([group_classes(distances, low)], keys)
    rows: list[tuple[object, ...]] = []
    for (year, region), group in table.group_by(["year", "region"], maintain_order=True):
        place, by_class = regions[int(str(region))], {}
        for (name,), part in group.sort(keys).group_by(["income_class"], maintain_order=True):
            cumulated = part["persons"].cum_sum().to_numpy()
            counted = (part["persons"].to_numpy(), part["households"].to_numpy())
            for detail, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
                at = int(np.searchsorted(cumulated, share * cumulated[-1]))
                value = (part["bin"][at] + 0.5) * bin_m / 1000
                sides = int(cumulated[at - 1]) if at else 0, int(cumulated[-1] - cumulated[at])
                rows.append(row_of("B2", place, "region", year, str(name), detail, value, counted, sides))
            by_class[str(name)] = part
        if LOW in by_class and NOT_LOW in by_class:
            ours, others = by_class[LOW], by_class[NOT_LOW]
            both = ours.join(others, on="bin", how="full", coalesce=True, suffix="_other").sort("bin").fill_null(0)
            value = centralisation(both["persons"].to_numpy(), both["persons_other"].to_numpy())
            counted = (ours["persons"].to_numpy(), ours["households"].to_numpy())
            rows.append(row_of("B2", place, "region", year, LOW, "centralisation", value, counted))
    return told(rows)


def centralisation(group: Ints, other: Ints) -> float:
    """Relative centralisation: sum of X(i-1) Y(i) - X(i) Y(i-1), with X and Y cumulated shares from the centre outwards."""
    x, y = (np.concatenate([[0.0], np.cumsum(each) / each.sum()]) for each in (group, other))
    return float((x[:-1] * y[1:]).sum() - (x[1:] * y[:-1]).sum())
