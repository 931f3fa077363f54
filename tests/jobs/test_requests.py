"""What a user reads who asks for something that cannot be done: one paragraph that names the key and the next step.

Run with `-s` to read them all.
"""

from __future__ import annotations

import importlib
import shutil
import sys

import pytest

from mobility import areas
from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.run.job import start
from mobility.run.messages import about_composition, about_missing

REQUEST = 2
# Words of libraries that tell a researcher nothing.
JARGON = (
    "Traceback",
    "hydra",
    "omegaconf",
    "Hydra",
    "OmegaConf",
    "polars",
    "pydantic",
    "yaml.parser",
    "Error(",
    "struct",
    "LexerNoViableAlt",
    "fault of the program",
    "object at 0x",
    "NoneType",
)

# What is typed after `uv run jobs/...`, and words the answer must hold.
WRONG_REQUESTS = {
    "a mistyped key": (
        "flows",
        ["synthetic.personz=5"],
        ["synthetic.personz is not a setting", "Did you mean synthetic.persons?"],
    ),
    "a mistyped group": ("flows", ["studdy=demo"], ["studdy is not a setting", "Did you mean study?"]),
    "a mistyped part of a key": ("flows", ["study.periode.first_year=2012"], ["Did you mean study.period.first_year?"]),
    "a mistyped study": (
        "flows",
        ["study=dmo"],
        ["conf/study/dmo.yaml", "Did you mean demo?", "There are: demo, national"],
    ),
    "a place that is not there": ("flows", ["place=mars"], ["place=mars", "cbs_ra, laptop, ossc"]),
    "disclosure switched off": (
        "release",
        ["disclosure=none"],
        ["disclosure=none", "There are: cbs, cbs_income_strict"],
    ),
    "an empty key": ("flows", ["synthetic.persons"], ["'synthetic.persons' on the command line", "key=value"]),
    "a source that is not there": (
        "ingest",
        ["register=cbs", "register.root={tmp}/nowhere"],
        ["register.root", "there is no folder"],
    ),
    "a source without registers": (
        "ingest",
        ["register=cbs", "register.root={tmp}"],
        ["no file of GBAADRESOBJECTBUS", "GBAHUISHOUDENSBUS", "schemas/registers"],
    ),
    "a day that does not exist": (
        "ingest",
        ["study.period.cut_off=2023-02-30"],
        ["study.period.cut_off", "YYYY-MM-DD"],
    ),
    "a date the Dutch way": ("ingest", ["study.period.cut_off=31-12-2020"], ["study.period.cut_off", "YYYY-MM-DD"]),
    "years the wrong way round": (
        "flows",
        ["study.period.first_year=2024", "study.period.last_year=2020"],
        ["study.period.last_year (2020)", "before first_year (2024)"],
    ),
    "a year without a value": ("flows", ["study.period.first_year=null"], ["study.period.first_year has no value"]),
    "a study without a name": ("flows", ["study=_method"], ["study.name", "no value yet", "conf/study/"]),
    "text for a number": (
        "chains",
        ["study.chains.settled_months=long"],
        ["study.chains.settled_months", "'long'", "whole number"],
    ),
    "a fraction for a whole number": (
        "chains",
        ["study.chains.max_stops=2.5"],
        ["study.chains.max_stops", "whole number"],
    ),
    "neither true nor false": ("ingest", ["check=maybe"], ["check", "true or false"]),
    "one word for a list": ("flows", ["study.flows.levels=gemeente"], ["study.flows.levels must be a list", "[a, b]"]),
    "a level that does not exist": (
        "flows",
        ["study.flows.levels=[street]"],
        ["'street'", "buurt, wijk, gemeente, role, region"],
    ),
    "a number for a name": ("flows", ["study.name=2024"], ["study.name", "quotes"]),
    "a rule that does not exist": (
        "ingest",
        ["+study.rules.end_befor_start=stop", "register.root={source}"],
        ["study.rules.end_befor_start is no rule", "Did you mean end_before_start?"],
    ),
    "a severity that does not exist": ("ingest", ["study.rules.end_before_start=ignore"], ["stop, quarantine, warn"]),
    "a register that does not exist": (
        "ingest",
        ["+register.files.GBAPERSONTAB=x.sav", "register.root={source}"],
        ["GBAPERSONTAB is no register", "Did you mean GBAPERSOONTAB?"],
    ),
    "a pinned file that is not there": (
        "ingest",
        ["+register.files.GBAPERSOONTAB=x.sav", "register.root={source}"],
        ["the file of GBAPERSOONTAB is not there", "x.sav"],
    ),
    "no partition": ("ingest", ["place.partitions=0", "register.root={source}"], ["place.partitions", "at least 1"]),
    "too many partitions": (
        "ingest",
        ["place.partitions=500", "register.root={source}"],
        ["place.partitions", "at most 128"],
    ),
    "a table that does not exist": (
        "release",
        ["study.release.tables=[flows,folws]"],
        ["no table folws", "Did you mean flows?"],
    ),
    "no table": ("release", ["study.release.tables=[]"], ["study.release.tables"]),
    "a study that climbs out of the export folder": (
        "release",
        ["study.name=../../etc"],
        ["study.name", "letters, digits"],
    ),
    "a country of ten": ("synthesise", ["synthetic.persons=10"], ["synthetic.persons", "at least 1000"]),
    "a country of the past": ("synthesise", ["synthetic.first_year=1900"], ["synthetic.first_year", "1996"]),
    "an effect that does not exist": ("synthesise", ["synthetic.effect=magic"], ["'magic'", "excess", "null"]),
    "a seed below zero": ("synthesise", ["synthetic.seed=-1"], ["synthetic.seed"]),
    "a synthetic country over somebody's files": (
        "synthesise",
        ["register.root={tmp}"],
        ["no synthetic country", "Nothing was changed"],
    ),
    "a language the page has not": ("report", ["report.language=de"], ["'de'", "nl, en"]),
    "files written as a table": (
        "ingest",
        ["register.files={{GBAPERSOONTAB: x.sav}}"],
        ["register.files", "+register.files"],
    ),
    "a workspace that is a file": (
        "ingest",
        ["place.root={tmp}/thesis.txt", "register.root={source}"],
        ["place.root", "folder"],
    ),
}

