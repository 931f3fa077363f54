"""Where the program itself lies: its configuration and its schemas, read from the checkout or the unpacked folder."""

from __future__ import annotations

from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1]
CONF = PROGRAM / "conf"
SCHEMAS = PROGRAM / "schemas"
