"""The schemes of income classes (method 4): their classes, and what they need of the registers."""

from __future__ import annotations

from typing import Literal

Scheme = Literal["quintiles", "mean3", "excluding_students", "threshold", "q1_no_wealth"]
QUINTILES = ("q1", "q2", "q3", "q4", "q5")
# Classes of each scheme that have an income, the lowest first; the others are student, institutional and unknown.
RANKED: dict[Scheme, tuple[str, ...]] = {
    "quintiles": QUINTILES,
    "mean3": QUINTILES,
    "excluding_students": QUINTILES,
    "threshold": ("below_line", "above_line"),
    "q1_no_wealth": ("q1_no_wealth", "q1_wealth", *QUINTILES[1:]),
}
# What a scheme needs of the registers beside percentile and population: register and the name of the column.
NEEDS: dict[Scheme, tuple[str, ...]] = {
    "excluding_students": ("INHATAB.percentile_without_students",),
    "threshold": ("INHATAB.threshold_pct",),
    "q1_no_wealth": ("VEHTAB.wealth_percentile",),
}
