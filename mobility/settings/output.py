"""What may leave, and the page people read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mobility.errors import RequestError

# A larger value is a stricter rule, and so is a smaller share.
AT_LEAST = (
    *("minimum_persons", "minimum_households", "rounding_base", "interval_width", "interval_width_buurt"),
    *("minimum_difference", "dominance_contributors", "p_percent", "minimum_numerator", "share_numerators"),
    *("minimum_degrees", "minimum_areas", "curve_months", "curve_events", "quantile_units"),
)
AT_MOST = ("group_share", "largest_share", "dominance_share")


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
    minimum_difference: int
    largest_share: float
    dominance_contributors: int | None
    dominance_share: float | None
    p_percent: int | None
    minimum_numerator: int
    share_numerators: int
    minimum_degrees: int
    minimum_areas: int
    curve_months: int
    curve_events: int
    quantile_units: int

    def __post_init__(self) -> None:
        for name in AT_LEAST:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise RequestError(f"disclosure.{name} must be at least 1.")
        for name in AT_MOST:
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise RequestError(f"disclosure.{name} is a share: choose a number above 0 and at most 1.")
        if (self.dominance_contributors is None) != (self.dominance_share is None):
            raise RequestError(
                "disclosure.dominance_contributors and disclosure.dominance_share make one rule: give both, or null for both."
            )
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
