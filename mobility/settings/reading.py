"""The strict reader: from what YAML holds to frozen dataclasses, with a sentence for every slip."""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import types
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mobility.errors import RequestError

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

T = TypeVar("T")


def read(kind: type[T], given: Any, at: str) -> T:
    """Fill a frozen dataclass from what YAML holds; nothing may be missing, unknown or of another kind.

    Args:
        kind: the dataclass.
        given: the keys and values of the configuration.
        at: the full key where they stand, for the message; empty at the top.

    Raises:
        RequestError: naming the first key that is wrong and what to write.
    """
    if not isinstance(given, dict):
        raise RequestError(f"{at or 'the configuration'} must hold keys, each on its own line.")
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in given:
        if key not in names:
            raise RequestError(
                f"{join(at, key)} is not a setting.{did_you_mean(str(key), names)} Settings here: {', '.join(sorted(names))}."
            )
    missing = sorted(names - given.keys())
    if missing:
        raise RequestError(
            f"{join(at, missing[0])} is missing. Add it, or start the study file with `defaults: [_method, _self_]`."
        )
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], given[name], join(at, name)) for name in given})


def _value(kind: Any, given: Any, at: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if given is None else _value(next(a for a in arguments if a is not type(None)), given, at)
    if origin is Literal:
        return _choice(arguments, given, at)
    if given is None:
        raise RequestError(f"{at} has no value.")
    if origin is tuple:
        if not isinstance(given, list):
            raise RequestError(f"{at} must be a list, such as [a, b].")
        return tuple(_value(arguments[0], item, f"{at}[{place}]") for place, item in enumerate(given))
    if origin is dict:
        if not isinstance(given, dict):
            raise RequestError(f"{at} must hold keys, each on its own line.")
        return {str(key): _value(arguments[1], item, join(at, key)) for key, item in given.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return read(kind, given, at)
    return _scalar(kind, given, at)


def _choice(arguments: tuple[Any, ...], given: Any, at: str) -> Any:
    chosen = "null" if given is None and "null" in arguments else given  # a choice of that name, typed without quotes
    if chosen is None:
        raise RequestError(f"{at} has no value.")
    if chosen not in arguments:
        raise RequestError(f"{at} cannot be {given!r}; choose from {', '.join(map(str, arguments))}.")
    return chosen


def _scalar(kind: Any, given: Any, at: str) -> Any:
    if kind is dt.date:
        try:
            return dt.date.fromisoformat(str(given))
        except ValueError:
            pass
        raise RequestError(f"{at} is not a date that exists; write it as 'YYYY-MM-DD'.")
    if kind is Path:
        return Path(str(given)).expanduser()
    if kind is bool and isinstance(given, bool):
        return given
    if kind is int and isinstance(given, int) and not isinstance(given, bool):
        return given
    if kind is float and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if kind is str and isinstance(given, str):
        return given
    if kind is str and isinstance(given, int | float):
        raise RequestError(
            f"{at} is read as a number. In a file put it in quotes, or a code such as 0363 becomes another one; on the command "
            f"line write '{at}=\"...\"'."
        )
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise RequestError(f"{at} cannot be {given!r}; it must be {words[kind]}.")


def join(at: str, key: object) -> str:
    """A key below another, as it is written on the command line."""
    return f"{at}.{key}" if at else str(key)


def not_negative(given: object, at: str) -> None:
    """Refuse a negative number in any field."""
    for field in dataclasses.fields(given):  # type: ignore[arg-type]
        value = getattr(given, field.name)
        if isinstance(value, int) and value < 0:
            raise RequestError(f"{at}.{field.name} must be 0 or more.")


def share(value: float, at: str) -> None:
    """Refuse what is no share."""
    if not 0 <= value <= 1:
        raise RequestError(f"{at} is a share: choose a number from 0 to 1.")


def did_you_mean(word: str, known: set[str]) -> str:
    """A half-sentence that offers the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def names_of(kind: Any, at: str) -> list[str]:
    """Every setting of a dataclass and of those inside it, by its full key."""
    found = []
    for name, hint in get_type_hints(kind).items():
        found.append(join(at, name))
        if dataclasses.is_dataclass(hint):
            found += names_of(hint, join(at, name))
    return found
