"""Where movers go: between regions, the largest flows into growth cores, and by region."""

from __future__ import annotations

import polars as pl

from mobility.report.desk import CLASSES, CORE, MEASURES, OUTSIDE, ROLES, Desk, details, lead
from mobility.report.figures import Bar, Panel
from mobility.report.grids import Cell, Line
from mobility.report.maps import Mapped, draw_maps
from mobility.report.markup import tag, text
from mobility.report.ribbons import Ribbon, draw_ribbons
from mobility.report.sections.monitor import indicators_of

_LARGEST, _POINTS = 15, 4


def flows(desk: Desk) -> str:
    """Between the regions, the largest flows into growth cores, and series of all cities."""
    if not desk.years():
        return ""
    year = desk.years()[-1]
    return (
        lead(desk, "flows_lead")
        + _between_regions(desk, year)
        + _largest(desk, year)
        + _series(desk, None)
        + _series(desk, "q1")
    )


def regions(desk: Desk) -> str:
    """A sheet for every region: role by role, as ribbons and as a table, and one city by class."""
    if not desk.years():
        return ""
    year = desk.years()[-1]
    sheets = [
        tag("h3", text(desk.texts.name(region)))
        + _ribbons(desk, region, year)
        + _maps(desk, region, year)
        + _matrix(desk, region, year, "persons")
        + details(desk.texts.say("in_households"), _matrix(desk, region, year, "households"))
        + _by_class(desk, region)
        + indicators_of(desk, region)
        for region in desk.regions()
    ]
    return lead(desk, "regions_lead") + "".join(sheets)


def _ribbons(desk: Desk, region: str, year: int) -> str:
    """Moves from one role of a region to another, all classes; moves within a role would hide them."""
    places = [place for place in desk.places() if place.split("/")[0] == region]
    ribbons = []
    for origin in places:
        for destination in places:
            if origin != destination:
                cell = desk.flow("persons", year, origin, destination)
                ends = desk.texts.role(origin), desk.texts.role(destination)
                ribbons.append(Ribbon(*ends, cell, second=destination.endswith(CORE)))
    caption = desk.texts.say("ribbons_caption", region=desk.texts.name(region), year=year)
    names = [desk.texts.role(place) for place in places]
    drawn = draw_ribbons(f"flows-{region.lower()}", caption, ribbons, [names] * 2, desk.grid, desk.release.label)
    return desk.show(drawn)


def _maps(desk: Desk, region: str, year: int) -> str:
    """Where the movers out of each city of a region went, gemeente by gemeente: all classes, and the lowest."""
    places = desk.release.package.get("places", [])
    cities = [place["code"] for place in places if place.get("region") == region and place.get("role") in ROLES[:2]]
    drawn = []
    for city in (code for code in cities if code.startswith("GM")):
        maps = []
        for income in (None, CLASSES[0]):
            cells = {}
            for place in desk.shapes.rings:
                cell = desk.flow("persons", year, city, place, income, level="gemeente")
                if place != city and desk.grid.value(cell) is not None:
                    cells[place] = cell
            title = desk.texts.say("all_classes_title") if income is None else desk.texts.name(income)
            maps.append(Mapped(title, city, cells))
        caption = desk.texts.say("map_caption", city=desk.texts.name(city), year=year)
        name = f"map-{city.lower()}"
        drawn.append(desk.show(draw_maps(name, caption, maps, desk.shapes, desk.grid, desk.release.label)))
    return "".join(drawn)


def _matrix(desk: Desk, region: str, year: int, measure: str) -> str:
    """One region, role by role; moves that do not touch it have no place here."""
    places = [place for place in desk.places() if place == OUTSIDE or place.split("/")[0] == region]
    texts = desk.texts
    lines = []
    for origin in places:
        outside = [origin == destination == OUTSIDE for destination in places]
        cells = [
            None if out else desk.flow(measure, year, origin, place) for place, out in zip(places, outside, strict=True)
        ]
        lines.append(Line([texts.role(origin)], cells))
    caption = texts.say(
        "matrix_caption" if measure == "persons" else "matrix_caption_households", region=texts.name(region), year=year
    )
    return desk.grid.draw(
        caption, [texts.say("from")], list(map(texts.role, places)), lines, shaded=True, over=texts.say("to")
    )


