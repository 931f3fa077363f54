"""The smallest cells of a release: those from which, by its sums, all its other cells can be added up anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.disclosure.audit import Whole
from mobility.disclosure.relations import Relations
from mobility.errors import ReleaseError


@dataclass(frozen=True)
class Leaves:
    """Every cell as a sum of smallest cells.

    What the parts of an open relation leave of their whole is a smallest cell too, numbered after the offered ones.

    Attributes:
        cells: number of cells, with those rests.
        leaf: the smallest cells, ascending.
        member: the place among the leaves, by link.
        whole: the cell it is part of, by link, ascending.
        rests: of every rest its whole and its part.
        agreements: pairs of sets of places among the leaves that must have one sum, since they divide one cell in two ways.
    """

    cells: int
    leaf: Whole
    member: Whole
    whole: Whole
    rests: tuple[tuple[int, int], ...]
    agreements: tuple[tuple[Whole, Whole], ...]

    def add_up(self, values: Whole) -> Whole:
        """The number of every cell, from those of the leaves."""
        return np.bincount(self.whole, values[self.member], self.cells).astype(np.int64)

    def with_rests(self, values: Whole) -> Whole:
        """Values of the offered cells, with those of the rests behind them."""
        rests = [values[whole] - values[part] for whole, part in self.rests]
        return np.concatenate([values, np.array(rests, np.int64)])

    def groups(self) -> list[Whole]:
        """The places of the leaves of every cell that is a sum, those of most leaves first; no two the same."""
        start = np.searchsorted(self.whole, np.arange(self.cells + 1))
        size = np.diff(start)
        found: dict[bytes, Whole] = {}
        for cell in np.argsort(-size, kind="stable")[: int((size > 1).sum())]:
            members = self.member[start[cell] : start[cell + 1]]
            found.setdefault(members.tobytes(), members)
        return list(found.values())


def find_leaves(relations: Relations, cells: int) -> Leaves:
    """The smallest cells of all tables together.

    Args:
        relations: which cells add up to which.
        cells: number of offered cells.

    Raises:
        ReleaseError: a cell is part of itself.
    """
    divided: dict[int, list[list[int]]] = {}
    rests: list[tuple[int, int]] = []
    children = relations.links.group_by("relation", maintain_order=True).agg("child")["child"].to_list()
    heads = relations.heads.select("parent", "open").iter_rows()
    for (parent, is_open), parts in zip(heads, children, strict=True):
        if is_open:
            rests.append((parent, parts[0]))
            parts = [*parts, cells + len(rests) - 1]
        divided.setdefault(parent, []).append(parts)
    count = cells + len(rests)
    found = _expand(divided, count)
    leaf = np.array([cell for cell in range(count) if cell not in divided], np.int64)
    place = {cell: number for number, cell in enumerate(leaf.tolist())}

    def places(of: frozenset[int]) -> Whole:
        return np.array(sorted(place[cell] for cell in of), np.int64)

    agreements: dict[frozenset[frozenset[int]], tuple[Whole, Whole]] = {}
    for parent, ways in divided.items():
        for parts in ways[1:]:
            one, other = found[parent], frozenset().union(*(found[part] for part in parts))
            one, other = one - other, other - one
            if one or other:
                agreements.setdefault(frozenset((one, other)), (places(one), places(other)))
    members = [places(found[cell]) for cell in range(count)]
    return Leaves(
        count,
        leaf,
        np.concatenate([np.zeros(0, np.int64), *members]),
        np.repeat(np.arange(count), [len(each) for each in members]),
        tuple(rests),
        tuple(agreements.values()),
    )


def _expand(divided: dict[int, list[list[int]]], count: int) -> list[frozenset[int]]:
    """The smallest cells of every cell, by the first way in which it is divided."""
    found: dict[int, frozenset[int]] = {}
    for start in range(count):
        stack, open_cells = [start], set()
        while stack:
            cell = stack[-1]
            parts = divided.get(cell, [[]])[0]
            waiting = [part for part in parts if part not in found]
            if cell in found or not waiting:
                found.setdefault(
                    cell, frozenset().union(*(found[part] for part in parts)) if parts else frozenset((cell,))
                )
                stack.pop()
            elif cell in open_cells:
                raise ReleaseError(
                    "The tables of this release have a cell that is part of itself; see `margins` in schemas/outputs."
                )
            else:
                open_cells.add(cell)
                stack += waiting
    return [found[cell] for cell in range(count)]
