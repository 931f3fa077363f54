"""The demo as a newcomer runs it: 100,000 people, nothing typed."""

import polars as pl
import pytest

from mobility.report.texts import Texts
from tests.report.test_page import Page, released


@pytest.mark.slow
def test_the_demo_shows_at_least_ten_cells_of_chains(run_job, tmp_path):
    done = run_job("pipeline", f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}")
    assert done.returncode == 0, done.stderr
    release = tmp_path / "export" / "demo" / "1"
    chains = pl.read_csv(release / "tables" / "chains.csv").filter(pl.col("outcome") == "chain")
    print(f"\n  {chains.height} published cells of chains")
    assert chains.height >= 10
    page = (release / "report.html").read_text(encoding="utf-8")
    assert page.count('data-table="chains"') >= 10
    for part in ("living", "expected", "regions", "figure-low-incomes-by-role", "figure-map-gm9101"):
        assert f'id="{part}"' in page
    values, numbers = released(release), Page(page).numbers
    assert {str(attributes["data-table"]) for attributes, _ in numbers} >= {"account", "flows_in", "flows_out"}
    for attributes, shown in numbers:
        table, column, key = (str(attributes[f"data-{name}"]) for name in ("table", "column", "key"))
        assert shown == Texts("nl").number(values[table][key, column])
    assert len(page.encode()) < 5_000_000