# Requests that can be read and make no sense.
SENSELESS = {
    "a cut-off before the registers begin": (
        "ingest",
        ["study.period.cut_off=1980-01-01", "register.root={source}"],
        ["study.period.cut_off"],
    ),
    "a cut-off after the registers end": (
        "ingest",
        ["study.period.cut_off=2030-01-01", "register.root={source}"],
        ["study.period.cut_off"],
    ),
    "a division the registers lack": (
        "ingest",
        ["study.geography.year=1990", "register.root={source}"],
        ["study.geography.year"],
    ),
    "a negative slack": ("moves", ["study.residence.slack_days=-5"], ["study.residence.slack_days"]),
    "a low class that does not exist": ("flows", ["study.income.low=[q9]"], ["study.income.low", "q9"]),
}


def step(job):
    return importlib.import_module(f"mobility.steps.{job}").JOB


def ask(job, settings, monkeypatch, capsys):
    """Exit code and standard error of a job; the same way through the program as from a shell, without a new process."""
    monkeypatch.setattr(sys, "argv", [f"jobs/{job}.py", *settings])
    with pytest.raises(SystemExit) as ended:
        start(job, lambda _: [step(job)])
    return ended.value.code, capsys.readouterr().err


@pytest.fixture
def somewhere(tmp_path):
    """A folder with a file of somebody else in it."""
    (tmp_path / "thesis.txt").write_text("chapter 1", encoding="utf-8")
    return tmp_path


def answer(request_, somewhere, source, monkeypatch, capsys):
    job, settings, words = request_
    given = [setting.format(tmp=somewhere, source=source) for setting in settings]
    workspace = [f"place.root={somewhere / 'workspace'}", f"place.export={somewhere / 'export'}"]
    code, told = ask(job, [*workspace, *given], monkeypatch, capsys)
    print(f"\n  jobs/{job}.py {' '.join(settings)}\n    {paragraph(told)}")
    return code, told, words


