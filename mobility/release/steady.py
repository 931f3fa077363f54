"""Numbers that add up depend on each other: they are shown again only where all of them come out as before."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mobility.disclosure.additive.tables import MODE, changed
from mobility.disclosure.cells import KEY
from mobility.disclosure.earlier import Edition
from mobility.disclosure.members import IDENTITY, identity
from mobility.disclosure.protect import Protected


def check_steady(parts: Sequence[Protected], editions: Sequence[Edition]) -> None:
    """Refuse another number for the records of an earlier release: the two together narrow a small count down.

    Raises:
        ReleaseError: naming the table.
    """
    for part in parts:
        declaration = part.safe.declaration
        if declaration.mode != MODE:
            continue
        now = part.inside.select(
            identity(declaration), KEY, now_persons="persons_published", now_households="households_published"
        )
        for edition in editions:
            if edition.source != declaration.source:
                continue
            both = now.join(edition.cells.drop_nulls("persons"), on=[IDENTITY, KEY])
            differs = [pl.col(f"now_{name}").ne_missing(pl.col(name)) for name in ("persons", "households")]
            if both.filter(pl.any_horizontal(differs)).height:
                raise changed(declaration.table)
