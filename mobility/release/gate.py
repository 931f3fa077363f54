"""The gate: aggregates in, a release in the export folder out, or nothing."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from mobility.areas import load_programme, load_zoning
from mobility.disclosure.nesting import find_blocks
from mobility.disclosure.protect import Protected, SafeTable, add_derived, extend, protect
from mobility.release.about import About, read_about
from mobility.release.archive import pack
from mobility.release.between import tables_between
from mobility.release.crate import CRATE, describe_crate, published_on
from mobility.release.declarations import load_declaration
from mobility.release.derived import derived_indicators
from mobility.release.dossier import control_form, dossier_page
from mobility.release.ledger import Ledger, Record
from mobility.release.monitored import INDICATORS
from mobility.release.names import name_release
from mobility.release.offering import FindMembers, Offering, closed
from mobility.release.officer import tell_withheld, write_check
from mobility.release.package import define, describe_package
from mobility.release.profile import check_profile, check_project, rules_of
from mobility.release.project import open_project
from mobility.release.recording import define_cells, record_source
from mobility.release.residents import read_residents
from mobility.release.sdmx import SDMX, check_sdmx, write_sdmx
from mobility.release.steady import check_steady
from mobility.release.tables import csv_text, write_workbook
from mobility.release.vetting import vet
from mobility.release.vocabulary import vocabulary
from mobility.release.zoning import roles_of_gemeenten
from mobility.run.files import make_folder, remove_folder, write_json, write_text
from mobility.run.workspace import Workspace
from mobility.settings import Settings


def _nobody_knows(source: str) -> None:
    """No records at hand."""


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
        name: of the release.
        folder: the folder of the release.
        archive: the flat zip beside it.
        tables: in the order of the study.
        told: for the researcher inside the environment: the detail that was found and, where it was only looked at, what is
            withheld and why.
        written: False where it was only looked at (`check=true`).
    """

    name: str
    folder: Path
    archive: Path
    tables: tuple[ReleasedTable, ...]
    told: tuple[str, ...]
    written: bool


def release(settings: Settings, members: FindMembers = _nobody_knows) -> Released:
    """Protect the tables of the study and write them to the export folder.

    Everything the project released before is part of what a reader knows: it is held against the new tables, and what is
    released now is added to the ledger. With `check` nothing is written and no project is made; where there is none yet, the
    rounding is a rehearsal, and a few cells more or fewer may be published in the end.

    Args:
        settings: of the study.
        members: who is behind an aggregate; where that is unknown, a cell that changed since an earlier release is withheld.

    Raises:
        RequestError: a table is not declared, or an aggregate is missing.
        ReleaseError: the tables cannot leave; nothing was written to the export folder.
    """
    study, place = settings.study, settings.place
    check_profile(settings.disclosure)
    if study.release.sdmx:
        check_sdmx()
    project = open_project(place.project, make=False)
    check_project(settings.disclosure, (record.rules for record in project.ledger.records))
    workspace = Workspace(place.root)
    declarations = [load_declaration(name, study.release.modes, workspace.outputs) for name in study.release.tables]
    offering = Offering(settings, workspace, members)
    between = tables_between(declarations, project.ledger, offering.is_there)
    offers, told = offering.offers([*declarations, *between])
    if settings.check:
        told += offering.advice(declarations)
    else:
        project = open_project(place.project, make=True)
    zoning = load_zoning(study.geography.zoning)
    editions = list(project.ledger.editions())
    known = [offering.held_against(each, editions) for each in offers]
    offers, known = offers[: len(declarations)], [*known[: len(declarations)], *map(closed, known[len(declarations) :])]
    known += offering.released_before(project.ledger, offers, editions)
    known += offering.as_they_were(project.ledger, known, editions)
    blocks = find_blocks(roles_of_gemeenten(zoning))
    protected = protect(
        known,
        profile=settings.disclosure,
        secret=project.secret,
        blocks=blocks,
        residents=read_residents(workspace, study),
    )
    check_steady(protected, editions)
    parts = [extend(part, settings.disclosure) for part in protected[: len(offers)]]
    parts = _with_derived(parts, settings)
    programmes = [area for name in study.programmes for area in load_programme(name)[1]]
    words = vocabulary(zoning, programmes, study.flows.age_bands, study.estimates.age_bands)
    for part in parts:
        vet(part.safe, words)
    texts = {part.safe.declaration.table: csv_text(part.safe) for part in parts}
    digests = {table: hashlib.sha256(text.encode()).hexdigest() for table, text in texts.items()}
    name = name_release(
        study.release.name,
        study.name,
        digests,
        define(study, settings.disclosure),
        project.ledger.records,
        place.export / study.name,
    )
    folder = place.export / study.name / name
    if not settings.check:
        _write(parts, texts, digests, read_about(settings, name), settings, workspace, folder, project.ledger, members)
    return Released(
        name,
        folder,
        folder.parent / f"{study.name}_{name}.zip",
        tuple(ReleasedTable(part.safe.declaration.table, part.inside.height, part.safe.frame.height) for part in parts),
        tuple(told) + (tuple(line for part in parts for line in tell_withheld(part)) if settings.check else ()),
        written=not settings.check,
    )


