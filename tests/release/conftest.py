"""A small workspace with made-up aggregates: counts of made-up records, so that every table adds up with every other."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from mobility.folders import CONF
from mobility.release.gate import release
from mobility.release.ledger import Ledger
from mobility.settings import Disclosure, Settings, read_settings
from tests.lib.compose import composed
from tests.release.country import write_workspace

LABEL = "Synthetic data: a fictitious country, no real persons or places"


def disclosure(**changes: object) -> Disclosure:
    """The rules of conf/disclosure/cbs.yaml, with changes."""
    given = yaml.safe_load((CONF / "disclosure" / "cbs.yaml").read_text(encoding="utf-8"))
    return Disclosure(**(given | changes))


def study_settings(root: Path) -> Settings:
    """The demo study with its workspace and export below `root`, and the tables of the made-up aggregates."""
    given = composed("release")
    given["place"] |= {
        "root": str(root / "workspace"),
        "project": str(root / "workspace" / "project"),
        "export": str(root / "export"),
    }
    given["register"] |= {"root": str(root / "source")}
    given["study"]["release"]["tables"] = composed("release", "study=national")["study"]["release"]["tables"]
    given["study"]["release"]["tables"] += ["cohort", "chains", "chains_destination"]
    return read_settings(given)


def make_project(folder: Path) -> None:
    """A project with a fixed secret, so that a failure repeats."""
    secret = bytes(range(32))
    folder.mkdir(parents=True, mode=0o700)
    (folder / "secret").write_bytes(secret)
    Ledger.make(folder / "ledger.sqlite", secret)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that tests read and never change."""
    root = tmp_path_factory.mktemp("built")
    write_workspace(root / "workspace", LABEL)
    return root


@pytest.fixture
def settings(built: Path, tmp_path: Path) -> Settings:
    """Settings for a release of the made-up workspace into an empty export folder, with an empty project folder."""
    given = study_settings(built)
    place = dataclasses.replace(
        given.place, root=tmp_path / "workspace", project=tmp_path / "project", export=tmp_path / "export"
    )
    for part in ("aggregates", "registers"):
        (tmp_path / "workspace").mkdir(exist_ok=True)
        (tmp_path / "workspace" / part).symlink_to(built / "workspace" / part)
    return dataclasses.replace(given, place=place)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a release that was made, for tests that only look at it."""
    root = tmp_path_factory.mktemp("shared")
    write_workspace(root / "workspace", LABEL)
    given = study_settings(root)
    make_project(given.place.project)
    release(given)
    return given


def read_package(folder: Path) -> dict:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
