"""The declarations of tables for release, read strictly from `schemas/outputs/`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, get_args

import yaml

from mobility.disclosure.cells import STEPS
from mobility.disclosure.declaration import TOTAL, Declaration, Group, Margin, Parts, Rows, Value, Where
from mobility.disclosure.protect import MEASURES
from mobility.disclosure.values import ARGUMENTS
from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.release.vetting import IDENTIFIER_NAME
from mobility.settings import Mode, Words, did_you_mean

_FOLDER = SCHEMAS / "outputs"
_REQUIRED = ("table", "title", "population", "relation", "from", "cells", "measures", "rule", "mode", "variables")
_OPTIONAL = ("where", "recode", "rows", "groups", "margins", "parts", "values", "words", "structural", "key")


def declared_tables(own: Path | None = None) -> list[str]:
    """Names of all tables that are declared, in `schemas/outputs/` and in the folder of one's own."""
    return sorted({path.stem for folder in _folders(own) for path in folder.glob("*.yaml")})


def load_declaration(table: str, modes: Mapping[str, Mode] | None = None, own: Path | None = None) -> Declaration:
    """The declaration of one table.

    Args:
        table: its name.
        modes: how tables are protected otherwise than declared (study.release.modes).
        own: folder with declarations of a researcher's own (`Workspace.outputs`), or None.

    Raises:
        RequestError: the table is not declared, or its declaration is not right; the message names the file and
            the key.
    """
    for folder in _folders(own):
        if (folder / f"{table}.yaml").is_file():
            declared = read_declaration(folder / f"{table}.yaml")
            return dataclasses.replace(declared, mode=(modes or {}).get(table, declared.mode))
    known = declared_tables(own)
    raise RequestError(
        f"study.release.tables: there is no table {table}.{did_you_mean(table, set(known))} Declared in schemas/outputs: "
        f"{', '.join(known)}."
    )


def _folders(own: Path | None) -> list[Path]:
    return [_FOLDER] if own is None else [_FOLDER, own]


def read_declaration(path: Path) -> Declaration:
    """Read one declaration file; see `load_declaration`."""
    at = f"schemas/outputs/{path.name}" if path.parent == _FOLDER else f"{path.parent.name}/{path.name}"
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        problem = f"{at} is not YAML" + (f", near line {mark.line + 1}." if mark else ".")
    else:
        return _Reader(at).declaration(given, path.stem)
    raise RequestError(problem)


