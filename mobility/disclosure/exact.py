"""Tables in exact numbers: which of their cells may stay beside each other, found by the engine for suppression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from mobility.disclosure.relations import CELL, Relations, Table
from mobility.disclosure.suppression.engine import Pattern, check, suppress
from mobility.disclosure.suppression.system import Flags, Sums, System, Whole


def exact_cells(tables: Mapping[str, Table], cells: int) -> Flags:
    """The cells of the tables that are shown in exact numbers."""
    found = np.zeros(cells, np.bool_)
    for table in tables.values():
        if table.declaration.mode in ("suppress", "additive"):
            found[table.frame[CELL].to_numpy()] = True
    return found


def at_risk(counts: Whole, hidden: Flags, small: Flags, minimum: Whole) -> Flags:
    """The withheld cells of which a reader must be left in doubt: somebody is in them.

    Args:
        counts: persons and households.
        hidden: cells that are not shown.
        small: those of them that break a rule, among cells that are offered.
        minimum: by measure. Of cells that no table offers, those under it are as much at risk.
    """
    some = (counts > 0).any(axis=0)
    few = (counts < minimum[:, None]).any(axis=0)
    found: Flags = hidden & some & (small | few)
    return found


def system_of(
    relations: Relations,
    counts: Whole,
    shown: Flags,
    risk: Flags,
    kept: Flags,
    is_exact: Flags,
    width: Whole,
    minimum: Whole,
) -> System:
    """The cells of tables in exact numbers as a system, with what a reader knows of other tables in the release.

    Args:
        relations: of the release.
        counts: persons and households.
        shown: cells that are shown, or known whatever is shown.
        risk: of `at_risk`.
        kept: of the cells shown, those that stay so: of rounded tables, of earlier releases, and public totals.
        is_exact: of `exact_cells`.
        width: how many counts a cell must be able to be.
        minimum: by measure.

    Assumes:
        - a cell of a rounded table that is shown is known exactly, which is more than is so;
        - there are never more households than persons: both are thought to change alike, so a cell can be thought as much
          lower as there are households in it;
        - a reader knows which cells nobody is in, which is more than is so: they are no part of the system.
    """
    heads = relations.heads.filter(pl.Series(_over_exact(relations, is_exact)))
    number = pl.DataFrame({"relation": heads["relation"], "number": pl.Series(range(heads.height), dtype=pl.Int64)})
    links = relations.links.join(number, on="relation", maintain_order="left")
    parent, child, relation = (
        heads["parent"].to_numpy(),
        links["child"].to_numpy(),
        links["number"].to_numpy(),
    )
    # What an open relation leaves out is a cell of its own, which no table shows.
    opened = np.flatnonzero(heads["open"].to_numpy())
    before = Sums(counts.shape[1], parent, child, relation)
    rest = np.array([before.gap(each)[opened] for each in counts]).reshape(len(counts), len(opened))
    child = np.concatenate([child, counts.shape[1] + np.arange(len(opened))])
    relation = np.concatenate([relation, opened])
    order = np.lexsort((child, relation))
    every = np.hstack([counts, rest])
    added = np.ones(len(opened), np.bool_)
    return System(
        counts=every,
        room=every.min(axis=0),
        hidden=np.concatenate([~shown, added]),
        kept=np.concatenate([shown & kept, ~added]),
        risk=np.concatenate([risk, (rest > 0).any(axis=0) & (rest < minimum[:, None]).any(axis=0)]),
        width=np.concatenate([width, width[parent[opened]]]),
        minimum=minimum,
        sums=Sums(every.shape[1], parent, child[order], relation[order]),
    )


def protect_exact(system: System, cells: int, suspects: Flags | None = None) -> tuple[Flags, Pattern]:
    """The cells that may be shown, of the first `cells`, and the pattern with its certificate.

    Args:
        system: see `system_of`.
        cells: number of cells of the release.
        suspects: cells that the audit could narrow down; each gets a move.

    Raises:
        ReleaseError: a cell cannot be protected, whatever is withheld.
    """
    more = None if suspects is None else np.concatenate([suspects, np.zeros(system.sums.cells - cells, np.bool_)])
    pattern = suppress(system, more)
    return ~pattern.withheld[:cells], pattern


def proven(system: System, pattern: Pattern, cells: int) -> Flags:
    """The cells that the certificate leaves in doubt, its moves looked at anew."""
    return check(system, pattern)[:cells]


def _over_exact(relations: Relations, is_exact: Flags) -> Flags:
    """The relations with a child in a table of exact numbers."""
    found = np.zeros(relations.heads.height, np.bool_)
    exact = relations.links.filter(pl.Series(is_exact[relations.links["child"].to_numpy()]))
    found[relations.heads["relation"].is_in(exact["relation"].unique().implode()).to_numpy()] = True
    return found