def _by_class(desk: Desk, region: str) -> str:
    """Where the movers out of one role of a region go, by class: the role and year of which most is released."""
    if "flows" not in desk.release.tables:
        return ""
    known = desk.release.rows("flows", level="role", count="events").filter(
        pl.col("origin").str.starts_with(f"{region}/"),
        pl.col("destination").str.starts_with(f"{region}/"),
        pl.col("income_class").is_in(CLASSES[:5]),
    )
    if known.is_empty():
        return ""
    most = known.group_by("origin", "year").len().sort("len", "year", "origin", descending=[True, True, False])
    origin, year = most.select("origin", "year").row(0)
    texts = desk.texts
    places = [place for place in desk.places() if place.split("/")[0] == region]
    panels = []
    for income in CLASSES[:5]:
        cells = [(place, desk.flow("persons", year, origin, place, income)) for place in places]
        bars = tuple(Bar(texts.role(place), cell, place.endswith(CORE)) for place, cell in cells)
        panels.append(Panel(texts.name(income), bars=bars))
    caption = texts.say("class_figure", region=texts.name(region), origin=texts.role(origin), year=year)
    return desk.figure(f"classes-{region.lower()}", caption, panels)


def _between_regions(desk: Desk, year: int) -> str:
    """Moves within and between regions by class."""
    frame = desk.release.rows("flows_total", level="region", count="events", year=year)
    pairs = list(frame.select("origin", "destination").iter_rows()) if frame.height else []
    texts = desk.texts
    tables = []
    for measure in MEASURES:
        lines = []
        for origin, destination in pairs:
            key: dict[str, str | int] = {"level": "region", "count": "events", "year": year}
            key |= {"origin": origin, "destination": destination}
            cells = [Cell("flows", measure, key | {"income_class": income}) for income in CLASSES]
            lines.append(
                Line([texts.name(origin), texts.name(destination)], [*cells, Cell("flows_total", measure, key)])
            )
        caption = texts.say("regions_caption" if measure == "persons" else "regions_caption_households", year=year)
        tables.append(_class_table(desk, caption, lines))
    return tag("h3", text(texts.say("between_regions"))) + tables[0] + details(texts.say("in_households"), tables[1])


def _class_table(desk: Desk, caption: str, lines: list[Line]) -> str:
    """A table with a column for every class of which something is shown, and one for all classes."""
    texts = desk.texts
    names = [*map(texts.name, CLASSES), texts.say("all_classes")]
    kept = [
        place for place in range(len(names)) if any(desk.grid.value(line.cells[place]) is not None for line in lines)
    ]
    shown = [Line(line.heads, [line.cells[place] for place in kept]) for line in lines]
    return desk.grid.draw(caption, [texts.say("from"), texts.say("to")], [names[place] for place in kept], shown)


def _series(desk: Desk, income: str | None) -> str:
    """Moves from the city to the growth cores of its region, by year."""
    texts = desk.texts
    panels = []
    for place in desk.places():
        region, _, role = place.partition("/")
        if role not in ROLES[:3]:
            continue
        cells = tuple((year, desk.flow("persons", year, place, f"{region}/{CORE}", income)) for year in desk.years())
        if sum(desk.grid.value(cell) is not None for _, cell in cells) >= _POINTS:
            panels.append(Panel(texts.say("series_panel", origin=texts.name(place)), years=cells))
    caption = texts.say("series_figure" if income is None else "series_figure_low")
    return desk.figure("to-growth-cores" if income is None else "to-growth-cores-low", caption, panels)


def _largest(desk: Desk, year: int) -> str:
    into = desk.release.rows("flows_total", level="role", count="events", year=year).filter(
        pl.col("destination").str.ends_with(CORE), pl.col("origin") != pl.col("destination")
    )
    pairs = into.sort("persons", "origin", "destination", descending=[True, False, False]).head(_LARGEST)
    texts = desk.texts
    tables = []
    for measure in MEASURES:
        lines = []
        for origin, destination in pairs.select("origin", "destination").iter_rows():
            cells = [desk.flow(measure, year, origin, destination, income) for income in CLASSES]
            lines.append(
                Line(
                    [texts.name(origin), texts.name(destination)],
                    [*cells, desk.flow(measure, year, origin, destination)],
                )
            )
        caption = texts.say("top_caption" if measure == "persons" else "top_caption_households", year=year)
        tables.append(_class_table(desk, caption, lines))
    return tag("h3", text(texts.say("top"))) + tables[0] + details(texts.say("in_households"), tables[1])
