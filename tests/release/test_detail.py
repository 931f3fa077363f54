"""A release whose tables of flows are made coarser until enough can be shown."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from mobility.errors import RequestError
from mobility.release.gate import release
from mobility.settings import Mode, Settings
from tests.release.test_gate import only


def asking(settings: Settings, *tables: str, coarsen: tuple[str, ...], target: float) -> Settings:
    given = only(settings, *tables)
    wanted = dataclasses.replace(given.study.release, coarsen=coarsen, target_share=target)
    return dataclasses.replace(given, study=dataclasses.replace(given.study, release=wanted))


def test_classes_are_given_up_until_enough_can_be_shown_and_the_reader_is_told(settings: Settings) -> None:
    fine = asking(settings, "flows", coarsen=(), target=0.5)
    looked = release(dataclasses.replace(fine, check=True))
    assert any("gemeente, by year, all classes: " in line for line in looked.told)
    assert any("reaches the target of 50%" in line for line in looked.told)
    assert any("cells would be shown" in line for line in looked.told)
    coarse = release(asking(settings, "flows", coarsen=("flows",), target=0.6))
    flows = pl.read_csv(coarse.folder / "tables" / "flows.csv")
    page = (coarse.folder / "dossier" / "flows.md").read_text(encoding="utf-8")
    assert "Given up until enough could be shown" in page
    assert "% of persons" not in page, "shares tell of small cells, and stay inside"
    assert "q2" not in flows["income_class"].to_list() or "gemeente" not in flows["level"].to_list()


def test_nothing_is_given_up_where_enough_can_be_shown(settings: Settings) -> None:
    found = release(asking(settings, "flows", coarsen=("flows",), target=0.05))
    assert "Nothing given up" in (found.folder / "dossier" / "flows.md").read_text(encoding="utf-8")
    assert set(pl.read_csv(found.folder / "tables" / "flows.csv")["level"]) == {"gemeente", "role", "region"}


def test_what_cannot_be_made_coarser_is_refused(settings: Settings) -> None:
    with pytest.raises(RequestError, match="cohort is not made from flows"):
        release(asking(settings, "cohort", coarsen=("cohort",), target=0.8))
    with pytest.raises(RequestError, match="Take it out of"):
        release(asking(settings, "flows", "expected", coarsen=("flows",), target=0.8))
    with pytest.raises(RequestError, match="not among"):
        asking(settings, "flows", coarsen=("flows_total",), target=0.8)


@pytest.mark.parametrize("mode", ["round", "suppress"])
def test_it_is_told_beforehand_what_would_give_a_cell_away_and_what_would_not(settings: Settings, mode: Mode) -> None:
    given = only(settings, "cohort", "chains", "chains_destination")
    modes = dict.fromkeys(given.study.release.tables, mode)
    wanted = dataclasses.replace(given.study.release, modes=modes, target_share=1.0)
    given = dataclasses.replace(given, study=dataclasses.replace(given.study, release=wanted), check=True)
    told = release(given).told
    by = [line for line in told if "would be given away, were no more withheld than by the rules, by: " in line]
    assert any("chains" in line.split("by: ")[-1] for line in by), "the sum is named"
    assert any(line.startswith("chains_destination: ") and "without destination" in line for line in told)
    # and the officer finds it beside the cell
    done = release(dataclasses.replace(given, check=False))
    inside = pl.read_csv(given.place.root / "check" / done.name / "chains.csv")
    assert inside["given_away_by"].drop_nulls().len() > 0
    assert not any(
        "given_away_by" in path.read_text(errors="ignore") for path in done.folder.rglob("*") if path.is_file()
    )
