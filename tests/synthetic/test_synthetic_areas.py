"""The committed zoning and programmes are those of the generator."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
import yaml

from mobility.folders import SCHEMAS
from mobility.synthetic import areas
from mobility.synthetic.geography import CELL_M, REGIONS, gemeenten, programme_areas, wijken


def test_committed_files_are_what_the_generator_prints() -> None:
    for folder, text in (("zonings", areas.zoning_text()), ("programmes", areas.programmes_text())):
        assert (SCHEMAS / "areas" / folder / "synthetic.yaml").read_text(encoding="utf-8") == text


def test_the_most_specific_line_gives_every_wijk_its_role() -> None:
    regions = yaml.safe_load(areas.zoning_text())["regions"]
    roles = {line["code"]: (key, line["role"]) for key, region in regions.items() for line in region["lines"]}
    for wijk in wijken():
        line = roles.get(f"WK{wijk.code}", roles.get(f"GM{wijk.code[:4]}"))
        assert line == (None if wijk.region is None else (wijk.region, wijk.role))


def test_programmes_name_the_areas_with_their_start() -> None:
    listed = yaml.safe_load(areas.programmes_text())["areas"]
    assert [(area["codes"], area["start"]) for area in listed] == [
        ([f"WK{wijk.code}"], str(wijk.start)) for wijk in programme_areas()
    ]


def test_the_country_is_as_designed() -> None:
    assert 25 <= len(gemeenten()) <= 30
    assert all(gemeente.code.startswith("9") for gemeente in gemeenten())
    redirecting = Counter(wijk.region for wijk in programme_areas() if wijk.redirects)
    assert redirecting == dict.fromkeys(REGIONS, 8)
    assert all(
        date(2015, 1, 1) <= wijk.start <= date(2018, 1, 1)
        for wijk in programme_areas()
        if wijk.start and wijk.redirects
    )
    assert [wijk.code for wijk in programme_areas() if wijk.role == "growth_core"] == ["910202", "920301"]
    codes = [wijk.code for wijk in wijken()]
    assert codes == sorted(codes)
    assert all(first != second for first, second in pairwise(codes))


def test_similar_areas_without_a_programme_lie_apart() -> None:
    for region in REGIONS:
        treated = [wijk for wijk in programme_areas() if wijk.region == region]
        apart = [
            wijk
            for wijk in wijken()
            if wijk.region == region and wijk.kind == "poor" and wijk.start is None
            and all(max(abs(wijk.west - other.west), abs(wijk.south - other.south)) >= 2 * CELL_M for other in treated)
        ]  # fmt: skip
        assert len(apart) >= 6


def test_the_printer_wants_one_of_two_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["areas", "programmes"])
    areas.main()
    assert capsys.readouterr().out == areas.programmes_text()
    monkeypatch.setattr("sys.argv", ["areas", "everything"])
    with pytest.raises(SystemExit, match="zonings or programmes"):
        areas.main()
