"""Damaged register files: each ends well, or with a sentence; never with a traceback, a value or half a panel.

Then the sound file is put back, and the panel must be what it would have been without the accident.
"""

import itertools
import random
import shutil
from dataclasses import dataclass

import pytest

from mobility.registers.dictionary import load_register
from tests.faults.checks import DONE, assert_ended_well, counts, results
from tests.faults.country import FILES, FORMS, formats_of, read_sav
from tests.faults.mutations import KINDS, Target
from tests.faults.runner import run_job

ROUNDS = 2  # of the campaign: every kind in every form, each time with another register
EVERY = tuple(register for register, _ in FILES)  # where links are broken, any of the linked registers may be named
# What no reader could take for the register that is meant.
NEVER_TAKEN = (
    *("column_renamed", "column_missing", "column_twice_in_other_case", "column_truly_twice", "no_bytes", "a_text"),
    *("an_archive", "another_separator", "without_a_line_of_names", "a_damaged_footer"),
)


@dataclass(frozen=True)
class Case:
    """One file spoiled in one way; `seed` decides where."""

    kind: str
    form: str
    register: str
    year: int
    seed: int

    def __str__(self):
        return f"{self.kind}-{self.form}-{self.register}-{self.year}-{self.seed}"


def case(kind, form, register, year=2023, seed=0):
    return Case(kind, form, register, year, seed)


QUICK = [
    case("truncated", "sav", "GBAADRESOBJECTBUS"),
    case("truncated_in_the_header", "parquet", "INHATAB"),
    case("bits_of_the_header", "sav plain", "GBAPERSOONTAB"),
    case("bits_of_the_dictionary", "zsav", "VSLGWBTAB"),
    case("bits_of_the_data", "sav", "KOPPELPERSOONHUISHOUDEN", 2022),
    case("column_renamed", "csv", "GBAHUISHOUDENSBUS"),
    case("column_missing", "dta", "EIGENDOMTAB"),
    case("text_where_a_number_belongs", "csv", "VSLCOORDTAB"),
    case("number_where_text_belongs", "parquet", "GBAADRESOBJECTBUS"),
    case("column_twice_in_other_case", "sav", "NIETVSLGWBTAB"),
    case("column_truly_twice", "csv", "IHI", 2010),
    case("no_bytes", "sav", "KOPPELTABEL_IPI_IHI_IVB", 2010),
    case("no_rows", "parquet", "GBAOVERLIJDENTAB"),
    case("ten_times_too_many_rows", "zsav", "GBAHUISHOUDENSBUS"),
    case("dates_in_2999", "csv", "LEVCYCLWOONNIETWOONBUS"),
    case("impossible_dates", "sav plain", "GBAADRESOBJECTBUS"),
    case("mixed_encodings", "csv", "GBAPERSOONTAB"),
    case("quotes_unbalanced", "csv", "INHATAB", 2022),
    case("a_folder", "sav", "GBAPERSOONTAB"),
    case("cases_wrong", "sav plain", "KOPPELPERSOONHUISHOUDEN"),
]


def all_cases():
    """Every kind in every form it fits, in rounds, the registers taking turns."""
    made = []
    for number, kind in enumerate(KINDS.values()):
        fitting = [file for file in FILES if kind.fits(load_register(file[0]))]
        turns = itertools.cycle(fitting[number % len(fitting) :] + fitting[: number % len(fitting)])
        for seed in range(ROUNDS):
            made += [Case(kind.name, form, *next(turns), 1 + seed) for form in kind.forms]
    return made


@pytest.fixture
def spoiled(tree, country):
    """`spoiled(case)` spoils a file of the tree: the sound file's path, its rows, and the rows to be read if that is known."""

    def spoil(case):
        _, paths = country
        path = tree / paths[case.register, case.year]
        strangers = [tree / paths[key] for key in FILES if key[0] != case.register]
        chance = random.Random(str(case))  # noqa: S311 - chance for tests; a text seeds the same in every process
        table = read_sav(path)
        target = Target(case.register, table, formats_of(case.register), case.form, path, chance.choice(strangers))
        rows = KINDS[case.kind].spoil(target, chance)
        return path, table.height, rows

    return spoil


@pytest.fixture
def holds(country, tree, tmp_path, worker, settings, sound, spoiled, note):
    """`holds(case)` spoils, ingests, mends and ingests again."""

    def check(case, run=worker.run):
        root = tmp_path / "workspace"
        asked = settings(root, tree)
        if case.seed == 2:  # the bad delivery comes after a good one
            assert worker.run("ingest", *asked).code == DONE
        before = results(root)
        path, rows_before, rows = spoiled(case)
        ended = run("ingest", *asked)
        print(f"{case}: {ended.code} {ended.err.strip()}")
        went_well = False
        try:
            assert_ended_well(ended, root, before)
            assert ended.code != DONE or case.kind not in NEVER_TAKEN, "this is no register, and was taken for one"
            if ended.code == DONE and rows is not None:
                expected = sound[1][case.register]["read"] - rows_before + rows
                assert counts(root)[case.register]["read"] == expected, "rows that are there were not read"
            elif ended.code != DONE:
                suspects = EVERY if case.kind in ("keys_shuffled", "a_folder") else (case.register, path.stem)
                assert any(name in ended.err for name in suspects), "the message names what is damaged"
            mend(tree, country[0])
            again = worker.run("ingest", *asked)
            assert again.code == DONE, again.err
            assert results(root) == sound[0], "as if nothing had happened"
            went_well = True
        finally:
            note(case.kind, ended.code, went_well)

    return check


def mend(tree, source):
    """The sound files again, with the times of change they had."""
    shutil.rmtree(tree)
    shutil.copytree(source, tree)


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_a_spoiled_file_is_counted_or_refused_and_does_no_lasting_harm(case, holds):
    holds(case)


@pytest.mark.campaign
@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_no_spoiled_file_is_more_than_counted_or_refused(case, holds):
    holds(case)


@pytest.mark.parametrize(
    "case",
    [
        case("impossible_dates", "parquet", "GBAOVERLIJDENTAB", seed=5),
        case("a_folder", "csv", "VSLGWBTAB"),
        case("a_text", "zsav", "INHATAB"),
    ],
    ids=str,
)
def test_the_job_as_a_user_starts_it_ends_in_the_same_way(case, holds):
    holds(case, run_job)


def test_the_quick_cases_are_of_twenty_kinds_and_of_every_register_and_form():
    assert len(QUICK) == len({case.kind for case in QUICK}) == 20
    assert {case.register for case in QUICK} == set(EVERY)
    assert {case.form for case in QUICK} == set(FORMS)
    assert len(all_cases()) >= 200