def _with_derived(parts: list[Protected], settings: Settings) -> list[Protected]:
    """The tables, that of the indicators with those that are made of what the other tables show."""
    shown = {part.safe.declaration.table: part.safe.frame for part in parts}
    if INDICATORS not in shown:
        return parts
    study = settings.study
    rows = derived_indicators(shown, study.income.low, study.monitor.pairs, settings.disclosure)
    return [add_derived(part, rows) if part.safe.declaration.table == INDICATORS else part for part in parts]


def _write(
    parts: list[Protected],
    texts: dict[str, str],
    digests: dict[str, str],
    about: About,
    settings: Settings,
    workspace: Workspace,
    folder: Path,
    ledger: Ledger,
    members: FindMembers,
) -> None:
    draft = make_folder(folder.parent) / f".{folder.name}.tmp-{uuid.uuid4().hex[:8]}"
    try:
        _write_draft([part.safe for part in parts], texts, about, draft, published_on(folder))
        write_check(parts, about, workspace.check / about.release)
        _remember(parts, digests, about, settings, ledger, members)
        _put(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    pack(folder)


def _remember(
    parts: list[Protected],
    digests: dict[str, str],
    about: About,
    settings: Settings,
    ledger: Ledger,
    members: FindMembers,
) -> None:
    """Add the release to the ledger, unless it stands there already."""
    study, definition = settings.study, define(about.study, about.profile)
    if any(
        (each.study, each.release, each.tables, each.definition) == (study.name, about.release, digests, definition)
        for each in ledger.records
    ):
        return
    sources: dict[str, list[Protected]] = {}
    for part in parts:
        sources.setdefault(part.safe.declaration.source, []).append(part)
    cells = define_cells(settings)
    recorded = [record_source(source, of, cells, members(source), ledger) for source, of in sorted(sources.items())]
    ledger.append(
        Record(
            study.name,
            about.release,
            digests,
            definition,
            about.profile.profile,
            rules_of(about.profile),
            about.program,
            tuple(recorded),
        )
    )


def _write_draft(tables: list[SafeTable], texts: dict[str, str], about: About, draft: Path, day: str) -> None:
    for table in tables:
        name = table.declaration.table
        write_text(draft / "tables" / f"{name}.csv", texts[name])
        write_workbook(table, draft / "tables" / f"{name}.xlsx", about)
        write_text(draft / "dossier" / f"{name}.md", dossier_page(table, about))
    write_text(draft / "dossier" / "control_form.md", control_form(tables, about))
    if about.study.release.sdmx:
        write_sdmx(tables, about, draft / SDMX)
    write_json(draft / "datapackage.json", describe_package(tables, about, draft))
    write_json(draft / CRATE, describe_crate(tables, about, draft, day))


def _put(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.rename(folder)
        return
    remove_folder(folder / SDMX)  # it is there only while the study asks for it
    for path in sorted(path for path in draft.rglob("*") if path.is_file()):
        target = folder / path.relative_to(draft)
        make_folder(target.parent)
        path.replace(target)
