"""`ro-crate-metadata.json`: the release as a research object, for archives that read RO-Crate 1.1."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from mobility.disclosure.protect import SafeTable
from mobility.release.about import About

CRATE = "ro-crate-metadata.json"
_PROFILE = "https://w3id.org/ro/crate/1.1"
_FORMATS = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".md": "text/markdown",
    ".json": "application/json",
}
_CONDITIONS = (
    "Results from microdata of Statistics Netherlands may be published under the conditions of the agreement under which "
    "they were made, with the citation that report.html gives."
)


def published_on(folder: Path) -> str:
    """The day a release was first written: what its crate says where there is one, otherwise today.

    RO-Crate demands the day. A release that is written again is the same release, so that it keeps its own.

    Args:
        folder: of the release, written before or not.
    """
    path = folder / CRATE
    if not path.is_file():
        return dt.datetime.now(dt.UTC).date().isoformat()
    graph = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    return next(str(entity["datePublished"]) for entity in graph if entity["@id"] == "./")


def describe_crate(tables: list[SafeTable], about: About, draft: Path, day: str) -> dict[str, Any]:
    """The content of `ro-crate-metadata.json` for the files in a folder.

    Args:
        tables: of the release; they give the tables their titles.
        about: what the reader of every table is told.
        draft: the folder with all other files of the release; the page and its figures, made later, are not described.
        day: of publication, as `2026-11-24`.
    """
    titles = {table.declaration.table: table.declaration.title.en for table in tables}
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    described = [_file(path, draft, titles) for path in files]
    registers = [
        {"@id": f"#{name}", "@type": "Dataset", "name": name, "description": ", ".join(names)}
        for name, names in about.registers().items()
    ]
    parts = [{"@id": entity["@id"]} for entity in described]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.study.title.en,
        "description": about.label or about.study.description.en,
        "identifier": f"{about.study.name}_{about.release}",
        "datePublished": day,
        "license": {"@id": "#conditions"},
        "temporalCoverage": f"{about.study.period.first_year}/{about.study.period.last_year}",
        "hasPart": parts,
        "mentions": [{"@id": "#run"}],
    }
    graph: list[dict[str, Any]] = [
        {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": _PROFILE}, "about": {"@id": "./"}},
        root,
        {
            "@id": "#conditions",
            "@type": "CreativeWork",
            "name": "Conditions of use",
            "description": about.label or _CONDITIONS,
        },
        {
            "@id": "#program",
            "@type": "SoftwareApplication",
            "name": "residential-mobility",
            "version": about.program,
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": "Protected aggregates of linked registers",
            "instrument": {"@id": "#program"},
            "object": [{"@id": entity["@id"]} for entity in registers],
            "result": parts,
        },
        *registers,
        *described,
    ]
    return {"@context": f"{_PROFILE}/context", "@graph": graph}


def _file(path: Path, draft: Path, titles: dict[str, str]) -> dict[str, Any]:
    name = path.relative_to(draft).as_posix()
    return {
        "@id": name,
        "@type": "File",
        "name": titles.get(path.stem, name) if path.parent.name == "tables" else name,
        "encodingFormat": _FORMATS[path.suffix],
        "contentSize": str(path.stat().st_size),
    }
