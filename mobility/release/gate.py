"""The gate: aggregates in, a release in the export folder out, or nothing."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mobility.disclosure.cells import Offer, offer
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.nesting import find_blocks
from mobility.disclosure.protect import Protected, SafeTable, protect
from mobility.errors import ReleaseError, RequestError
from mobility.release.about import About, read_about
from mobility.release.archive import pack
from mobility.release.declarations import load_declaration
from mobility.release.dossier import control_form, dossier_page
from mobility.release.officer import write_check
from mobility.release.package import describe_package
from mobility.release.secret import read_record, read_secret, write_record
from mobility.release.tables import write_csv, write_workbook
from mobility.release.vetting import vet
from mobility.release.zoning import roles_of_gemeenten
from mobility.run.files import digest, make_folder, write_json, write_text
from mobility.run.workspace import Workspace
from mobility.settings import Settings

_REHEARSAL = b"not the secret of any project..."


@dataclass(frozen=True)
class ReleasedTable:
    """One table of a release: rows offered (known inside only) and rows published."""

    table: str
    offered: int
    published: int


@dataclass(frozen=True)
class Released:
    """What a release came to.

    Attributes:
        folder: the folder of the release.
        archive: the flat zip beside it.
        tables: in the order of the study.
        written: False where it was only looked at (`check=true`).
    """

    folder: Path
    archive: Path
    tables: tuple[ReleasedTable, ...]
    written: bool


def release(settings: Settings) -> Released:
    """Protect the tables of the study and write them to the export folder.

    With `check` nothing is written and no secret is made; as the rounding is then a rehearsal, a few cells more
    or fewer may be published in the end.

    Raises:
        RequestError: a table is not declared, or an aggregate is missing.
        ReleaseError: the tables cannot leave; nothing was written to the export folder.
    """
    study, place = settings.study, settings.place
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", study.release.name):
        raise RequestError("study.release.name is also the name of a folder: use letters, digits, dots, - and _ only.")
    about = read_about(settings)
    declarations = [load_declaration(name) for name in study.release.tables]
    workspace = Workspace(place.root)
    offers = [_offer(declaration, workspace, settings) for declaration in declarations]
    blocks = find_blocks(roles_of_gemeenten(study.geography.zoning))
    secret = _REHEARSAL if settings.check else read_secret(place.project)
    parts = protect(offers, profile=settings.disclosure, secret=secret, blocks=blocks)
    for part in parts:
        vet(part.safe)
    folder = place.export / study.name / study.release.name
    if not settings.check:
        _write(parts, about, settings, workspace, folder)
    return Released(
        folder,
        folder.parent / f"{study.name}_{study.release.name}.zip",
        tuple(ReleasedTable(part.safe.declaration.table, part.inside.height, part.safe.frame.height) for part in parts),
        written=not settings.check,
    )


def _offer(declaration: Declaration, workspace: Workspace, settings: Settings) -> Offer:
    path = workspace.aggregate(declaration.source)
    if not path.is_file():
        raise RequestError(
            f"{declaration.table} is made from {path}, which is not there. Run the job that makes it, or take "
            f"the table out of study.release.tables."
        )
    try:
        aggregate = pl.read_parquet(path)
    except pl.exceptions.PolarsError:
        aggregate = None
    if aggregate is None:
        raise RequestError(f"{path} cannot be read as a table. Run the job that makes it again.")
    try:
        return offer(declaration, aggregate, low=settings.study.income.low)
    except pl.exceptions.PolarsError as fault:
        kind = type(fault).__name__
    # Raised outside the `except`: what polars says can quote a value.
    raise ReleaseError(
        f"{declaration.table}: the aggregate {declaration.source} does not fit its declaration ({kind}). "
        f"Nothing was written."
    )


def _write(parts: list[Protected], about: About, settings: Settings, workspace: Workspace, folder: Path) -> None:
    study, project = settings.study, settings.place.project
    tables = [part.safe for part in parts]
    draft = make_folder(folder.parent) / f".{folder.name}.tmp-{uuid.uuid4().hex[:8]}"
    try:
        digests = _write_draft(tables, about, draft)
        _refuse_other_numbers(digests, settings, folder)
        write_check(parts, about, workspace.check / study.release.name)
        write_record(
            project,
            study.name,
            study.release.name,
            {"tables": digests, "profile": about.profile.profile, "program": about.program},
        )
        _put(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    pack(folder)


def _write_draft(tables: list[SafeTable], about: About, draft: Path) -> dict[str, str]:
    for folder in (draft, draft / "tables", draft / "dossier"):
        make_folder(folder)
    for table in tables:
        name = table.declaration.table
        write_csv(table, draft / "tables" / f"{name}.csv")
        write_workbook(table, draft / "tables" / f"{name}.xlsx", about)
        write_text(draft / "dossier" / f"{name}.md", dossier_page(table, about))
    write_text(draft / "dossier" / "control_form.md", control_form(tables, about))
    write_json(draft / "datapackage.json", describe_package(tables, about, draft))
    return {table.declaration.table: digest(draft / "tables" / f"{table.declaration.table}.csv") for table in tables}


def _refuse_other_numbers(digests: dict[str, str], settings: Settings, folder: Path) -> None:
    """A released number never changes: the same name may be written again with the same tables only."""
    study = settings.study
    record = read_record(settings.place.project, study.name, study.release.name)
    earlier = record["tables"] if record else _digests_in(folder)
    if earlier is not None and earlier != digests:
        raise ReleaseError(
            f"A release named {study.release.name} of study {study.name} was made before, with other tables "
            f"or other numbers. What has been "
            "released does not change: choose another study.release.name. The earlier one was left as it is."
        )


def _digests_in(folder: Path) -> dict[str, str] | None:
    path = folder / "datapackage.json"
    if not path.is_file():
        return {} if folder.exists() and any(folder.iterdir()) else None
    package = json.loads(path.read_text(encoding="utf-8"))
    return {resource["name"]: resource["hash"].removeprefix("sha256:") for resource in package["resources"]}


def _put(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.rename(folder)
        return
    for path in sorted(path for path in draft.rglob("*") if path.is_file()):
        target = folder / path.relative_to(draft)
        make_folder(target.parent)
        path.replace(target)
