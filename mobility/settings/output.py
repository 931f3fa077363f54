"""What may leave, and the page people read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mobility.errors import RequestError


@dataclass(frozen=True)
class Disclosure:
    """The rules a table must meet to leave (disclosure.md 1 and 2); each value has its source in `conf/disclosure/`."""

    profile: str
    minimum_persons: int
    minimum_households: int
    group_share: float
    rounding_base: int
    interval_width: int
    interval_width_buurt: int
    audit_rounds: int

    def __post_init__(self) -> None:
        for name in (
            "minimum_persons",
            "minimum_households",
            "rounding_base",
            "interval_width",
            "interval_width_buurt",
        ):
            if getattr(self, name) < 1:
                raise RequestError(f"disclosure.{name} must be at least 1.")
        if not 0 < self.group_share <= 1:
            raise RequestError("disclosure.group_share is a share: choose a number above 0 and at most 1.")
        if self.audit_rounds < 0:
            raise RequestError("disclosure.audit_rounds must be 0 or more.")


@dataclass(frozen=True)
class Report:
    """The page people read.

    Attributes:
        language: of the page.
        map: a GeoJSON or TopoJSON file of areas with `statcode`; None: every gemeente is a square.
    """

    language: Literal["nl", "en"]
    map: Path | None
