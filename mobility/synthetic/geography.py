"""The fictitious country: its gemeenten and wijken, where they lie, what they are like and what happens to them.

Fixed: it depends on neither seed nor size. All names and codes are invented; no gemeente has a code from 9000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from mobility.synthetic.days import add_months

GEOGRAPHY_YEAR = 2023
CELL_M = 900  # side of a wijk
EDGE_M = 40  # no dwelling lies nearer to the edge of its buurt


@dataclass(frozen=True)
class Wijk:
    """One wijk.

    Attributes:
        code: six digits.
        role: its role in the zoning; None in a gemeente that no region names.
        region: key of its region; None outside the regions.
        kind: what it is like, a key of `CHARACTER`.
        share: its part of the country's dwellings.
        west, south: corner of its square in RD metres.
        buurten: how many it has.
        start: start of its restructuring programme; None without one.
        redirects: whether the planted effect works here.
    """

    code: str
    role: str | None
    region: str | None
    kind: str
    share: float
    west: int
    south: int
    buurten: int
    start: date | None
    redirects: bool


@dataclass(frozen=True)
class Gemeente:
    """One gemeente with its wijken; `role` is the role of all wijken that have no line of their own in the zoning."""

    code: str
    name: str
    region: str | None
    role: str | None
    wijken: tuple[Wijk, ...]


# Kind of wijk: share social rent, share private rent, attractiveness.
CHARACTER = {
    "poor": (0.70, 0.11, -1.0),
    "centre": (0.26, 0.36, 0.3),
    "mixed": (0.36, 0.14, 0.1),
    "new_town": (0.27, 0.08, 0.2),
    "suburb": (0.16, 0.07, 0.7),
    "village": (0.15, 0.07, 0.5),
    "town": (0.23, 0.10, 0.2),
}

REGIONS = {"merenland": "Merenland", "duinkant": "Duinkant", "venstreek": "Venstreek"}
_REGION_SHARE = 0.30
_CENTRE_SHARE = 0.46

# Code, name, region, role, kind, wijken, share of the region (outside: of the country), kilometres east and north
# of the central city (outside: in the national grid).
_OTHERS = (
    ("9102", "Nieuwmeer", "merenland", "growth_core", "new_town", 5, 0.15, 14, 6),
    ("9103", "Polderstede", "merenland", "growth_core", "new_town", 5, 0.14, -11, 13),
    ("9104", "Rietdorp", "merenland", "satellite", "suburb", 3, 0.08, 7, -5),
    ("9105", "Kaagbroek", "merenland", "satellite", "suburb", 3, 0.07, -8, -4),
    ("9106", "Oudewaal", "merenland", "rest_of_region", "village", 2, 0.05, 21, -12),
    ("9107", "Lisveld", "merenland", "rest_of_region", "village", 2, 0.05, -20, -14),
    ("9202", "Duinstede", "duinkant", "growth_core", "new_town", 5, 0.15, 12, -9),
    ("9203", "Helmwijk", "duinkant", "growth_core", "new_town", 5, 0.14, 17, 15),
    ("9204", "Zeggerdam", "duinkant", "satellite", "suburb", 3, 0.08, 6, 6),
    ("9205", "Strandvoorde", "duinkant", "satellite", "suburb", 3, 0.07, 0, -8),
    ("9206", "Geestkerk", "duinkant", "rest_of_region", "village", 2, 0.05, -4, 21),
    ("9207", "Schelpoord", "duinkant", "rest_of_region", "village", 2, 0.05, 25, -3),
    ("9302", "Veenstad", "venstreek", "growth_core", "new_town", 5, 0.15, -13, 8),
    ("9303", "Turfhaven", "venstreek", "growth_core", "new_town", 5, 0.14, 10, 14),
    ("9304", "Berkenloo", "venstreek", "satellite", "suburb", 4, 0.12, 8, -3),
    ("9305", "Heidebroek", "venstreek", "rest_of_region", "village", 2, 0.07, -22, -9),
    ("9306", "Wilgenrade", "venstreek", "rest_of_region", "village", 2, 0.06, 19, -17),
    ("9401", "Grensveld", None, None, "town", 3, 0.030, 220, 470),
    ("9402", "Oosterholt", None, None, "town", 3, 0.025, 240, 510),
    ("9403", "Zuidermark", None, None, "town", 3, 0.025, 70, 385),
    ("9404", "Noorderzijl", None, None, "town", 4, 0.020, 230, 575),
    ("9405", "Hogeland", None, None, "village", 3, 0.015, 195, 380),
)
_CENTRES = {
    "merenland": ("9101", "Meerhaven", 125, 485),
    "duinkant": ("9201", "Strandhaven aan Zee", 85, 455),
    "venstreek": ("9301", "Venlanden", 165, 415),
}
# Programmes inside a growth core: a restructured area whose own gemeente can never be its destination.
_CORE_PROGRAMMES = {"910202": date(2016, 10, 1), "920301": date(2019, 7, 1)}


@cache
def gemeenten() -> tuple[Gemeente, ...]:
    """All gemeenten, sorted by code."""
    found = [_centre(number, region) for number, region in enumerate(REGIONS)]
    for code, name, region, role, kind, size, share, east, north in _OTHERS:
        if region is None:
            west, south = east * 1000, north * 1000
        else:
            _, _, centre_east, centre_north = _CENTRES[region]
            west, south = (centre_east + east) * 1000, (centre_north + north) * 1000
            share *= _REGION_SHARE
        wijken = tuple(
            Wijk(
                code=f"{code}{number + 1:02d}",
                role=role,
                region=region,
                kind=kind,
                share=share / size,
                west=west + number // 2 * CELL_M,
                south=south + number % 2 * CELL_M,
                buurten=2 + number % 2,
                start=_CORE_PROGRAMMES.get(f"{code}{number + 1:02d}"),
                redirects=False,
            )
            for number in range(size)
        )
        found.append(Gemeente(code, name, region, role, wijken))
    return tuple(sorted(found, key=lambda gemeente: gemeente.code))


def _centre(number: int, region: str) -> Gemeente:
    """A central city of six by three wijken: restructured in the west, the old centre, similar ones in the east."""
    code, name, east, north = _CENTRES[region]
    wijken = []
    treated = 0
    for place in range(18):
        column, row = divmod(place, 3)
        start = None
        if column < 3 and (column, row) != (1, 1):
            kind, start = "poor", _start(number, treated)
            treated += 1
        else:
            kind = "mixed" if column < 3 else "centre" if column == 3 else "poor"
        role = "centre" if column == 3 else "periphery" if column in (0, 5) and row != 1 else "city"
        wijken.append(
            Wijk(
                code=f"{code}{place + 1:02d}",
                role=role,
                region=region,
                kind=kind,
                share=_REGION_SHARE * _CENTRE_SHARE / 18,
                west=east * 1000 + column * CELL_M,
                south=north * 1000 + row * CELL_M,
                buurten=3 + place % 3,
                start=start,
                redirects=start is not None,
            )
        )
    return Gemeente(code, name, region, "city", tuple(wijken))


def _start(region: int, treated: int) -> date:
    """24 different months from January 2015 to January 2018, mixed over the regions."""
    order = (region + 3 * treated) * 7 % 24
    return add_months(date(2015, 1, 1), round(order * 36 / 23))


def wijken() -> tuple[Wijk, ...]:
    """All wijken, sorted by code; an index into this tuple names a wijk in the simulation."""
    return tuple(wijk for gemeente in gemeenten() for wijk in gemeente.wijken)


def programme_areas() -> tuple[Wijk, ...]:
    """The wijken with a restructuring programme."""
    return tuple(wijk for wijk in wijken() if wijk.start is not None)
