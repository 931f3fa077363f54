"""The tables of a release once more as SDMX: CSV 2.0, and the structure that says what their columns are.

A study asks for it with `study.release.sdmx`. The rows are those of `tables/`, no more and no fewer; a year is `TIME_PERIOD`.
Key columns are texts without a list of codes: those of places hold a slash, which a code of SDMX may not.
"""

from __future__ import annotations

import datetime as dt
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from mobility.disclosure.protect import SafeTable
from mobility.errors import RequestError
from mobility.release.about import About
from mobility.run.files import write_text

SDMX = "sdmx"  # the folder of a release
AGENCY, VERSION = "MOBILITY", "1.0"
_YEAR, _PERIOD = "year", "TIME_PERIOD"
_PREPARED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # fixed, as in the workbooks: the bytes do not tell when


def check_sdmx() -> None:
    """Before anything is protected: what writes the structure is an optional part.

    Raises:
        RequestError: it is not installed.
    """
    if find_spec("pysdmx") is None:
        raise RequestError(
            "study.release.sdmx needs the extra sdmx: install it with `uv sync --extra sdmx`, or leave study.release.sdmx false."
        )


def write_sdmx(tables: list[SafeTable], about: About, folder: Path) -> None:
    """Write `<table>.csv` of every table and `structure.json` for them all.

    Args:
        tables: of the release; a table without rows has a structure and a file of heads only.
        about: what is told about the release.
        folder: to write into.
    """
    for table in tables:
        write_text(folder / f"{table.declaration.table}.csv", sdmx_csv(table))
    write_text(folder / "structure.json", _structure(tables, about))


def sdmx_csv(table: SafeTable) -> str:
    """The content of `<table>.csv` in SDMX-CSV 2.0: which structure, then dimensions and measures."""
    if type(table) is not SafeTable:
        raise TypeError("Only a SafeTable can leave; pass the aggregate through mobility.disclosure.protect.")
    structure = f"{AGENCY}:{_id(table.declaration.table)}({VERSION})"
    return table.frame.select(
        pl.lit("datastructure").alias("STRUCTURE"),
        pl.lit(structure).alias("STRUCTURE_ID"),
        pl.lit("I").alias("ACTION"),  # information: what is here, whatever the reader had before
        *(pl.col(name).alias(_id(name)) for name in table.frame.columns),
    ).write_csv(line_terminator="\n", quote_style="necessary")


def _structure(tables: list[SafeTable], about: About) -> str:
    from pysdmx.io import write_sdmx as as_message
    from pysdmx.io.format import Format
    from pysdmx.model.message import Header

    artefacts = [artefact for table in tables for artefact in _artefacts(table, about)]
    header = Header(id=f"{about.study.name}_{about.release}", prepared=_PREPARED)
    content: dict[str, Any] = json.loads(as_message(artefacts, Format.STRUCTURE_SDMX_JSON_2_0_0, header=header) or "")
    for structure in content["data"]["dataStructures"]:
        if not structure["dataStructureComponents"]["groups"]:  # written empty, which its own schema forbids
            del structure["dataStructureComponents"]["groups"]
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _artefacts(table: SafeTable, about: About) -> tuple[Any, Any]:
    """The concepts of a table's columns, and the structure that gives each its part."""
    from pysdmx.model import (
        Component,
        Components,
        Concept,
        ConceptScheme,
        DataStructureDefinition,
        DataType,
        Role,
    )

    declaration, name = table.declaration, _id(table.declaration.table)
    scheme = f"CS_{name}"
    said = dict(declaration.variables)
    concepts, components = [], []
    for column, kind in table.frame.schema.items():
        is_key = column in declaration.cells
        dtype = DataType.DOUBLE if kind.is_float() else DataType.STRING if kind == pl.String else DataType.INTEGER
        concept = Concept(
            id=_id(column),
            name=said[column].en,
            description=said[column].nl,
            dtype=DataType.PERIOD if column == _YEAR else dtype,
            urn=f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:{scheme}({VERSION}).{_id(column)}",
        )
        concepts.append(concept)
        components.append(
            Component(
                id=concept.id,
                required=is_key or column in declaration.measures,
                role=Role.DIMENSION if is_key else Role.MEASURE,
                concept=concept,
                local_dtype=concept.dtype,
            )
        )
    words = [about.label, declaration.population.en, declaration.relation.en]
    return (
        ConceptScheme(id=scheme, name=declaration.title.en, agency=AGENCY, version=VERSION, items=concepts),
        DataStructureDefinition(
            id=name,
            name=declaration.title.en,
            description=". ".join(word for word in words if word),
            agency=AGENCY,
            version=VERSION,
            components=Components(components),
        ),
    )


def _id(name: str) -> str:
    return _PERIOD if name == _YEAR else name.upper()
