"""One flat zip of a release, ready for the output check, which takes no folders inside it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mobility.release.crate import CRATE
from mobility.run.files import json_text, replacing

DESCRIPTIONS = ("datapackage.json", CRATE)
_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path) -> Path:
    """Write `<study>_<release>.zip` beside the folder of the release; the same files give the same bytes.

    A file in a subfolder gets the subfolder in its name: `dossier/flows.md` becomes
    `<study>_<release>_dossier_flows.md`; the descriptions of the release name the files of the zip.
    Run it again when the report has been added.
    """
    prefix = f"{folder.parent.name}_{folder.name}"
    target = folder.parent / f"{prefix}.zip"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {
        path: "_".join([prefix, *(part for part in path.relative_to(folder).parts if part != "tables")])
        for path in paths
    }
    flat = {path.relative_to(folder).as_posix(): name for path, name in names.items()}
    flat.pop(CRATE, None)  # a crate calls its description by this name wherever it lies
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for path, name in names.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            is_description = path.relative_to(folder).as_posix() in DESCRIPTIONS
            archive.writestr(entry, _pointing_to(flat, path) if is_description else path.read_bytes())
    return target


def _pointing_to(names: Mapping[str, str], path: Path) -> str:
    """A description of the release in which files have their names of the zip, so that it serves whoever has only that."""

    def renamed(content: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(content, dict):
            return {key: renamed(value) for key, value in content.items()}
        if isinstance(content, list):
            return [renamed(value) for value in content]
        return names.get(content, content) if isinstance(content, str) else content

    return json_text(renamed(json.loads(path.read_text(encoding="utf-8"))))