def paragraph(told):
    """Without the line in which Hydra repeats the command; see `test_nothing_but_the_paragraph_is_on_standard_error`."""
    return "\n".join(
        line for line in told.strip().splitlines() if not line.startswith("Error executing job with overrides")
    )


def reads_well(code, told, words):
    told = paragraph(told)
    missing = [word for word in words if word not in told]
    assert (code, missing) == (REQUEST, []), told
    assert not [word for word in JARGON if word in told], told
    assert len(told.splitlines()) == 1, f"one paragraph:\n{told}"


@pytest.mark.parametrize("request_", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS.keys())
def test_a_wrong_request_is_answered_in_one_readable_paragraph(request_, somewhere, source, monkeypatch, capsys):
    reads_well(*answer(request_, somewhere, source, monkeypatch, capsys))
    assert (somewhere / "thesis.txt").read_text(encoding="utf-8") == "chapter 1"
    assert not (somewhere / "export").exists()


@pytest.mark.parametrize("request_", SENSELESS.values(), ids=SENSELESS.keys())
def test_a_request_that_makes_no_sense_is_refused(request_, somewhere, source, monkeypatch, capsys):
    reads_well(*answer(request_, somewhere, source, monkeypatch, capsys))


def test_from_a_shell_the_answer_and_the_exit_code_are_the_same(run_job):
    done = run_job("flows", "synthetic.personz=5")
    assert done.stdout == ""
    reads_well(done.returncode, done.stderr, ["Did you mean synthetic.persons?"])


PREDECESSORS = {
    "ingest": "jobs/synthesise.py",
    "moves": "jobs/ingest.py",
    "flows": "jobs/ingest.py",
    "chains": "jobs/ingest.py",
    "monitor": "jobs/ingest.py",
    "release": "jobs/pipeline.py",
    "report": "jobs/ingest.py",
}


@pytest.mark.parametrize(("job", "predecessor"), PREDECESSORS.items())
def test_a_job_whose_predecessor_has_not_run_says_what_to_run(job, predecessor, tmp_path, monkeypatch, capsys):
    code, told = ask(
        job, [f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}"], monkeypatch, capsys
    )
    print(told)
    reads_well(code, told, [predecessor])


def test_nothing_but_the_paragraph_is_on_standard_error(tmp_path, monkeypatch, capsys):
    code, told = ask("ingest", ["study.period.cut_off=tomorrow", f"place.root={tmp_path}"], monkeypatch, capsys)
    assert code == REQUEST
    assert told == "ingest: study.period.cut_off is not a date that exists; write it as 'YYYY-MM-DD'.\n"


