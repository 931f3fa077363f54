"""One flat zip of a release, ready for the output check, which takes no folders inside it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mobility.run.files import replacing

_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path) -> Path:
    """Write `<study>_<release>.zip` beside the folder of the release; the same files give the same bytes.

    A file in a subfolder gets the subfolder in its name: `dossier/flows.md` becomes
    `<study>_<release>_dossier_flows.md`. Run it again when the report has been added.
    """
    prefix = f"{folder.parent.name}_{folder.name}"
    target = folder.parent / f"{prefix}.zip"
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = "_".join([prefix, *(part for part in path.relative_to(folder).parts if part != "tables")])
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, path.read_bytes())
    return target
