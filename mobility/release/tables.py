"""Tables as files: CSV for machines, a workbook for people. The same table gives the same bytes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import xlsxwriter

from mobility.disclosure.protect import SafeTable
from mobility.release.about import About
from mobility.release.additive import KIND
from mobility.run.files import replacing

_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - fixed, so that the bytes do not tell when; the format knows no zone
_MOST_ROWS = 1_000_000


def csv_text(table: SafeTable) -> str:
    """The content of `<table>.csv`: commas, one header, sorted by codes, lines ending in a line feed."""
    _take(table)
    return table.frame.write_csv(line_terminator="\n", quote_style="necessary")


def write_workbook(table: SafeTable, path: Path, about: About) -> None:
    """Write `<table>.xlsx`: the rows on the first sheet, what they mean on the second."""
    _take(table)
    with replacing(path) as temporary:
        _fill(table, temporary, about)


def _fill(table: SafeTable, path: Path, about: About) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        book.set_properties({"title": table.declaration.title.nl, "comments": about.label or "", "created": _CREATED})
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        _write_rows(book.add_worksheet(table.declaration.table[:31]), table, bold)
        notes = book.add_worksheet("toelichting")
        notes.set_column(0, 0, 24)
        notes.set_column(1, 2, 70, wrap)
        for row, line in enumerate(_notes(table, about)):
            for column, text in enumerate(line):
                notes.write_string(row, column, text, bold if column == 0 else None)
    finally:
        book.close()


def _take(table: SafeTable) -> None:
    if type(table) is not SafeTable:
        raise TypeError("Only a SafeTable can leave; pass the aggregate through mobility.disclosure.protect.")


def _write_rows(sheet: xlsxwriter.worksheet.Worksheet, table: SafeTable, bold: xlsxwriter.format.Format) -> None:
    frame = table.frame
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(frame.columns) - 1, 18)
    for column, name in enumerate(frame.columns):
        sheet.write_string(0, column, name, bold)
    if frame.height > _MOST_ROWS:
        sheet.write_string(
            1, 0, f"Te groot voor een werkblad; zie {table.declaration.table}.csv. Too large for a sheet; see the csv."
        )
        return
    texts = [frame.schema[name] == pl.String for name in frame.columns]
    for row, values in enumerate(frame.iter_rows(), start=1):
        for column, value in enumerate(values):
            if value is None:
                continue
            if texts[column]:
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)


def _notes(table: SafeTable, about: About) -> list[list[str]]:
    declaration = table.declaration
    lines = [[about.label, about.label]] if about.label else []
    lines = [["", *line] for line in lines]
    lines += [
        ["studie / study", about.study.title.nl, about.study.title.en],
        ["titel / title", declaration.title.nl, declaration.title.en],
        ["telt / counts", declaration.population.nl, declaration.population.en],
        ["samenhang / relation", declaration.relation.nl, declaration.relation.en],
        ["getallen / numbers", *_kind(table)],
    ]  # fmt: skip
    return lines + [[name, text.nl, text.en] for name, text in declaration.variables]


def _kind(table: SafeTable) -> list[str]:
    if table.declaration.mode == "suppress":
        return [
            "exact; een rij die er niet is, is nul of niet getoond",
            "exact; a row that is absent is zero or withheld",
        ]
    if table.declaration.mode == "additive":
        return [
            KIND.nl.format(least=table.profile.minimum_households),
            KIND.en.format(least=table.profile.minimum_households),
        ]
    base = table.profile.rounding_base
    return [
        f"aselect afgerond op {base}; een rij die er niet is, is nul of niet getoond",
        f"randomly rounded to {base}; a row that is absent is zero or withheld",
    ]
