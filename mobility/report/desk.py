"""The desk at which sections are written: the release, its values, the texts, and the figures drawn so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from mobility.report.evidence import evidence
from mobility.report.figures import Panel, draw_panels
from mobility.report.grids import Cell, Grid
from mobility.report.markup import tag, text
from mobility.report.pictures import Drawing
from mobility.report.reading import Release
from mobility.report.shapes import Shapes
from mobility.report.texts import Texts

MEASURES = ("persons", "households")
ROLES = ("centre", "city", "periphery", "growth_core", "satellite", "rest_of_region")
CLASSES = ("q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown")
INCOMES = ("low", "not_low")
OUTCOMES = (
    *("stayed", "left", "chain", "late", "provisional", "interrupted", "temporary", "returned", "reversed"),
    *("away", "institution", "dead", "censored"),
)
ALL, CORE, OUTSIDE = "all", "growth_core", "elsewhere"


@dataclass(frozen=True)
class Desk:
    """What every section needs: the release, its values and the texts; and the figures drawn so far."""

    release: Release
    grid: Grid
    texts: Texts
    shapes: Shapes
    drawings: list[Drawing] = field(default_factory=list)

    def cell(self, table: str, measure: str, /, **key: str | int) -> Cell:
        """Where a number stands."""
        return Cell(table, measure, key)

    def flow(
        self,
        measure: str,
        year: int,
        origin: str,
        destination: str,
        income_class: str | None = None,
        level: str = "role",
    ) -> Cell:
        """A flow between places of a level, of one class or of all."""
        key: dict[str, str | int] = {
            "level": level,
            "count": "events",
            "year": year,
            "origin": origin,
            "destination": destination,
        }
        if income_class is None:
            return Cell("flows_total", measure, key)
        return Cell("flows", measure, key | {"income_class": income_class})

    def figure(self, name: str, caption: str, panels: Sequence[Panel]) -> str:
        """A figure of small charts."""
        return self.show(draw_panels(name, caption, panels, self.grid, self.release.label))

    def show(self, drawing: Drawing | None) -> str:
        """A figure with its caption and what stands behind it; it is also kept, to be written as files for use elsewhere."""
        if drawing is None:
            return ""
        self.drawings.append(drawing)
        behind = evidence(drawing.name, drawing.caption, drawing.points, self.release, self.grid)
        caption = tag("figcaption", text(drawing.caption))
        return tag("figure", caption, drawing.inside, behind, id=f"figure-{drawing.name}")

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
        return sorted((place for place in found if "/" in place), key=by_role) + [OUTSIDE] * (OUTSIDE in found)

    def regions(self) -> list[str]:
        """All regions in the flows or the chains."""
        chains = self.release.tables.get("chains")
        named = set(chains["region"]) - {ALL} if chains is not None else set()
        return sorted(named | {place.split("/")[0] for place in self.places() if "/" in place})

    def years(self) -> list[int]:
        """The years in the flows between roles."""
        frame = self.release.rows("flows_total", level="role", count="events")
        return sorted(set(frame["year"])) if frame.height else []


def by_role(place: str) -> tuple[str, int]:
    """Places in the order of their region, then of their role."""
    region, _, role = place.partition("/")
    return region, ROLES.index(role) if role in ROLES else len(ROLES)


def lead(desk: Desk, key: str, **values: object) -> str:
    """The first words of a section."""
    return tag("p", text(desk.texts.say(key, **values)), class_="lead")


def details(summary: str, *content: str) -> str:
    """What is there for who wants more."""
    return tag("details", tag("summary", text(summary)), *content)