# ---- Files a researcher writes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ("defaults: [_method, _self_]\nname: mine\ntitle: [unclosed\nperiod: x: y\n", ["mine.yaml", "line", "quotes"]),
        ("name: mine\n", ["study.", "is missing", "_method"]),
        ("defaults: [demo, _self_]\nperiode: {first_year: 2012}\n", ["study.periode", "Did you mean period?"]),
        ("defaults: [_method, _self_]\nname: mine\n", ["no value yet", "conf/study/"]),
    ],
    ids=["yaml that cannot be read", "without the definitions", "with a mistyped key", "half filled in"],
)
def test_a_study_file_with_a_slip_is_answered_in_one_readable_paragraph(study, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.yaml").write_text(study, encoding="utf-8")
    code, told = ask("flows", [f"hydra.searchpath=[file://{tmp_path.as_posix()}]", "study=mine"], monkeypatch, capsys)
    print(f"\n  {study!r}\n    {paragraph(told)}")
    reads_well(code, told, words)


def area_lists(tmp_path, monkeypatch):
    """The program reads its area lists from a copy that a test may spoil."""
    shutil.copytree(SCHEMAS / "areas", tmp_path / "schemas" / "areas")
    monkeypatch.setattr(areas, "SCHEMAS", tmp_path / "schemas")
    return tmp_path / "schemas" / "areas"


def test_a_zoning_that_is_not_in_utf_8_is_told(tmp_path, monkeypatch):
    path = area_lists(tmp_path, monkeypatch) / "zonings" / "synthetic.yaml"
    path.write_bytes(path.read_bytes() + "# Súdwest-Fryslân\n".encode("latin-1"))
    with pytest.raises(RequestError, match=r"synthetic\.yaml: it is not in UTF-8"):
        areas.load_zoning("synthetic")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('code: "GM9101"', "code: 0363", ["243 is not a code", "in quotes"]),
        ('code: "GM9101"', 'code: "9101"', ["'9101' is not a code", "GM0637"]),
        ('code: "GM9101"', 'code: "GM9102"', ["GM9102 stand in more than one line"]),
        ("role: centre", "role: center", ["'center' is not a role", "centre"]),
        ("  merenland:", "  Meren Land:", ["'Meren Land' cannot name a region"]),
        ("geography_year: 2023", "", ["the key geography_year is missing", "template"]),
        ("regions:", "regions: [", ["line", "not readable YAML"]),
    ],
)
def test_a_zoning_with_a_slip_names_the_file_and_what_to_write(before, after, words, tmp_path, monkeypatch):
    path = area_lists(tmp_path, monkeypatch) / "zonings" / "synthetic.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    with pytest.raises(RequestError) as refused:
        areas.load_zoning("synthetic")
    print(refused.value)
    assert [word for word in ["schemas/areas/zonings/synthetic.yaml", *words] if word not in str(refused.value)] == []
    assert refused.value.exit_code == REQUEST


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('codes: ["WK910101"]', "codes: [910101]", ["910101 is not a code", "in quotes"]),
        ('start: "2015-01-01"', 'start: "2015-02-29"', ["not a date that exists", "YYYY-MM-DD"]),
        ('start: "2015-01-01"', "start: 2015", ["not a date that exists"]),
        ('area: "Meerhaven 02"', 'area: "Meerhaven 01"', ["two areas have the same name"]),
        ('codes: ["WK910101"], ', "", ["the key codes is missing"]),
        ('codes: ["WK910101"]', "codes: []", ["1 of 26 areas have no codes yet", "Meerhaven 01"]),
    ],
)
def test_a_programme_with_a_slip_names_the_file_and_what_to_write(before, after, words, tmp_path, monkeypatch):
    path = area_lists(tmp_path, monkeypatch) / "programmes" / "synthetic.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    with pytest.raises(RequestError) as refused:
        areas.load_programme("synthetic")
    print(refused.value)
    assert [
        word for word in ["schemas/areas/programmes/synthetic.yaml", *words] if word not in str(refused.value)
    ] == []


@pytest.mark.parametrize(
    ("load", "name", "words"),
    [
        (areas.load_zoning, "holland", ["study.geography.zoning", "holland.yaml", "There are:", "synthetic"]),
        (areas.load_programme, "prachtwijken", ["study.programmes", "prachtwijken.yaml", "There are:", "synthetic"]),
    ],
)
def test_an_area_list_that_is_not_there_is_answered_with_those_that_are(load, name, words):
    with pytest.raises(RequestError) as refused:
        load(name)
    assert [word for word in words if word not in str(refused.value)] == []


# ---- The sentences themselves ------------------------------------------------------------------------------


def test_a_missing_value_says_where_to_give_it():
    assert about_missing("study.name") == (
        "study.name has no value yet (???). Give it one in conf/study/, or on the command line: study.name=..."
    )


def test_an_unknown_composition_fault_keeps_its_first_line_only():
    told = about_composition(ValueError("something new\nsecond line\n  third"), [])
    assert told == "The configuration cannot be composed: something new"


@pytest.mark.parametrize(("name", "many"), [("nplv", "20 of 20"), ("krachtwijken", "41 of 41")])
def test_a_programme_whose_codes_are_to_be_filled_in_says_so(name, many):
    with pytest.raises(RequestError, match=f"{many} areas have no codes yet"):
        areas.load_programme(name)
