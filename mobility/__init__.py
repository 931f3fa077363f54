"""Residential mobility: from linked register microdata to disclosure-safe tables about who moves where.

For scripts and notebooks inside the environment: `open_workspace` gives what the jobs made as lazy tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobility.inside import Inside, open_workspace

__all__ = ["Inside", "open_workspace"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Imported when asked for: every worker process imports this module, and few need what is named here.
    if name in __all__:
        return getattr(import_module("mobility.inside"), name)
    raise AttributeError(f"module 'mobility' has no attribute {name!r}")
