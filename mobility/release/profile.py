"""The rules of a release against their source: a profile can be made stricter, and a project keeps to its rounding."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from mobility.errors import ReleaseError, RequestError
from mobility.folders import CONF
from mobility.settings import Disclosure
from mobility.settings.output import AT_LEAST, AT_MOST

_MINIMA = ("minimum_persons", "minimum_households")


def check_profile(given: Disclosure) -> None:
    """Refuse rules that are looser than the profile they are named after.

    Raises:
        RequestError: there is no such profile, or its file is not right.
        ReleaseError: a rule was loosened.
    """
    path = CONF / "disclosure" / f"{given.profile}.yaml"
    known = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", given.profile) is not None and path.is_file()
    if not known:
        raise RequestError(
            f"disclosure.profile: there is no conf/disclosure/{given.profile}.yaml. Choose a profile that is there, or "
            "write a profile of your own with its source, under its own name."
        )
    try:
        source = Disclosure(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, TypeError):
        source = None
    if source is None or source.profile != given.profile:
        raise RequestError(f"conf/disclosure/{path.name} does not hold the rules of a profile of that name.")
    looser = [name for name in (*AT_LEAST, *AT_MOST) if _is_looser(name, getattr(given, name), getattr(source, name))]
    if looser:
        raise ReleaseError(
            f"disclosure.{looser[0]} is looser than in conf/disclosure/{path.name}. Rules can only be made stricter; for "
            "other ones write a profile of your own with its source, under its own name. Nothing was written."
        )


def _is_looser(name: str, given: float | None, source: float | None) -> bool:
    """Whether a rule asks less than its source; one that is not asked (None) asks nothing."""
    if given is None or source is None:
        return source is not None
    return given < source if name in AT_LEAST else given > source


def rules_of(given: Disclosure) -> dict[str, Any]:
    """The values that the record of the project keeps."""
    return {name: getattr(given, name) for name in (*AT_LEAST, *AT_MOST)}


def check_project(given: Disclosure, earlier: Iterable[dict[str, Any]]) -> None:
    """Refuse another rounding, or smaller minima, than an earlier release of the project had.

    Raises:
        ReleaseError: the same cells would get other numbers, and the two together narrow them down.
    """
    for rules in earlier:
        wrong = ["rounding_base"] if rules.get("rounding_base", given.rounding_base) != given.rounding_base else []
        wrong += [name for name in _MINIMA if getattr(given, name) < rules.get(name, 0)]
        if wrong:
            raise ReleaseError(
                f"An earlier release of this project had another disclosure.{wrong[0]}. Two editions of the same cells "
                "narrow each other down: use the earlier profile, or choose another place.project. Nothing was written."
            )
