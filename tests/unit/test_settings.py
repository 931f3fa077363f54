"""Every study composes and reads; every slip of the pen is named."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from mobility.errors import RequestError
from mobility.folders import CONF, SCHEMAS
from mobility.settings import read_settings, setting_names
from tests.lib.compose import composed, composed_settings

JOBS = sorted(path.stem for path in CONF.glob("*.yaml") if not path.stem.startswith("_"))
STUDIES = sorted(path.stem for path in (CONF / "study").glob("*.yaml") if not path.stem.startswith("_"))


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("study", STUDIES)
def test_every_job_composes_with_every_study(job, study):
    assert composed_settings(job, f"study={study}").study.name == study


@pytest.mark.parametrize("place", ["laptop", "cbs_ra", "ossc"])
@pytest.mark.parametrize("disclosure", ["cbs", "cbs_income_strict", "essnet"])
@pytest.mark.parametrize("engine", ["local", "dask", "slurm"])
def test_every_choice_reads(place, disclosure, engine):
    settings = read_settings(composed("pipeline", f"place={place}", f"disclosure={disclosure}", f"engine={engine}"))
    assert settings.disclosure.profile == disclosure


def test_a_choice_called_null_can_be_typed():
    assert read_settings(composed("pipeline", "synthetic.effect=null")).synthetic.effect == "null"


def test_every_setting_has_a_value_in_the_configuration():
    given = OmegaConf.create(composed())
    absent = [name for name in setting_names() if OmegaConf.select(given, name, default="absent") == "absent"]
    assert absent == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("study.period.frist_year", 2012, "Did you mean first_year?"),
        ("study.period.cut_off", "1/1/95", "write it as 'YYYY-MM-DD'"),
        ("study.period.cut_off", "2023-02-30", "not a date that exists"),
        ("study.period.first_year", "soon", "must be a whole number"),
        ("study.period.last_year", 2001, "lies before first_year"),
        ("study.programmes", "synthetic", "must be a list"),
        ("study.income.scheme", "deciles", "choose from quintiles"),
        ("study.name", 363, "put it in quotes"),
        ("study.name", "../elsewhere", "use letters, digits, dots, - and _ only"),
        ("study.rules", None, "has no value"),
        ("check", "perhaps", "must be true or false"),
        ("place.partitions", 0, "at least 1"),
        ("disclosure.rounding_base", 1.5, "must be a whole number"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(key, value, words):
    given = composed()
    inside = given
    *road, last = key.split(".")
    for part in road:
        inside = inside[part]
    inside[last] = value
    with pytest.raises(RequestError) as refused:
        read_settings(given)
    assert words in str(refused.value)


def test_the_effect_null_may_be_written_without_quotes():
    assert read_settings(composed("pipeline", "synthetic.effect=null")).synthetic.effect == "null"


def test_a_date_is_read():
    assert read_settings(composed("pipeline", "study.period.cut_off='2022-12-31'")).study.period.cut_off == dt.date(
        2022, 12, 31
    )


@pytest.mark.parametrize("path", sorted([*CONF.rglob("*.yaml"), *SCHEMAS.rglob("*.yaml")]), ids=lambda path: path.name)
def test_no_code_in_the_yaml_is_read_as_a_number(path: Path):
    """Unquoted 0363 becomes 243: a scalar of digits that starts with 0 must stand in quotes."""

    def scalars(node):
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            for child in node.value:
                yield from scalars(child)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield from scalars(key)
                yield from scalars(value)

    tree = yaml.compose(path.read_text(encoding="utf-8"))
    unquoted = [
        node.start_mark.line + 1
        for node in scalars(tree)
        if node.style is None and node.value.isdigit() and node.value.startswith("0") and len(node.value) > 1
    ]
    assert unquoted == []


@pytest.mark.parametrize("name", ["study/_method.yaml", "_program.yaml", "disclosure/cbs.yaml", "place/laptop.yaml"])
def test_every_key_has_a_comment_line_of_its_own(name):
    lines = (CONF / name).read_text(encoding="utf-8").splitlines()
    keys = [
        n
        for n, line in enumerate(lines)
        if re.match(r"\s*[a-z_]+:( |$)", line) and not line.startswith(("defaults", "hydra"))
    ]
    own = lines[: lines.index("hydra:")] if "hydra:" in lines else lines
    groups = (
        "title:",
        "description:",
        "period:",
        "geography:",
        "income:",
        "residence:",
        "renumbering:",
        "moves:",
        "flows:",
        "chains:",
        "monitor:",
        "concentrations:",
        "climbers:",
        "estimates:",
        "release:",
        "report:",
    )
    bare = [
        lines[n].strip()
        for n in keys
        if n < len(own) and lines[n].strip() not in groups and not lines[n - 1].strip().startswith("#")
    ]
    assert bare == []
