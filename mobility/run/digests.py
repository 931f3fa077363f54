"""Digests of large source files, remembered by path, size and time of change, so that no file is read twice for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from mobility.run.files import digest, write_json
from mobility.run.steps import state_of


class KnownDigests:
    """SHA-256 of source files.

    Args:
        record: file that remembers them, `<place.root>/runs/digests.json`.
    """

    def __init__(self, record: Path) -> None:
        self._record = record
        self._known: dict[str, list[str]] = {}
        self._lock = threading.Lock()  # files are read side by side
        try:
            known = json.loads(record.read_text(encoding="utf-8"))
            self._known = {path: [str(each) for each in seen] for path, seen in known.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            pass  # nothing is remembered, so everything is read again

    def of(self, path: Path, look_up: Callable[[], None]) -> str:
        """Digest of a file, read only when its size or time of change is new; `look_up` as in `files.digest`."""
        state = state_of(path)
        seen = self._known.get(str(path))
        if seen is None or seen[0] != state:
            seen = [state, digest(path, look_up)]
            with self._lock:
                self._known[str(path)] = seen
                write_json(self._record, self._known)
        return seen[1]
