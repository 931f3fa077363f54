"""The page under axe-core, in a browser without a network: light and dark, wide and narrow, both languages."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mobility.report.page import write_report
from mobility.settings import Settings
from tests.report.further import add_further

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_RUN = (
    "<script>axe.run().then(found => { const note = document.createElement('pre'); note.id = 'axe';"
    "note.textContent = JSON.stringify(found.violations.map(v => [v.impact, v.id, v.nodes.length]));"
    "document.body.appendChild(note); });</script>"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="needs chromium: apt-get install chromium"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm, to fetch axe-core"),
]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core."""
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run([str(shutil.which("npm")), "install", "--silent", "axe-core@4"], cwd=folder, check=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("size", ["1440,900", "390,800"])
@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_no_serious_issue(shared: Settings, axe: str, tmp_path: Path, language: str, size: str, scheme: int) -> None:
    folder = tmp_path / "1"
    shutil.copytree(shared.place.export / "demo" / "1", folder)
    add_further(folder)
    page = write_report(folder, language).read_text(encoding="utf-8")  # type: ignore[arg-type]
    tried = tmp_path / "tried.html"
    tried.write_text(page.replace("</body>", f"<script>{axe}</script>{_RUN}</body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    flags += [
        f"--window-size={size}",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    done = subprocess.run(
        [str(BROWSER), *flags, "--virtual-time-budget=60000", "--dump-dom", tried.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    note = re.search(r'<pre id="axe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert note, "axe-core ran to its end"
    found = json.loads(html.unescape(note[1]))
    assert not [each for each in found if each[0] in ("serious", "critical", "moderate")], found
