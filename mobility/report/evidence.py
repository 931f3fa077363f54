"""What stands behind a figure: its numbers as a table, what they count, what is withheld, and the source to cite."""

from __future__ import annotations

from collections.abc import Sequence

from mobility.report.grids import Cell, Grid, Line
from mobility.report.markup import tag, text
from mobility.report.pictures import Point
from mobility.report.reading import Release

COUNTS = ("persons", "households")
_MOST = 400  # lines of a table below a figure


def evidence(name: str, caption: str, points: Sequence[Point], release: Release, grid: Grid) -> str:
    """A part of the page that opens below a figure.

    Args:
        name: of the figure.
        caption: what it counts.
        points: the numbers it shows.
        release: for what its tables count.
        grid: of the released numbers.
    """
    texts = grid.texts
    largest = sorted(points, key=lambda point: -abs(grid.number(point.cell) or 0.0))[:_MOST]
    is_part = len(points) > _MOST
    chosen = set(map(id, largest))
    points = [point for point in points if id(point) in chosen]
    measures = list(dict.fromkeys([*(point.cell.measure for point in points), *COUNTS]))
    lines = [
        Line(point.heads, [Cell(point.cell.table, measure, point.cell.key) for measure in measures]) for point in points
    ]
    kept = [
        place for place in range(len(measures)) if any(grid.number(line.cells[place]) is not None for line in lines)
    ]
    shown = [Line(line.heads, [line.cells[place] for place in kept]) for line in lines]
    heads = [*("group", "what", "month")[: len(points[0].heads)]]
    table = grid.draw(caption, list(map(texts.say, heads)), [texts.measure(measures[place]) for place in kept], shown)
    used = dict.fromkeys(point.cell.table for point in points)
    said = [
        (resource["name"], resource["descriptions"][texts.language], resource["numbers"])
        for resource in release.package["resources"]
        if resource["name"] in used
    ]
    words = [
        tag(
            "div",
            tag("dt", text(texts.say("counts")), " ", tag("code", text(f"{table}.csv"))),
            tag("dd", text(meaning)),
        )
        for table, meaning, _ in said
    ]
    notes = [*(texts.say(f"figure_{numbers}") for numbers in dict.fromkeys(each for *_, each in said))]
    notes.append(texts.say("figure_withheld"))
    if is_part:
        notes.append(texts.say("figure_part", most=_MOST))
    words.append(tag("div", tag("dt", text(texts.say("withholding"))), tag("dd", text(" ".join(notes)))))
    words.append(tag("div", tag("dt", text(texts.say("citation"))), tag("dd", copy_button(grid))))
    summary = tag("summary", text(texts.say("behind")), tag("span", text(f": {caption}"), class_="hidden"))
    return tag("details", summary, table, tag("dl", *words, class_="terms"), class_="behind", id=f"behind-{name}")


def copy_button(grid: Grid) -> str:
    """A button that copies the citation; without a script, or a clipboard, a link to it."""
    texts = grid.texts
    button = tag(
        "button",
        text(texts.say("copy")),
        type="button",
        hidden=True,
        data_copy="citation-text",
        data_done=texts.say("copied"),
    )
    return button + " " + tag("a", text(texts.say("to_citation")), href="#citation")
