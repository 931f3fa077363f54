"""The register files a study reads, chosen among those that are there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from mobility.errors import RequestError
from mobility.panel.by_income_year import INCOMES
from mobility.panel.by_object import ADDRESSES, OWNERSHIP
from mobility.registers.dictionary import Register, register_names
from mobility.registers.find import Found, Looked, look_around
from mobility.settings import Settings, did_you_mean
from mobility.steps.needs import Need, needs

Needed = list[tuple[Register, Found]]


@dataclass
class Choice:
    """What a study reads of one register it needs.

    Attributes:
        need: the register and what for.
        looked: what its folders hold.
        read: the files, by year.
        left: why other years that are there are not read, by year.
    """

    need: Need
    looked: Looked
    read: dict[int, Found]
    left: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the register."""
        return self.need.register.name

    def leave(self, years: set[int], why: str) -> None:
        """Do not read these years after all."""
        for year in sorted(years & self.read.keys()):
            del self.read[year]
            self.left[year] = why


def choose(settings: Settings) -> list[Choice]:
    """The files a study would read of what is there.

    Raises:
        RequestError: there is no source tree, a pinned file is not in it, or a dictionary is wrong.
    """
    root, pinned = settings.register.root, settings.register.files
    if not root.is_dir():
        raise RequestError(
            f"register.root: there is no folder {root}. With register=synthetic run jobs/synthesise.py first (jobs/pipeline.py "
            "does); with register=cbs correct the root in conf/register/cbs.yaml."
        )
    known = set(register_names())
    for key in pinned:
        if key.partition("/")[0].upper() not in known:
            raise RequestError(f"register.files: {key} is no register.{did_you_mean(key, known)}")
    choices = [_choose(need, look_around(need.register, root, pinned)) for need in needs(settings)]
    last_year = last_day(settings, choices).year
    for choice in choices:
        if choice.need.register.editions == "yearly":
            looked_at = set(choice.need.years(last_year))
            choice.leave(choice.read.keys() - looked_at, "outside the years this study looks at")
    by_name = {choice.name: choice for choice in choices}
    _leave_what_successors_tell(by_name)
    _leave_without_partner(by_name)
    return choices


def _choose(need: Need, looked: Looked) -> Choice:
    choice = Choice(need, looked, dict(looked.best))
    if need.register.editions == "newest" and looked.best:
        choice.leave(looked.best.keys() - {max(looked.best)}, "older; the newest holds everything")
    return choice


def _leave_what_successors_tell(by_name: dict[str, Choice]) -> None:
    """A predecessor is read only for the years of which its successor tells nothing."""
    told: dict[int, str] = {}
    for name in OWNERSHIP:
        if name in by_name:
            choice = by_name[name]
            for year in choice.read.keys() & told.keys():
                choice.leave({year}, f"{told[year]} tells of that year")
            told |= dict.fromkeys(choice.read, name)


def _leave_without_partner(by_name: dict[str, Choice]) -> None:
    """An income household is known by its payer, and a person by the link to that payer: of a year it takes both."""
    own = dict(INCOMES)
    links = {name: set(by_name[name].read) for name in own.values() if name in by_name}
    of_payers: set[int] = set()
    for choice in by_name.values():
        if choice.need.register.unit == "payer_year":
            usable = [own[choice.name]] if choice.name in own else list(links)
            linked = set().union(*(links.get(name, set()) for name in usable))
            choice.leave(choice.read.keys() - linked, f"no {' and no '.join(usable)} of that year")
            of_payers |= choice.read.keys()
    for name in links:
        incomes = next(income for income, link in INCOMES if link == name)
        by_name[name].leave(links[name] - of_payers, f"no {incomes} of that year")


def chosen_files(choices: list[Choice]) -> Needed:
    """The files, register by register and year by year."""
    return [(choice.need.register, choice.read[year]) for choice in choices for year in sorted(choice.read)]


def last_day(settings: Settings, choices: list[Choice]) -> dt.date:
    """The last day that counts: the study's, or the last day of the newest address file's year."""
    addresses = next(choice for choice in choices if choice.name == ADDRESSES)
    newest = max(addresses.read, default=settings.study.period.last_year)
    return settings.study.period.cut_off or dt.date(newest, 12, 31)
