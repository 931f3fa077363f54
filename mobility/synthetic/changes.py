"""What can happen to a household: found, joined, left, moved. Changes of state are logged here."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.days import AnyInts, Ints, Smalls
from mobility.synthetic.world import CHILD, HEAD, NOBODY, OTHER, OWNER, SOCIAL, World

NEW_HOUSEHOLD_MOVE_RATE = 0.24  # a year, until rates are next computed


def log_address(world: World, persons: Ints, days: Ints, dwellings: Ints) -> None:
    """From these days the persons live in these dwellings (NOBODY: nowhere in the country)."""
    if len(persons):
        world.log.address.append((persons, days.astype(np.int32), dwellings.astype(np.int32)))


def log_member(world: World, persons: Ints, days: Ints, households: Ints, roles: Smalls) -> None:
    """From these days the persons have these places in these households."""
    if len(persons):
        world.log.member.append((persons, days.astype(np.int32), households.astype(np.int32), roles.astype(np.int8)))


def log_change(world: World, households: AnyInts, days: Ints) -> None:
    """On these days the households change in composition, address or civil status."""
    if len(households):
        numbers = households.astype(np.int32)
        world.log.change.append((numbers, days.astype(np.int32), world.homes.married[numbers].astype(np.int8)))


def found(world: World, heads: Ints, dwellings: Ints, days: Ints) -> Ints:
    """New households in free dwellings, each with its head; returns their numbers."""
    homes = world.homes
    numbers = world.take_households(len(heads))
    homes.head[numbers] = heads
    homes.move_rate[numbers] = NEW_HOUSEHOLD_MOVE_RATE
    homes.touched[numbers] = world.month
    occupy(world, numbers, dwellings, days)
    join(world, heads, numbers, np.full(len(heads), HEAD, dtype=np.int8), days)
    return numbers


def occupy(world: World, households: Ints, dwellings: Ints, days: Ints) -> None:
    """The households take the dwellings."""
    world.homes.dwelling[households] = dwellings
    world.homes.since[households] = days
    world.stock.occupant[dwellings] = households


def join(world: World, persons: Ints, households: Ints, roles: Smalls, days: Ints) -> None:
    """The persons enter the households, at their addresses."""
    world.people.household[persons] = households
    world.people.role[persons] = roles
    log_member(world, persons, days, households, roles)
    log_address(world, persons, days, world.homes.dwelling[households])
    log_change(world, households, days)


def move(world: World, households: Ints, dwellings: Ints, days: Ints) -> Ints:
    """Whole households move; returns the persons who moved."""
    homes = world.homes
    vacate(world, homes.dwelling[households], days)
    occupy(world, households, dwellings, days)
    world.touch(households)
    log_change(world, households, days)
    persons = world.members(households)
    of = world.people.household[persons]
    log_address(world, persons, _day_of(households, days, of), homes.dwelling[of])
    return persons


def vacate(world: World, dwellings: Ints, days: Ints) -> None:
    """The dwellings fall vacant; a corporation sells those it means to sell."""
    stock = world.stock
    stock.occupant[dwellings] = NOBODY
    stock.free_from[dwellings] = days
    sold = (stock.sale_from[dwellings] <= days) & (stock.tenure[dwellings] == SOCIAL)
    stock.tenure[dwellings[sold]] = OWNER
    stock.sold[dwellings[sold]] = days[sold]


def go_out(world: World, persons: Ints, days: Ints) -> None:
    """The persons die or leave the country."""
    depart(world, persons, days)
    nowhere = np.full(len(persons), NOBODY, dtype=np.int32)
    log_member(world, persons, days, nowhere, world.people.role[persons])
    log_address(world, persons, days, nowhere)


def depart(world: World, persons: Ints, days: Ints) -> None:
    """Take the persons out of their households (all leavers of one household on one day) and put the rest in order.

    A partner becomes head when the head goes, else the oldest who remains. An empty household ends and its dwelling
    falls vacant.
    """
    people, homes = world.people, world.homes
    left, first = np.unique(people.household[persons], return_index=True)
    left_days = days[first]
    people.household[persons] = NOBODY
    private = ~homes.institution[left]
    left, left_days = left[private].astype(np.int32), left_days[private]
    world.touch(left)
    rest = world.members(left)
    rest_home = people.household[rest]
    emptied = ~np.isin(left, rest_home)
    vacate(world, homes.dwelling[left[emptied]], left_days[emptied])
    for name in (homes.head, homes.partner, homes.dwelling):
        name[left[emptied]] = NOBODY
    remaining, remaining_days = left[~emptied], left_days[~emptied]
    partner_gone = (homes.partner[remaining] >= 0) & (people.household[homes.partner[remaining]] != remaining)
    homes.partner[remaining[partner_gone]] = NOBODY
    homes.married[remaining[partner_gone]] = False
    head_gone = people.household[homes.head[remaining]] != remaining
    _succeed(world, remaining[head_gone], remaining_days[head_gone], rest)
    log_change(world, remaining, remaining_days)


def _succeed(world: World, households: Ints, days: Ints, rest: Ints) -> None:
    """New heads for households that have lost theirs."""
    people, homes = world.people, world.homes
    has_partner = homes.partner[households] >= 0
    widowed, widowed_days = households[has_partner], days[has_partner]
    heirs = homes.partner[widowed]
    homes.head[widowed] = heirs
    homes.partner[widowed] = NOBODY
    homes.married[widowed] = False
    people.role[heirs] = HEAD
    log_member(world, heirs, widowed_days, widowed, people.role[heirs])
    orphaned, orphaned_days = households[~has_partner], days[~has_partner]
    if not len(orphaned):
        return
    rest = rest[np.isin(people.household[rest], orphaned)]
    rest = rest[np.lexsort((people.birth[rest], people.household[rest]))]
    of, oldest = np.unique(people.household[rest], return_index=True)
    people.role[rest[people.role[rest] == CHILD]] = OTHER
    people.role[rest[oldest]] = HEAD
    homes.head[of] = rest[oldest]
    log_member(
        world, rest, _day_of(orphaned, orphaned_days, people.household[rest]), people.household[rest], people.role[rest]
    )


def _day_of(households: Ints, days: Ints, wanted: Ints) -> Ints:
    """The day of each wanted household."""
    order = np.argsort(households, kind="stable")
    return days[order[np.searchsorted(households[order], wanted)]]
