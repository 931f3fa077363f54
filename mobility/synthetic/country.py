"""One block of the country with the register numbers of its persons, households and objects."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.atlas import load_map
from mobility.synthetic.block import OwnershipYear, block_sizes, live
from mobility.synthetic.check import Tally, count_block
from mobility.synthetic.days import AnyInts, Bools, Floats, Ints, Smalls, day_number
from mobility.synthetic.geography import gemeenten
from mobility.synthetic.histories import AddressSpells, HouseholdSpells, address_spells, household_spells
from mobility.synthetic.income import IncomeYear
from mobility.synthetic.numbers import household_texts, object_texts, person_numbers, person_texts
from mobility.synthetic.renumbering import Lives, renumber
from mobility.synthetic.world import NO_TENURE, NOBODY

OTHER_OBJECT_RATE = 0.005  # quirk 7: dwellings of type D, absent from VSLGWBTAB
UNKNOWN_SHARE = 0.2  # of those: absent from NIETVSLGWBTAB too
GEMEENTE_ONLY_SHARE = 0.3  # of those: with neither wijk nor buurt
SHARED_NUMBER_RATE = 0.2  # quirk 10: historical objects whose number a BAG object bears too
# Register numbers are counted on from block to block in steps that no block exceeds.
_MOST_HOUSEHOLDS = 500_000
MOST_OBJECTS = 1_000_000
BAG_START = day_number(np.datetime64("2012-01-01").astype(object))


@dataclass
class Objects:
    """One element per dwelling or institution.

    `kind` is B, H or D; `number` the text of the register. Objects of kind D (`is_other`) are in NIETVSLGWBTAB, some of them
    by gemeente only; `is_unknown` are those in no geographic register at all. `former` is the place of the object's old number
    (NOBODY without one); `is_renumbered` are the objects of both numbers.
    """

    kind: pl.Series
    number: pl.Series
    is_other: Bools
    is_unknown: Bools
    has_gemeente_only: Bools
    is_renumbered: Bools
    former: Ints
    is_bag: Bools
    is_institution: Bools
    buurt: Ints
    start: Ints
    end: Ints
    floor_m2: Ints
    built_year: Ints
    east: Ints
    north: Ints


@dataclass
class Persons:
    """One element per person; parents are positions; `percentile` is persons x years, 0 where the register records none."""

    number: AnyInts
    text: pl.Series
    birth: Ints
    sex: Smalls
    mother: Ints
    father: Ints
    death: Ints
    planted: Bools
    ability: Floats
    student_until: Ints
    percentile: Smalls


@dataclass
class Country:
    """One block with its register numbers; persons, households and objects in the spells are positions in it.

    Attributes:
        block: its number; the country is all blocks, one after the other.
        first_day: first day of the simulation.
        persons, objects, household_number: register numbers and facts by position.
        addresses, households: true life histories.
        incomes, ownership: what yearly registers record.
        tally: counts for the rates of the country.
        planted: counts of planted flaws, by key of `quirks`.
    """

    block: int
    first_day: int
    persons: Persons
    objects: Objects
    household_number: pl.Series
    addresses: AddressSpells
    households: HouseholdSpells
    incomes: list[IncomeYear]
    ownership: list[OwnershipYear]
    tally: Tally
    planted: Counter[str] = field(default_factory=Counter)

    def stream(self, settings: Synthetic, purpose: int) -> np.random.Generator:
        """Random numbers for one purpose: the same for the same seed and block, whatever else is drawn."""
        return np.random.default_rng([settings.seed, self.block, purpose])


def live_through(settings: Synthetic, number: int) -> Country:
    """Simulate one block and number what is in it; no number occurs in two blocks."""
    sizes = block_sizes(settings.persons)
    block = live(settings, number, sizes[number])
    world = block.world
    spells = address_spells(world)
    tally = Tally()
    count_block(tally, world, spells)
    lives = Lives(
        objects={name: getattr(world.stock, name)[: world.stock.used].copy() for name in _OBJECT_FACTS},
        addresses=spells,
        households=household_spells(world),
        ownership=block.ownership,
    )
    renumber(lives, settings, sizes[number], np.random.default_rng([settings.seed, number, 2, 0]))
    facts = {name: getattr(world.people, name) for name in _PERSON_FACTS}
    numbers = person_numbers(sum(sizes[:number]), sizes[number], settings.seed)
    return Country(
        block=number,
        first_day=int(world.months[0]),
        persons=Persons(number=numbers, text=person_texts(numbers), **facts),
        objects=_objects(settings, number, lives.objects),
        household_number=household_texts(number * _MOST_HOUSEHOLDS, world.homes.used, settings.seed),
        addresses=lives.addresses,
        households=lives.households,
        incomes=block.incomes,
        ownership=lives.ownership,
        tally=tally,
    )


_PERSON_FACTS = ("birth", "sex", "mother", "father", "death", "planted", "ability", "student_until", "percentile")
_OBJECT_FACTS = ("buurt", "tenure", "start", "end", "floor_m2", "built_year", "east", "north")


def _objects(settings: Synthetic, block: int, facts: dict[str, AnyInts]) -> Objects:
    rng = np.random.default_rng([settings.seed, block, 1])
    count = len(facts["start"])
    institution = facts["tenure"] == NO_TENURE
    historical = facts["end"] < BAG_START
    indices = np.arange(count)
    renumbered = np.isin(indices, facts["former"]) | (facts["former"] != NOBODY)
    other, unknown, coarse = (np.zeros(count, dtype=bool) for _ in range(3))
    if settings.flaws == "quirks":
        other = ~historical & ~institution & ~renumbered & (rng.random(count) < OTHER_OBJECT_RATE)
        bag = np.flatnonzero(~historical & ~other)
        twins = np.flatnonzero(historical & (rng.random(count) < SHARED_NUMBER_RATE))
        indices[twins] = rng.choice(bag, len(twins), replace=False)
        draw = rng.random(count)
        unknown = other & (draw < UNKNOWN_SHARE)
        coarse = other & (draw > 1 - GEMEENTE_ONLY_SHARE) & _is_of_one_kind()[facts["buurt"]]
    is_bag = ~historical & ~other
    return Objects(
        kind=pl.Series(np.where(historical, "H", np.where(other, "D", "B"))),
        number=object_texts(indices + block * MOST_OBJECTS, settings.seed),
        is_other=other,
        is_unknown=unknown,
        has_gemeente_only=coarse,
        is_renumbered=renumbered,
        former=facts["former"],
        is_bag=is_bag,
        is_institution=institution,
        **{name: facts[name] for name in _OBJECT_FACTS if name != "tenure"},
    )


def _is_of_one_kind() -> Bools:
    """Buurten of gemeenten whose wijken have one role and no programme: there the gemeente alone says all that matters."""
    plain = np.array(
        [all(wijk.role == each.role and wijk.start is None for wijk in each.wijken) for each in gemeenten()], dtype=bool
    )
    return np.asarray(plain[load_map().gemeente_of])
