"""Small tables as systems of cells: every margin of every classification, and brute force to look into them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import highspy
import numpy as np

from mobility.disclosure.suppression.system import Sums, System

Tree = Mapping[str, str]
"""The group that every class belongs to, such as the county of a place; and the total that every group belongs to."""


def classes(*trees: Tree) -> list[tuple[str, list[str]]]:
    """The sums of one classification: a group, and the classes that make it."""
    found: dict[tuple[int, str], list[str]] = {}
    for number, tree in enumerate(trees):
        for member, group in tree.items():
            found.setdefault((number, group), []).append(member)
    return [(group, members) for (_, group), members in found.items()]


def tabulate(
    inner: Mapping[tuple[str, ...], int], groups: Sequence[list[tuple[str, list[str]]]]
) -> tuple[list[tuple[str, ...]], np.ndarray, Sums]:
    """All cells over all groups of all classifications, with the relations between them.

    A class in several trees is summed once for each group it lies in.
    """
    cells: dict[tuple[str, ...], int] = dict(inner)
    nodes = [dict.fromkeys(key[place] for key in inner) for place in range(len(groups))]
    relations: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
    for place, sums in enumerate(groups):
        others = [list(nodes[other]) for other in range(len(groups))]
        waiting = list(sums)
        while waiting:
            ready = [each for each in waiting if all(member in nodes[place] for member in each[1])]
            assert ready, "a group of groups that are not there"
            for group, members in ready:
                waiting.remove((group, members))
                for rest in itertools.product(*(names for other, names in enumerate(others) if other != place)):
                    key = (*rest[:place], group, *rest[place:])
                    children = [(*rest[:place], member, *rest[place:]) for member in members]
                    children = [child for child in children if child in cells]
                    total = sum(cells[child] for child in children)
                    assert cells.setdefault(key, total) == total
                    if children:
                        relations.append((key, children))
                nodes[place].setdefault(group)
    names = list(cells)
    at = {name: number for number, name in enumerate(names)}
    # A margin of margins is reached by several roads; a relation between the same cells counts once.
    for place, sums in enumerate(groups):
        for group, members in sums:
            for name in names:
                if name[place] == group:
                    children = [(*name[:place], member, *name[place + 1 :]) for member in members]
                    relations.append((name, [child for child in children if child in at]))
    unique = sorted({(at[parent], tuple(sorted(at[child] for child in children))) for parent, children in relations})
    unique = [(parent, children) for parent, children in unique if children]
    return names, np.array([cells[name] for name in names]), sums_of(len(names), unique)


def sums_of(cells: int, relations: Sequence[tuple[int, Sequence[int]]]) -> Sums:
    """The relations, given as parent and children."""
    return Sums(
        cells,
        np.array([parent for parent, _ in relations], np.int64),
        np.array([child for _, children in relations for child in children], np.int64),
        np.array([number for number, (_, children) in enumerate(relations) for _ in children], np.int64),
    )


def system_of(
    counts: np.ndarray,
    sums: Sums,
    *,
    minimum: int,
    width: int,
    zeros_at_risk: bool = False,
    hidden: np.ndarray | None = None,
) -> System:
    """A system in which all cells under the minimum are hidden; those that hold somebody are at risk."""
    hides = counts < minimum if hidden is None else hidden
    return System(
        counts=counts[None, :],
        room=counts,
        hidden=hides,
        kept=np.zeros(len(counts), np.bool_),
        risk=hides if zeros_at_risk else hides & (counts > 0),
        width=np.full(len(counts), width, np.int64),
        minimum=np.array([minimum]),
        sums=sums,
    )


def interval(
    counts: np.ndarray, sums: Sums, withheld: np.ndarray, cell: int, *, whole: bool = True
) -> tuple[float, float]:
    """The least and the most that a cell can be: by a program over all cells at once, in whole numbers if asked."""
    found = []
    for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        low = np.where(withheld, 0.0, counts)
        high = np.where(withheld, 1e6, counts)
        model.addVars(len(counts), low, high)
        if whole:
            places = np.arange(len(counts), dtype=np.int32)
            model.changeColsIntegrality(len(counts), places, np.full(len(counts), highspy.HighsVarType.kInteger))
        for relation, parent in enumerate(sums.parent.tolist()):
            children = sums.child[sums.relation == relation].astype(np.int32)
            index = np.concatenate([[parent], children]).astype(np.int32)
            model.addRow(0, 0, len(index), index, np.array([1.0] + [-1.0] * len(children)))
        model.changeColCost(cell, 1.0)
        model.changeObjectiveSense(sense)
        model.run()
        assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found.append(round(model.getInfo().objective_function_value, 6))
    return found[0], found[1]
