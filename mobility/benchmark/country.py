"""The fictitious country that is measured: made once per size and format, kept between runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mobility.benchmark.measure import measure
from mobility.folders import PROGRAM
from mobility.run.files import write_json
from mobility.run.progress import Tell
from mobility.run.steps import fingerprint
from mobility.settings import Format, RegisterSource, Settings, Synthetic
from mobility.steps import synthesise
from mobility.steps.job import workspace

_RECORD = "country.json"
_CHUNK = 1 << 24


def settings_of(settings: Settings, size: int, written_as: Format) -> Settings:
    """The settings of the run that is measured: a workspace of its own below `<place.root>/benchmark`."""
    root = benchmark_folder(settings) / f"{size}-{written_as}"
    return replace(
        settings,
        place=replace(settings.place, root=root, project=root / "project", export=root / "export"),
        register=RegisterSource("synthetic", root / "source", {}),
        synthetic=replace(settings.synthetic, persons=size, formats=(written_as,)),
    )


def benchmark_folder(settings: Settings) -> Path:
    """Where countries and figures lie."""
    return workspace(settings).root / "benchmark"


def make_country(settings: Settings, tell: Tell) -> bool:
    """Make the country of some settings unless it is there; gives whether it was made."""
    space = workspace(settings).make()
    record, wanted = space.root / _RECORD, _made_from(settings.synthetic)
    try:
        if json.loads(record.read_text(encoding="utf-8")) == wanted and settings.register.root.is_dir():
            return False
    except (OSError, ValueError):
        pass
    record.unlink(missing_ok=True)
    measure(partial(_synthesise, settings), tell)
    write_json(record, wanted)
    return True


def _synthesise(settings: Settings, tell: Tell) -> dict[str, Any]:
    return synthesise.JOB.run(settings, tell)


def _made_from(synthetic: Synthetic) -> dict[str, str]:
    """What the files depend on: the settings, and the part of the program that makes them."""
    code = hashlib.sha256()
    for path in sorted((PROGRAM / "mobility" / "synthetic").glob("*.py")):
        code.update(path.name.encode())
        code.update(path.read_bytes())
    return {"settings": fingerprint({"synthetic": synthetic}), "code": code.hexdigest()}


def start_over(settings: Settings) -> None:
    """Remove all that stages made, so that nothing is done already; the country stays."""
    root = workspace(settings).root
    for path in root.iterdir():
        if path.is_dir() and path != settings.register.root:
            shutil.rmtree(path)


def warm(files: Iterable[Path]) -> None:
    """Read files once, so that all that is measured finds them in the file cache, as far as memory goes."""
    for path in files:
        with path.open("rb") as file:
            while file.read(_CHUNK):
                pass
