"""`datapackage.json`: what the release holds, in the form of a Frictionless data package."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from mobility.disclosure.declaration import Declaration
from mobility.disclosure.protect import SafeTable
from mobility.release.about import About
from mobility.run.files import digest
from mobility.settings import Disclosure, Study, Words


def define(study: Study, profile: Disclosure) -> str:
    """A digest of all that a study and a profile say, but for the name and the list of tables of the release."""
    given = asdict(study)
    del given["release"]
    text = json.dumps({"study": given, "profile": asdict(profile)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def numbers_of(declaration: Declaration) -> str:
    """How the numbers of a table come out: `rounded`, `exact`, with cells left out, or `additive`, with small counts rounded."""
    return {"suppress": "exact", "additive": "additive"}.get(declaration.mode, "rounded")


def describe_package(tables: list[SafeTable], about: About, folder: Path) -> dict[str, Any]:
    """The content of `datapackage.json` for tables that lie in `folder`."""
    study, profile = about.study, about.profile
    package: dict[str, Any] = {
        "name": f"{study.name}_{about.release}".lower(),
        "title": study.title.en,
        "titles": _both(study.title),
        "description": study.description.en,
        "descriptions": _both(study.description),
        "study": {
            "name": study.name,
            "release": about.release,
            "first_year": study.period.first_year,
            "last_year": study.period.last_year,
            "geography_year": study.geography.year,
            "zoning": study.geography.zoning,
            "programmes": list(study.programmes),
            "income_scheme": study.income.scheme,
            "income_low": list(study.income.low),
            "income_lag_years": study.income.lag_years,
            "residence": asdict(study.residence),
            "moves": asdict(study.moves),
            "chains": asdict(study.chains),
            "definition": define(study, profile),
        },
        "protection": {
            "profile": profile.profile,
            "minimum_persons": profile.minimum_persons,
            "minimum_households": profile.minimum_households,
            "group_share": profile.group_share,
            "rounding_base": profile.rounding_base,
            "interval_width": profile.interval_width,
            "rules": asdict(profile),
            "withheld": "a row that is absent is zero or withheld; which of the two is not marked",
        },
        "sources": [
            {"title": f"{source.register} {source.year}".removesuffix(" 0"), "path": source.file}
            for source in about.sources
        ],
        "places": [{key: value for key, value in asdict(place).items() if value is not None} for place in about.places],
        "program": {"name": "residential-mobility", "version": about.program},
        "resources": [_resource(table, about, folder) for table in tables],
    }
    return ({"label": about.label} if about.label else {}) | package


def _resource(table: SafeTable, about: About, folder: Path) -> dict[str, Any]:
    declaration = table.declaration
    path = folder / "tables" / f"{declaration.table}.csv"
    types = {name: _type_of(kind) for name, kind in table.frame.schema.items()}
    required = {*declaration.cells, *declaration.measures}
    resource: dict[str, Any] = {
        "name": declaration.table,
        "path": f"tables/{declaration.table}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{digest(path)}",
        "title": declaration.title.en,
        "titles": _both(declaration.title),
        "description": declaration.population.en,
        "descriptions": _both(declaration.population),
        "relations": _both(declaration.relation),
        "numbers": numbers_of(declaration),
        "schema": {
            "fields": [
                {
                    "name": name,
                    "type": types[name],
                    "title": text.en,
                    "titles": _both(text),
                    "constraints": {"required": name in required},
                }
                for name, text in declaration.variables
            ],
            "primaryKey": list(declaration.cells),
        },
    }
    if declaration.structural:
        resource["structural"] = _both(declaration.structural)
    return resource | ({"label": about.label} if about.label else {})


def _type_of(kind: pl.DataType) -> str:
    if kind == pl.String:
        return "string"
    return "number" if kind.is_float() else "integer"


def _both(text: Words) -> dict[str, str]:
    return {"nl": text.nl, "en": text.en}
