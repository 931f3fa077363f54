"""The definitions of method 1 to 7 a study may choose."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from mobility.errors import RequestError
from mobility.settings.reading import not_negative, share
from mobility.settings.schemes import NEEDS, RANKED, Scheme

REGISTERS_BEGIN = 1995
_LEAST_DRAWS = 199

Level = Literal["buurt", "wijk", "gemeente", "role", "region"]
Count = Literal["events", "transitions"]
Dimension = Literal["age_band", "household_type", "kind", "tenure"]
Cut = Literal["inside", "ring", "rest"]


@dataclass(frozen=True)
class Period:
    """Calendar years of the tables, and the day on which knowledge ends (None: last day of the newest address file)."""

    first_year: int
    last_year: int
    cut_off: dt.date | None

    def __post_init__(self) -> None:
        if self.last_year < self.first_year:
            raise RequestError(f"study.period.last_year ({self.last_year}) lies before first_year ({self.first_year}).")
        if self.first_year < REGISTERS_BEGIN:
            raise RequestError(f"study.period.first_year: addresses are registered from {REGISTERS_BEGIN} on.")
        if self.cut_off is not None and self.cut_off < dt.date(self.first_year, 12, 31):
            raise RequestError(
                "study.period.cut_off lies before the first year of the study has ended. Choose a later day."
            )

    @property
    def years(self) -> range:
        """The calendar years, both ends included."""
        return range(self.first_year, self.last_year + 1)


@dataclass(frozen=True)
class Geography:
    """The division that holds geography constant, and the zoning that maps its codes to regions and roles."""

    year: int
    zoning: str


@dataclass(frozen=True)
class Income:
    """Income class of a person in a year (method 4)."""

    scheme: Scheme
    lag_years: int
    low: tuple[str, ...]

    def __post_init__(self) -> None:
        not_negative(self, "study.income")
        wrong = sorted(set(self.low) - set(RANKED[self.scheme]))
        if wrong or not self.low:
            raise RequestError(
                f"study.income.low: {', '.join(wrong) or 'nothing'} cannot be low with study.income.scheme={self.scheme}. "
                f"Choose of {', '.join(RANKED[self.scheme])}."
            )

    @property
    def not_low(self) -> tuple[str, ...]:
        """The classes with an income that are not low."""
        return tuple(name for name in RANKED[self.scheme] if name not in self.low)

    @property
    def years(self) -> int:
        """Income years that decide the class of one year."""
        return 3 if self.scheme == "mean3" else 1

    @property
    def needs(self) -> tuple[str, ...]:
        """What the scheme needs of the registers, beside what every study reads: register and column."""
        return NEEDS.get(self.scheme, ())


@dataclass(frozen=True)
class Renumbering:
    """When a bundle of moves is an administrative relocation (method 1, step 6)."""

    min_objects: int
    max_distance_m: int

    def __post_init__(self) -> None:
        not_negative(self, "study.residence.renumbering")


@dataclass(frozen=True)
class Residence:
    """How registrations become residence (method 1)."""

    slack_days: int
    renumbering: Renumbering

    def __post_init__(self) -> None:
        not_negative(self, "study.residence")


@dataclass(frozen=True)
class Moves:
    """How moves of persons become household moves (method 3)."""

    together_days: int

    def __post_init__(self) -> None:
        not_negative(self, "study.moves")


@dataclass(frozen=True)
class Flows:
    """Which tables of flows there are (method 5); indices and expected flows are made of the levels among `levels`."""

    levels: tuple[Level, ...]
    counts: tuple[Count, ...]
    by: tuple[Dimension, ...]
    by_levels: tuple[Level, ...]
    age_bands: tuple[int, ...]
    index_levels: tuple[Level, ...]
    expected_levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        if not self.levels or not self.counts:
            raise RequestError("study.flows.levels and study.flows.counts must each name at least one.")
        if list(self.age_bands) != sorted(set(self.age_bands)) or not all(0 < age < 120 for age in self.age_bands):
            raise RequestError(
                "study.flows.age_bands: write the first age of every band but the youngest, in order, such as [18, 25, 35]."
            )


@dataclass(frozen=True)
class Chains:
    """Cohort, itinerary and outcome of wegsijpel chains (method 6.1 to 6.3)."""

    lead_months: int
    minimum_age: int
    minimum_stay_months: int
    income_years: int
    income_years_observed: int
    exit_months: int
    exit_scope: Literal["area", "city"]
    follow_up_months: int
    arrival_months: int
    settled_months: int
    min_episode_days: int
    max_stops: int
    max_stop_months: int
    return_days: int
    return_months: int
    away_months: int

    def __post_init__(self) -> None:
        not_negative(self, "study.chains")


_PAIR = re.compile(r"GM\d{4}>GM\d{4}")


@dataclass(frozen=True)
class Concentrations:
    """When an area is a new concentration of low incomes (B6)."""

    years: int
    inflow_share: float
    location_quotient: float

    def __post_init__(self) -> None:
        not_negative(self, "study.monitor.concentrations")
        share(self.inflow_share, "study.monitor.concentrations.inflow_share")
        if self.years < 2:
            raise RequestError("study.monitor.concentrations.years must be at least 2: a trend needs three points.")


@dataclass(frozen=True)
class Climbers:
    """When a resident has risen (E4)."""

    rise: int
    held_years: int

    def __post_init__(self) -> None:
        not_negative(self, "study.monitor.climbers")


@dataclass(frozen=True)
class Monitor:
    """Which indicators there are, and of what (method 7)."""

    indicators: tuple[str, ...]
    levels: tuple[Level, ...]
    cuts: tuple[Cut, ...]
    ring_m: int
    pairs: tuple[str, ...]
    status_persons: int
    unit_persons: int
    permutations: int
    concentrations: Concentrations
    heavy_share: float
    climbers: Climbers
    near_km: tuple[int, ...]
    far_m: int

    def __post_init__(self) -> None:
        not_negative(self, "study.monitor")
        share(self.heavy_share, "study.monitor.heavy_share")
        wrong = [pair for pair in self.pairs if not _PAIR.fullmatch(pair)]
        if wrong:
            raise RequestError(
                f'study.monitor.pairs: {wrong[0]} is not a pair. Write two gemeenten, from and to, such as "GM0363>GM0479".'
            )
        if list(self.near_km) != sorted(set(self.near_km)):
            raise RequestError("study.monitor.near_km: write each distance once, in order, such as [1, 5, 15].")


@dataclass(frozen=True)
class Estimates:
    """How original residents are compared with others (method 6.4 e)."""

    horizon_months: int
    free_months: int
    neighbour_m: int
    moves_months: int
    age_bands: tuple[int, ...]
    least_treated: int
    least_placebos: int
    draws: int
    seed: int

    def __post_init__(self) -> None:
        not_negative(self, "study.estimates")
        if self.draws < _LEAST_DRAWS:
            raise RequestError(f"study.estimates.draws: an interval of 95 % needs at least {_LEAST_DRAWS} draws.")
        if list(self.age_bands) != sorted(set(self.age_bands)):
            raise RequestError(
                "study.estimates.age_bands: write the first age of every band but the youngest, in order."
            )
