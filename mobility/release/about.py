"""What is told about a release: the study, the registers it used, the rules it was held to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mobility import __version__
from mobility.areas import load_zoning
from mobility.errors import RequestError
from mobility.panel.store import Panel
from mobility.release.geography import Place, known_places
from mobility.settings import Disclosure, Settings, Study


@dataclass(frozen=True)
class Source:
    """One register file that was read: the register, the year and the name of the file, which holds its version."""

    register: str
    year: int
    file: str


@dataclass(frozen=True)
class About:
    """What the reader of every table is told.

    Attributes:
        study: the study.
        profile: the rules.
        sources: the register files, sorted; neither their digests nor their numbers of rows leave.
        label: what the source tree says of itself, such as that it is synthetic; or None.
        places: names and squares on a map.
        program: version of the program.
        release: name of the release.
    """

    study: Study
    profile: Disclosure
    sources: tuple[Source, ...]
    label: str | None
    places: tuple[Place, ...]
    program: str
    release: str

    def registers(self) -> dict[str, list[str]]:
        """The file names, without folder, of every register."""
        found: dict[str, list[str]] = {}
        for source in self.sources:
            found.setdefault(source.register, []).append(Path(source.file).name)
        return found


def read_about(settings: Settings, release: str) -> About:
    """What is known about a release.

    Raises:
        RequestError: the registers have not been read.
    """
    path = settings.place.root / "registers" / "sources.json"
    if not path.is_file():
        raise RequestError(f"{path} is missing: the registers have not been read here. Run jobs/ingest.py first.")
    given = json.loads(path.read_text(encoding="utf-8"))
    files = sorted({(str(file["register"]), int(file["year"] or 0), str(file["file"])) for file in given["files"]})
    label = " ".join(str(given.get("label") or "").split()) or None
    places = known_places(Panel(settings.place.root / "panel"), load_zoning(settings.study.geography.zoning))
    sources = tuple(Source(*file) for file in files)
    return About(settings.study, settings.disclosure, sources, label, places, __version__, release)
