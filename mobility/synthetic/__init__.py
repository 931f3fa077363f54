"""A fictitious country whose registers are written exactly as CBS delivers them, with the truth beside them.

The program that reads registers cannot know the difference; tests can, because the truth is known.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mobility.errors import RequestError
from mobility.registers.find import LABEL_FILE
from mobility.settings import Synthetic
from mobility.synthetic.blocks import write_blocks
from mobility.synthetic.quirks import list_quirks

LABEL = "Synthetic data: a fictitious country, no real persons or places"
MOST_PERSONS_SAV = 1_000_000


def _nothing(_done: int, _of: int) -> None:
    """Nobody wants to hear of the progress."""


def write_country(
    settings: Synthetic,
    root: Path,
    tell: Callable[[str, int], None],
    progress: Callable[[int, int], None] = _nothing,
) -> dict[str, float]:
    """Write the source tree of a fictitious country; returns its rates by name (see `check.PUBLISHED`).

    Args:
        settings: size, period and contents.
        root: a folder that does not exist or is empty.
        tell: called with name and number of rows of each file when it has all its rows; all are complete when this ends.
        progress: called with the blocks of 100,000 persons done and their number.

    Raises:
        RequestError: the folder holds something, or the country is too large for the wished format.
    """
    if settings.persons > MOST_PERSONS_SAV and "sav" in settings.formats:
        raise RequestError(
            f"synthetic.formats: SPSS files are written up to {MOST_PERSONS_SAV:,} persons. "
            "For a larger country choose synthetic.formats=[parquet]."
        )
    if root.exists() and any(root.iterdir()):
        raise RequestError(
            f"The folder {root.name} for the synthetic registers is not empty. Remove it or choose another."
        )
    # The folder of the truth comes first: it tells a synthetic country, finished or not, from registers.
    (root / "truth").mkdir(parents=True)
    total = write_blocks(settings, root, tell, progress)
    if settings.flaws == "quirks":
        quirks = list_quirks(total.planted, settings)
        quirks.write_parquet(root / "truth" / "quirks.parquet", compression="zstd")
        tell("quirks.parquet", quirks.height)
    # Last: without the label a tree is incomplete and no program may take it for finished.
    (root / LABEL_FILE).write_text(LABEL + "\n", encoding="utf-8", newline="\n")
    return total.tally.rates()
