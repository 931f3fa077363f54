"""The fictitious country that is measured, and its panel: made once per size and format, kept between runs."""

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
from mobility.run.steps import fingerprint, program_digest
from mobility.settings import Format, RegisterSource, Settings, Synthetic
from mobility.steps import ingest, synthesise
from mobility.steps.job import workspace

_RECORD = "country.json"
_PANEL_RECORD = "panel.json"
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
    if _read(record) == wanted and settings.register.root.is_dir():
        return False
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


def _read(record: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def start_over(settings: Settings) -> None:
    """Remove all that stages made, so that nothing is done already; the country stays."""
    _remove_but(settings, settings.register.root)
    (workspace(settings).root / _PANEL_RECORD).unlink(missing_ok=True)


def has_panel(settings: Settings) -> bool:
    """Whether a panel of this country, for this study and by this program, is there from an earlier run."""
    space = workspace(settings)
    return _read(space.root / _PANEL_RECORD) == panel_made_from(settings) and (space.panel / "panel.json").is_file()


def remember_panel(settings: Settings) -> None:
    """Once the panel is there: what it was made from."""
    write_json(workspace(settings).root / _PANEL_RECORD, panel_made_from(settings))


def start_from_panel(settings: Settings) -> None:
    """Remove all that stages made of the panel; country and panel stay."""
    space = workspace(settings)
    made = (space.panel, space.registers, space.quarantine, space.quality, space.runs)
    _remove_but(settings, settings.register.root, *made)
    shutil.rmtree(space.panel / "residence", ignore_errors=True)


def _remove_but(settings: Settings, *kept: Path) -> None:
    for path in workspace(settings).root.iterdir():
        if path.is_dir() and path not in kept:
            shutil.rmtree(path)


def panel_made_from(settings: Settings) -> dict[str, str]:
    """What the panel depends on: the country, the settings of the step, and the parts of the program that read and link."""
    return {
        "country": fingerprint(_made_from(settings.synthetic)),
        "settings": fingerprint(ingest.JOB.asked(settings)),
        "code": fingerprint({part: program_digest(part) for part in ("panel", "registers")}),
    }


def warm(files: Iterable[Path]) -> None:
    """Read files once, so that all that is measured finds them in the file cache, as far as memory goes."""
    for path in files:
        with path.open("rb") as file:
            while file.read(_CHUNK):
                pass
