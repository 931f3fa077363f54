"""The whole country: all blocks appended, with the register numbers of persons, households and objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.block import Block, OwnershipYear, block_sizes, live
from mobility.synthetic.check import Tally, count_block
from mobility.synthetic.days import AnyInts, Bools, Ints, Smalls, day_number
from mobility.synthetic.histories import AddressSpells, HouseholdSpells, address_spells, household_spells
from mobility.synthetic.income import IncomeYear
from mobility.synthetic.numbers import household_texts, object_texts, person_numbers, person_texts
from mobility.synthetic.world import NO_TENURE

UNKNOWN_OBJECT_RATE = 0.005  # quirk 7: dwellings of type D, absent from VSLGWBTAB
SHARED_NUMBER_RATE = 0.2  # quirk 10: historical objects whose number a BAG object bears too
BAG_START = day_number(np.datetime64("2012-01-01").astype(object))


@dataclass
class Objects:
    """One element per dwelling or institution.

    `kind` is B, H or D; `number` the text of the register; objects of kind D are in no geographic register.
    """

    kind: pl.Series
    number: pl.Series
    is_unknown: Bools
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
    """One element per person; `percentile` is persons x years, 0 where the register records none."""

    number: AnyInts
    text: pl.Series
    birth: Ints
    sex: Smalls
    death: Ints
    planted: Bools
    percentile: Smalls


@dataclass
class Country:
    """All blocks as one; persons, households and objects in the spells are positions."""

    persons: Persons
    objects: Objects
    household_number: pl.Series
    addresses: AddressSpells
    households: HouseholdSpells
    incomes: list[IncomeYear]
    ownership: list[OwnershipYear]
    rates: dict[str, float]


def live_through(settings: Synthetic) -> Country:
    """Simulate all blocks and append them."""
    tally = Tally()
    persons: list[dict[str, AnyInts]] = []
    objects: list[dict[str, AnyInts]] = []
    addresses: list[AddressSpells] = []
    households: list[HouseholdSpells] = []
    incomes: list[list[IncomeYear]] = []
    ownership: list[list[OwnershipYear]] = []
    person_count = household_count = object_count = 0
    for number, size in enumerate(block_sizes(settings.persons)):
        block = live(settings, number, size)
        world = block.world
        spells, homes = address_spells(world), household_spells(world)
        count_block(tally, world, spells)
        spells.person += person_count
        spells.dwelling += object_count
        homes.person += person_count
        homes.household += household_count
        _shift_years(block, person_count, object_count)
        addresses.append(spells)
        households.append(homes)
        persons.append(
            {name: getattr(world.people, name) for name in ("birth", "sex", "death", "planted", "percentile")}
        )
        objects.append({name: getattr(world.stock, name)[: world.stock.used].copy() for name in _OBJECT_FACTS})
        incomes.append(block.incomes)
        ownership.append(block.ownership)
        person_count += size
        household_count += world.homes.used
        object_count += world.stock.used
    return Country(
        persons=_persons(settings, _append(persons)),
        objects=_objects(settings, _append(objects)),
        household_number=household_texts(household_count, settings.seed),
        addresses=AddressSpells(**_append([vars(spells) for spells in addresses])),
        households=HouseholdSpells(**_append([vars(spells) for spells in households])),
        incomes=[
            IncomeYear(year=part[0].year, **_append([_without_year(one) for one in part]))
            for part in zip(*incomes, strict=True)
        ],
        ownership=[
            OwnershipYear(year=part[0].year, **_append([_without_year(one) for one in part]))
            for part in zip(*ownership, strict=True)
        ],
        rates=tally.rates(),
    )


_OBJECT_FACTS = ("buurt", "tenure", "start", "end", "floor_m2", "built_year", "east", "north")


def _append(parts: list[dict[str, AnyInts]]) -> dict[str, AnyInts]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _without_year(record: IncomeYear | OwnershipYear) -> dict[str, AnyInts]:
    return {name: values for name, values in vars(record).items() if name != "year"}


def _shift_years(block: Block, persons: int, objects: int) -> None:
    for income in block.incomes:
        for values in (income.persons, income.payers, income.payer):
            values += persons
    for ownership in block.ownership:
        ownership.dwelling += objects


def _persons(settings: Synthetic, facts: dict[str, AnyInts]) -> Persons:
    numbers = person_numbers(len(facts["birth"]), settings.seed)
    return Persons(number=numbers, text=person_texts(numbers), **facts)


def _objects(settings: Synthetic, facts: dict[str, AnyInts]) -> Objects:
    rng = np.random.default_rng([settings.seed, 0, 1])
    count = len(facts["start"])
    institution = facts["tenure"] == NO_TENURE
    historical = facts["end"] < BAG_START
    indices = np.arange(count)
    unknown = np.zeros(count, dtype=bool)
    if settings.flaws == "quirks":
        unknown = ~historical & ~institution & (rng.random(count) < UNKNOWN_OBJECT_RATE)
        bag = np.flatnonzero(~historical & ~unknown)
        twins = np.flatnonzero(historical & (rng.random(count) < SHARED_NUMBER_RATE))
        indices[twins] = rng.choice(bag, len(twins), replace=False)
    is_bag = ~historical & ~unknown
    return Objects(
        kind=pl.Series(np.where(historical, "H", np.where(unknown, "D", "B"))),
        number=object_texts(indices, settings.seed),
        is_unknown=unknown,
        is_bag=is_bag,
        is_institution=institution,
        **{name: facts[name] for name in _OBJECT_FACTS if name != "tenure"},
    )
