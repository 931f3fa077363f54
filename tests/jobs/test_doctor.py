"""`doctor` says all that is wrong at once, with what to do, and changes nothing."""

import os

import pytest

from mobility.run import doctor as looking
from mobility.run.doctor import doctor
from mobility.run.workspace import Workspace


@pytest.fixture
def ask(ask_task, tmp_path):
    def run(*others):
        folders = f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}"
        code, out, err = ask_task("doctor", doctor, *folders, *others)
        return code, [line for line in out.splitlines() if line.startswith("WRONG")], out, err

    return run


def test_a_sound_installation_is_told_so_and_nothing_is_made(ask, tmp_path):
    code, wrong, out, err = ask()
    assert (code, wrong, err) == (0, [], "")
    assert "nothing wrong" in out
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_wrong_is_told_at_once(ask, tmp_path, monkeypatch):
    versions = {"polars": "1.25.2", "pandera": None}
    real = looking.metadata.version

    def version(name):
        there = versions.get(name, "as it is")
        if there is None:
            raise looking.metadata.PackageNotFoundError(name)
        return real(name) if there == "as it is" else there

    monkeypatch.setattr(looking.metadata, "version", version)
    code, wrong, _, err = ask("register=cbs", f"register.root={tmp_path / 'nowhere'}", "place.memory=99999999")
    assert code == 2
    told = "\n".join(wrong)
    for words in (
        "polars: 1.25.2 is installed, <2.2,>=2.1 is needed",
        "pandera: not installed",
        "place.memory is 99,999,999 MB, but",
        "register.root: there is no folder",
    ):
        assert words in told, told
    assert err.startswith(f"doctor: {len(wrong)} of ")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_workspace_that_others_can_look_into_is_told(ask, tmp_path):
    Workspace(tmp_path / "workspace").make()
    (tmp_path / "workspace").chmod(0o750)
    code, wrong, _, _ = ask()
    assert code == 2
    assert [f"chmod 700 {tmp_path / 'workspace'}" in line for line in wrong] == [True]
