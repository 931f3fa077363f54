"""Maps on the page: boundaries of the user's, or squares; every shade a released number."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from mobility.errors import RequestError
from mobility.report.page import write_report
from mobility.report.shapes import read_boundaries
from mobility.settings import Settings
from tests.report.test_page import Page, released

CITY, CORE = "GM9101", "GM9102"
CORNERS = {CITY: (0, 0), CORE: (10_000, 0), "GM9103": (0, 10_000)}


def square(x: float, y: float, side: float = 9_000) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def geojson() -> dict:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"statcode": code, "statnaam": f"Stad {code[-1]}"},
                "geometry": {"type": "MultiPolygon", "coordinates": [[square(*corner)]]},
            }
            for code, corner in CORNERS.items()
        ],
    }


@pytest.fixture
def folder(shared: Settings, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shared.place.export / "demo" / "1", tmp_path / "1"))


def test_every_shade_is_the_released_number_it_names(folder: Path, tmp_path: Path) -> None:
    boundaries = tmp_path / "kaart.geojson"
    boundaries.write_text(json.dumps(geojson()), encoding="utf-8")
    text = write_report(folder, "nl", boundaries).read_text(encoding="utf-8")
    figure = re.search(r'<figure id="figure-map-gm9101">.*?</figure>', text, re.DOTALL)
    assert figure, "the city of the first region has a map"
    values = released(folder)
    areas = [attributes for name, attributes in Page(figure[0]).elements if name == "path"]
    assert len(areas) == 2 * len(CORNERS), "all classes and the lowest"
    shaded = [area for area in areas if "data-cell" in area]
    assert shaded
    for area in shaded:
        table, column, key = str(area["data-cell"]).split("|", 2)
        assert int(str(area["data-value"])) == values[table][key, column]
        assert f"|{CITY}|" in key, "out of the city"
    assert (folder / "figures" / "map-gm9101.png").stat().st_size > 2_000


def test_squares_that_came_with_the_release_are_a_map_too(folder: Path) -> None:
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    for number, place in enumerate(one for one in package["places"] if one["code"].startswith("GM")):
        place |= {"column": number % 5, "row": number // 5}
    path.write_text(json.dumps(package), encoding="utf-8")
    text = write_report(folder, "en").read_text(encoding="utf-8")
    assert text.count('<figure id="figure-map-') == 3
    assert "Nieuwmeer" in text, "the name stands in the zoning"


def test_topojson_and_degrees_give_the_same_outlines(tmp_path: Path) -> None:
    plain, topo, degrees = (tmp_path / name for name in ("a.geojson", "b.json", "c.geojson"))
    plain.write_text(json.dumps(geojson()), encoding="utf-8")
    steps = [[[0, 0], [9, 0], [0, 9]], [[9, 9], [-9, 0], [0, -9]]]  # two lines that make the square of the city
    area = {"type": "Polygon", "arcs": [[0, 1]], "properties": {"statcode": CITY}}
    topology = {
        "type": "Topology",
        "transform": {"scale": [1000, 1000], "translate": [0, 0]},
        "arcs": steps,
        "objects": {"gemeenten": {"type": "GeometryCollection", "geometries": [area]}},
    }
    topo.write_text(json.dumps(topology), encoding="utf-8")
    assert read_boundaries(topo).rings[CITY] == read_boundaries(plain).rings[CITY]
    given = geojson()
    for feature, corner in zip(given["features"], CORNERS.values(), strict=True):
        feature["geometry"] = {
            "type": "Polygon",
            "coordinates": [square(4 + corner[0] / 1e5, 52 + corner[1] / 1e5, 0.09)],
        }
    degrees.write_text(json.dumps(given), encoding="utf-8")
    ring = read_boundaries(degrees).rings[CITY][0]
    wide, high = ring[1][0] - ring[0][0], ring[0][1] - ring[2][1]
    assert 0.55 < wide / high < 0.65, "a degree of longitude at 52 degrees north is 0.6 of one of latitude"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "neither GeoJSON nor TopoJSON"),
        ("[]", "neither GeoJSON nor TopoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "has a statcode"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_map_is_refused_in_a_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "map.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(RequestError, match=words):
        read_boundaries(path)
