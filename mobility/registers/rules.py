"""The rules that rows of registers can break, what each means, and what a study may do about it (`study.rules`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mobility.errors import DataError, RequestError
from mobility.settings import Severity, did_you_mean

Kind = Literal["value", "link", "coverage"]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        kind: `value` (seen in the row itself, while its file is read), `link` (seen beside other rows) or `coverage` (a share
            of the whole that falls short of `study.least_coverage`, or years that are not there; no row is at fault).
        meaning: when a row breaks it.
        choices: what a study may do; a row that cannot be linked cannot be kept with a warning.
        beside: the registers beside which the row is seen, and which may be the ones that are wrong.
    """

    kind: Kind
    meaning: str
    choices: tuple[Severity, ...]
    beside: tuple[str, ...] = ()


_SET_APART: tuple[Severity, ...] = ("stop", "quarantine")
_KEEP: tuple[Severity, ...] = ("stop", "warn")
_ANY: tuple[Severity, ...] = ("stop", "quarantine", "warn")

RULES = {
    "person_not_in_brp": Rule("value", "RINPERSOONS is not R", _SET_APART),
    "date_unreadable": Rule("value", "a date is no date", _SET_APART),
    "number_unreadable": Rule("value", "a number is no number", _ANY),
    "end_before_start": Rule("value", "a period ends before it starts", _SET_APART),
    "key_missing": Rule("value", "the number of a person, object or household is empty", _SET_APART),
    "code_unknown": Rule("value", "a code the dictionary does not know", _ANY),
    "out_of_range": Rule("value", "a number that cannot be, by the range in the dictionary", _ANY),
    "areas_disagree": Rule("value", "the wijk lies outside the gemeente, or the buurt outside the wijk", _ANY),
    "exact_duplicate": Rule("link", "a further copy of a row", _SET_APART),
    "key_repeated": Rule("link", "a further, different row for what has one row", _SET_APART),
    "after_cut_off": Rule("link", "a spell that starts after the cut-off", _SET_APART),
    "person_without_registration": Rule(
        "link", "somebody who was never registered at an address", _SET_APART, ("GBAADRESOBJECTBUS",)
    ),
    "payer_without_link": Rule(
        "link",
        "an income household to which no person is linked",
        _SET_APART,
        ("KOPPELPERSOONHUISHOUDEN", "KOPPELTABEL_IPI_IHI_IVB"),
    ),
    "object_without_registration": Rule(
        "link",
        "an object where nobody ever lived and that has no gemeente",
        _SET_APART,
        ("GBAADRESOBJECTBUS", "VSLGWBTAB"),
    ),
    "households_overlap": Rule("link", "a person in two households at once; the earlier spell is cut short", _KEEP),
    "object_without_geography": Rule("coverage", "too few address objects have a gemeente", _KEEP),
    "spell_without_person": Rule("coverage", "too few persons with an address are in GBAPERSOONTAB", _KEEP),
    "person_without_income": Rule("coverage", "too few registered persons have an income household", _KEEP),
    "person_without_household": Rule("coverage", "too few registered persons are in a household", _KEEP),
    "register_ends_early": Rule("coverage", "the newest file of a register is older than the cut-off", _KEEP),
}


def check_severities(rules: dict[str, Severity]) -> None:
    """Refuse a rule that does not exist, one without severity, and a severity it cannot have.

    Raises:
        RequestError: with the rule and what may be chosen; a slip of the pen would silently switch nothing.
    """
    for name, severity in rules.items():
        if name not in RULES:
            raise RequestError(
                f"study.rules.{name} is no rule.{did_you_mean(name, set(RULES))} Rules: {', '.join(sorted(RULES))}."
            )
        if severity not in RULES[name].choices:
            raise RequestError(
                f"study.rules.{name} cannot be {severity} ({RULES[name].meaning}). Choose {' or '.join(RULES[name].choices)}."
            )
    absent = sorted(RULES.keys() - rules.keys())
    if absent:
        raise RequestError(
            f"study.rules.{absent[0]} has no severity. Give it one: {', '.join(RULES[absent[0]].choices)}."
        )


def stop_where_asked(register: str, broken: dict[str, int], rules: dict[str, Severity], file: str = "") -> None:
    """Refuse the data when rows break a rule whose severity is stop.

    Raises:
        DataError: with the register, the file where it is known, the rule and the number of rows.
    """
    for name, rows in broken.items():
        if rows and rules.get(name) == "stop":
            where = f"{register}, {file}" if file else register
            instead = next(choice for choice in RULES[name].choices if choice != "stop")
            raise DataError(
                f"{where}: {name} in {rows} rows ({RULES[name].meaning}), and study.rules.{name} is stop. Set it to {instead} "
                "to go on, or mend the dictionary in schemas/registers."
            )
