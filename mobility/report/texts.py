"""The texts of the report in the chosen language, and the names of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Language = Literal["nl", "en"]


@dataclass(frozen=True)
class Texts:
    """The catalogue `texts.yaml` in one language, with the names of places that a release gives."""

    language: Language
    places: Mapping[str, str] = field(default_factory=dict)

    def say(self, key: str, **values: object) -> str:
        """One text, filled in."""
        return str(_catalogue()[key][self.language]).format(**values)

    def points(self, key: str, **values: object) -> list[str]:
        """A list of texts."""
        return [str(text).format(**values) for text in _catalogue()[key][self.language]]

    def pairs(self, key: str, **values: object) -> list[tuple[str, str]]:
        """A list of terms with their texts."""
        return [(term, str(text).format(**values)) for term, text in _catalogue()[key][self.language].items()]

    def name(self, code: str) -> str:
        """The name of a class, an outcome, a role or a place; a code without a name stays as it is."""
        if code in self.places:
            return self.places[code]
        known = _catalogue()["codes"].get(code)
        if known:
            return str(known[self.language])
        for family in ("event_", "estimand_", "mirror_", "covariate_", "class_", "definition_"):
            code = code.removeprefix(family)
        if "/" in code:
            region, role = code.split("/", 1)
            return f"{self.name(region)}, {self.name(role)}"
        return code.replace("_", " ").capitalize() if code.islower() else code

    def role(self, code: str) -> str:
        """The name of a role without its region."""
        return self.name(code.rsplit("/", maxsplit=1)[-1])

    def measure(self, column: str) -> str:
        """What a column of numbers holds."""
        return str(_catalogue()["measures"].get(column, {}).get(self.language, column.replace("_", " ")))

    def detail(self, code: str) -> str:
        """A part of an indicator, as `before:owner`, for people."""
        return ", ".join(self.name(part) for part in code.split(":")) if code else "-"

    def number(self, value: float) -> str:
        """A number as it was released, with the language's marks for thousands and decimals; of a fraction four decimals."""
        is_long = isinstance(value, float) and abs(value) >= _LEAST_ROUNDED
        shown = f"{round(value, _DECIMALS) if is_long else value:,}"
        return shown.translate(_DUTCH_MARKS) if self.language == "nl" else shown


_DECIMALS, _LEAST_ROUNDED = 4, 0.001  # a smaller number, such as a q-value, is shown as it is
_DUTCH_MARKS = str.maketrans(",.", ".,")


@cache
def _catalogue() -> dict[str, Any]:
    given = (Path(__file__).parent / "texts.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(given)
    return content
