"""Family B: where low incomes live (B1 to B6), from residents by buurt. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.income import CLASSES
from mobility.indicators import segregation
from mobility.indicators.segregation import Numbers
from mobility.indicators.table import INDICATOR_KEYS, MEASURES, add_up, empty, group_classes, indicator, not_low
from mobility.indicators.zones import NATIONAL, Zones
from mobility.places import ELSEWHERE, UNPLACEABLE
from mobility.stocks import Ints

_NESTED = ("region", "gemeente", "wijk")
_CLASSES = range(5)  # q1 to q5 among `CLASSES`


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
        rows = residents.filter(pl.col("year") == year, pl.col("income_class") < len(_CLASSES))
        cell = (rows["area"].to_numpy().astype(np.int64), rows["income_class"].to_numpy().astype(np.int64))
        counts = {}
        for measure in ("persons", "households"):
            counts[measure] = np.zeros((areas, len(_CLASSES)))
            np.add.at(counts[measure], cell, rows[measure].to_numpy())
        area = np.flatnonzero(placed & (counts["persons"].sum(axis=1) >= max(least, 1)))
        found.append(Units(year, area, counts["persons"][area], counts["households"][area]))
    return found


def _places(units: Units, zones: Zones, level: str) -> Iterator[tuple[str, Units]]:
    """Places of a level with at least two units, and their units."""
    number = zones.levels[level].of_area.to_numpy()[units.area]
    for place in np.unique(number):
        name = zones.levels[level].places[int(place)]
        inside = units.chosen(np.flatnonzero(number == place))
        if len(inside.area) > 1 and name not in (UNPLACEABLE, ELSEWHERE):
            yield name, inside


def _row(
    key: str,
    place: str,
    level: str,
    year: int,
    income_class: str,
    detail: str,
    value: float,
    counted: tuple[Numbers, Numbers],
) -> tuple[object, ...]:
    """One row; `counted` holds the persons and the households behind it."""
    persons, households = (int(each.sum()) for each in counted)
    return (key, place, level, "total", year, income_class, detail, value, None, None, persons, households)


def _rows(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    table = pl.DataFrame(rows, schema=empty().schema, orient="row").select(*INDICATOR_KEYS, *MEASURES)
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
                rows.append(_row("B2", place, "region", year, str(name), detail, value, counted))
            by_class[str(name)] = part
        if LOW in by_class and NOT_LOW in by_class:
            ours, others = by_class[LOW], by_class[NOT_LOW]
            both = ours.join(others, on="bin", how="full", coalesce=True, suffix="_other").sort("bin").fill_null(0)
            value = centralisation(both["persons"].to_numpy(), both["persons_other"].to_numpy())
            counted = (ours["persons"].to_numpy(), ours["households"].to_numpy())
            rows.append(_row("B2", place, "region", year, LOW, "centralisation", value, counted))
    return _rows(rows)


def centralisation(group: Ints, other: Ints) -> float:
    """Relative centralisation: sum of X(i-1) Y(i) - X(i) Y(i-1), with X and Y cumulated shares from the centre outwards."""
    x, y = (np.concatenate([[0.0], np.cumsum(each) / each.sum()]) for each in (group, other))
    return float((x[:-1] * y[1:]).sum() - (x[1:] * y[:-1]).sum())


def segregated(
    units: list[Units],
    percentiles: dict[int, Numbers],
    zones: Zones,
    levels: Collection[str],
    low: Collection[str],
    permutations: int,
) -> pl.DataFrame:
    """B3: segregation within places over their buurten, with what chance alone would give.

    Of low against not low: `D`, `isolation`, `exposure`. Over q1 to q5: `M`, `H`; `local:<class>` and its share of M,
    `local_share:<class>`. Over percentiles: `rank_order_H`. Of every buurt (level `buurt`): `location_quotient` of low
    within its region. `<measure>_by_chance` is the mean over random allocations of the same residents to the same units.

    Args:
        units: of every year.
        percentiles: by year, all areas by percentiles 1 to 100.
        zones: of the study.
        levels: of places.
        low: classes that are low.
        permutations: random allocations.
    """
    rows: list[tuple[object, ...]] = []
    for one in units:
        for level in levels:
            for number, (place, inside) in enumerate(_places(one, zones, level)):
                ours, others = inside.split(low)
                everybody = (inside.persons, inside.households)
                measured = _measures(inside.persons, ours, others)
                measured["rank_order_H"] = segregation.rank_order(percentiles[one.year][inside.area])
                seed = (one.year, len(level), number)
                chance = [
                    _measures(table, *Units(one.year, inside.area, table, table).split(low))
                    for table in segregation.by_chance(inside.persons, permutations, seed)
                ]
                for name in ("D", "isolation", "H", "M") if chance else ():
                    measured[f"{name}_by_chance"] = float(np.mean([each[name] for each in chance]))
                for name, value in measured.items():
                    group = LOW if name.split("_")[0] in ("D", "isolation", "exposure") else ALL
                    rows.append(_row("B3", place, level, one.year, group, name, value, everybody))
                rows += _local(inside, place, level)
        rows += _quotients(one, zones, low)
    return _rows(rows)


def _measures(table: Numbers, ours: Numbers, others: Numbers) -> dict[str, float]:
    if not ours.sum() or not others.sum():
        return dict.fromkeys(("D", "isolation", "exposure", "M", "H"), float("nan"))
    return {
        "D": segregation.dissimilarity(ours, others),
        "isolation": segregation.isolation(ours, others),
        "exposure": segregation.interaction(ours, others),
        "M": segregation.mutual_information(table),
        "H": segregation.theil(table),
    }


def _local(units: Units, place: str, level: str) -> list[tuple[object, ...]]:
    scores, shares = segregation.local_scores(units.persons), units.persons.sum(axis=0) / units.persons.sum()
    whole = segregation.mutual_information(units.persons)
    rows = []
    for number in _CLASSES:
        counted = (units.persons[:, number], units.households[:, number])
        if counted[0].sum():
            score = float(scores[number])
            name = CLASSES[number]
            rows.append(_row("B3", place, level, units.year, name, f"local:{name}", score, counted))
            if whole > 0:
                part = score * float(shares[number]) / whole
                rows.append(_row("B3", place, level, units.year, name, f"local_share:{name}", part, counted))
    return rows


def _quotients(units: Units, zones: Zones, low: Collection[str]) -> list[tuple[object, ...]]:
    rows, names = [], zones.levels["buurt"].places.gather(zones.levels["buurt"].of_area)
    for _, inside in _places(units, zones, "region"):
        ours, others = inside.split(low)
        if not ours.sum():
            continue
        columns = [CLASSES.index(name) for name in low]
        for row, value in enumerate(segregation.location_quotients(ours, others)):
            counted = (ours[row : row + 1], inside.households[row, columns])
            area = names[int(inside.area[row])]
            rows.append(_row("B3", area, "buurt", units.year, LOW, "location_quotient", float(value), counted))
    return rows


def at_scales(units: list[Units], zones: Zones) -> pl.DataFrame:
    """B4: M and H over q1 to q5 split over nested levels: between regions, gemeenten, wijken and buurten.

    Details `M:<level>` and `H:<level>` of the country (from `region` on) and of every region (from `gemeente` on): between
    units of that level within those of the level before. They add up to the M and H over buurten, `M` and `H`.

    Args:
        units: of every year.
        zones: of the study.
    """
    rows: list[tuple[object, ...]] = []
    for one in units:
        for level, names in ((NATIONAL, _NESTED), ("region", _NESTED[1:])):
            for place, inside in _places(one, zones, level):
                numbers = [zones.levels[name].of_area.to_numpy()[inside.area].astype(np.int64) for name in names]
                spread = segregation.entropy(inside.persons.sum(axis=0))
                if spread == 0:
                    continue
                parts = segregation.nested(inside.persons, numbers)
                counted = (inside.persons, inside.households)
                for name, part in zip((*names, "buurt", ""), (*parts, sum(parts)), strict=True):
                    end = f":{name}" if name else ""
                    rows.append(_row("B4", place, level, one.year, ALL, f"M{end}", part, counted))
                    rows.append(_row("B4", place, level, one.year, ALL, f"H{end}", part / spread, counted))
    return _rows(rows)


def at_squares(counted: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """B4 on squares: M and H over q1 to q5 between squares of 100 and 500 metres, of every region and of the country.

    Details `M:<size>` and `H:<size>`, and `..._by_chance` of one random allocation of the same residents to the same squares:
    most squares are so small that chance alone segregates them.

    Args:
        counted: of `blocks.count_squares`.
        names: of the regions, by number.
    """
    rows: list[tuple[object, ...]] = []
    for (year, size), group in counted.sort(counted.columns[:5]).group_by(["year", "size"], maintain_order=True):
        region = group["region"].to_numpy()
        places = [(names[int(number)], "region", region == number) for number in np.unique(region)]
        for place, level, inside in ((NATIONAL, NATIONAL, region >= 0), *places):
            if place in (UNPLACEABLE, ELSEWHERE):
                continue
            part = group.filter(pl.Series(inside))
            unit = np.unique(part["square"].to_numpy(), return_inverse=True)[1]
            persons, households = (np.zeros((int(unit.max()) + 1, len(_CLASSES))) for _ in range(2))
            cell = (unit, part["income_class"].to_numpy())
            np.add.at(persons, cell, part["persons"].to_numpy())
            np.add.at(households, cell, part["households"].to_numpy())
            spread = segregation.entropy(persons.sum(axis=0))
            if len(persons) < 2 or spread == 0:
                continue
            chance = segregation.by_chance(persons, 1, (int(str(year)), len(str(size)), len(persons)))[0]
            for end, table in (("", persons), ("_by_chance", chance)):
                found = segregation.mutual_information(table)
                for name, value in ((f"M:{size}{end}", found), (f"H:{size}{end}", found / spread)):
                    rows.append(_row("B4", place, level, int(str(year)), ALL, name, value, (persons, households)))
    return _rows(rows)


def what_changed(units: list[Units], zones: Zones, levels: Collection[str]) -> pl.DataFrame:
    """B5: the change of M from the first year to each later one, split; see `segregation.change_of_segregation`.

    Args:
        units: of every year.
        zones: of the study.
        levels: of places.
    """
    rows: list[tuple[object, ...]] = []
    for level in levels:
        first = dict(_places(units[0], zones, level))
        for one in units[1:]:
            for place, last in _places(one, zones, level):
                if place not in first:
                    continue
                before, after = _same_units(first[place], last)
                parts = segregation.change_of_segregation(before, after)
                smaller = first[place] if first[place].persons.sum() < last.persons.sum() else last
                counted = (smaller.persons, smaller.households)
                for name, value in (parts or {}).items():
                    rows.append(_row("B5", place, level, one.year, ALL, name, value, counted))
    return _rows(rows)


def _same_units(first: Units, last: Units) -> tuple[Numbers, Numbers]:
    every = np.union1d(first.area, last.area)
    tables = []
    for one in (first, last):
        table = np.zeros((len(every), len(_CLASSES)))
        table[np.searchsorted(every, one.area)] = one.persons
        tables.append(table)
    return tables[0], tables[1]
