"""Step A: every relation in which too little is withheld gets one cell more, the cheapest over all such relations."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.system import Flags, System

_NEVER = np.inf


def cover(system: System, withheld: Flags) -> Flags:
    """The cells to withhold so that no relation by itself gives a cell away, as far as that can be done.

    In rounds: every relation that is `unsafe` names its best cell, by what it costs for each relation that it mends, with a
    fine for each safe relation that it would make unsafe; of cells that compete for a relation the best one is taken. A
    relation in which nothing is left to withhold is passed over.
    """
    withheld = withheld.copy()
    table = system.sums.by_relation
    while True:
        unsafe = system.unsafe(withheld)
        free = ~withheld & ~system.kept
        links = np.flatnonzero(unsafe[table.row] & free[table.column])
        if not len(links):
            return withheld
        relation, cell = table.row[links], table.column[links]
        mends = np.bincount(cell, minlength=len(withheld))
        score = system.cost * (1.0 + _breaks(system, withheld)) / np.maximum(mends, 1)
        # A parent is withheld only where no child is left.
        score = np.where(cell == system.sums.parent[relation], score[cell] * 1e6, score[cell])
        order = np.lexsort((cell, score, relation))
        first = order[np.r_[True, relation[order][1:] != relation[order][:-1]]]
        best, named = score[first], cell[first]
        # Of all cells named, those that no better one competes with for a relation.
        rank = np.full(len(withheld), _NEVER)
        ranked = np.lexsort((named, best))
        np.minimum.at(rank, named[ranked], np.arange(len(named)))
        leader = np.full(system.sums.count, _NEVER)
        np.minimum.at(leader, relation, rank[cell])
        loses = rank[cell] > leader[relation]
        lost = np.zeros(len(withheld), np.bool_)
        lost[cell[loses]] = True
        withheld[named[~lost[named]]] = True


def _breaks(system: System, withheld: Flags) -> np.ndarray:
    """In how many relations, by cell, it would be the only one withheld."""
    sums = system.sums
    alone = (sums.of_children(withheld.astype(np.int64)) == 0) & ~withheld[sums.parent]
    return np.bincount(sums.child, alone[sums.relation], sums.cells)
