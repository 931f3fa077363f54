"""The report: one page that stands on its own, made from a release and nothing else."""

from __future__ import annotations

from pathlib import Path

from mobility.report.desk import Desk
from mobility.report.evidence import copy_button
from mobility.report.grids import Grid
from mobility.report.markup import tag, text
from mobility.report.publication import can_convert, write_figures
from mobility.report.reading import Release, read_release
from mobility.report.sections.chains import chains
from mobility.report.sections.compared import compared
from mobility.report.sections.coverage import coverage
from mobility.report.sections.expected import expected
from mobility.report.sections.flows import flows, regions
from mobility.report.sections.living import living
from mobility.report.sections.monitor import concentrations
from mobility.report.sections.residents import residents
from mobility.report.shapes import read_boundaries, squares_of
from mobility.report.texts import Language, Texts
from mobility.run.files import write_text

# Whatever stands in the page, a browser fetches nothing for it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def write_report(release_folder: Path, language: Language, boundaries: Path | None = None) -> Path:
    """Write `report.html` into the folder of a release, and its figures as files into `figures/` beside it.

    The page needs no network and no other file. The same release gives the same page, byte for byte.

    Args:
        release_folder: of the release.
        language: of the page.
        boundaries: a GeoJSON or TopoJSON file of areas for the maps; without one every gemeente is a square.

    Raises:
        RequestError: the folder holds no release, or the file is no map.
    """
    release = read_release(release_folder)
    shapes = squares_of(release) if boundaries is None else read_boundaries(boundaries)
    texts = Texts(language, shapes.names | release.names)
    desk = Desk(release, Grid(release, texts), texts, shapes)
    path = release_folder / "report.html"
    write_text(path, build_page(desk))
    write_figures(desk.drawings, release_folder / "figures")
    return path


def build_page(desk: Desk) -> str:
    """The page as text; the desk keeps the figures drawn."""
    release, texts = desk.release, desk.texts
    parts = {
        "asked": _asked(release, texts),
        "coverage": coverage(desk),
        "living": living(desk),
        "flows": flows(desk),
        "regions": regions(desk),
        "expected": expected(desk),
        "residents": residents(desk),
        "chains": chains(desk),
        "compared": compared(desk),
        "concentrations": concentrations(desk),
        "reading": _reading(release, texts),
        "definitions": _definitions(release, texts),
        "protection": _protection(release, texts),
        "files": _files(release, texts),
        "citation": _citation(release, desk.grid),
    }
    kept = {name: content for name, content in parts.items() if content}
    links = [tag("li", tag("a", text(texts.say(name)), href=f"#{name}")) for name in kept]
    nav = tag(
        "nav", tag("h2", text(texts.say("title_contents"))), tag("ol", *links), aria_label=texts.say("title_contents")
    )
    body = [
        tag("section", tag("h2", text(texts.say(name)), id=name), content, aria_labelledby=name)
        for name, content in kept.items()
    ]
    banner = tag("aside", text(release.label), class_="label", aria_label=texts.say("note")) if release.label else ""
    made = tag("footer", tag("p", text(texts.say("made_with", version=release.package["program"]["version"]))))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", text(release.package["titles"][texts.language])),
        tag("style", (Path(__file__).parent / "page.css").read_text(encoding="utf-8")),
    )
    skip = tag("a", text(texts.say("skip")), href="#main", class_="skip")
    page = tag("div", _header(release, texts), nav, tag("main", *body, id="main"), made, class_="page")
    return f"<!doctype html>\n{tag('html', head, tag('body', skip, banner, page, _script()), lang=texts.language)}\n"


def _header(release: Release, texts: Texts) -> str:
    study = release.package["study"]
    facts = [
        texts.say("period", first=study["first_year"], last=study["last_year"]),
        texts.say("geography", year=study["geography_year"]),
        texts.say("release", release=study["release"]),
    ]
    return tag(
        "header",
        tag("h1", text(release.package["titles"][texts.language])),
        tag("p", text(" · ".join(facts)), class_="facts"),
    )


