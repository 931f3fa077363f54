"""Where the panel lies and how it is read: the only module that knows its files."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from mobility.errors import RequestError
from mobility.run.files import write_json


@dataclass(frozen=True)
class Shape:
    """What a reader must know before opening a partition.

    Attributes:
        partitions: number of hash partitions, `person % partitions`.
        first_day: from which the address register tells: what starts then or earlier may have begun at any time before.
        cut_off: last day that counts.
        geography_year: division of the areas.
        income_years: first and last income year of the dense tables; None when there is no income register.
        tenure_years: years with a tenure column.
        has_coordinates: whether objects have coordinates.
        has_demolition: first day from which the end of a dwelling is registered; None without that register.
        has_migrations: whether emigration can be told from administrative removal.
    """

    partitions: int
    first_day: dt.date
    cut_off: dt.date
    geography_year: int
    income_years: tuple[int, int] | None
    tenure_years: tuple[int, ...]
    has_coordinates: bool
    has_demolition: dt.date | None
    has_migrations: bool


@dataclass(frozen=True)
class Panel:
    """The panel in one workspace.

    Attributes:
        folder: `<place.root>/panel`.
    """

    folder: Path

    def path(self, table: str, partition: int) -> Path:
        """File of one partition of a table."""
        return self.folder / table / f"part-{partition:03d}.parquet"

    def read(self, table: str, partition: int, *columns: str) -> pl.DataFrame:
        """One partition of a table, in its sort order; all columns, or some."""
        return pl.read_parquet(self.path(table, partition), columns=list(columns) or None)

    def objects_table(self, table: str) -> Path:
        """File of a further table of objects; there when its register was linked."""
        return self.folder / f"{table}.parquet"

    def read_objects(self, table: str, *columns: str) -> pl.DataFrame:
        """A further table of objects, sorted by object; all columns, or some."""
        return pl.read_parquet(self.objects_table(table), columns=list(columns) or None)

    def income(self, partition: int) -> pl.DataFrame:
        """Income of one partition, contract `tables.PersonYear`; without rows when no income was read."""
        if self.path("income", partition).is_file():
            return self.read("income", partition)
        return pl.DataFrame(schema={"percentile": pl.UInt8, "population": pl.UInt8})

    @property
    def objects_path(self) -> Path:
        """File of all address objects."""
        return self.folder / "objects.parquet"

    @property
    def areas_path(self) -> Path:
        """File of all areas."""
        return self.folder / "areas.parquet"

    @property
    def tenure_path(self) -> Path:
        """File of the tenure of all objects, one column per year."""
        return self.folder / "tenure.parquet"

    def objects(self, *columns: str) -> pl.DataFrame:
        """All address objects; the place of a row is the id of the object."""
        return pl.read_parquet(self.objects_path, columns=list(columns) or None)

    def areas(self) -> pl.DataFrame:
        """All areas: `gemeente`, `wijk`, `buurt` as text; the place of a row is the id of the area."""
        return pl.read_parquet(self.areas_path)

    def tenure(self) -> pl.DataFrame:
        """Tenure of every object (row) on 1 January of a year (column), as a place in `lookup.TENURES`."""
        return pl.read_parquet(self.tenure_path)

    def write_shape(self, shape: Shape) -> None:
        """Write what `shape` reads."""
        write_json(
            self.folder / "panel.json",
            asdict(shape)
            | {
                "first_day": shape.first_day.isoformat(),
                "cut_off": shape.cut_off.isoformat(),
                "has_demolition": shape.has_demolition.isoformat() if shape.has_demolition else None,
            },
        )

    def shape(self) -> Shape:
        """Number of partitions, cut-off and years of the panel.

        Raises:
            RequestError: there is no panel yet.
        """
        path = self.folder / "panel.json"
        if not path.is_file():
            raise RequestError(
                "There is no panel in the workspace yet. Run jobs/ingest.py first, or jobs/pipeline.py, which runs all."
            )
        given = json.loads(path.read_text(encoding="utf-8"))
        years = given["income_years"]
        return Shape(
            partitions=given["partitions"],
            first_day=dt.date.fromisoformat(given["first_day"]),
            cut_off=dt.date.fromisoformat(given["cut_off"]),
            geography_year=given["geography_year"],
            income_years=(years[0], years[1]) if years else None,
            tenure_years=tuple(given["tenure_years"]),
            has_coordinates=given["has_coordinates"],
            has_demolition=dt.date.fromisoformat(given["has_demolition"]) if given["has_demolition"] else None,
            has_migrations=given["has_migrations"],
        )
