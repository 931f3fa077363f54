"""Family B: segregation, its scale and its change (B3 to B5), over buurten and over squares. Pure."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from mobility.flows.indices import ALL, LOW
from mobility.income import CLASSES
from mobility.indicators import segregation
from mobility.indicators.living import QUINTILES, Units, places_of, row_of, told
from mobility.indicators.segregation import Numbers
from mobility.indicators.zones import NATIONAL, Zones
from mobility.places import ELSEWHERE, UNPLACEABLE

_NESTED = ("region", "gemeente", "wijk")


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
            for number, (place, inside) in enumerate(places_of(one, zones, level)):
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
                    rows.append(row_of("B3", place, level, one.year, group, name, value, everybody))
                rows += _local(inside, place, level)
        rows += _quotients(one, zones, low)
    return told(rows)


def _measures(table: Numbers, ours: Numbers, others: Numbers) -> dict[str, float]:
    if not ours.sum() or not others.sum():
        return dict.fromkeys(("D", "isolation", "exposure", "M", "H"), float("nan"))
    mutual = segregation.mutual_information(table)
    return {
        "D": segregation.dissimilarity(ours, others),
        "isolation": segregation.isolation(ours, others),
        "exposure": segregation.interaction(ours, others),
        "M": mutual,
        "H": mutual / segregation.entropy(table.sum(axis=0)),
    }


def _local(units: Units, place: str, level: str) -> list[tuple[object, ...]]:
    scores, shares = segregation.local_scores(units.persons), units.persons.sum(axis=0) / units.persons.sum()
    whole = segregation.mutual_information(units.persons)
    rows = []
    for number in QUINTILES:
        counted = (units.persons[:, number], units.households[:, number])
        if counted[0].sum():
            score = float(scores[number])
            name = CLASSES[number]
            rows.append(row_of("B3", place, level, units.year, name, f"local:{name}", score, counted))
            if whole > 0:
                part = score * float(shares[number]) / whole
                rows.append(row_of("B3", place, level, units.year, name, f"local_share:{name}", part, counted))
    return rows


def _quotients(units: Units, zones: Zones, low: Collection[str]) -> list[tuple[object, ...]]:
    rows, names = [], zones.levels["buurt"].places.gather(zones.levels["buurt"].of_area)
    for _, inside in places_of(units, zones, "region"):
        ours, others = inside.split(low)
        if not ours.sum():
            continue
        columns = [CLASSES.index(name) for name in low]
        for row, value in enumerate(segregation.location_quotients(ours, others)):
            counted = (ours[row : row + 1], inside.households[row, columns])
            area = names[int(inside.area[row])]
            rows.append(row_of("B3", area, "buurt", units.year, LOW, "location_quotient", float(value), counted))
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
            for place, inside in places_of(one, zones, level):
                numbers = [zones.levels[name].of_area.to_numpy()[inside.area].astype(np.int64) for name in names]
                spread = segregation.entropy(inside.persons.sum(axis=0))
                if spread == 0:
                    continue
                parts = segregation.nested(inside.persons, numbers)
                counted = (inside.persons, inside.households)
                for name, part in zip((*names, "buurt", ""), (*parts, sum(parts)), strict=True):
                    end = f":{name}" if name else ""
                    rows.append(row_of("B4", place, level, one.year, ALL, f"M{end}", part, counted))
                    rows.append(row_of("B4", place, level, one.year, ALL, f"H{end}", part / spread, counted))
    return told(rows)


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
            persons, households = (np.zeros((int(unit.max()) + 1, len(QUINTILES))) for _ in range(2))
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
                    rows.append(row_of("B4", place, level, int(str(year)), ALL, name, value, (persons, households)))
    return told(rows)


def what_changed(units: list[Units], zones: Zones, levels: Collection[str]) -> pl.DataFrame:
    """B5: the change of M from the first year to each later one, split; see `segregation.change_of_segregation`.

    Args:
        units: of every year.
        zones: of the study.
        levels: of places.
    """
    rows: list[tuple[object, ...]] = []
    for level in levels:
        first = dict(places_of(units[0], zones, level))
        for one in units[1:]:
            for place, last in places_of(one, zones, level):
                if place not in first:
                    continue
                before, after = _same_units(first[place], last)
                parts = segregation.change_of_segregation(before, after)
                smaller = first[place] if first[place].persons.sum() < last.persons.sum() else last
                counted = (smaller.persons, smaller.households)
                for name, value in (parts or {}).items():
                    rows.append(row_of("B5", place, level, one.year, ALL, name, value, counted))
    return told(rows)


def _same_units(first: Units, last: Units) -> tuple[Numbers, Numbers]:
    every = np.union1d(first.area, last.area)
    tables = []
    for one in (first, last):
        table = np.zeros((len(every), len(QUINTILES)))
        table[np.searchsorted(every, one.area)] = one.persons
        tables.append(table)
    return tables[0], tables[1]
