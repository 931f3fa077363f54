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
    found, planted, looked_at = flagged(tmp_path / "workspace")
    print_found("excess", found, planted, looked_at)
    assert all(buurten <= planted for buurten in found.values())
    assert {frozenset(found[year]) for year in (2020, 2021)} == {frozenset(planted)}, "in the middle of their years"


@pytest.mark.slow
def test_where_no_new_concentration_is_planted_hardly_any_is_found(run_job, tmp_path):
    places = (f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}")
    few = ("study.monitor.indicators=[B6]", "study.release.tables=[quality]", "study.programmes=[]")
    done = run_job("pipeline", *places, "synthetic.effect=null", *few)
    assert done.returncode == 0, done.stderr
    found, planted, looked_at = flagged(tmp_path / "workspace")
    print_found("null", found, planted, looked_at)
    assert not planted
    assert sum(map(len, found.values())) <= 0.05 * sum(looked_at.values()), "the nominal share"


def flagged(workspace):
    """Buurten with a new concentration (B6) by year, those in which one is planted, and how many were looked at by year."""
    table = pl.read_parquet(workspace / "aggregates" / "indicators.parquet")
    rows = table.filter(indicator="B6", level="buurt", detail="flagged").sort("year")
    found = {
        year: set(of.filter(pl.col("value") > 0)["place"]) for (year,), of in rows.group_by("year", maintain_order=True)
    }
    planted = set(pl.read_parquet(workspace / "source" / "truth" / "concentrations.parquet")["buurt"])
    return found, planted, dict(rows.group_by("year").len().iter_rows())


def print_found(effect, found, planted, looked_at):
    for year, buurten in found.items():
        right = len(buurten & planted)
        print(
            f"  {effect}, {year}: {len(buurten)} of {looked_at[year]} buurten flagged; {right} of {len(planted)} planted"
        )
