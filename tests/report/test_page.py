"""The page: every number on it is a released value, and it needs nothing outside itself."""

from __future__ import annotations

import html as html_module
import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from mobility.errors import RequestError
from mobility.release.archive import pack
from mobility.report import publication
from mobility.report.page import write_report
from mobility.report.texts import Texts, _catalogue
from mobility.settings import Settings
from tests.release.conftest import LABEL, read_package
from tests.report.further import add_further


class Page(HTMLParser):
    """What the tests look at: data cells, texts in figures, links, tables and heads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.numbers: list[tuple[dict[str, str | None], str]] = []
        self.bare: list[str] = []
        self.drawn: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "hr"):
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, "elements are well nested"

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self.open]
        if not data.strip() or "style" in names or "script" in names:
            return
        if "svg" in names:
            self.drawn.append(data.strip())
        elif names[-1] == "td":
            attributes = self.open[-1][1]
            if "data-table" in attributes:
                self.numbers.append((attributes, data))
            elif attributes.get("class") != "head":
                self.bare.append(data)


@pytest.fixture(scope="module")
def folder(shared: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the release, alone: nothing else is there for the report to read."""
    target = tmp_path_factory.mktemp("carried") / "demo" / "1"
    shutil.copytree(shared.place.export / "demo" / "1", target)
    add_further(target)
    return target


@pytest.fixture(scope="module", params=["nl", "en"])
def html(request: pytest.FixtureRequest, folder: Path) -> tuple[str, str]:
    return request.param, write_report(folder, request.param).read_text(encoding="utf-8")


