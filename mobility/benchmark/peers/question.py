"""What a peer is asked: paths and definitions, as plain values. Nothing of the program is needed to answer it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

TABLES = ("registrations", "persons", "households", "income")  # of the panel, one file per partition
FOREVER = dt.date(9999, 12, 31)  # stands for an open end
CLASSES = ("q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown")
LEVELS = ("buurt", "wijk", "gemeente", "role", "region")


@dataclass(frozen=True)
class Question:
    """The flows of a study (method 1 to 5), from its panel.

    Attributes:
        panel: folder of the panel: a folder of partitions per table, `objects.parquet` and `areas.parquet`.
        partitions: how many.
        first_day: of the address register.
        cut_off: last day that counts.
        first_year: of the tables.
        last_year: of the tables.
        first_income_year: of the dense table of incomes.
        last_income_year: of the dense table of incomes.
        slack_days: longest hole that is bridged.
        lag_years: from the year of a class to its income year.
        min_objects: pairs of objects in an administrative relocation.
        max_distance_m: between the objects of such a pair.
        zoning: (code, region, role) per line of the zoning.
        threads: to use.
        memory_mb: to keep below, where the tool knows how.
        folder: for the answer (`flows.parquet` or `flows.csv`) and for scratch files.
    """

    panel: Path
    partitions: int
    first_day: dt.date
    cut_off: dt.date
    first_year: int
    last_year: int
    first_income_year: int
    last_income_year: int
    slack_days: int
    lag_years: int
    min_objects: int
    max_distance_m: int
    zoning: tuple[tuple[str, str, str], ...]
    threads: int
    memory_mb: int
    folder: Path

    def part(self, table: str, partition: int) -> Path:
        """File of one partition of a table of the panel."""
        return self.panel / table / f"part-{partition:03d}.parquet"

    def parts(self, table: str) -> list[Path]:
        """All files of a table of the panel, in the order of the partitions."""
        return [self.part(table, partition) for partition in range(self.partitions)]

    @property
    def last_day(self) -> dt.date:
        """Day of the last stock."""
        return min(self.cut_off, dt.date(self.last_year, 12, 31))

    @property
    def definitions(self) -> dict[str, int]:
        """The whole numbers that the definitions of the study come down to, by the names the peers use."""
        return {
            "first_year": self.first_year,
            "last_year": self.last_year,
            "first_income_year": self.first_income_year,
            "income_span": self.income_span,
            "slack_days": self.slack_days,
            "lag_years": self.lag_years,
            "min_objects": self.min_objects,
            "max_distance_m": self.max_distance_m,
        }

    @property
    def income_span(self) -> int:
        """Rows per person of the dense table of incomes."""
        return self.last_income_year - self.first_income_year + 1
