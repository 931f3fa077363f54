"""What describes a release can be read by the programs of others: Frictionless, RO-Crate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from frictionless import Package
from rocrate.rocrate import ROCrate

from mobility.release.crate import published_on
from mobility.release.gate import release
from mobility.settings import Settings
from tests.release.conftest import LABEL, read_package


@pytest.fixture(scope="module")
def folder(shared: Settings) -> Path:
    return shared.place.export / "demo" / "1"


def test_frictionless_finds_no_fault_in_the_package_nor_in_any_row(folder: Path) -> None:
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.flatten(["type", "note"]) == []
    assert len(report.tasks) == len(read_package(folder)["resources"]) > 3


def test_frictionless_sees_a_number_that_was_changed_after_the_release(folder: Path, tmp_path: Path) -> None:
    """Otherwise the test above would say nothing."""
    package = read_package(folder)
    package["resources"] = [each for each in package["resources"] if each["name"] == "flows"]
    (tmp_path / "tables").mkdir()
    rows = (folder / "tables" / "flows.csv").read_text(encoding="utf-8")
    (tmp_path / "tables" / "flows.csv").write_text(rows.replace("5,", "x,", 1), encoding="utf-8")
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert not Package(str(tmp_path / "datapackage.json")).validate().valid


def test_the_crate_is_read_by_another_program_and_names_every_file(folder: Path) -> None:
    crate = ROCrate(folder)
    described = {entity.id for entity in crate.data_entities}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert described == there - {"ro-crate-metadata.json"}
    assert crate.root_dataset["description"] == LABEL
    assert crate.root_dataset["license"]["description"] == LABEL
    assert crate.get("#run")["instrument"]["name"] == "residential-mobility"


def test_a_release_written_again_keeps_the_day_it_was_first_published(settings: Settings) -> None:
    folder = release(settings).folder
    path = folder / "ro-crate-metadata.json"
    told = path.read_text(encoding="utf-8").replace(published_on(folder), "2020-02-29")
    path.write_text(told, encoding="utf-8")
    assert release(settings).folder == folder
    assert path.read_text(encoding="utf-8") == told
