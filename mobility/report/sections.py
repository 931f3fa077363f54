"""The sections of the page, each made from released values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mobility.report.figures import Bar, Panel, can_draw, draw_figure
from mobility.report.grids import Cell, Grid, Line
from mobility.report.markup import tag, text
from mobility.report.reading import Release
from mobility.report.texts import Texts

MEASURES = ("persons", "households")
ROLES = ("centre", "city", "periphery", "growth_core", "satellite", "rest_of_region")
CLASSES = ("q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown")
INCOMES = ("low", "not_low")
OUTCOMES = (
    *("stayed", "left", "chain", "late", "provisional", "interrupted", "temporary", "returned", "reversed"),
    *("away", "institution", "dead", "censored"),
)
_ALL, _CORE, _OUTSIDE = "all", "growth_core", "elsewhere"
_LARGEST, _POINTS = 15, 4


@dataclass(frozen=True)
class Desk:
    """What every section needs: the release, its values and the texts."""

    release: Release
    grid: Grid
    texts: Texts

    def cell(self, table: str, measure: str, /, **key: str | int) -> Cell:
        """Where a number stands."""
        return Cell(table, measure, key)

    def flow(self, measure: str, year: int, origin: str, destination: str, income_class: str | None = None) -> Cell:
        """A flow between roles, of one class or of all."""
        key: dict[str, str | int] = {
            "level": "role",
            "count": "events",
            "year": year,
            "origin": origin,
            "destination": destination,
        }
        if income_class is None:
            return Cell("flows_total", measure, key)
        return Cell("flows", measure, key | {"income_class": income_class})

    def figure(self, caption: str, panels: Sequence[Panel]) -> str:
        """A figure, where the parts that draw are installed."""
        return draw_figure(caption, panels, self.texts) if can_draw() else ""

    def places(self) -> list[str]:
        """All roles in the flows, by region and role, those outside the regions last."""
        found: set[str] = set()
        for table in ("flows_total", "flows"):
            frame = (
                self.release.rows(table, level="role", count="events")
                if table in self.release.tables
                else pl.DataFrame()
            )
            for column in ("origin", "destination"):
                found |= set(frame[column]) if frame.height else set()
        return sorted((place for place in found if "/" in place), key=_by_role) + [_OUTSIDE] * (_OUTSIDE in found)

    def regions(self) -> list[str]:
        """All regions in the flows or the chains."""
        chains = self.release.tables.get("chains")
        named = set(chains["region"]) - {_ALL} if chains is not None else set()
        return sorted(named | {place.split("/")[0] for place in self.places() if "/" in place})

    def years(self) -> list[int]:
        """The years in the flows between roles."""
        frame = self.release.rows("flows_total", level="role", count="events")
        return sorted(set(frame["year"])) if frame.height else []


def coverage(desk: Desk) -> str:
    """How many residents could be linked."""
    frame = desk.release.tables.get("quality")
    if frame is None:
        return ""
    parts = ("population", "with_geography", "with_income_class")
    tables = [
        desk.grid.draw(
            desk.texts.say("coverage_caption" if measure == "persons" else "coverage_caption_households"),
            [desk.texts.say("year")],
            [desk.texts.name(part) for part in parts],
            [
                Line([str(year)], [desk.cell("quality", measure, measure=part, year=year) for part in parts])
                for year in sorted(set(frame["year"]))
            ],
        )
        for measure in MEASURES
    ]
    return _lead(desk, "coverage_lead") + tables[0] + _details(desk.texts.say("in_households"), tables[1])


def flows(desk: Desk) -> str:
    """Role by role for every region, one region by class, a series, and the largest flows into growth cores."""
    if not desk.years():
        return ""
    year = desk.years()[-1]
    return (
        _lead(desk, "flows_lead")
        + "".join(_matrix(desk, region, year, "persons") for region in desk.regions())
        + _details(
            desk.texts.say("matrix_households"),
            "".join(_matrix(desk, region, year, "households") for region in desk.regions()),
        )
        + _by_class(desk)
        + _between_regions(desk, year)
        + _largest(desk, year)
        + _series(desk, None)
        + _series(desk, "q1")
    )


def residents(desk: Desk) -> str:
    """Who the original residents are, and what became of them."""
    if "chains" not in desk.release.tables:
        return ""
    texts, areas = desk.texts, desk.release.tables.get("cohort")
    regions = [*desk.regions(), _ALL]
    tables = []
    for measure in MEASURES:
        lines = []
        for outcome in (*OUTCOMES, _ALL):
            cells = [
                desk.cell("chains", measure, region=region, income_class=income, outcome=outcome, path=_ALL)
                for region in regions
                for income in INCOMES
            ]
            if any(desk.grid.value(cell) is not None for cell in cells):
                lines.append(
                    Line([texts.name("cohort" if outcome == _ALL else outcome)], cells, strong=outcome == _ALL)
                )
        caption = texts.say("outcome_caption" if measure == "persons" else "outcome_caption_households")
        columns = [f"{texts.name(region)}, {texts.name(income)}" for region in regions for income in INCOMES]
        tables.append(desk.grid.draw(caption, [texts.say("outcome")], columns, lines))
    lead = desk.release.package["study"]["chains"]["lead_months"]
    return (
        _lead(desk, "residents_lead", lead=lead)
        + _outcome_figure(desk)
        + tables[0]
        + _details(texts.say("in_households"), tables[1])
        + ("" if areas is None else _details(texts.say("cohort_details"), _cohort(desk, areas)))
    )


def chains(desk: Desk) -> str:
    """Wegsijpel chains by region, path and class, and where they end."""
    if "chains" not in desk.release.tables:
        return ""
    texts = desk.texts
    lines = []
    for region in (*desk.regions(), _ALL):
        for path in ("direct", "stepwise", _ALL):
            cells = [
                desk.cell("chains", measure, region=region, income_class=income, outcome="chain", path=path)
                for income in INCOMES
                for measure in MEASURES
            ]
            lines.append(Line([texts.name(region), _path(desk, path)], cells, strong=path == _ALL))
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    heads = [texts.say("region"), texts.say("path")]
    return (
        _lead(desk, "chains_lead", settled=desk.release.package["study"]["chains"]["settled_months"])
        + _chain_figure(desk)
        + desk.grid.draw(texts.say("chains_caption"), heads, columns, lines)
        + _destinations(desk)
    )


def _matrix(desk: Desk, region: str, year: int, measure: str) -> str:
    """One region, role by role; moves that do not touch it have no place here."""
    places = [place for place in desk.places() if place == _OUTSIDE or place.split("/")[0] == region]
    texts = desk.texts
    lines = []
    for origin in places:
        outside = [origin == destination == _OUTSIDE for destination in places]
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


def _by_class(desk: Desk) -> str:
    """Where the movers out of one role go, by class: the role and year of which most is released."""
    if "flows" not in desk.release.tables:
        return ""
    known = desk.release.rows("flows", level="role", count="events").filter(
        pl.col("origin").str.contains("/"),
        pl.col("income_class").is_in(CLASSES[:5]),
        pl.col("origin").str.split("/").list.first() == pl.col("destination").str.split("/").list.first(),
    )
    if known.is_empty():
        return ""
    most = known.group_by("origin", "year").len().sort("len", "year", "origin", descending=[True, True, False])
    origin, year = most.select("origin", "year").row(0)
    region, texts = origin.split("/")[0], desk.texts
    places = [place for place in desk.places() if place.split("/")[0] == region]
    panels = []
    for income in CLASSES[:5]:
        values = [(place, desk.grid.value(desk.flow("persons", year, origin, place, income))) for place in places]
        bars = tuple(Bar(texts.role(place), value, place.endswith(_CORE)) for place, value in values)
        panels.append(Panel(texts.name(income), bars=bars))
    caption = texts.say("class_figure", region=texts.name(region), origin=texts.role(origin), year=year)
    return desk.figure(caption, panels)


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
    return tag("h3", text(texts.say("regions"))) + tables[0] + _details(texts.say("in_households"), tables[1])


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
        cells = [(year, desk.flow("persons", year, place, f"{region}/{_CORE}", income)) for year in desk.years()]
        values = tuple((year, desk.grid.value(cell)) for year, cell in cells)
        if sum(value is not None for _, value in values) >= _POINTS:
            panels.append(Panel(texts.say("series_panel", origin=texts.name(place)), years=values))
    return desk.figure(texts.say("series_figure" if income is None else "series_figure_low"), panels)


def _largest(desk: Desk, year: int) -> str:
    into = desk.release.rows("flows_total", level="role", count="events", year=year).filter(
        pl.col("destination").str.ends_with(_CORE), pl.col("origin") != pl.col("destination")
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
    return tag("h3", text(texts.say("top"))) + tables[0] + _details(texts.say("in_households"), tables[1])


def _outcome_figure(desk: Desk) -> str:
    panels = []
    for region in desk.regions():
        bars = []
        for outcome in OUTCOMES:
            value = desk.grid.value(
                desk.cell("chains", "persons", region=region, income_class="low", outcome=outcome, path=_ALL)
            )
            if value is not None or outcome == "chain":
                bars.append(Bar(desk.texts.name(outcome), value, outcome == "chain"))
        panels.append(Panel(desk.texts.name(region), bars=tuple(bars)))
    return desk.figure(desk.texts.say("outcome_figure"), panels)


def _chain_figure(desk: Desk) -> str:
    panels = [
        Panel(
            f"{desk.texts.name(region)}, {desk.texts.name(income)}",
            bars=tuple(
                Bar(
                    desk.texts.name(path),
                    desk.grid.value(
                        desk.cell("chains", "persons", region=region, income_class=income, outcome="chain", path=path)
                    ),
                    path == "stepwise",
                )
                for path in ("direct", "stepwise")
            ),
        )
        for income in INCOMES
        for region in desk.regions()
    ]
    return desk.figure(desk.texts.say("chains_figure"), panels)


def _cohort(desk: Desk, areas: pl.DataFrame) -> str:
    keys = (
        areas.select("region", "area", "cohort_year", "programme")
        .unique()
        .sort("region", "area", "cohort_year", "programme")
    )
    texts = desk.texts
    lines = []
    for key in keys.iter_rows(named=True):
        cells = [Cell("cohort", measure, key | {"income_class": income}) for income in INCOMES for measure in MEASURES]
        lines.append(Line([key["area"], texts.name(key["region"]), str(key["cohort_year"])], cells))
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    return desk.grid.draw(
        texts.say("cohort_caption"), [texts.say("area"), texts.say("region"), texts.say("cohort_year")], columns, lines
    )


def _destinations(desk: Desk) -> str:
    frame = desk.release.tables.get("chains_destination")
    if frame is None:
        return ""
    texts = desk.texts
    pairs = frame.select("region", "destination").unique().sort("region", "destination")
    lines = []
    for region, destination in pairs.iter_rows():
        for path in ("direct", "stepwise", _ALL):
            cells = [
                desk.cell(
                    "chains_destination",
                    measure,
                    region=region,
                    destination=destination,
                    income_class=income,
                    path=path,
                )
                for income in INCOMES
                for measure in MEASURES
            ]
            lines.append(Line([texts.name(region), destination, _path(desk, path)], cells, strong=path == _ALL))
    columns = [f"{texts.name(income)}: {texts.say(measure)}" for income in INCOMES for measure in MEASURES]
    heads = [texts.say("region"), texts.say("destination"), texts.say("path")]
    return desk.grid.draw(texts.say("destination_caption"), heads, columns, lines)


def _path(desk: Desk, path: str) -> str:
    return desk.texts.name("any_path" if path == _ALL else path)


def _by_role(place: str) -> tuple[str, int]:
    region, _, role = place.partition("/")
    return region, ROLES.index(role) if role in ROLES else len(ROLES)


def _lead(desk: Desk, key: str, **values: object) -> str:
    return tag("p", text(desk.texts.say(key, **values)), class_="lead")


def _details(summary: str, *content: str) -> str:
    return tag("details", tag("summary", text(summary)), *content)
