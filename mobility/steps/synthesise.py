"""Make the fictitious country."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mobility.errors import RequestError
from mobility.registers.find import LABEL_FILE
from mobility.run.files import make_folder, write_text
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps.job import Job, Told, workspace
from mobility.synthetic import write_country

_FILES = 95  # about as many files as a country of two decades has: for the time left only


def _asked(settings: Settings) -> dict[str, Any]:
    return {"synthetic": settings.synthetic}


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    return [settings.register.root]


def _run(settings: Settings, tell: Tell) -> Told:
    root = settings.register.root.absolute()
    begun = workspace(settings).runs / "synthesise.begun"
    _make_room(root, begun)
    write_text(begun, f"{root}\n")
    written: list[int] = []

    def wrote(name: str, rows: int) -> None:  # noqa: ARG001 - the bar counts files
        written.append(rows)
        tell("registers written", len(written), max(_FILES, len(written) + 1))

    tell("registers written", 0, _FILES)
    rates = write_country(settings.synthetic, root, wrote, lambda done, of: tell("lives of 100,000 persons", done, of))
    tell("registers written", len(written), len(written))
    return {"files": len(written), "rows": sum(written), "rates": rates}


def _make_room(root: Path, begun: Path) -> None:
    """An earlier synthetic country, whole or half made, makes room for the new one; anything else is left alone."""
    if not root.exists():
        make_folder(root)
        return
    label = root / LABEL_FILE
    ours = label.is_file() and label.read_text(encoding="utf-8").startswith("Synthetic")
    half_made = begun.is_file() and begun.read_text(encoding="utf-8").strip() == str(root)
    if any(root.iterdir()) and not ours and not half_made:
        raise RequestError(
            f"register.root: {root} holds files that are no synthetic country. Nothing was changed. Name an empty folder, or "
            "use register=cbs to read registers that are there."
        )
    shutil.rmtree(root)
    make_folder(root)


def _closing(settings: Settings, told: Told) -> list[str]:
    lines = [f"{told['files']} register files, {told['rows']:,} rows, in {settings.register.root}"]
    return lines + [f"{name}: {rate:.4g}" for name, rate in told["rates"].items()]


JOB = Job(
    name="synthesise",
    does="make a fictitious country in the layout of CBS",
    asked=_asked,
    inputs=lambda _: [],
    outputs=_outputs,
    run=_run,
    closing=_closing,
)
