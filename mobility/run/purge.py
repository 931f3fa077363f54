"""The job `purge`: remove from a workspace all that holds personal data or true counts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from rich.console import Console

from mobility.errors import RequestError
from mobility.run.job import check_folders
from mobility.run.lock import held
from mobility.run.workspace import OWN_FOLDERS, Workspace
from mobility.settings import read_settings

_FURTHER = ("benchmark", "peers")  # of jobs/benchmark.py
_MB = 1 << 20


def purge(given: dict[str, Any]) -> None:
    """Remove the folders of the program in `place.root`; with check=true only say which.

    The project (secret and record of releases), the export, the registers and whatever else lies there stay.

    Args:
        given: the composed configuration.

    Raises:
        RequestError: the folder is no workspace, or another run is at work in it.
    """
    settings = read_settings(given)
    check_folders(settings)
    space = Workspace(settings.place.root.absolute())
    if not space.is_made:
        raise RequestError(f"place.root: {space.root} is no workspace of this program. Nothing was changed.")
    console = Console(highlight=False, soft_wrap=True)
    # Records first: should it be stopped half-way, no step takes itself for done.
    folders = [space.root / name for name in ("runs", *OWN_FOLDERS, *_FURTHER)]
    there = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
    if settings.check:
        _tell(console, there, "would be removed")
        console.print("purge: only looked at (check=true): nothing was changed.")
        return
    with held(space, "purge"):
        _tell(console, there, "removed")
        for folder in there:
            shutil.rmtree(folder)
    shutil.rmtree(space.runs, ignore_errors=True)  # made again for the one who held the lock
    stays = ", ".join(str(path) for path in (settings.place.project, settings.place.export, settings.register.root))
    console.print(f"purge: done. What stays: {stays}. Copies that backups keep are not reached from here.")


def _tell(console: Console, folders: list[Path], what: str) -> None:
    for folder in folders:
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        console.print(
            f"  {folder.name}: {len(files):,} files, {sum(f.stat().st_size for f in files) // _MB:,} MB, {what}"
        )
