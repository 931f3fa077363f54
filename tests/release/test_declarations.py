"""The declarations in schemas/outputs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mobility.errors import RequestError
from mobility.folders import CONF, SCHEMAS
from mobility.release.declarations import declared_tables, load_declaration, read_declaration


def test_every_table_of_the_standard_release_is_declared() -> None:
    method = yaml.safe_load((CONF / "study" / "_method.yaml").read_text(encoding="utf-8"))
    assert set(method["release"]["tables"]) <= set(declared_tables())


@pytest.mark.parametrize("table", declared_tables())
def test_a_declaration_describes_every_column_in_both_languages(table: str) -> None:
    declaration = load_declaration(table)
    assert tuple(name for name, _ in declaration.variables) == declaration.columns
    assert all(text.nl and text.en for _, text in declaration.variables)


def test_margins_name_declared_tables() -> None:
    for table in declared_tables():
        for margin in load_declaration(table).margins:
            assert margin.table in declared_tables()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "red"}, "colour: this key is not known"),
        ({"mode": "blur"}, "mode: choose round or suppress"),
        ({"measures": ["persons"]}, "measures"),
        ({"title": None}, "title: this key is missing"),
        ({"groups": [{"within": ["town"], "classes": "income_class"}]}, "groups[0].within: town"),
        (
            {"groups": [{"within": ["year"], "classes": "income_class", "order": ["q1", "q2"], "widest": 2}]},
            "groups[0].widest",
        ),
        ({"rows": [{"where": {"year": [2012]}, "total": ["year"]}]}, "rows[0].where"),
        ({"cells": ["rinpersoon"]}, "identifier"),
        ({"where": ["year"]}, "where: write keys"),
    ],
)
def test_what_is_wrong_in_a_declaration_is_named(tmp_path: Path, change: dict, says: str) -> None:
    given = yaml.safe_load((SCHEMAS / "outputs" / "flows.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "flows.yaml"
    path.write_text(yaml.safe_dump(given | change, sort_keys=False), encoding="utf-8")
    with pytest.raises(RequestError, match=re.escape("/flows.yaml, ")) as caught:
        read_declaration(path)
    assert says in str(caught.value)


def test_an_undeclared_table_is_named_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="Did you mean flows"):
        load_declaration("flowz")
