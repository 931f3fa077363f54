"""What may stand in a dictionary of `schemas/registers/`, key by key: no slip of the pen changes anything silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

import yaml

from mobility.settings import did_you_mean

ColumnType = Literal["text", "integer", "first_day", "last_day", "person"]
Editions = Literal["newest", "yearly"]
Unit = Literal[
    "person",
    "person_spell",
    "person_event",
    "person_year",
    "payer_year",
    "link_year",
    "object",
    "object_spell",
    "object_year",
]

# The columns by which a row of each unit is linked, by their names inside the program.
_PERSON, _PAYER, _OBJECT = ("person_type", "person"), ("payer_type", "payer"), ("object_type", "object_number")
_PERIOD = ("start_date", "end_date")
KEYS: dict[str, tuple[str, ...]] = {
    "person": _PERSON,
    "person_spell": (*_PERSON, *_PERIOD),
    "person_event": _PERSON,
    "person_year": _PERSON,
    "payer_year": _PAYER,
    "link_year": (*_PERSON, *_PAYER),
    "object": _OBJECT,
    "object_spell": (*_OBJECT, *_PERIOD),
    "object_year": _OBJECT,
}
_TYPE_OF_KEY = {"person": "person", "payer": "person", "start_date": "first_day", "end_date": "last_day"}
_FORMAT = re.compile(r"[AF][1-9]\d{0,2}(\.\d+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_IN_FILES = {"year", "month", "version"}

Check = Callable[[Any], str | None]  # what a value must be, where it is not


class DictionaryLoader(yaml.SafeLoader):
    """Reads YAML, and refuses a key that stands there twice, of which only the last would count."""


def _mapping(loader: DictionaryLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    given: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in given:
            raise yaml.YAMLError(f"{key} stands there twice")
        given[key] = loader.construct_object(value_node, deep=True)
    return given


DictionaryLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def first_slip(given: Any, name: str) -> str | None:
    """What is wrong first in a dictionary, as a sentence without its file; None when nothing is.

    Args:
        given: what the file holds.
        name: of the file, without ending.
    """
    return next(_slips(given, name), None)


def _slips(given: Any, name: str) -> Iterator[str]:
    if not isinstance(given, dict):
        yield "it must hold keys, each on its own line"
        return
    yield from _slips_of_keys(given, _REGISTER, _OPTIONAL_OF_REGISTER, "")
    if str(given["register"]).lower() != name.lower():
        yield f"register is {given['register']}, and the file is called {name}. Give both the same name"
    for form in given["files"]:
        yield from _slips_of_form(form)
    if given.get("since") and given.get("until") and given["since"] > given["until"]:
        yield "since lies after until"
    if given["unit"].endswith("_year") and given["editions"] != "yearly":
        yield f"a register of unit {given['unit']} has a file a year: editions must be yearly"
    if not isinstance(given["columns"], dict) or not given["columns"]:
        yield "columns is empty. Write down the columns of the file, each with its keys"
        return
    for column, keys in given["columns"].items():
        yield from _slips_of_column(column, keys)
    yield from _slips_of_names(given)


def _slips_of_column(column: Any, keys: Any) -> Iterator[str]:
    at = f"columns.{column}"
    if not isinstance(keys, dict):
        yield f"{at} must hold keys: {', '.join(_COLUMN)}"
        return
    yield from _slips_of_keys(keys, _COLUMN, _OPTIONAL_OF_COLUMN, f"{at}.")
    if keys["as"] and keys.get("on_request"):
        yield f"{at} has both as and on_request. A column that is always read needs only as"
    least, most = keys.get("least"), keys.get("most")
    if (least is not None or most is not None) and keys["type"] != "integer":
        yield f"{at} has least or most, and only a column of type integer has a range"
    if least is not None and most is not None and least > most:
        yield f"{at}: least is larger than most"


def _slips_of_names(given: dict[str, Any]) -> Iterator[str]:
    """Names inside the program: each once, and all by which the unit is linked."""
    by_name: dict[str, tuple[str, str]] = {}
    for column, keys in given["columns"].items():
        for name in (keys["as"], keys.get("on_request")):
            if name in by_name:
                yield f"columns.{by_name[name][0]} and columns.{column} are both read as {name}. Give each a name of its own"
            if name:
                by_name[name] = (column, keys["type"])
    always = {keys["as"] for keys in given["columns"].values()}
    for name in KEYS[given["unit"]]:
        if name not in always:
            yield f"no column has `as: {name}`, by which a register of unit {given['unit']} is linked"
        elif by_name[name][1] != _TYPE_OF_KEY.get(name, "text"):
            yield f"columns.{by_name[name][0]} is read as {name}, so its type must be {_TYPE_OF_KEY.get(name, 'text')}"


def _slips_of_form(form: str) -> Iterator[str]:
    names = _PLACEHOLDER.findall(form.rpartition("/")[2])
    strange = [name for name in names if name not in _IN_FILES]
    if strange:
        yield f"files: {{{strange[0]}}} means nothing in {form}. There are {{year}}, {{month}} and {{version}}"
    elif names.count("year") != 1 or len(set(names)) < len(names):
        yield f"files: {form} must hold {{year}} once, where the year stands in the name, and {{version}} at most once"


def _slips_of_keys(
    given: dict[Any, Any], needed: dict[str, Check], optional: dict[str, Check], at: str
) -> Iterator[str]:
    known = needed | optional
    for key, value in given.items():
        if key not in known:
            yield f"{at}{key} means nothing here.{did_you_mean(str(key), set(known))} Keys: {', '.join(known)}"
            return
        must_be = known[key](value)
        if must_be:
            yield f"{at}{key} must be {must_be}"
            return
    for key in needed:
        if key not in given:
            yield f"{at}{key} is missing"
            return


def _is(holds: Callable[[Any], bool], must_be: str) -> Check:
    return lambda value: None if holds(value) else must_be


def _one_of(kind: Any) -> Check:
    return _is(lambda value: value in get_args(kind), f"one of {', '.join(get_args(kind))}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_map_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for pair in value.items() for each in pair)


def _is_folder(value: Any) -> bool:
    return _TEXT(value) is None and not re.search(r"^/|\\|^[A-Za-z]:|(^|/)\.\.(/|$)", value)


_TEXT = _is(lambda value: isinstance(value, str) and bool(value.strip()), "a text")
_TEXTS = _is(lambda value: _are_texts(value) and all(value) and bool(value), "a list of texts, such as [a, b]")
_CODES = _is(_are_texts, "a list of codes between quotes: without quotes 0363 is read as 243")
_LABELS = _is(_is_map_of_texts, "codes between quotes, each with its meaning: without quotes 0363 is read as 243")
_WHOLE = _is(_is_whole, "a whole number")
_YEAR = _is(lambda value: value is None or (_is_whole(value) and 1900 <= value <= 2200), "a year")
_INSIDE = _is(
    lambda value: value is None or bool(isinstance(value, str) and _NAME.fullmatch(value)),
    "a name of small letters, digits and _, or null",
)

_REGISTER: dict[str, Check] = {
    "register": _TEXT,
    "title": _TEXT,
    "grain": _TEXT,
    "unit": _one_of(Unit),
    "folder": _is(_is_folder, "a folder below the root, written with /, such as Bevolking/GBAPERSOONTAB/{year}"),
    "files": _TEXTS,
    "editions": _one_of(Editions),
    "required": _is(lambda value: isinstance(value, bool), "true or false"),
    "serves": _TEXTS,
    "columns": lambda _: None,
}
_OPTIONAL_OF_REGISTER: dict[str, Check] = {"since": _YEAR, "until": _YEAR}
_COLUMN: dict[str, Check] = {
    "format": _is(
        lambda value: bool(isinstance(value, str) and _FORMAT.fullmatch(value)),
        "an SPSS format: A and a width for text (A9), F and digits for a number (F4)",
    ),
    "as": _INSIDE,
    "type": _one_of(ColumnType),
    "meaning": _TEXT,
    "source": _TEXT,
}
_OPTIONAL_OF_COLUMN: dict[str, Check] = {
    "on_request": _INSIDE,
    "missing": _CODES,
    "open": _CODES,
    "codes": _LABELS,
    "becomes": _LABELS,
    "zero_fill": _is(lambda value: _is_whole(value) and value >= 0, "a width"),
    "plus": _WHOLE,
    "least": _WHOLE,
    "most": _WHOLE,
    "also": _TEXTS,
}
