"""The fictitious country that stands in for the registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mobility.errors import RequestError

EARLIEST_YEAR = 1996
LATEST_YEAR = 2035

Effect = Literal["excess", "null", "income_change", "trend", "removal"]
Flaws = Literal["quirks", "none"]
Format = Literal["sav", "csv", "parquet"]


@dataclass(frozen=True)
class Synthetic:
    """Size, period and contents of the fictitious country.

    Attributes:
        persons: persons ever registered; the population on one day is 60 to 65 % of it.
        seed: the same seed gives the same bytes.
        first_year: first year in which life goes on; what came before is one address per person.
        last_year: last year of the register files; its last day is the cut-off.
        effect: `excess` sends low-income original residents of restructured areas to growth cores more than others;
            `null` restructures the same areas and sends nobody; `income_change` sends nobody, and original residents who
            move to a growth core of their own accord become poorer after it; `trend` sends nobody from the areas more than
            from the rest of their city, but low incomes of the whole city more than before; `removal` is `excess`, but half
            of those who are sent disappear from the register instead of arriving.
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
        if self.effect not in get_args(Effect):
            raise RequestError(f"synthetic.effect: choose from {', '.join(map(repr, get_args(Effect)))}.")
        if self.flaws not in ("quirks", "none"):
            raise RequestError("synthetic.flaws: choose from 'quirks', 'none'.")
        if not self.formats or not set(self.formats) <= {"sav", "csv", "parquet"}:
            raise RequestError("synthetic.formats: choose one or more of 'sav', 'csv', 'parquet'.")
