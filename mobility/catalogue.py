"""The catalogue of indicators in `schemas/indicators.yaml`: what each is, and which registers it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.settings import did_you_mean
from mobility.settings.reading import read


@dataclass(frozen=True)
class Name:
    """In Dutch and in English."""

    nl: str
    en: str


@dataclass(frozen=True)
class Indicator:
    """One indicator of the catalogue.

    Attributes:
        name: for people.
        definition: by formula or rule, in English.
        grain: what one row is, beside place, cut, year and class.
        unit: of the value.
        registers: needed beside those that every study needs.
        years: which years it needs.
        counts: what `numerator` and `denominator` hold, and whom `persons` and `households` count.
        additive: whether the numerators of a region are the sum of those of its places.
        rule: how a release protects it (schemas/outputs).
        released: what of it a release holds.
        literature: sources of the definition.
    """

    name: Name
    definition: str
    grain: str
    unit: str
    registers: tuple[str, ...]
    years: str
    counts: str
    additive: bool
    rule: str
    released: str
    literature: tuple[str, ...]


@cache
def load_catalogue() -> dict[str, Indicator]:
    """Every indicator by its id, in order."""
    given = yaml.safe_load((SCHEMAS / "indicators.yaml").read_text(encoding="utf-8"))
    return {
        key: read(Indicator, entry, f"schemas/indicators.yaml: {key}") for key, entry in given["indicators"].items()
    }


def help_lines() -> list[str]:
    """The catalogue as lines for `--help`."""
    return [f"{key:<3} {each.name.en} ({each.name.nl})" for key, each in load_catalogue().items()]


def chosen(asked: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that a list of ids and families stands for, in the order of the catalogue.

    Raises:
        RequestError: one of them is neither.
    """
    known = load_catalogue()
    families = {key[0] for key in known}
    wrong = [each for each in asked if each not in known and each not in families]
    if wrong:
        raise RequestError(
            f"study.monitor.indicators: {wrong[0]} is not in the catalogue.{did_you_mean(wrong[0], {*known, *families})} "
            "jobs/monitor.py --help lists it."
        )
    return tuple(key for key in known if key in asked or key[0] in asked)


def absent_registers(there: set[str]) -> dict[str, tuple[str, ...]]:
    """Ids of the indicators that cannot be made, with the registers that are not there.

    Args:
        there: registers that are linked into the panel. An alternative is written with a bar: `INHATAB|IHI`.
    """
    lacking = {
        key: tuple(each for each in one.registers if not there & set(each.split("|")))
        for key, one in load_catalogue().items()
    }
    return {key: names for key, names in lacking.items() if names}


def by_register(absent: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Indicators that are not available, by the registers that the panel of the study does not hold.

    Args:
        absent: by indicator; `|` stands between registers of which one would do.
    """
    found: dict[str, list[str]] = {}
    for key, names in absent.items():
        found.setdefault(" and no ".join(name.replace("|", " or ") for name in names), []).append(key)
    return found