class _Reader:
    """Reads the parts of one file; every complaint names the file and the key."""

    def __init__(self, at: str) -> None:
        self.at = at

    def declaration(self, raw: object, stem: str) -> Declaration:
        given = self.keys(raw, "", _REQUIRED, _OPTIONAL)
        cells = self.names(given["cells"], "cells")
        measures = self.names(given["measures"], "measures")
        if given["table"] != stem:
            self.refuse("table", f"the file is named {stem}, so the table is too")
        if measures != MEASURES:
            self.refuse("measures", f"write [{', '.join(MEASURES)}]: both units are counted, or neither can be judged")
        if given["rule"] != "counts":
            self.refuse("rule", "choose counts")
        mode: Any = given["mode"]
        if mode not in get_args(Mode):
            self.refuse("mode", f"choose {' or '.join(get_args(Mode))}")
        for column in (*cells, *measures):
            if IDENTIFIER_NAME.search(column):
                self.refuse("cells", f"{column} is the name of an identifier; such a column never leaves")
        rows = tuple(self.rows(each, f"rows[{place}]", cells) for place, each in enumerate(self.items(given, "rows")))
        values = self.values(given.get("values", {}), cells)
        columns = cells + measures + tuple(value.name for value in values)
        variables = self.mapping(given["variables"], "variables")
        if tuple(variables) != columns:
            self.refuse("variables", f"describe every column, in order: {', '.join(columns)}")
        return Declaration(
            table=stem,
            title=self.text(given["title"], "title"),
            population=self.text(given["population"], "population"),
            relation=self.text(given["relation"], "relation"),
            source=str(given["from"]),
            where=self.where(given.get("where", {}), "where"),
            recode=self.recode(given.get("recode", {}), cells),
            rows=rows or (Rows(),),
            cells=cells,
            measures=measures,
            rule="counts",
            mode=mode,
            groups=tuple(
                self.group(each, f"groups[{place}]", cells) for place, each in enumerate(self.items(given, "groups"))
            ),
            margins=tuple(
                self.margin(each, f"margins[{place}]", cells) for place, each in enumerate(self.items(given, "margins"))
            ),
            parts=tuple(
                self.parts(each, f"parts[{place}]", cells) for place, each in enumerate(self.items(given, "parts"))
            ),
            variables=tuple((name, self.text(text, f"variables.{name}")) for name, text in variables.items()),
            values=values,
            words=self.words(given.get("words", [])),
            key="counts"
            if self.one_of(given.get("key", "records"), "key", ("records", "counts")) == "counts"
            else "records",
            structural=None if given.get("structural") is None else self.text(given["structural"], "structural"),
        )

    def values(self, given: object, cells: tuple[str, ...]) -> tuple[Value, ...]:
        found = []
        for name, raw in self.mapping(given, "values").items():
            key = f"values.{name}"
            rule = str(self.mapping(raw, key).get("rule"))
            if rule not in ARGUMENTS:
                self.refuse(f"{key}.rule", f"choose from {', '.join(ARGUMENTS)}")
            asked = self.keys(raw, key, ("rule", *ARGUMENTS[rule]), ())
            if "of" in asked:
                of = asked["of"] if isinstance(asked["of"], list) else [asked["of"]]
                asked["of"] = ",".join(self.columns(of, f"{key}.of", cells))
            if rule == "incidence" and ("month" not in cells or len(cells) == 1):
                self.refuse(key, "an incidence needs the key column month, and one more that names the curve")
            if "width" in asked and not (isinstance(asked["width"], int) and asked["width"] > 0):
                self.refuse(f"{key}.width", "give a whole number above 0")
            if name in cells or IDENTIFIER_NAME.search(name) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                self.refuse(key, "give the value a name of its own, a word in small letters")
            arguments = tuple((argument, asked[argument]) for argument in ARGUMENTS[rule])
            found.append(Value(name, rule, tuple((a, b if isinstance(b, int) else str(b)) for a, b in arguments)))
        return tuple(found)

    def one_of(self, given: object, key: str, choices: tuple[str, ...]) -> str:
        if given not in choices:
            self.refuse(key, f"choose {' or '.join(choices)}")
        return str(given)

    def words(self, given: object) -> tuple[str, ...]:
        words = self.names(given, "words")
        for word in words:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9 _+-]{0,39}", word) or re.search(r"\d{5}", word):
                self.refuse(
                    "words", "a word starts with a letter and holds no long number, which could be an identifier"
                )
        return words

    def rows(self, raw: object, key: str, cells: tuple[str, ...]) -> Rows:
        given = self.keys(raw, key, (), ("where", "total"))
        rows = Rows(
            self.where(given.get("where", {}), f"{key}.where"),
            self.columns(given.get("total", []), f"{key}.total", cells),
        )
        for column, _ in rows.where:
            if column in rows.total or column not in cells:
                self.refuse(f"{key}.where", f"{column} must be one of `cells` that is not under `total`")
        return rows

    def group(self, raw: object, key: str, cells: tuple[str, ...]) -> Group:
        given = self.keys(raw, key, ("within", "classes"), ("order", "widest", "exempt"))
        order = self.names(given.get("order", []), f"{key}.order")
        widest = given.get("widest", max(1, len(order) - 1))
        if not isinstance(widest, int) or not 1 <= widest <= max(1, len(order) - 1):
            self.refuse(f"{key}.widest", "give a whole number from 1 to one less than the classes in `order`")
        return Group(
            within=self.columns(given["within"], f"{key}.within", cells),
            classes=self.columns([given["classes"]], f"{key}.classes", cells)[0],
            order=order,
            widest=widest,
            exempt=self.names(given.get("exempt", []), f"{key}.exempt"),
        )

    def margin(self, raw: object, key: str, cells: tuple[str, ...]) -> Margin:
        given = self.keys(raw, key, ("table", "over"), ("where", "of", "open"))
        of = self.where(given.get("of", {}), f"{key}.of")
        self.columns([column for column, _ in of], f"{key}.of", cells)
        return Margin(
            str(given["table"]),
            self.columns(given["over"], f"{key}.over", cells),
            self.where(given.get("where", {}), f"{key}.where"),
            of,
            self.yes_or_no(given.get("open", False), f"{key}.open"),
        )

    def parts(self, raw: object, key: str, cells: tuple[str, ...]) -> Parts:
        given = self.keys(raw, key, ("column", "whole"), ("adds_up",))
        whole = given["whole"]
        if isinstance(whole, bool) or not isinstance(whole, str | int):
            self.refuse(f"{key}.whole", "give the value of the column that holds the others")
        adds_up = self.yes_or_no(given.get("adds_up", False), f"{key}.adds_up")
        return Parts(self.columns([given["column"]], f"{key}.column", cells)[0], whole, adds_up)

    def yes_or_no(self, given: object, key: str) -> bool:
        if not isinstance(given, bool):
            self.refuse(key, "write true or false")
        return bool(given)

    def recode(self, given: object, cells: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        found = self.mapping(given, "recode")
        self.columns(list(found), "recode", cells)
        if any(how not in ("low", STEPS) or (how == STEPS) != (column == "month") for column, how in found.items()):
            self.refuse("recode", "the ways to make a column coarser are `low`, for income classes, and `month: steps`")
        return tuple((column, str(how)) for column, how in found.items())

    def where(self, given: object, key: str) -> Where:
        found = []
        for column, values in self.mapping(given, key).items():
            kept = tuple(value for value in self.listed(values, f"{key}.{column}") if isinstance(value, str | int))
            found.append((column, kept))
        return tuple(found)

    def text(self, raw: object, key: str) -> Words:
        given = self.keys(raw, key, ("nl", "en"), ())
        return Words(" ".join(str(given["nl"]).split()), " ".join(str(given["en"]).split()))

    def columns(self, given: object, key: str, cells: tuple[str, ...]) -> tuple[str, ...]:
        names = self.names(given, key)
        for name in names:
            if name not in cells:
                self.refuse(key, f"{name} is not one of `cells`.{did_you_mean(name, set(cells))}".rstrip("."))
        return names

    def names(self, given: object, key: str) -> tuple[str, ...]:
        names = tuple(str(name) for name in self.listed(given, key))
        if len(set(names)) < len(names):
            self.refuse(key, "a name is there twice")
        if key == "cells" and any(not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == TOTAL for name in names):
            self.refuse(key, "a column is a word in small letters, such as income_class")
        return names

    def items(self, given: dict[str, object], key: str) -> list[object]:
        return self.listed(given.get(key, []), key)

    def listed(self, given: object, key: str) -> list[object]:
        if not isinstance(given, list):
            self.refuse(key, "write a list, such as [a, b]")
        return list(given)

    def mapping(self, given: object, key: str) -> dict[str, object]:
        if not isinstance(given, dict):
            self.refuse(key, "write keys with values, such as {nl: ..., en: ...}")
        return {str(name): value for name, value in given.items()}

    def keys(self, given: object, key: str, required: Iterable[str], optional: Iterable[str]) -> dict[str, object]:
        found = self.mapping(given, key or "the file")
        known = {*required, *optional}
        for name in found:
            if name not in known:
                self.refuse(
                    f"{key}.{name}".lstrip("."),
                    f"this key is not known.{did_you_mean(name, known)} Keys here: {', '.join(sorted(known))}",
                )
        for name in required:
            if found.get(name) is None:
                self.refuse(f"{key}.{name}".lstrip("."), "this key is missing")
        return found

    def refuse(self, key: str, why: str) -> NoReturn:
        raise RequestError(f"{self.at}, {key}: {why}.")
