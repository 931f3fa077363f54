"""What a study says to what reading and linking found: go on, tell, or refuse the data."""

from __future__ import annotations

from mobility.errors import DataError
from mobility.panel.build import Part
from mobility.panel.by_object import ADDRESSES
from mobility.registers.ingest import Counts
from mobility.registers.rules import RULES, stop_where_asked
from mobility.settings import Study

# Coverage in quality/coverage.json, and the rule that holds when it falls short.
_COVERAGE_RULES = {
    "objects_with_geography": "object_without_geography",
    "persons_in_register": "spell_without_person",
    "persons_with_income": "person_without_income",
    "persons_in_household": "person_without_household",
}
_EXPECTED = {"after_cut_off", "exact_duplicate"}  # happen in sound files


def check_balance(counts: dict[str, Counts]) -> None:
    """Every row read was kept or set apart.

    Raises:
        DataError: a register does not balance; a fault of the program that must not go unseen.
    """
    for name, count in counts.items():
        if count.read != count.kept + sum(count.quarantined.values()):
            raise DataError(
                f"{name}: rows read are not rows kept plus rows set apart. Please report this fault of the program."
            )


def check_linked(counts: dict[str, Counts], study: Study) -> None:
    """Refuse what linking found, where the study says stop.

    Raises:
        DataError: with the register, the rule and the number of rows.
    """
    linking = {name for name, rule in RULES.items() if rule.kind == "link"}
    for register, count in sorted(counts.items()):
        found = {name: rows for name, rows in (count.quarantined | count.repaired).items() if name in linking}
        stop_where_asked(register, found, study.rules)


def check_refused(counts: dict[str, Counts], most: float) -> None:
    """Refuse a register of which too many rows had to be set apart: a damaged file looks like many bad rows.

    Addresses of which nothing is left are refused whatever the reason.

    Raises:
        DataError: with the register, the rules and the counts.
    """
    if not counts[ADDRESSES].kept:
        raise DataError(
            f"{ADDRESSES}: of {counts[ADDRESSES].read} rows none can be used. Look at the counts by rule in "
            "quality/ingest.json, and whether it is the right file; without addresses there is nothing to follow."
        )
    for name, count in sorted(counts.items()):
        bad = {rule: rows for rule, rows in count.quarantined.items() if rule not in _EXPECTED}
        if count.read and sum(bad.values()) > most * count.read:
            told = ", ".join(f"{rule} {rows}" for rule, rows in sorted(bad.items()))
            worst = max(sorted(bad), key=lambda rule: bad[rule])
            beside = " or ".join(RULES[worst].beside)
            perhaps = f" It may be {beside} that is wrong or of another version." if beside else ""
            raise DataError(
                f"{name}: {sum(bad.values())} of {count.read} rows had to be set apart ({told}), more than the share of {most} "
                "that study.most_refused_share allows. Look at them in the quarantine; correct the dictionary, copy the file "
                f"again, or allow more.{perhaps}"
            )


def check_coverage(told: Part, study: Study) -> list[str]:
    """The coverages that fall short of the study's, as sentences.

    Raises:
        DataError: one falls short and its rule is stop.
    """
    short = []
    for measure, (linked, of) in sorted(told.coverage.items()):
        least, rule = getattr(study.least_coverage, measure), _COVERAGE_RULES[measure]
        if of and linked < least * of:
            sentence = (
                f"{RULES[rule].meaning} ({rule}): {linked} of {of}, less than study.least_coverage.{measure} ({least})"
            )
            if study.rules[rule] == "stop":
                raise DataError(
                    f"{sentence}, and study.rules.{rule} is stop. Compare the versions of the files, or set it to warn."
                )
            short.append(sentence)
    return short


def check_ends(early: list[str], study: Study) -> list[str]:
    """Registers of which the newest file is older than what the study looks at, as `sources.early_ends` tells them.

    Raises:
        DataError: there is one, and the rule `register_ends_early` is stop.
    """
    if early and study.rules["register_ends_early"] == "stop":
        raise DataError(
            f"{early[0]}, and study.rules.register_ends_early is stop. Get a newer file, or set it to warn."
        )
    return early
