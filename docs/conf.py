"""How the pages in this folder become a site: `uv run --group docs sphinx-build -W docs site`."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from reference_pages import write_reference  # noqa: E402 - it lies beside this file

project = "Residential mobility"
author = "The contributors to residential mobility"
project_copyright = author
html_title = project
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["reference_pages.py"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
myst_links_external_new_tab = False

autodoc_typehints = "description"
autodoc_member_order = "bysource"
nitpicky = False

html_theme = "furo"
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Pages that say what the configuration and the schemas say are written from them, each time the site is built."""
    app.connect("builder-inited", lambda _: write_reference(HERE / "reference"))
