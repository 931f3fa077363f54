"""What Hydra and OmegaConf mean, in a sentence that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

from mobility.folders import CONF
from mobility.settings import did_you_mean, setting_names


def about_missing(key: str) -> str:
    """A key that a study file must fill in has no value."""
    return f"{key or 'A setting'} has no value yet (???). Give it one in conf/study/, or on the command line: {key or 'key'}=..."


def about_composition(error: Exception, typed: list[str]) -> str:
    """A configuration that cannot be composed.

    Args:
        error: what Hydra or OmegaConf raised; its text holds keys and file names of the configuration, no data.
        typed: the command line, to name the override that is meant.
    """
    text = str(error)
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    unknown = re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", text)
    if unknown:
        key = unknown.group(1) or unknown.group(2)
        if key.startswith("register.files"):
            return "register.files has no such entry yet: add one with + in front, as in '+register.files.GBAPERSOONTAB=path'."
        if key.startswith("study.rules."):
            return f"{key} is no rule. The rules, with what each does, stand in conf/study/_method.yaml."
        return f"{key} is not a setting.{did_you_mean(key, setting_names())} See --help, or conf/."
    option = re.search(r"Could not find '([^']+)'", text) or re.search(r"Could not load '([^']+)'", text)
    if option:
        return _about_option(option.group(1))
    ambiguous = re.search(r"Ambiguous value for argument '([^=']+)=", text)
    if ambiguous:
        return f"{ambiguous.group(1)}: a value with commas must stand in quotes: '{ambiguous.group(1)}=\"...\"'."
    if re.search(r"mapping values|could not find expected|while (parsing|scanning)|block mapping", text):
        return f"A configuration file is not readable YAML ({_yaml_place(text)}). Check indentation, quotes and colons there."
    if (
        "LexerNoViableAlt" in text
        or "mismatched input" in text
        or "Error parsing override" in text
        or "missing EQUAL" in text
    ):
        culprit = next((word for word in typed if "=" not in word and not word.startswith("-")), None)
        which = f"{culprit!r} on the command line" if culprit else "Part of the command line"
        return f"{which} is not of the form key=value. Put a value with blanks, commas or colons in quotes: 'key=\"value\"'."
    return f"The configuration cannot be composed: {first}"


def offered(folder: Path) -> list[str]:
    """What one may choose in a folder of conf/; files with _ in front are what others start from."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.stem.startswith("_"))


def _about_option(option: str) -> str:
    group, _, name = option.rpartition("/")
    folder = CONF / group
    there = offered(folder)
    if not group or not there:
        return f"conf/{option}.yaml is not there."
    return f"{group}={name}: there is no conf/{group}/{name}.yaml.{did_you_mean(name, set(there))} There are: {', '.join(there)}."


def _yaml_place(text: str) -> str:
    place = re.search(r'in "([^"]+)", line (\d+)', text)
    return f"{place.group(1).rpartition('/')[2]}, line {place.group(2)}" if place else "see the files in conf/"
