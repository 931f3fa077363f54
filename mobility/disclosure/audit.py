"""What a reader can work out: bounds on every cell, and the cells withheld so that no bound is tight.

The reader knows the rules, the base and every released number:

- a number `v` stands for a count above `v - base` and below `v + base` that is not under the minimum, or for itself in a
  table of exact numbers; a withheld cell for any count from 0;
- one draw rounds both measures of a cell, so the *surplus*, persons minus households, is known as closely as either;
- parents are the sums of their children, in persons, in households and in surplus;
- where any class of a breakdown is shown, no union of classes in it holds the group share.

From that, bounds are propagated until they stand still. Too well known is a cell that can be fewer than `width` whole
numbers in any of the three, and a withheld cell that must be large enough to be shown, since that tells for which rule
it was withheld. Published cells beside it are withheld until there is none.

The width and the number of rounds are values of the profile (conf/disclosure).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.disclosure.relations import Relations
from mobility.errors import ReleaseError

_SWEEPS = 500
_PATIENCE = 2  # rounds in which other parts of a total are withheld before the total is
_FAR = 1 << 40

PERSONS, HOUSEHOLDS, SURPLUS = range(3)

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Claims:
    """Unions of classes of which it may not be inferred that they hold nearly all of their group.

    Attributes:
        claim: number of the claim, by cell of its group.
        cell: the cell.
        holds: whether the cell belongs to the union.
        share: what is nearly all.
        count: number of claims.
    """

    claim: Whole
    cell: Whole
    holds: Flags
    share: float
    count: int

    def inferred(self, low: Whole, high: Whole) -> Flags:
        """Cells that let a reader infer a claim."""
        flags = np.zeros(low.shape[1], np.bool_)
        for least, most in zip(low[:SURPLUS], high[:SURPLUS], strict=True):
            held, rest = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
            np.add.at(held, self.claim[self.holds], least[self.cell[self.holds]])
            np.add.at(rest, self.claim[~self.holds], most[self.cell[~self.holds]])
            known = (held > 0) & (held >= self.share * (held + rest))
            told = self.cell[self.holds & known[self.claim]]
            flags[told] |= least[told] > 0
        return flags


@dataclass(frozen=True)
class Net:
    """Relations as arrays.

    Attributes:
        parent: parent cell, by relation.
        rest: the most that a parent can hold beside its children: 0, or no limit where the relation is open.
        loose: whether there can be a child that nobody is in, by relation.
        child: child cell, by link.
        relation: relation, by link, ascending.
        once: relations that are taken up once, in persons, when all others have nothing more to say; None: there are none.
    """

    parent: Whole
    rest: Whole
    loose: Flags
    child: Whole
    relation: Whole
    once: Flags | None = None

    def knowing(self, known: Whole, added: Flags) -> Net:
        """The same with public totals.

        Of a total in which a class can be empty the reader does not know that no absent class holds anybody, so that such a
        relation sets no least count. Totals that no table shows (`added`) are taken up once: they leave a part of everybody
        unnamed, and to follow them round and round would take for ever.
        """
        is_open = (known[self.parent] >= 0) & self.loose
        return dataclasses.replace(self, rest=np.where(is_open, _FAR, self.rest), once=added[self.parent])

    @classmethod
    def of(cls, relations: Relations) -> Net:
        """The arrays of the relations of a release."""
        heads, links = relations.heads, relations.links
        is_open = heads["open"].to_numpy()
        return cls(
            parent=heads["parent"].to_numpy(),
            rest=np.where(is_open, _FAR, 0),
            loose=is_open | ~heads["complete"].to_numpy(),
            child=links["child"].to_numpy(),
            relation=links["relation"].to_numpy(),
        )

    @cached_property
    def _start(self) -> Whole:
        return np.searchsorted(self.relation, np.arange(len(self.parent)))

    def touched(self, cells: Flags) -> Net:
        """The relations in which one of these cells stands, numbered anew."""
        kept = cells[self.parent]
        if len(self.child):
            kept = kept | np.logical_or.reduceat(cells[self.child], self._start)
        if self.once is not None:
            kept = kept & ~self.once
        return self._only(kept)

    def all_known(self, known: Whole) -> Flags:
        """The relations of which every child is a public total."""
        found = np.ones(len(self.parent), np.bool_)
        found[self.relation[known[self.child] < 0]] = False
        return found

    def same(self, cells: int) -> Whole:
        """One number for all cells that are the same people, since one is the whole of which the other is the only part."""
        alone = (np.bincount(self.relation, minlength=len(self.parent)) == 1) & ~self.loose
        link = alone[self.relation]
        one, other = self.child[link], self.parent[self.relation[link]]
        label = np.arange(cells, dtype=np.int64)
        while (label[one] != label[other]).any():
            least = np.minimum(label[one], label[other])
            np.minimum.at(label, one, least)
            np.minimum.at(label, other, least)
        return label

    def last(self) -> Net:
        """The relations that are taken up once."""
        return self._only(np.zeros(len(self.parent), np.bool_) if self.once is None else self.once)

    def _only(self, kept: Flags) -> Net:
        if kept.all():
            return self
        link = kept[self.relation]
        number = np.cumsum(kept) - 1
        return Net(self.parent[kept], self.rest[kept], self.loose[kept], self.child[link], number[self.relation[link]])

    def total(self, values: Whole) -> Whole:
        """The sum of the children's values, by relation; every relation has a child."""
        return np.add.reduceat(values[self.child], self._start) if len(self.child) else np.zeros(0, np.int64)

    def narrow(self, low: Whole, high: Whole) -> None:
        """Take up, in place, the bounds that each relation by itself sets."""
        if not len(self.child):
            return
        # All that is implied comes from the bounds as they were, so it is worked out before any is changed.
        for cells, least, most in list(self.implied(low, high)):
            tighten(low, high, cells, least, most)

    def implied(self, low: Whole, high: Whole) -> Iterator[tuple[Whole, Whole, Whole]]:
        """The bounds that each relation by itself sets: cells, least, most; of parents, then of children."""
        least, most = self.total(low), self.total(high) + self.rest
        yield self.parent, least, most
        parent = self.parent[self.relation]
        others_least, others_most = least[self.relation] - low[self.child], most[self.relation] - high[self.child]
        yield self.child, low[parent] - others_most, high[parent] - others_least


