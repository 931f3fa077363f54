"""Where low incomes live, and what changed that: the account of every role."""

from __future__ import annotations

from mobility.report.desk import ALL, CLASSES, MEASURES, ROLES, Desk, details, lead
from mobility.report.figures import Panel
from mobility.report.grids import Cell, Line

_LOWEST = CLASSES[0]
_STOCK = "stock_start"
# What changes the number of residents of a class, in the order of the account, with the table it stands in.
_COMPONENTS = ("moves_in", "moves_out", "immigration", "emigration", "class_in", "class_out", "deaths")


def living(desk: Desk) -> str:
    """Residents of the lowest class in every role: by year, and what came in and went out in the last."""
    frame = desk.release.rows("account", level="role", component=_STOCK)
    if not frame.height:
        return ""
    years = sorted(set(frame["year"]))
    tables = [_stocks(desk, years, measure) for measure in MEASURES]
    accounts = [_account(desk, years[-1], measure) for measure in MEASURES]
    return (
        lead(desk, "living_lead")
        + _series(desk, years)
        + tables[0]
        + details(desk.texts.say("in_households"), tables[1])
        + accounts[0]
        + details(desk.texts.say("in_households"), accounts[1])
    )


def _places(desk: Desk) -> list[str]:
    return [f"{region}/{role}" for region in desk.regions() for role in ROLES]


def _held(component: str, measure: str, year: int, place: str, income_class: str) -> Cell:
    """A cell of the account of a role."""
    key = {"level": "role", "component": component, "place": place, "income_class": income_class}
    return Cell("account", measure, {**key, "year": year})


def _stock(measure: str, year: int, place: str, income_class: str) -> Cell:
    return _held(_STOCK, measure, year, place, income_class)


def _series(desk: Desk, years: list[int]) -> str:
    panels = []
    for place in _places(desk):
        cells = tuple((year, _stock("persons", year, place, _LOWEST)) for year in years)
        if any(desk.grid.value(cell) is not None for _, cell in cells):
            panels.append(Panel(desk.texts.name(place), years=cells))
    return desk.figure("low-incomes-by-role", desk.texts.say("living_figure"), panels)


def _stocks(desk: Desk, years: list[int], measure: str) -> str:
    """First and last year, the lowest class beside all."""
    texts, ends = desk.texts, (years[0], years[-1])
    lines = [
        Line([texts.name(place)], [_stock(measure, year, place, income) for year in ends for income in (_LOWEST, ALL)])
        for place in _places(desk)
    ]
    columns = [
        f"{year}: {texts.name(_LOWEST) if income == _LOWEST else texts.say('all_classes')}"
        for year in ends
        for income in (_LOWEST, ALL)
    ]
    caption = texts.say("living_caption" if measure == "persons" else "living_caption_households")
    return desk.grid.draw(caption, [texts.say("role")], columns, [line for line in lines if desk.grid.any([line])])


def _account(desk: Desk, year: int, measure: str) -> str:
    """What came in and went out, of the lowest class."""
    texts = desk.texts
    lines = [
        Line([texts.name(place)], [_component(component, year, place, measure) for component in _COMPONENTS])
        for place in _places(desk)
    ]
    caption = texts.say("account_caption" if measure == "persons" else "account_caption_households", year=year)
    columns = [texts.name(component) for component in _COMPONENTS]
    return desk.grid.draw(caption, [texts.say("role")], columns, [line for line in lines if desk.grid.any([line])])


def _component(component: str, year: int, place: str, measure: str) -> Cell:
    if component.startswith("moves"):
        table, end = ("flows_in", "destination") if component == "moves_in" else ("flows_out", "origin")
        return Cell(
            table, measure, {"level": "role", "count": "events", "year": year, end: place, "income_class": _LOWEST}
        )
    return _held(component, measure, year, place, _LOWEST)
