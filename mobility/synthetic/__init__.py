"""A fictitious country whose registers are written exactly as CBS delivers them, with the truth beside them.

The program that reads registers cannot know the difference; tests can, because the truth is known.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mobility.errors import RequestError
from mobility.settings import Synthetic
from mobility.synthetic.country import live_through
from mobility.synthetic.registers import all_registers
from mobility.synthetic.truth import write_truth
from mobility.synthetic.writer import write_register

LABEL = "Synthetic data: a fictitious country, no real persons or places"
LABEL_FILE = "LABEL.txt"


def write_country(settings: Synthetic, root: Path, tell: Callable[[str, int], None]) -> dict[str, float]:
    """Write the source tree of a fictitious country; returns its rates by name (see `check.PUBLISHED`).

    Args:
        settings: size, period and contents.
        root: a folder that does not exist or is empty.
        tell: called with name and number of rows after each file.

    Raises:
        RequestError: the folder holds something.
    """
    if root.exists() and any(root.iterdir()):
        raise RequestError(
            f"The folder {root.name} for the synthetic registers is not empty. Remove it or choose another."
        )
    root.mkdir(parents=True, exist_ok=True)
    country = live_through(settings)
    for name, year, rows in all_registers(country, settings):
        tell(write_register(root, name, year, rows, settings.formats), rows.height)
    write_truth(country, settings, root / "truth", tell)
    # Last: without the label a tree is incomplete and no program may take it for finished.
    (root / LABEL_FILE).write_text(LABEL + "\n", encoding="utf-8", newline="\n")
    return country.rates