def released(folder: Path) -> dict[str, dict[tuple[str, str], float]]:
    """Every released number, by table, then by key and column."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for resource in read_package(folder)["resources"]:
        frame = pl.read_csv(folder / resource["path"], infer_schema=False)
        keys = resource["schema"]["primaryKey"]
        kinds = {field["name"]: float if field["type"] == "number" else int for field in resource["schema"]["fields"]}
        found[resource["name"]] = {
            ("|".join(row[key] for key in keys), column): kinds[column](row[column])
            for row in frame.iter_rows(named=True)
            for column in frame.columns
            if column not in keys and row[column] is not None
        }
    return found


def as_number(text: str, language: str) -> float:
    thousands, decimals = (".", ",") if language == "nl" else (",", ".")
    return float(text.replace(thousands, "").replace(decimals, "."))


def test_every_number_in_a_table_is_the_released_value_it_names(html: tuple[str, str], folder: Path) -> None:
    language, text = html
    values, parsed = released(folder), Page(text)
    assert len(parsed.numbers) > 300
    for attributes, shown in parsed.numbers:
        table, column, key = (attributes[f"data-{name}"] for name in ("table", "column", "key"))
        assert table
        assert column
        assert key
        assert as_number(shown, language) == as_shown(values[table][key, column])
    assert not parsed.bare, "a cell holds a released value or the mark"


def as_shown(value: float) -> float:
    """Of a fraction that is not tiny, four decimals."""
    return round(value, 4) if abs(value) >= 0.001 else value


def marks(html: str) -> dict[str, list[dict[str, str | None]]]:
    """What every figure is drawn from: the attributes of its marks, by the name of the figure."""
    figures = re.findall(r'<figure id="figure-([^"]+)">(.*?)</figure>', html, re.DOTALL)
    return {name: [given for _, given in Page(inside).elements if "data-cell" in given] for name, inside in figures}


def test_every_mark_of_a_figure_holds_the_released_value_of_the_cell_it_names(
    html: tuple[str, str], folder: Path
) -> None:
    values, drawn = released(folder), marks(html[1])
    assert {"states", "arrivals", "excess", "specifications", "concentrations", "paths-low"} < set(drawn)
    for name, of in drawn.items():
        assert of, name
        for mark in of:
            table, column, key = str(mark["data-cell"]).split("|", 2)
            assert float(str(mark["data-value"])) == values[table][key, column], name


def test_every_number_that_can_be_read_in_a_figure_is_one_of_its_marks_or_a_heading(
    html: tuple[str, str], folder: Path
) -> None:
    """Nothing withheld: neither as a word nor in a tip. Headings are years and months, which are keys, not numbers."""
    language, text = html
    figures = re.findall(r'<figure id="figure-([^"]+)">(.*?)<details class="behind"', text, re.DOTALL)
    headings = set(range(2012, 2024)) | {24, 36, 48, 60, 72}
    for name, inside in figures:
        page = Page(inside.rsplit("</div>", 1)[0] + "</div>")
        known = {
            as_shown(float(str(given["data-value"]))) for _, given in page.elements if "data-cell" in given
        } | headings
        ends = [part.rsplit("→", 1)[-1].rsplit(": ", 1)[-1] for part in page.drawn]
        for part in ends:
            if re.fullmatch(r"-?[\d.,]+", part):
                assert as_number(part, language) in known, name
            else:
                assert not re.search(r"\d", re.sub(r"q\d|GM\d+|horizon \d+|(?:vooraf|lead) \d+", "", part)), (
                    name,
                    part,
                )


def test_every_figure_comes_with_its_table_definition_and_citation(html: tuple[str, str], folder: Path) -> None:
    language, text = html
    for name, of in marks(text).items():
        behind = re.search(rf'<details class="behind" id="behind-{name}">(.*?)</details>', text, re.DOTALL)
        assert behind, name
        page = Page(behind[1])
        in_table = {(given["data-table"], given["data-column"], given["data-key"]) for given, _ in page.numbers}
        assert {tuple(str(mark["data-cell"]).replace("|", "\n", 2).split("\n")) for mark in of} <= in_table
        assert {column for _, column, _ in in_table} >= {"persons", "households"}, "its published counts"
        assert 'data-copy="citation-text"' in behind[1]
        assert Texts(language).say("figure_withheld") in html_module.unescape(behind[1])
        tables = {str(mark["data-cell"]).split("|")[0] for mark in of}
        assert all(f"<code>{table}.csv</code>" in behind[1] for table in tables)


def test_an_interval_without_a_released_end_has_none(folder: Path, html: tuple[str, str]) -> None:
    values, drawn = released(folder)["excess"], marks(html[1])["excess"]
    absent = {key for key, column in values if column == "difference" and (key, "lower") not in values}
    assert absent, "the table holds estimates without an interval"
    shown = [str(mark["data-cell"]).split("|", 2) for mark in drawn]
    assert not [key for _, column, key in shown if key in absent and column != "difference"]
    assert {key for _, column, key in shown if column == "difference"} >= absent


def test_every_figure_lies_by_itself_in_three_forms(html: tuple[str, str], folder: Path) -> None:
    names = re.findall(r'id="figure-([^"]+)"', html[1])
    assert len(names) == len(set(names)) > 5
    files = {path.name for path in (folder / "figures").iterdir()}
    assert files == {f"{name}.{form}" for name in names for form in ("svg", "png", "pdf")}
    for name in names:
        svg = (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        assert LABEL in svg, "synthetic wherever it is shown"
        assert "var(" not in svg


def test_at_least_ten_chain_cells_can_be_read(html: tuple[str, str]) -> None:
    cells = [a for a, _ in Page(html[1]).numbers if a["data-table"] == "chains" and "|chain|" in str(a["data-key"])]
    assert len({(a["data-key"], a["data-column"]) for a in cells if "|all" not in str(a["data-key"])}) >= 10


def test_the_page_needs_no_network_and_is_small(html: tuple[str, str]) -> None:
    _, text = html
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert text.count("<script") == len(scripts) == 1
    assert not re.search(r"fetch|XMLHttp|import|eval", scripts[0])
    assert "default-src 'none'" in text.replace("&#x27;", "'")
    for _, attributes in Page(text).elements:
        assert str(attributes.get("href", "#")).startswith("#")
        assert "src" not in attributes
    assert len(text.encode()) < 2_000_000


def test_the_page_is_semantic(html: tuple[str, str]) -> None:
    language, text = html
    elements = Page(text).elements
    assert ("html", {"lang": language}) in elements
    names = [name for name, _ in elements]
    assert names.count("h1") == 1
    assert names.count("table") == names.count("caption") > 5
    assert "max-width: calc(100vw" in text, "a caption wraps within the screen, however wide its table"
    assert all("scope" in attributes for name, attributes in elements if name == "th")
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for name, a in elements if name == "a"} <= set(ids)
    levels = [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_withheld_is_one_mark(html: tuple[str, str]) -> None:
    language, text = html
    marks = re.findall(r'<td class="n withheld">(.*?)</td>', text)
    assert len(set(marks)) == 1
    assert Texts(language).say("withheld") in marks[0]


def test_the_label_the_citation_and_the_wording(html: tuple[str, str]) -> None:
    language, text = html
    assert text.index(LABEL) < text.index("<h1>")
    assert "microdata@cbs.nl" in text
    for word in ("displaced", "forced", "because of", "gedwongen", "verdrongen", "verdreven"):
        assert word not in text.replace("Because of the rounding", "").lower().replace("because of the rounding", "")
    assert ("oorspronkelijke bewoners" if language == "nl" else "original residents") in text.lower()


def test_the_same_release_gives_the_same_bytes(folder: Path) -> None:
    first = write_report(folder, "en").read_bytes()
    assert write_report(folder, "en").read_bytes() == first
    packed = pack(folder).read_bytes()
    assert pack(folder).read_bytes() == packed


def test_without_the_optional_part_the_page_is_the_same_but_for_a_word(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write_report(folder, "en").read_text(encoding="utf-8")
    alone = tmp_path / "1"
    shutil.copytree(folder, alone)
    monkeypatch.setattr(publication, "find_spec", lambda _: None)
    text = write_report(alone, "en").read_text(encoding="utf-8")
    assert text.replace(Texts("en").say("figures_lead_svg"), Texts("en").say("figures_lead")) == whole
    assert "--extra plots" in text
    assert {path.suffix for path in (alone / "figures").iterdir()} == {".svg"}


def test_a_release_of_flows_alone_makes_a_page(folder: Path, tmp_path: Path) -> None:
    package = read_package(folder)
    package["resources"] = [each for each in package["resources"] if each["name"] == "flows_total"]
    del package["label"]
    (tmp_path / "tables").mkdir()
    shutil.copy(folder / "tables" / "flows_total.csv", tmp_path / "tables")
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    text = write_report(tmp_path, "nl").read_text(encoding="utf-8")
    assert LABEL not in text
    assert {a["data-table"] for a, _ in Page(text).numbers} == {"flows_total"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_residents_come_with_a_word_on_what_was_not_released(
    shared: Settings, tmp_path: Path, language: Literal["nl", "en"]
) -> None:
    alone = tmp_path / "1"
    shutil.copytree(shared.place.export / "demo" / "1", alone)
    text = write_report(alone, language).read_text(encoding="utf-8")
    sentence = {
        "nl": "Hoe snel zij vertrokken (cumulatieve incidentie) staat niet",
        "en": "How soon they left (cumulative",
    }
    assert sentence[language] in text


def test_the_page_says_which_tables_are_exact_and_which_rounded(folder: Path, tmp_path: Path) -> None:
    """The demo rounds them all; of this copy the flows are said to be exact."""
    alone = tmp_path / "1"
    shutil.copytree(folder, alone)
    rounded = write_report(alone, "en").read_text(encoding="utf-8")
    assert "Every rounded number is randomly rounded to a multiple of 5." in rounded
    assert "Exact" not in rounded
    package = read_package(alone)
    (flows,) = (each for each in package["resources"] if each["name"] == "flows")
    flows["numbers"] = "exact"
    (alone / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    both = write_report(alone, "en").read_text(encoding="utf-8")
    assert f"Exact are: {flows['titles']['en']}." in both
    assert "Rounded are: " in both
    assert "a total shown never gives away a sum of 1 to 9." in both


def test_a_folder_without_a_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"jobs/release\.py"):
        write_report(tmp_path, "nl")


def test_every_text_is_there_in_both_languages() -> None:
    for key, text in _catalogue().items():
        if key in ("codes", "measures"):
            assert all(set(names) == {"nl", "en"} for names in text.values())
        else:
            assert set(text) == {"nl", "en"}, key
            if isinstance(text["nl"], list | dict):
                assert len(text["nl"]) == len(text["en"])
