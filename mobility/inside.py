"""What the jobs made in a workspace, as lazy tables for one's own analysis inside the environment.

Nothing read here may leave: these are rows of persons and true counts. A table of one's own goes out through the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mobility.errors import RequestError
from mobility.income import CLASSES
from mobility.panel.store import Panel, Shape
from mobility.run.workspace import Workspace

_LEVELS = ("gemeente", "wijk", "buurt")


@dataclass(frozen=True)
class Inside:
    """The tables of one workspace, each a LazyFrame: filter and select first, collect last.

    Attributes:
        workspace: where they lie.
    """

    workspace: Workspace

    @property
    def shape(self) -> Shape:
        """Cut-off, division and years of the panel."""
        return Panel(self.workspace.panel).shape()

    def persons(self) -> pl.LazyFrame:
        """One row per person with a registration: `birth_date` (day 01 of the month) and `death_date`."""
        return self._parts(self.workspace.panel / "persons", "ingest")

    def residence(self) -> pl.LazyFrame:
        """One row per person per spell of residence or absence (`gemeente` null), `[start_date, end_date)`; method 1.

        Beside the row of the object stand the codes of its gemeente, wijk and buurt in the study's division.
        """
        spells = self._parts(self.workspace.panel / "residence", "moves")
        objects = pl.scan_parquet(Panel(self.workspace.panel).objects_path).select("area").with_row_index("object")
        placed = spells.join(objects, on="object", how="left", maintain_order="left")
        return placed.join(self._areas("", "area"), on="area", how="left", maintain_order="left").drop("area")

    def households(self) -> pl.LazyFrame:
        """One row per person per period in one BRP household: number, size, type, whether the reference person."""
        return self._parts(self.workspace.panel / "households", "ingest")

    def moves(self, count: str = "events") -> pl.LazyFrame:
        """One row per person per move (method 3), with the codes of origin and destination and the income class.

        Administrative relocations are among them, marked `is_administrative`; leave them out to count moves. A household move
        is counted at its carrier, `is_carrier`.

        Args:
            count: `events`, every move; `transitions`, the difference between two stocks.

        Raises:
            RequestError: there are no moves yet, or the count is neither of the two.
        """
        folders = {"events": self.workspace.moves, "transitions": self.workspace.root / "transitions"}
        if count not in folders:
            raise RequestError("moves: count is events or transitions.")
        classes = pl.col("income_class").replace_strict(list(range(len(CLASSES))), CLASSES, return_dtype=pl.String)
        return (
            self._parts(folders[count], "moves")
            .join(self._areas("origin_", "origin_area"), on="origin_area", how="left", maintain_order="left")
            .join(
                self._areas("destination_", "destination_area"),
                on="destination_area",
                how="left",
                maintain_order="left",
            )
            .with_columns(classes)
            .drop("origin_area", "destination_area")
        )

    def cohort(self) -> pl.LazyFrame:
        """One row per original resident and programme area (method 6), with outcome, path and dates; `followed`: which area."""
        folder = self.workspace.root / "cohort"
        parts = [
            self._parts(area, "chains").with_columns(pl.lit(int(area.name), pl.UInt32).alias("followed"))
            for area in sorted(path for path in folder.glob("[0-9]*") if path.is_dir())
        ]
        if not parts:
            self._absent("cohort", "chains")
        return pl.concat(parts)

    def aggregate(self, table: str) -> pl.LazyFrame:
        """One aggregate with its true counts, such as `flows` or `account`.

        Raises:
            RequestError: it is not there; the message says which are.
        """
        path = self.workspace.aggregate(table)
        if not path.is_file():
            known = ", ".join(self.aggregates) or "none yet: run jobs/pipeline.py"
            raise RequestError(f"There is no aggregate {table} in the workspace. There are: {known}.")
        return pl.scan_parquet(path)

    @property
    def aggregates(self) -> list[str]:
        """Names of the aggregates that are there."""
        return sorted(path.stem for path in self.workspace.aggregates.glob("*.parquet"))

    def _areas(self, prefix: str, key: str) -> pl.LazyFrame:
        areas = pl.scan_parquet(Panel(self.workspace.panel).areas_path)
        return areas.select(pl.col(level).alias(f"{prefix}{level}") for level in _LEVELS).with_row_index(key)

    def _parts(self, folder: Path, job: str) -> pl.LazyFrame:
        if not any(folder.glob("*.parquet")):
            self._absent(folder.name, job)
        return pl.scan_parquet(sorted(folder.glob("*.parquet")))

    def _absent(self, what: str, job: str) -> None:
        raise RequestError(
            f"There is no {what} in {self.workspace.root} yet. Run jobs/{job}.py first, or jobs/pipeline.py."
        )


def open_workspace(root: str | Path) -> Inside:
    """The tables in a workspace.

    Args:
        root: `place.root` of the runs that made them.

    Raises:
        RequestError: the folder is no workspace of this program.

    Example:
        >>> import mobility, polars as pl
        >>> inside = mobility.open_workspace("workspace")
        >>> moves = inside.moves().filter(~pl.col("is_administrative"))
        >>> moves.select("origin_gemeente", "destination_gemeente", "income_class").collect_schema().names()
        ['origin_gemeente', 'destination_gemeente', 'income_class']
        >>> moves.select(pl.len()).collect().item() > 1000
        True
    """
    workspace = Workspace(Path(root).expanduser().absolute())
    if not workspace.is_made:
        raise RequestError(f"{workspace.root} is no workspace of this program. Name the place.root of a run.")
    return Inside(workspace)
