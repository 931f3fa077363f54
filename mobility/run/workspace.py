"""The folders of the secure workspace, by name."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mobility.errors import RequestError
from mobility.run.files import make_folder, write_text

MARKER = ".mobility-workspace"
# The synthetic registers and the project may be brought along; a sweep over studies writes its list into runs/ beforehand.
_MAY_BE_THERE = {"source", "project", "runs"}
# Folders that the program clears and makes again.
OWN_FOLDERS = (
    *(
        "registers",
        "quarantine",
        "quality",
        "panel",
        "moves",
        "transitions",
        "counts",
        "aggregates",
        "cohort",
        "check",
        "runs",
    ),
    "moves.tmp-by-person",
    "flows.tmp",
    "monitor.tmp",
    "tmp",
)


@dataclass(frozen=True)
class Workspace:
    """The secure zone of one study or project; everything inside may hold personal data.

    Attributes:
        root: `place.root`.
    """

    root: Path

    @property
    def registers(self) -> Path:
        """The registers as read: typed, validated, one Parquet file per register and year."""
        return self.root / "registers"

    @property
    def quarantine(self) -> Path:
        """Refused rows, with the rule they broke."""
        return self.root / "quarantine"

    @property
    def quality(self) -> Path:
        """What was read, kept, refused and linked, as counts."""
        return self.root / "quality"

    @property
    def panel(self) -> Path:
        """Persons, objects, residence and yearly attributes, by hash partition."""
        return self.root / "panel"

    @property
    def moves(self) -> Path:
        """The linked moves, by partition of the object left."""
        return self.root / "moves"

    @property
    def aggregates(self) -> Path:
        """Tables with true counts."""
        return self.root / "aggregates"

    @property
    def outputs(self) -> Path:
        """Declarations of tables of a researcher's own."""
        return self.root / "outputs"

    @property
    def check(self) -> Path:
        """What the output checker needs, inside the environment only."""
        return self.root / "check"

    @property
    def runs(self) -> Path:
        """Settings, digests and log of every run."""
        return self.root / "runs"

    @property
    def is_made(self) -> bool:
        """Whether the folder is a workspace of this program."""
        return (self.root / MARKER).is_file()

    @property
    def is_open_to_others(self) -> bool:
        """Whether others on this machine can look into it (POSIX; on Windows the share sees to that)."""
        return os.name == "posix" and self.root.is_dir() and bool(stat.S_IMODE(self.root.stat().st_mode) & 0o077)

    @property
    def temporary(self) -> Path:
        """Temporary files of libraries and workers while a run lasts."""
        return self.root / "tmp"

    def aggregate(self, table: str) -> Path:
        """Path of one aggregate."""
        return self.aggregates / f"{table}.parquet"

    def make(self) -> Workspace:
        """Make the root, for its owner only.

        Raises:
            RequestError: the folder holds something else; the program clears folders of its own in a workspace, so it does not
                move in with other files. Or others may look into it.
        """
        self._check_closed()
        if not self.is_made:
            strangers = {path.name for path in self.root.iterdir()} - _MAY_BE_THERE if self.root.is_dir() else set()
            if strangers:
                raise RequestError(
                    f"place.root: {self.root} holds other files and is no workspace of this program. Nothing was changed. Name "
                    "an empty folder, or one that is not there yet."
                )
            make_folder(self.root)
            write_text(
                self.root / MARKER,
                "A workspace of residential mobility. Folders in here are cleared and made again by its jobs.\n",
            )
        return self

    def _check_closed(self) -> None:
        """A folder that was there before must be closed to others."""
        if self.is_open_to_others:
            raise RequestError(
                f"place.root: others on this machine can look into {self.root}, where personal data would lie. Nothing was "
                f"written. Close it (chmod 700 {self.root}), or name a folder that is not there yet."
            )