def _asked(release: Release, texts: Texts) -> str:
    study, protection = release.package["study"], release.package["protection"]
    facts = [
        ("fact_period", texts.say("period", first=study["first_year"], last=study["last_year"])),
        ("fact_geography", str(study["geography_year"])),
        ("fact_zoning", study["zoning"]),
        ("fact_programmes", ", ".join(study["programmes"]) or "-"),
        ("fact_rules", protection["profile"]),
    ]
    listed = [tag("div", tag("dt", text(texts.say(key))), tag("dd", text(value))) for key, value in facts]
    files = [
        tag("li", text(f"{source['title']}: {Path(source['path']).name}")) for source in release.package["sources"]
    ]
    registers = tag("details", tag("summary", text(texts.say("registers"))), tag("ul", *files, class_="files"))
    return (
        tag("p", text(release.package["descriptions"][texts.language]), class_="lead")
        + tag("dl", *listed, class_="facts")
        + registers
    )


def _reading(release: Release, texts: Texts) -> str:
    compared = "excess" if "excess" in release.tables else "no_excess"
    return _list([*texts.points("reading_points"), texts.say(f"reading_{compared}")])


def _definitions(release: Release, texts: Texts) -> str:
    study = release.package["study"]
    chains = study["chains"]
    pairs = texts.pairs(
        "definition_list",
        lag=study["income_lag_years"],
        low=", ".join(study["income_low"]),
        age=chains["minimum_age"],
        lead=chains["lead_months"],
        exit=chains["exit_months"],
        arrival=chains["arrival_months"],
        settled=chains["settled_months"],
        geography=study["geography_year"],
    )
    return tag(
        "dl", *(tag("div", tag("dt", text(term)), tag("dd", text(meaning))) for term, meaning in pairs), class_="terms"
    )


def _protection(release: Release, texts: Texts) -> str:
    rules = release.package["protection"]
    values = {
        "base": rules["rounding_base"],
        "persons": rules["minimum_persons"],
        "households": rules["minimum_households"],
        "width": rules["interval_width"],
        "below": min(rules["minimum_persons"], rules["minimum_households"]) - 1,
    }
    titles: dict[str, list[str]] = {}
    for resource in release.package["resources"]:
        titles.setdefault(resource["numbers"], []).append(resource["titles"][texts.language])
    points: list[str] = []
    for numbers, of in titles.items():
        if len(titles) > 1:
            points.append(texts.say(f"tables_{numbers}", titles="; ".join(of)))
        points += texts.points(f"protection_{numbers}", **values)
    return _list(points + texts.points("protection_all", **values))


def _files(release: Release, texts: Texts) -> str:
    entries = []
    for resource in release.package["resources"]:
        says = [resource[key][texts.language] for key in ("descriptions", "relations")]
        head = tag("dt", text(resource["titles"][texts.language]), " ", tag("code", text(f"{resource['name']}.csv")))
        entries.append(tag("div", head, *(tag("dd", text(words)) for words in says)))
    drawn = tag("p", text(texts.say("figures_lead" if can_convert() else "figures_lead_svg")))
    return tag("p", text(texts.say("files_lead")), class_="lead") + tag("dl", *entries, class_="terms") + drawn


def _citation(release: Release, grid: Grid) -> str:
    texts = grid.texts
    before = tag("p", text(texts.say("citation_none"))) if release.label else ""
    return (
        before + tag("blockquote", tag("p", text(texts.say("citation_text")), id="citation-text")) + copy_button(grid)
    )


def _script() -> str:
    return tag("script", (Path(__file__).parent / "page.js").read_text(encoding="utf-8"))


def _list(points: list[str]) -> str:
    return tag("ul", *(tag("li", text(point)) for point in points))