@dataclass(frozen=True)
class Breakdowns:
    """The breakdowns that one group rule speaks of, by class; each holds all cells of its total.

    Attributes:
        cell: the cell, by link.
        breakdown: its breakdown, by link.
        place: its class, by link.
        witness: a cell that would not be shown if the rule were broken, by sign; this can be one of another set of rows.
        sign: the breakdown of which it tells that, by sign.
        unions: the unions of classes, one row each, one column per class.
        share: what no union holds.
        count: number of breakdowns.
    """

    cell: Whole
    breakdown: Whole
    place: Whole
    witness: Whole
    sign: Whole
    unions: Flags
    share: Fraction
    count: int

    @cached_property
    def _sorted(self) -> tuple[Whole, Whole, Whole]:
        """The cells by breakdown and class, where each breakdown and class that occurs starts, and which these are."""
        place = self.breakdown * self.unions.shape[1] + self.place
        order = np.argsort(place, kind="stable")
        number, start = np.unique(place[order], return_index=True)
        return self.cell[order], start, number

    def touched(self, cells: Flags) -> Flags:
        """The breakdowns in which one of these cells is."""
        found = np.zeros(self.count, np.bool_)
        found[self.breakdown[cells[self.cell]]] = True
        return found

    def known(self, is_shown: Flags) -> Flags:
        """The breakdowns of which something is shown, so that the reader knows that the rule holds."""
        found = np.zeros(self.count, np.bool_)
        found[self.sign[is_shown[self.witness]]] = True
        return found

    @property
    def all_known(self) -> Flags:
        """That the rule is known of each."""
        return np.ones(self.count, np.bool_)

    def only(self, kept: Flags) -> Breakdowns:
        """Some of the breakdowns, numbered anew."""
        if kept.all():
            return self
        number = np.cumsum(kept) - 1
        link, sign = kept[self.breakdown], kept[self.sign]
        return dataclasses.replace(
            self,
            cell=self.cell[link],
            breakdown=number[self.breakdown[link]],
            place=self.place[link],
            witness=self.witness[sign],
            sign=number[self.sign[sign]],
            count=int(kept.sum()),
        )

    def rooms(self, low: Whole, high: Whole) -> tuple[Whole, Whole]:
        """By breakdown and union: the most it can hold beyond its least; the least that the rest holds beyond its most.

        With the share p/q, (q - p) times the union is at most p times the rest, less 1.
        """
        least, most = self._by_class(low), self._by_class(high)
        unions = self.unions.astype(np.int64)
        held, rest = least @ unions.T, most @ (1 - unions).T
        part, other = self.share.numerator, self.share.denominator - self.share.numerator
        room = (part * np.minimum(rest, _FAR) - 1) // other - held if other else np.full_like(rest, _FAR)
        return room, -(-(other * held + 1) // part) - rest

    def implied(self, low: Whole, high: Whole, known: Flags) -> tuple[Whole, Whole, Whole]:
        """The bounds that the rule sets: cells, least, most, by link."""
        spare = np.full((self.count, self.unions.shape[1]), _FAR, np.int64)
        owed = np.full_like(spare, -_FAR << 1)
        room, due = self.rooms(low, high)
        for union, most, least in zip(self.unions, room.T, due.T, strict=True):
            spare[:, union] = np.minimum(spare[:, union], most[:, None])
            owed[:, ~union] = np.maximum(owed[:, ~union], least[:, None])
        spare[~known], owed[~known] = _FAR, -_FAR << 1
        return (
            self.cell,
            owed[self.breakdown, self.place] + high[self.cell],
            spare[self.breakdown, self.place] + low[self.cell],
        )

    def narrow(self, low: Whole, high: Whole, known: Flags, width: Whole) -> Flags:
        """The breakdowns that leave a class that nobody is in fewer than `width` counts."""
        wide = np.zeros(self.count, np.int64)
        np.maximum.at(wide, self.breakdown, width[self.cell])
        room, _ = self.rooms(low, high)
        close: Flags = known & np.any(room + 1 < wide[:, None], axis=1)
        return close

    def _by_class(self, values: Whole) -> Whole:
        cells, start, number = self._sorted
        sums = np.zeros(self.count * self.unions.shape[1], np.int64)
        if len(cells):
            sums[number] = np.add.reduceat(values[cells], start)
        return sums.reshape(self.count, self.unions.shape[1])


@dataclass(frozen=True)
class Shown:
    """What is released, and how: the reader's evidence.

    Attributes:
        numbers: rounded counts, one row for persons and one for households, one column per cell.
        base: base of the rounding, by cell; 1 where the number is exact.
        minimum: least count behind a released number, of persons and of households.
        width: how many counts a cell must be able to be, by cell.
        rounds: of withholding more, at most.
        large: cells that meet the minimum; once withheld, it must not be possible to tell.
        unguarded: cells of tables in exact numbers of which a reader may know more: those that break no rule by themselves.
        public: cells that earlier releases showed, or that no table shows, which nobody can withhold; None: there are none.
        known: so many persons are in a cell as anybody knows, shown or not; -1: unknown. None: of no cell.
    """

    numbers: Whole
    base: Whole
    minimum: Whole
    width: Whole
    rounds: int
    large: Flags
    unguarded: Flags
    public: Flags | None = None
    known: Whole | None = None

    def within_reach(self, net: Net) -> Shown:
        """The same with no cell asked to be more counts than it could be had nothing been shown.

        That anybody knows as much from public totals alone is no reason to withhold: a place of two residents has no more than
        two movers, and no release changes that. A number of a total that is public leaves room for so many beside it.
        """
        if self.known is None:
            return self
        low, high = bounds(self, np.zeros(self.numbers.shape[1], np.bool_), net)
        most = np.where(self.known >= 0, self.known, high[PERSONS] - low[PERSONS])
        return dataclasses.replace(self, width=np.minimum(self.width, most + 1))

    def start(self, is_shown: Flags) -> tuple[Whole, Whole]:
        """What each cell by itself can be: persons, households, surplus.

        The draw is shared, so the surplus of the rounded numbers is less than the base from the true one.
        """
        surplus = self.numbers[PERSONS] - self.numbers[HOUSEHOLDS]
        numbers = np.vstack([self.numbers, surplus])
        least = np.array([*self.minimum.tolist(), 0], np.int64)
        low = np.where(is_shown, np.maximum(numbers - self.base + 1, least[:, None]), 0)
        high = np.where(is_shown, numbers + self.base - 1, _FAR)
        if self.known is not None:
            fixed = self.known >= 0
            low[PERSONS, fixed] = high[PERSONS, fixed] = self.known[fixed]
        return low, high

    def told(self, is_shown: Flags, low: Whole) -> Flags:
        """Withheld cells that must be large enough to be shown."""
        enough = np.all(low[:SURPLUS] >= self.minimum[:, None], axis=0)
        found: Flags = self.large & ~is_shown & enough
        return found


def bounds(shown: Shown, is_shown: Flags, net: Net, breakdowns: tuple[Breakdowns, ...] = ()) -> tuple[Whole, Whole]:
    """The least and the most every cell can be in persons, households and surplus, to a reader of what is shown.

    Raises:
        ReleaseError: the bounds do not settle.
    """
    low, high = shown.start(is_shown)
    rules = [each.only(each.known(is_shown)) for each in breakdowns]
    moved = np.ones(len(is_shown), np.bool_)
    for _ in range(_SWEEPS):
        before = low.copy(), high.copy()
        # What does not touch a cell that moved has nothing new to say.
        near = net.touched(moved)
        for measure in range(len(low)):
            near.narrow(low[measure], high[measure])
        for each in rules:
            some = each.only(each.touched(moved))
            for measure in (PERSONS, HOUSEHOLDS):
                tighten(low[measure], high[measure], *some.implied(low[measure], high[measure], some.all_known))
        _couple(low, high)
        moved = np.any((before[0] != low) | (before[1] != high), axis=0)
        if not moved.any():
            net.last().narrow(low[PERSONS], high[PERSONS])
            return low, high
    raise ReleaseError(
        "The bounds a reader can work out did not settle, so nothing can be said about them. "
        "Offer fewer tables that overlap (study.release.tables)."
    )


def tighten(low: Whole, high: Whole, cells: Whole, least: Whole, most: Whole) -> None:
    """Take up, in place, bounds of cells, of which there can be several for one cell."""
    np.maximum.at(low, cells, least)
    np.minimum.at(high, cells, most)


def _couple(low: Whole, high: Whole) -> None:
    """Persons are households and surplus together."""
    np.maximum(low[PERSONS], low[HOUSEHOLDS] + low[SURPLUS], out=low[PERSONS])
    np.minimum(high[PERSONS], high[HOUSEHOLDS] + high[SURPLUS], out=high[PERSONS])
    for part, other in ((HOUSEHOLDS, SURPLUS), (SURPLUS, HOUSEHOLDS)):
        np.maximum(low[part], low[PERSONS] - high[other], out=low[part])
        np.minimum(high[part], high[PERSONS] - low[other], out=high[part])


def tight(low: Whole, high: Whole, net: Net, shown: Shown) -> tuple[Flags, Flags]:
    """Which cells can be fewer than `width` counts, and which relations leave an empty child fewer.

    Of a table in exact numbers, the surplus is not guarded, and that nobody is in a cell may be found out.
    """
    narrow_in = high - low + 1 < shown.width
    if shown.known is not None:
        narrow_in[PERSONS, shown.known >= 0] = False
    exact = shown.base == 1
    cells: Flags = np.any(narrow_in[:SURPLUS], axis=0) & ~shown.unguarded
    cells |= narrow_in[SURPLUS] & ~exact
    room = np.array([most[net.parent] - net.total(least) + 1 for least, most in zip(low, high, strict=True)])
    rounded = np.ones(len(net.parent), np.bool_)
    rounded[net.relation[exact[net.child]]] = False
    if shown.known is not None:
        rounded &= ~net.all_known(shown.known)
    narrow: Flags = rounded & net.loose & np.any(room < shown.width[net.parent], axis=0)
    return cells, narrow


def withhold_tight(
    shown: Shown,
    is_shown: Flags,
    net: Net,
    claims: Claims,
    breakdowns: tuple[Breakdowns, ...] = (),
    bounded: tuple[Whole, Whole] | None = None,
) -> Flags:
    """The cells that may stay: those of `is_shown` without the ones that keep another cell's interval tight.

    Args:
        shown: the numbers.
        is_shown: the cells that break no rule.
        net: the relations.
        claims: what may not be inferred.
        breakdowns: of the group rule.
        bounded: the `bounds` at the start, where they are known already.

    Raises:
        ReleaseError: some interval is still tight after the last round.
    """
    is_shown = is_shown.copy()
    same = net.same(len(is_shown))
    breakdowns = tuple(each.only(each.known(is_shown)) for each in breakdowns)
    for turn in range(shown.rounds + 1):
        low, high = bounded or bounds(shown, is_shown, net, breakdowns)
        bounded = None
        cells, relations = tight(low, high, net, shown)
        told = shown.told(is_shown, low)
        cells |= claims.inferred(low, high) | told
        groups = [_guilty_groups(cells, each, low, high, is_shown, shown) for each in breakdowns]
        if not cells.any() and not relations.any() and not any(group.any() for group in groups):
            return is_shown
        free = is_shown if shown.public is None else is_shown & ~shown.public
        guilty = _traced(cells, relations, low, high, free, net)
        withheld = _repair(cells, guilty, shown, free, net)
        withheld[net.child[told[net.parent[net.relation]]]] = True  # any child that is shown makes its parent large
        if (
            turn >= _PATIENCE
        ):  # a large part of a total that is shown can be told for good, however many others are withheld
            withheld[net.parent[net.relation[told[net.child]]]] = True
        for each, group in zip(breakdowns, groups, strict=True):
            withheld |= _smallest(each.sign, each.witness, group, shown, free)
        # One number in two tables: withheld here, it would be read there.
        of_one = np.zeros(len(is_shown), np.bool_)
        of_one[same[withheld & free]] = True
        is_shown = is_shown & ~(of_one[same] & free)
    beside = (
        " beside what earlier releases showed or anybody knows"
        if shown.public is not None and shown.public.any()
        else ""
    )
    raise ReleaseError(
        f"After {shown.rounds} rounds of withholding, a reader could still narrow down some cells{beside}. Offer less detail: "
        "fewer levels, fewer classes, or fewer tables that overlap (schemas/outputs, study.release.tables)."
    )


def relations_to_blame(
    shown: Shown, is_shown: Flags, net: Net, claims: Claims, bounded: tuple[Whole, Whole]
) -> tuple[Flags, Whole]:
    """The cells that a reader of these numbers could narrow down, and a relation by which, for each; -1: the group rule."""
    low, high = bounded
    cells, relations = tight(low, high, net, shown)
    cells |= claims.inferred(low, high) | shown.told(is_shown, low)
    cells[net.parent[relations]] = True
    guilty = _binding(cells, low, high, net) | relations
    blame = np.full(len(is_shown), -1, np.int64)
    # Of several the first, so from the last on.
    for number, cell in ((net.relation, net.child), (np.arange(len(net.parent)), net.parent)):
        links = np.flatnonzero(guilty[number] & cells[cell])[::-1]
        blame[cell[links]] = number[links]
    return cells, blame


def _guilty_groups(cells: Flags, each: Breakdowns, low: Whole, high: Whole, is_shown: Flags, shown: Shown) -> Flags:
    """The breakdowns whose rule sets a bound of one of these cells, or leaves an empty class too little room."""
    guilty, known = np.zeros(each.count, np.bool_), each.known(is_shown)
    rounded = known.copy()
    rounded[each.breakdown[shown.base[each.cell] == 1]] = False
    for least, most in zip(low[:SURPLUS], high[:SURPLUS], strict=True):
        guilty |= each.narrow(least, most, rounded, shown.width)
        places, under, over = each.implied(least, most, known)
        binds = cells[places] & (((under == least[places]) & (under > 0)) | (over == most[places]))
        guilty[each.breakdown[binds]] = True
    return guilty


def _binding(cells: Flags, low: Whole, high: Whole, net: Net) -> Flags:
    """The relations that set a bound of one of these cells."""
    guilty = np.zeros(len(net.parent), np.bool_)
    for least, most in zip(low, high, strict=True):
        (parents, below, above), (children, under, over) = net.implied(least, most)
        guilty |= cells[parents] & (((below == least[parents]) & (below > 0)) | (above == most[parents]))
        binds = cells[children] & (((under == least[children]) & (under > 0)) | (over == most[children]))
        np.logical_or.at(guilty, net.relation, binds)
    return guilty


def _traced(cells: Flags, relations: Flags, low: Whole, high: Whole, is_shown: Flags, net: Net) -> Flags:
    """The relations at fault; where one has nothing to withhold, also those that bind what it speaks of."""
    while True:
        guilty = _binding(cells, low, high, net) | relations
        bare = guilty & ~is_shown[net.parent]
        bare[net.relation[is_shown[net.child]]] = False
        spoken = cells.copy()
        spoken[net.parent[bare]] = True
        spoken[net.child[bare[net.relation]]] = True
        if np.array_equal(spoken, cells):
            return guilty
        cells = spoken


def _smallest(group: Whole, cell: Whole, guilty: Flags, shown: Shown, is_shown: Flags) -> Flags:
    """Of every guilty group the smallest cell that is shown."""
    links = pl.DataFrame(
        {
            "group": group,
            "cell": cell,
            "number": shown.numbers[0][cell],
            "candidate": is_shown[cell] & guilty[group],
        }
    )
    smallest = links.filter("candidate").sort("number", "cell").unique("group", keep="first", maintain_order=True)
    found = np.zeros(len(is_shown), np.bool_)
    found[smallest["cell"].to_numpy()] = True
    return found


def _repair(cells: Flags, guilty: Flags, shown: Shown, is_shown: Flags, net: Net) -> Flags:
    """Cells to withhold: of every guilty relation the smallest child that is shown, else its parent."""
    withheld = _smallest(net.relation, net.child, guilty, shown, is_shown)
    without_child = guilty.copy()
    without_child[net.relation[is_shown[net.child]]] = False
    withheld[net.parent[without_child]] = True
    related = np.zeros(len(is_shown), np.bool_)
    related[net.parent[guilty]] = True
    related[net.child[guilty[net.relation]]] = True
    withheld |= cells & ~related  # tight by itself: the minimum is no multiple of the base
    return withheld
