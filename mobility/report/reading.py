"""Reads a release from its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mobility.errors import RequestError

_TYPES = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64}


@dataclass(frozen=True)
class Release:
    """A release: what `datapackage.json` says, and the tables."""

    package: dict[str, Any]
    tables: dict[str, pl.DataFrame]

    @property
    def label(self) -> str | None:
        """What the data say of themselves, such as that they are synthetic."""
        return self.package.get("label")

    @property
    def names(self) -> dict[str, str]:
        """Names of places by code."""
        return {place["code"]: place["name"] for place in self.package.get("places", []) if "name" in place}

    def rows(self, table: str, **where: str | int) -> pl.DataFrame:
        """The rows of a table with these values; none where the release lacks the table."""
        frame = self.tables.get(table)
        return (
            pl.DataFrame()
            if frame is None
            else frame.filter(pl.col(column) == value for column, value in where.items())
        )

    def keys(self, table: str) -> list[str]:
        """The key columns of a table."""
        resource = next(each for each in self.package["resources"] if each["name"] == table)
        return list(resource["schema"]["primaryKey"])


def read_release(folder: Path) -> Release:
    """The release in a folder.

    Raises:
        RequestError: the folder holds no release.
    """
    path = folder / "datapackage.json"
    if not path.is_file():
        raise RequestError(f"{folder} holds no release: there is no datapackage.json. Run jobs/release.py first.")
    package = json.loads(path.read_text(encoding="utf-8"))
    tables = {}
    for resource in package["resources"]:
        schema = {field["name"]: _TYPES[field["type"]] for field in resource["schema"]["fields"]}
        file = folder / resource["path"]
        if not file.is_file():
            raise RequestError(f"{file} is named in datapackage.json but is not there. Run jobs/release.py again.")
        tables[resource["name"]] = pl.read_csv(file, schema=schema)
    return Release(package, tables)
