"""The project: the secret that decides the rounding, and the ledger of what was released with it.

One is nothing without the other.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from mobility.errors import ReleaseError
from mobility.release.ledger import Ledger
from mobility.run.files import make_folder

_LENGTH = 32
_REHEARSAL = b"not the secret of any project..."


@dataclass(frozen=True)
class Project:
    """What the releases of a project share.

    Attributes:
        secret: what decides the rounding.
        ledger: what was released.
        is_rehearsal: True where nothing was released yet and nothing is made either, so that the rounding is not the final one.
    """

    secret: bytes
    ledger: Ledger
    is_rehearsal: bool


def open_project(folder: Path, *, make: bool) -> Project:
    """The project in a folder; at first use secret and ledger are made, readable by their owner only.

    Args:
        folder: `place.project`.
        make: False to only look.

    Raises:
        ReleaseError: secret or ledger is there without the other, or one of them is damaged.
    """
    secret, ledger = folder / "secret", folder / "ledger.sqlite"
    if not secret.exists() and not ledger.exists():
        if not make:
            return Project(_REHEARSAL, Ledger.empty(ledger), is_rehearsal=True)
        make_folder(folder)
        return _make(secret, ledger)
    if not secret.exists():
        raise ReleaseError(
            f"{secret} is gone, but {ledger.name} says that tables were released with it. With another secret the same cell "
            "would get another number, and the two together narrow it down. Put the secret back from a backup of the project "
            "folder."
        )
    if not ledger.exists():
        raise ReleaseError(
            f"{ledger} is gone, but the secret beside it says that tables may have been released. Without the ledger a new "
            "release cannot be held against them. Put it back from a backup of the project folder; or, where it is certain that "
            "nothing has ever been released, name another place.project."
        )
    value = secret.read_bytes()
    if len(value) != _LENGTH:
        raise ReleaseError(f"{secret} is damaged. Put it back from a backup of the project folder.")
    return Project(value, Ledger.read(ledger, value), is_rehearsal=False)


def _make(secret: Path, ledger: Path) -> Project:
    value = secrets.token_bytes(_LENGTH)
    try:
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ReleaseError(
            "A colleague is making the first release of this project at this moment. Wait until it is done and run this again."
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(value)
    return Project(value, Ledger.make(ledger, value), is_rehearsal=False)
