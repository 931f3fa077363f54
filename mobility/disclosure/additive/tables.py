"""Tables whose small counts are rounded so that they add up: which numbers they show, and what a solver makes of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from mobility.disclosure.additive.attack import find_narrow
from mobility.disclosure.additive.leaves import find_leaves
from mobility.disclosure.additive.rounding import round_small
from mobility.disclosure.audit import Flags, Whole
from mobility.disclosure.cells import KEY, STATE
from mobility.disclosure.earlier import CLOSED, PUBLIC
from mobility.disclosure.relations import Relations, Table
from mobility.disclosure.rules import EARLIER, GROUP, HIDDEN, REASON, SMALL
from mobility.errors import ReleaseError

MODE = "additive"


def all_additive(tables: Mapping[str, Table]) -> bool:
    """Whether the numbers of these tables, which share sums, are to add up.

    Raises:
        ReleaseError: only some of them are, or one has columns beside its counts.
    """
    mine = [name for name, table in tables.items() if table.declaration.mode == MODE]
    if not mine:
        return False
    others = {name: table.declaration.mode for name, table in tables.items() if name not in mine}
    for other, mode in others.items():
        raise ReleaseError(
            f"study.release.modes: {mine[0]} is to be additive, but {other}, which shares sums with it, is {mode} "
            f"in this release or "
            "was in an earlier one. Beside other numbers of the same sums rounded small counts can be found out: choose one "
            "mode for all of them. Nothing was written."
        )
    for name in mine:
        if tables[name].declaration.values or tables[name].declaration.key == "counts":
            raise ReleaseError(
                f"study.release.modes: {name} cannot be additive: it has columns that do not add up, or totals that are public "
                "elsewhere. Choose round or suppress for it. Nothing was written."
            )
    return True


def additive_numbers(
    everything: pl.DataFrame, relations: Relations, counts: Whole, alike: Whole, secret: bytes, minimum: Whole
) -> tuple[Whole, Flags, Flags]:
    """The numbers of all cells, which add up; the cells that may be shown by themselves; withheld ones that must stay in doubt.

    Args:
        everything: one row per cell: `reason`, `cell_key`, `state`, `width`.
        relations: which add up to which.
        counts: the truth in persons and households.
        alike: cells of breakdowns that show that nearly all of a total are alike; they are withheld, also the small ones.
        secret: of the project.
        minimum: of persons and of households.

    Raises:
        ReleaseError: no numbers are found that add up, or a small count could be narrowed down.
    """
    leaves = find_leaves(relations, everything.height)
    true = np.array([leaves.with_rests(each) for each in counts])
    keys = leaves.with_rests(everything[KEY].to_numpy())
    reason = everything[REASON]
    rest = (true[:, everything.height :] > 0).any(axis=0) & (true[:, everything.height :] < minimum[:, None]).any(
        axis=0
    )
    small = np.concatenate([(reason == SMALL).fill_null(value=False).to_numpy(), rest])
    added = round_small(leaves, true, small, keys, secret, minimum)
    if find_narrow(leaves, added, true, everything["width"].to_numpy(), minimum).any():
        raise ReleaseError(
            "Numbers that add up (study.release.modes: additive) would let a linear program narrow down some "
            "small counts. Offer less "
            "detail, or choose `mode: round`. Nothing was written."
        )
    numbers = added.numbers[:, : everything.height]
    closed = (everything[STATE] == CLOSED).fill_null(value=False) | reason.is_in([GROUP, EARLIER, HIDDEN]).fill_null(
        value=False
    )
    public = (everything[STATE] == PUBLIC).fill_null(value=False).to_numpy()
    if (public & (numbers == 0).any(axis=0)).any():
        raise changed("study.release.modes")
    may = (numbers > 0).all(axis=0) & ~closed.to_numpy()
    told = (reason == GROUP).fill_null(value=False).to_numpy()
    told[alike] = True
    return numbers, may & ~told, told & (numbers > 0).any(axis=0) & ~public


def changed(at: str) -> ReleaseError:
    """What is told where the same records would get another number than in an earlier release."""
    return ReleaseError(
        f"{at}: numbers that add up (additive) depend on all cells beside them, and for some records an earlier release of this "
        "project showed another number; the two together would narrow small counts down. Offer the very tables of that release, "
        "from the same aggregates. Nothing was written."
    )
