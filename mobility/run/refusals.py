"""What the machine refuses, as a sentence: a full disk, a folder that cannot be written, whoever reports it."""

from __future__ import annotations

import errno
import os
import re

from mobility.errors import MachineError

_AFTER = "Mend that and run the same command again; what was finished is kept."
_OS_ERROR = re.compile(r"\(os error (\d{1,3})\)|\[errno (\d{1,3})\]", re.IGNORECASE)
_ADVICE = {
    errno.ENOSPC: "The disk of the workspace is full: make room, or name another place.root.",
    errno.EDQUOT: "The quota of the workspace is used up: make room, or name another place.root.",
    errno.EROFS: "The workspace cannot be written to: name a place.root where you may write.",
    errno.EACCES: "A file or folder is closed to you: name a place.root where you may write, or ask for access.",
}


def machine_error(error: BaseException) -> MachineError | None:
    """What the machine refused; None when the error is something else.

    polars and pyarrow raise errors of their own, of whose text only the number of the operating system is taken: texts of
    libraries may quote data.
    """
    if isinstance(error, OSError):
        reason, file = error.strerror or type(error).__name__, f" ({error.filename})" if error.filename else ""
        return MachineError(
            f"The machine refused: {reason}{file}. {_ADVICE.get(error.errno or 0, '')} {_AFTER}".replace("  ", " ")
        )
    if isinstance(error, MemoryError):
        return MachineError(
            f"The machine has no memory left. A smaller place.memory makes the program use less at a time. {_AFTER}"
        )
    told = _OS_ERROR.search(str(error))
    if told is None:
        return None
    number = int(told[1] or told[2])
    return MachineError(
        f"The machine refused: {os.strerror(number)}. {_ADVICE.get(number, '')} {_AFTER}".replace("  ", " ")
    )
