"""What the ledger is told of a release: what its cells mean, which were shown, and who is behind them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from mobility.areas import load_programme, load_zoning
from mobility.disclosure.cells import KEY
from mobility.disclosure.members import IDENTITY, Members, identity
from mobility.disclosure.protect import MEASURES, Protected
from mobility.release.ledger import Ledger, Recorded
from mobility.release.offering import universe_of
from mobility.settings import Settings

_SHOWN = [f"{name}_published" for name in MEASURES]


def define_cells(settings: Settings) -> dict[str, Any]:
    """What the cells of a study mean: all that decides who is counted where, but for its years."""
    study = settings.study
    programmes = {name: _digest(asdict_of(load_programme(name))) for name in study.programmes}
    return {
        "low": list(study.income.low),
        "income": asdict(study.income),
        "residence": asdict(study.residence),
        "moves": asdict(study.moves),
        "chains": asdict(study.chains),
        "age_bands": list(study.flows.age_bands),
        "geography_year": study.geography.year,
        "zoning": study.geography.zoning,
        "zoning_digest": _digest(asdict(load_zoning(study.geography.zoning))),
        "programmes": programmes,
        "weights": None,
    }


def asdict_of(programme: tuple[int, tuple[Any, ...]]) -> dict[str, Any]:
    """A programme as plain values."""
    year, areas = programme
    return {"geography_year": year, "areas": [asdict(area) for area in areas]}


def record_source(
    source: str, parts: Sequence[Protected], definition: dict[str, Any], members: Members | None, ledger: Ledger
) -> Recorded:
    """Put the cells of the tables made from one aggregate into the ledger, and the records behind them.

    Args:
        source: name of the aggregate.
        parts: its tables.
        definition: of `define_cells`.
        members: the records; None: unknown, so that a cell which changes later cannot be shown again.
        ledger: where to put them.
    """
    cells = pl.concat([_cells(part) for part in parts])
    shown = cells.group_by(IDENTITY).agg(pl.col(KEY).first(), pl.col(MEASURES).max()).sort(IDENTITY)
    universe = {part.safe.declaration.table: universe_of(part.safe.declaration) for part in parts}
    return Recorded(
        tables=tuple(part.safe.declaration.table for part in parts),
        source=source,
        definition=definition | {"universe": universe},
        cells=ledger.keep(shown),
        places=None if members is None else ledger.keep(members.places),
        years={} if members is None else {str(year): ledger.keep(members.read(year)) for year in members.years},
    )


def _cells(part: Protected) -> pl.DataFrame:
    numbers = [pl.col(shown).alias(name) for shown, name in zip(_SHOWN, MEASURES, strict=True)]
    return part.inside.select(identity(part.safe.declaration), KEY, *numbers)


def _digest(given: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest()
