"""The figures of the page as files for use elsewhere: SVG, PNG and PDF, in the colours of print."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from mobility.report.pictures import Drawing
from mobility.run.files import replacing, write_text

_PIXELS_PER_UNIT = 2  # of the PNG: about 200 dots per inch at the width of a text


def can_convert() -> bool:
    """Whether the optional part that makes PNG and PDF of SVG is installed."""
    return find_spec("vl_convert") is not None


def write_figures(drawings: Sequence[Drawing], folder: Path) -> None:
    """Write `<name>.svg`, `.png` and `.pdf` of every figure, or SVG alone; what lay there before goes."""
    if folder.exists():
        shutil.rmtree(folder)
    for drawing in drawings:
        write_text(folder / f"{drawing.name}.svg", drawing.alone)
    if not can_convert():
        return
    import vl_convert

    for drawing in drawings:
        for ending, content in (
            ("png", vl_convert.svg_to_png(drawing.alone, scale=_PIXELS_PER_UNIT)),
            ("pdf", vl_convert.svg_to_pdf(drawing.alone)),
        ):
            with replacing(folder / f"{drawing.name}.{ending}") as temporary:
                temporary.write_bytes(content)
