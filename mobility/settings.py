"""What a study may choose, as frozen dataclasses, and the strict reader that fills them from the composed YAML.

Every key has its default and its meaning in `conf/`; nothing is optional here, so that a key which is missing or mistyped is
noticed. The domain receives these dataclasses only: no Hydra object goes further than the job.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mobility.errors import RequestError

REGISTERS_BEGIN = 1995
MOST_PARTITIONS = 128  # so many files can be written at a time
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

Level = Literal["buurt", "wijk", "gemeente", "role", "region"]
Count = Literal["events", "transitions"]
Dimension = Literal["age_band", "household_type", "kind", "tenure"]
Severity = Literal["stop", "quarantine", "warn"]
Effect = Literal["excess", "null"]
Flaws = Literal["quirks", "none"]
Format = Literal["sav", "csv", "parquet"]

EARLIEST_YEAR = 1996
LATEST_YEAR = 2035


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

    scheme: Literal["quintiles"]
    lag_years: int
    low: tuple[Literal["q1", "q2", "q3", "q4", "q5"], ...]

    def __post_init__(self) -> None:
        _not_negative(self, "study.income")


@dataclass(frozen=True)
class Renumbering:
    """When a bundle of moves is an administrative relocation (method 1, step 6)."""

    min_objects: int
    max_distance_m: int

    def __post_init__(self) -> None:
        _not_negative(self, "study.residence.renumbering")


@dataclass(frozen=True)
class Residence:
    """How registrations become residence (method 1)."""

    slack_days: int
    renumbering: Renumbering

    def __post_init__(self) -> None:
        _not_negative(self, "study.residence")


@dataclass(frozen=True)
class Moves:
    """How moves of persons become household moves (method 3)."""

    together_days: int

    def __post_init__(self) -> None:
        _not_negative(self, "study.moves")


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
    follow_up_months: int
    arrival_months: int
    settled_months: int
    min_episode_days: int
    max_stops: int
    max_stop_months: int
    return_days: int
    return_months: int

    def __post_init__(self) -> None:
        _not_negative(self, "study.chains")


@dataclass(frozen=True)
class Words:
    """A text in both languages of the report."""

    nl: str
    en: str


@dataclass(frozen=True)
class Release:
    """Which tables of `schemas/outputs/` are offered for export, under which name (None: the next number)."""

    name: str | None
    tables: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.tables:
            raise RequestError("study.release.tables is empty. Name at least one table of schemas/outputs/.")
        if self.name is not None and not _FOLDER_NAME.fullmatch(self.name):
            raise RequestError(
                "study.release.name is also the name of a folder: use letters, digits, dots, - and _ only."
            )


@dataclass(frozen=True)
class LeastCoverage:
    """Shares of the panel that could be linked, below which its rule in `study.rules` holds."""

    objects_with_geography: float
    persons_in_register: float
    persons_with_income: float

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _share(getattr(self, field.name), f"study.least_coverage.{field.name}")


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
    release: Release
    further_registers: tuple[str, ...]
    most_refused_share: float
    least_coverage: LeastCoverage
    rules: dict[str, Severity]

    def __post_init__(self) -> None:
        if len(set(self.programmes)) < len(self.programmes):
            raise RequestError("study.programmes names a programme twice. Name each once.")
        _share(self.most_refused_share, "study.most_refused_share")
        if not _FOLDER_NAME.fullmatch(self.name):
            raise RequestError("study.name is also the name of a folder: use letters, digits, dots, - and _ only.")


@dataclass(frozen=True)
class RegisterSource:
    """Where the registers are and, where a study must be repeatable to the byte, which file of each is meant."""

    kind: Literal["synthetic", "cbs"]
    root: Path
    files: dict[str, str]


@dataclass(frozen=True)
class Place:
    """The folders and the memory of the machine."""

    root: Path
    project: Path
    export: Path
    partitions: int | None
    memory: int | None

    def __post_init__(self) -> None:
        if self.partitions is not None and not 1 <= self.partitions <= MOST_PARTITIONS:
            raise RequestError(f"place.partitions must be at least 1 and at most {MOST_PARTITIONS}, or null: by size.")


@dataclass(frozen=True)
class Engine:
    """How the partitions are worked through."""

    kind: Literal["local", "dask"]
    workers: int | None
    scheduler: str | None


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
    """The page people read."""

    language: Literal["nl", "en"]


@dataclass(frozen=True)
class Synthetic:
    """Size, period and contents of the fictitious country.

    Attributes:
        persons: persons ever registered; the population on one day is 60 to 65 % of it.
        seed: the same seed gives the same bytes.
        first_year: first year in which life goes on; what came before is one address per person.
        last_year: last year of the register files; its last day is the cut-off.
        effect: `excess` sends low-income original residents of restructured areas to growth cores more than others;
            `null` restructures the same areas and sends nobody.
        flaws: `quirks` plants the known flaws of register files at known small rates; `none` writes clean files.
        formats: how the files are written. The first lies where CBS puts the file, others in `geconverteerde data`
            beside it.
    """

    persons: int = 100_000
    seed: int = 1
    first_year: int = 2003
    last_year: int = 2023
    effect: Effect = "excess"
    flaws: Flaws = "quirks"
    formats: tuple[Format, ...] = ("sav",)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise RequestError("synthetic.seed must be 0 or more.")
        if self.persons < 1_000:
            raise RequestError("synthetic.persons is too small; choose at least 1000.")
        if not EARLIEST_YEAR <= self.first_year < self.last_year <= LATEST_YEAR:
            raise RequestError(
                f"synthetic.first_year and .last_year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}, "
                "the first before the last."
            )
        if self.effect not in ("excess", "null"):
            raise RequestError("synthetic.effect: choose from 'excess', 'null'.")
        if self.flaws not in ("quirks", "none"):
            raise RequestError("synthetic.flaws: choose from 'quirks', 'none'.")
        if not self.formats or not set(self.formats) <= {"sav", "csv", "parquet"}:
            raise RequestError("synthetic.formats: choose one or more of 'sav', 'csv', 'parquet'.")


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


T = TypeVar("T")


def read_settings(given: dict[str, Any]) -> Settings:
    """Check the composed configuration and turn it into `Settings`.

    Raises:
        RequestError: a key is unknown or missing, or a value is not of the kind its key needs; the message names the key and
            says what to write.
    """
    return _read(Settings, given, "")


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
    return _read(kind, mine, ""), read_settings({key: value for key, value in given.items() if key not in own})


def _read(kind: type[T], given: Any, at: str) -> T:
    if not isinstance(given, dict):
        raise RequestError(f"{at or 'the configuration'} must hold keys, each on its own line.")
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in given:
        if key not in names:
            raise RequestError(
                f"{_join(at, key)} is not a setting.{did_you_mean(str(key), names)} Settings here: {', '.join(sorted(names))}."
            )
    missing = sorted(names - given.keys())
    if missing:
        raise RequestError(
            f"{_join(at, missing[0])} is missing. Add it, or start the study file with `defaults: [_method, _self_]`."
        )
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], given[name], _join(at, name)) for name in given})


def _value(kind: Any, given: Any, at: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if given is None else _value(next(a for a in arguments if a is not type(None)), given, at)
    if given is None:
        raise RequestError(f"{at} has no value.")
    if origin is Literal:
        if given not in arguments:
            raise RequestError(f"{at} cannot be {given!r}; choose from {', '.join(map(str, arguments))}.")
        return given
    if origin is tuple:
        if not isinstance(given, list):
            raise RequestError(f"{at} must be a list, such as [a, b].")
        return tuple(_value(arguments[0], item, f"{at}[{place}]") for place, item in enumerate(given))
    if origin is dict:
        if not isinstance(given, dict):
            raise RequestError(f"{at} must hold keys, each on its own line.")
        return {str(key): _value(arguments[1], item, _join(at, key)) for key, item in given.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read(kind, given, at)
    return _scalar(kind, given, at)


def _scalar(kind: Any, given: Any, at: str) -> Any:
    if kind is dt.date:
        try:
            return dt.date.fromisoformat(str(given))
        except ValueError:
            pass
        raise RequestError(f"{at} is not a date that exists; write it as 'YYYY-MM-DD'.")
    if kind is Path:
        return Path(str(given)).expanduser()
    if kind is bool and isinstance(given, bool):
        return given
    if kind is int and isinstance(given, int) and not isinstance(given, bool):
        return given
    if kind is float and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if kind is str and isinstance(given, str):
        return given
    if kind is str and isinstance(given, int | float):
        raise RequestError(
            f"{at} is read as a number. In a file put it in quotes, or a code such as 0363 becomes another one; on the command "
            f"line write '{at}=\"...\"'."
        )
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise RequestError(f"{at} cannot be {given!r}; it must be {words[kind]}.")


def _join(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)


def _not_negative(given: object, at: str) -> None:
    for field in dataclasses.fields(given):  # type: ignore[arg-type]
        value = getattr(given, field.name)
        if isinstance(value, int) and value < 0:
            raise RequestError(f"{at}.{field.name} must be 0 or more.")


def _share(value: float, at: str) -> None:
    if not 0 <= value <= 1:
        raise RequestError(f"{at} is a share: choose a number from 0 to 1.")


def did_you_mean(word: str, known: set[str]) -> str:
    """A half-sentence that offers the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def setting_names() -> set[str]:
    """Every setting by its full key, such as `study.period.first_year`."""
    return set(_names(Settings, ""))


def _names(kind: Any, at: str) -> list[str]:
    found = []
    for name, hint in get_type_hints(kind).items():
        found.append(_join(at, name))
        if dataclasses.is_dataclass(hint):
            found += _names(hint, _join(at, name))
    return found
