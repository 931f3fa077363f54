"""What a study may choose, as frozen dataclasses, and the strict reader that fills them from the composed YAML.

Every key has its default and its meaning in `conf/`; nothing is optional here, so that a key which is missing or mistyped is
noticed. The domain receives these dataclasses only: no Hydra object goes further than the job.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

from mobility.settings.definitions import (
    REGISTERS_BEGIN,
    Chains,
    Climbers,
    Concentrations,
    Count,
    Cut,
    Dimension,
    Estimates,
    Flows,
    Geography,
    Income,
    Level,
    Monitor,
    Moves,
    Period,
    Renumbering,
    Residence,
)
from mobility.settings.machine import MOST_PARTITIONS, Engine, Place, RegisterSource, Slurm
from mobility.settings.output import Disclosure, Report
from mobility.settings.reading import did_you_mean, names_of, read
from mobility.settings.study import LeastCoverage, Mode, Release, Severity, Study, Words
from mobility.settings.synthetic import EARLIEST_YEAR, LATEST_YEAR, Effect, Flaws, Format, Synthetic

__all__ = [
    "EARLIEST_YEAR",
    "LATEST_YEAR",
    "MOST_PARTITIONS",
    "REGISTERS_BEGIN",
    "Chains",
    "Climbers",
    "Concentrations",
    "Count",
    "Cut",
    "Dimension",
    "Disclosure",
    "Effect",
    "Engine",
    "Estimates",
    "Flaws",
    "Flows",
    "Format",
    "Geography",
    "Income",
    "LeastCoverage",
    "Level",
    "Mode",
    "Monitor",
    "Moves",
    "Period",
    "Place",
    "RegisterSource",
    "Release",
    "Renumbering",
    "Report",
    "Residence",
    "Settings",
    "Severity",
    "Slurm",
    "Study",
    "Synthetic",
    "Words",
    "did_you_mean",
    "read_own",
    "read_settings",
    "setting_names",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """Everything one run was asked."""

    study: Study
    register: RegisterSource
    place: Place
    engine: Engine
    disclosure: Disclosure
    synthetic: Synthetic
    report: Report
    check: bool


def read_settings(given: dict[str, Any]) -> Settings:
    """Check the composed configuration and turn it into `Settings`.

    Raises:
        RequestError: a key is unknown or missing, or a value is not of the kind its key needs; the message names the key and
            says what to write.
    """
    return read(Settings, given, "")


def read_own(kind: type[T], given: dict[str, Any]) -> tuple[T, Settings]:
    """The settings of a job that has keys of its own beside those of every job.

    Args:
        kind: a frozen dataclass; its fields are the job's own keys.
        given: the composed configuration.

    Raises:
        RequestError: as `read_settings`.
    """
    own = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    mine = {key: value for key, value in given.items() if key in own}
    return read(kind, mine, ""), read_settings({key: value for key, value in given.items() if key not in own})


def setting_names() -> set[str]:
    """Every setting by its full key, such as `study.period.first_year`."""
    return set(names_of(Settings, ""))
