"""Where places lie on a map: squares that came with the release, or boundaries from a GeoJSON or TopoJSON file of the user's."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobility.errors import RequestError
from mobility.report.reading import Release

Ring = list[tuple[float, float]]
_CODE_KEY, _NAME_KEY = "statcode", "statnaam"  # as in the Wijk- en buurtkaart of CBS
_GAP = 0.06  # between squares


@dataclass(frozen=True)
class Shapes:
    """Outlines on a map, y downwards.

    Attributes:
        rings: of every code.
        names: of codes, where the file gives them.
        squares: whether each is a square with room for words.
    """

    rings: dict[str, list[Ring]]
    names: dict[str, str]
    squares: bool


def squares_of(release: Release) -> Shapes:
    """The squares that came with a release."""
    low, high = _GAP / 2, 1 - _GAP / 2
    rings = {
        place["code"]: [[(c + low, r + low), (c + high, r + low), (c + high, r + high), (c + low, r + high)]]
        for place in release.package.get("places", [])
        if (c := place.get("column")) is not None and (r := place.get("row")) is not None
    }
    return Shapes(rings, {}, squares=True)


def read_boundaries(path: Path) -> Shapes:
    """Boundaries from a file.

    Raises:
        RequestError: the file is not there, is neither GeoJSON nor TopoJSON, or no shape has a `statcode`.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        features = list(_features(given))
    except OSError:
        raise RequestError(f"report.map: {path} cannot be read. Name a GeoJSON or TopoJSON file.") from None
    except (ValueError, KeyError, TypeError, IndexError):
        raise RequestError(f"report.map: {path} is neither GeoJSON nor TopoJSON with areas.") from None
    known = [(str(about[_CODE_KEY]), about, rings) for about, rings in features if about.get(_CODE_KEY)]
    if not known:
        raise RequestError(f"report.map: no area of {path} has a {_CODE_KEY}. Take the Wijk- en buurtkaart of CBS.")
    flat = max(abs(x) for _, _, rings in known for ring in rings for x, _ in ring) <= 180  # degrees, not metres
    shrink = math.cos(math.radians(max(y for _, _, rings in known for ring in rings for _, y in ring))) if flat else 1.0
    rings = {code: [[(x * shrink, -y) for x, y in ring] for ring in outlines] for code, _, outlines in known}
    return Shapes(
        rings, {code: str(about[_NAME_KEY]) for code, about, _ in known if about.get(_NAME_KEY)}, squares=False
    )


def _features(given: Any) -> Iterator[tuple[dict[str, Any], list[Ring]]]:  # noqa: ANN401 - whatever the file holds
    """Properties and rings of every area of a file."""
    if given["type"] == "Topology":
        arcs = [_arc(arc, given.get("transform")) for arc in given["arcs"]]
        for thing in given["objects"].values():
            for one in thing.get("geometries", [thing]):
                polygons = _polygons(one["type"], one.get("arcs", []))
                yield one.get("properties") or {}, [_joined(ring, arcs) for polygon in polygons for ring in polygon]
        return
    for one in given["features"]:
        shape = one["geometry"] or {"type": "Polygon", "coordinates": []}
        polygons = _polygons(shape["type"], shape["coordinates"])
        yield one.get("properties") or {}, [[(p[0], p[1]) for p in ring] for polygon in polygons for ring in polygon]


def _polygons(kind: str, given: Any) -> list[Any]:  # noqa: ANN401 - whatever the file holds
    return [given] if kind == "Polygon" else list(given) if kind == "MultiPolygon" else []


def _arc(arc: list[list[float]], transform: dict[str, list[float]] | None) -> Ring:
    """One line of a TopoJSON file: steps from point to point on a grid, or points."""
    if transform is None:
        return [(point[0], point[1]) for point in arc]
    (wide, high), (left, low) = transform["scale"], transform["translate"]
    x = y = 0.0
    points = []
    for step in arc:
        x, y = x + step[0], y + step[1]
        points.append((x * wide + left, y * high + low))
    return points


def _joined(numbers: list[int], arcs: list[Ring]) -> Ring:
    """A ring of lines, each by its number; a negative number is the line the other way round."""
    points: Ring = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += line[1:] if points else line
    return points
