"""`purge` leaves nothing of persons behind, and nothing else away."""

import pytest

from mobility.run.lock import held
from mobility.run.purge import purge
from mobility.run.workspace import OWN_FOLDERS, Workspace

STAYS = (
    "project/secret",
    "project/releases/demo/1.json",
    "export/demo/1/report.html",
    "source/label.txt",
    "notes/mine.txt",
)


@pytest.fixture
def space(tmp_path):
    """A workspace with a file in every folder of the program, and with what must stay."""
    made = Workspace(tmp_path / "workspace").make()
    for name in (*(f"{folder}/part.parquet" for folder in OWN_FOLDERS), *STAYS):
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("row", encoding="utf-8")
    return made


@pytest.fixture
def ask(ask_task):
    return lambda root, *others: ask_task(
        "purge", purge, f"place.root={root}", f"place.export={root / 'export'}", *others
    )


def files(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_purge_removes_what_the_program_made_and_keeps_secret_ledger_export_and_the_rest(space, ask):
    code, out, err = ask(space.root)
    assert (code, err) == (0, "")
    assert files(space.root) == {*STAYS, ".mobility-workspace", ".mobility-lock"}
    assert "panel: 1 files" in out


def test_with_check_it_only_looks(space, ask):
    before = files(space.root)
    code, out, _ = ask(space.root, "check=true")
    assert code == 0
    assert files(space.root) == before
    assert "nothing was changed" in out


def test_a_folder_that_is_no_workspace_is_left_alone(tmp_path, ask):
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "thesis.txt").write_text("chapter 1", encoding="utf-8")
    code, _, err = ask(tmp_path)
    assert code == 2
    assert "is no workspace of this program" in err
    assert files(tmp_path) == {"panel/thesis.txt"}


def test_it_waits_for_nobody_who_is_at_work(space, ask):
    with held(space, "moves"):
        before = files(space.root)
        code, _, err = ask(space.root)
        assert files(space.root) == before
    assert code == 2
    assert "jobs/moves.py of" in err
