"""One study: its question, definitions and tables, and how strictly its data are taken."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from mobility.errors import RequestError
from mobility.settings.definitions import Chains, Estimates, Flows, Geography, Income, Monitor, Moves, Period, Residence
from mobility.settings.reading import FOLDER_NAME, share

Severity = Literal["stop", "quarantine", "warn"]
Mode = Literal["round", "suppress", "additive"]
"""How a table is protected: by random rounding, in exact numbers with gaps, or with small counts rounded so that
numbers add up."""


@dataclass(frozen=True)
class Words:
    """A text in both languages of the report."""

    nl: str
    en: str


@dataclass(frozen=True)
class Release:
    """Which tables are offered for export, under which name (None: the next number), and of which detail is given up.

    `modes`: how a table is protected, by table, where that differs from its declaration. `sdmx`: whether the tables are also
    written as SDMX-CSV.
    """

    name: str | None
    tables: tuple[str, ...]
    modes: dict[str, Mode]
    coarsen: tuple[str, ...]
    target_share: float
    sdmx: bool

    def __post_init__(self) -> None:
        share(self.target_share, "study.release.target_share")
        unknown = sorted(set(self.coarsen) - set(self.tables))
        if unknown:
            raise RequestError(f"study.release.coarsen: {unknown[0]} is not among study.release.tables.")
        if not self.tables:
            raise RequestError("study.release.tables is empty. Name at least one table of schemas/outputs/.")
        for table in self.modes:
            if table not in self.tables:
                raise RequestError(f"study.release.modes: {table} is not one of study.release.tables.")
        if self.name is not None and not FOLDER_NAME.fullmatch(self.name):
            raise RequestError(
                "study.release.name is also the name of a folder: use letters, digits, dots, - and _ only."
            )


@dataclass(frozen=True)
class LeastCoverage:
    """Shares of the panel that could be linked, below which its rule in `study.rules` holds."""

    objects_with_geography: float
    persons_in_register: float
    persons_with_income: float
    persons_in_household: float

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            share(getattr(self, field.name), f"study.least_coverage.{field.name}")


@dataclass(frozen=True)
class Study:
    """One study: its question, period, geography, definitions and tables."""

    name: str
    title: Words
    description: Words
    period: Period
    geography: Geography
    programmes: tuple[str, ...]
    income: Income
    residence: Residence
    moves: Moves
    flows: Flows
    chains: Chains
    estimates: Estimates
    monitor: Monitor
    release: Release
    further_registers: tuple[str, ...]
    most_refused_share: float
    least_coverage: LeastCoverage
    rules: dict[str, Severity]

    def __post_init__(self) -> None:
        if len(set(self.programmes)) < len(self.programmes):
            raise RequestError("study.programmes names a programme twice. Name each once.")
        share(self.most_refused_share, "study.most_refused_share")
        if not FOLDER_NAME.fullmatch(self.name):
            raise RequestError("study.name is also the name of a folder: use letters, digits, dots, - and _ only.")
