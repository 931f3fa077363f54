"""Buildings whose dwellings all get another object number on one day, while everybody stays (method 1, step 6).

The old number ends in no life cycle: nothing was demolished, the register just goes on under another number. Only dwellings
that nobody enters or leaves on that day are renumbered, so that all residents of the old number are those of the new.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.settings import Synthetic
from mobility.synthetic.block import OwnershipYear
from mobility.synthetic.days import FOREVER, AnyInts, Bools, Ints, day_number
from mobility.synthetic.histories import AddressSpells, HouseholdSpells
from mobility.synthetic.restructuring import spared_buurten
from mobility.synthetic.world import NO_TENURE, NOBODY

DWELLINGS = 12  # of a building that is renumbered: at least ten pairs make it one
BUILDINGS_PER_PERSON = 3 / 100_000
FIRST_YEAR = 2013  # since the BAG: before it, an old number would be a historical object
_STANDS_DAYS = 366  # before it is renumbered, so that every yearly register knows the old number
_STEP_M = 2  # between the doors of a building


@dataclass
class Lives:
    """What renumbering changes: objects by name of their facts, and the spells and yearly registers that name them."""

    objects: dict[str, AnyInts]
    addresses: AddressSpells
    households: HouseholdSpells
    ownership: list[OwnershipYear]


def renumber(lives: Lives, settings: Synthetic, persons: int, rng: np.random.Generator) -> None:
    """Give the dwellings of a few buildings new numbers; adds to the objects the fact `former`, the place of the old one."""
    lives.objects["former"] = np.full(len(lives.objects["start"]), NOBODY, dtype=np.int32)
    years = range(max(settings.first_year + 1, FIRST_YEAR), settings.last_year + 1)
    if not years:
        return
    wanted = round(BUILDINGS_PER_PERSON * persons)
    taken = np.zeros(0, dtype=np.int32)
    for year in rng.choice(years, wanted):
        first = day_number(np.datetime64(f"{year}-01-02").astype(object))
        day = first + int(rng.integers(0, 360))
        building = _find_building(lives, day, taken, rng)
        if len(building):
            taken = np.concatenate([taken, building])
            _renumber_building(lives, building, day)


def _find_building(lives: Lives, day: int, taken: Ints, rng: np.random.Generator) -> Ints:
    """Dwellings of one buurt in which somebody lives the day before and the day itself, and nobody comes or goes."""
    objects, spells = lives.objects, lives.addresses
    lived_in = np.zeros(len(objects["start"]), dtype=bool)
    lived_in[spells.dwelling[(spells.start < day) & (spells.end > day)]] = True
    lived_in[spells.dwelling[(spells.start == day) | (spells.end == day)]] = False
    lasting = (objects["end"] == FOREVER) & (objects["tenure"] != NO_TENURE) & (objects["former"] == NOBODY)
    lasting &= objects["start"] < day - _STANDS_DAYS
    fits: Bools = lived_in & lasting & ~np.isin(objects["buurt"], spared_buurten())
    fits[taken] = False
    counts = np.bincount(objects["buurt"][fits])
    buurten = np.flatnonzero(counts >= DWELLINGS)
    if not len(buurten):
        return np.zeros(0, dtype=np.int32)
    inside = np.flatnonzero(fits & (objects["buurt"] == rng.choice(buurten)))
    return np.sort(rng.choice(inside, DWELLINGS, replace=False)).astype(np.int32)


def _renumber_building(lives: Lives, building: Ints, day: int) -> None:
    objects = lives.objects
    count = len(objects["start"])
    for axis in ("east", "north"):
        objects[axis][building] = objects[axis][building[0]]
    objects["east"][building] += np.arange(len(building)) * _STEP_M
    for name, values in objects.items():
        objects[name] = np.concatenate([values, values[building]])
    objects["start"][count:] = day
    objects["former"][count:] = building
    becomes = np.arange(len(objects["start"]), dtype=np.int32)
    becomes[building] = np.arange(count, count + len(building))
    spells = lives.addresses
    there = np.isin(spells.dwelling, building)
    residents = spells.person[there & (spells.start < day) & (spells.end > day)]
    lives.addresses = AddressSpells(**_cut(vars(spells), there, day))
    later = (lives.addresses.start >= day) & np.isin(lives.addresses.dwelling, building)
    lives.addresses.dwelling[later] = becomes[lives.addresses.dwelling[later]]
    # The register of households starts anew at every change of address, and a new number is one.
    at_home = np.isin(lives.households.person, residents)
    lives.households = HouseholdSpells(**_cut(vars(lives.households), at_home, day))
    for owned in lives.ownership:
        if day <= day_number(np.datetime64(f"{owned.year}-01-01").astype(object)):
            owned.dwelling = becomes[owned.dwelling]


def _cut(spells: dict[str, AnyInts], chosen: Bools, day: int) -> dict[str, AnyInts]:
    """The chosen spells that cover the day and the day before are cut in two."""
    cut = chosen & (spells["start"] < day) & (spells["end"] > day)
    pieces = {name: np.concatenate([values, values[cut]]) for name, values in spells.items()}
    pieces["end"][: len(cut)][cut] = day
    pieces["start"][len(cut) :] = day
    order = np.lexsort((pieces["start"], pieces["person"]))
    return {name: values[order] for name, values in pieces.items()}
