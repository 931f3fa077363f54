"""NABIJHEID tables: how far it is by road from a dwelling to services, which stand at fixed places of the country."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from mobility.synthetic.block import OwnershipYear
from mobility.synthetic.country import Country
from mobility.synthetic.days import AnyInts, Floats
from mobility.synthetic.geography import CELL_M, wijken

DETOUR = 1.3  # by road as against in a straight line
# Register: column of the distance, column of the number, service, within kilometres.
SERVICES = {
    "NABIJHEIDZORGTAB": (
        ("VZAFSTANDHARTSPR", "VZAANTHARTSPR03KM", "practice", 3),
        ("VZAFSTANDZIEKHEXCLBP", "VZAANTZIEKHEXCLBP05KM", "hospital", 5),
    ),
    "NABIJHEIDONDERWIJSTAB": (("VZAFSTANDBASISOND", "VZAANTBASISOND03KM", "school", 3),),
    "NABIJHEIDDETAILHTAB": (("VZAFSTANDGROTESUPERM", "VZAANTGROTESUPERM03KM", "supermarket", 3),),
}
# Where in a wijk a service stands, in hundredths of its side from the south-west.
_SPOTS = {"practice": ((50, 50),), "school": ((30, 60), (75, 35)), "supermarket": ((45, 20),), "hospital": ((80, 80),)}
_HOSPITAL_WIJKEN = ("910111", "920111", "930111", "910201", "940101", "940301")


@cache
def places_of(service: str) -> Floats:
    """Metres east and north of all places with the service: every wijk has one, hospitals only a few."""
    there = [wijk for wijk in wijken() if service != "hospital" or wijk.code in _HOSPITAL_WIJKEN]
    return np.array(
        [
            (wijk.west + east * CELL_M / 100, wijk.south + north * CELL_M / 100)
            for wijk in there
            for east, north in _SPOTS[service]
        ]
    )


def proximity(country: Country, name: str, year: OwnershipYear) -> pl.DataFrame:
    """One register: BAG dwellings that stand on 1 January."""
    objects = country.objects
    dwelling = year.dwelling[objects.is_bag[year.dwelling]]
    columns: dict[str, AnyInts] = {}
    for distance, number, service, kilometres in SERVICES[name]:
        metres = _metres(objects.east[dwelling], objects.north[dwelling], places_of(service))
        columns[distance] = metres.min(axis=1).astype(np.int64)
        columns[number] = (metres <= 1000 * kilometres).sum(axis=1)
    rows = pl.DataFrame({"object_number": objects.number.gather(dwelling), **columns})
    return rows.with_columns(object_type=pl.lit("B")).sort("object_number")


def _metres(east: AnyInts, north: AnyInts, places: Floats) -> Floats:
    across = east[:, None].astype(np.float32) - places[:, 0].astype(np.float32)
    along = north[:, None].astype(np.float32) - places[:, 1].astype(np.float32)
    return np.asarray(DETOUR * np.sqrt(across**2 + along**2))
