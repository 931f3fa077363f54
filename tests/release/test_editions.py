"""Two editions of a table: what each difference hides, several of them together may tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from mobility.disclosure.cells import Offer
from mobility.disclosure.declaration import Rows
from mobility.disclosure.earlier import Edition, states
from mobility.disclosure.editions import offers_then
from mobility.disclosure.members import IDENTITY, Members, identity
from mobility.disclosure.protect import protect
from mobility.errors import ReleaseError
from mobility.settings import Mode
from tests.release.conftest import disclosure
from tests.release.reader import propagate
from tests.spec.test_earlier_releases import LEAST, declare, members, offered, records

THEN = [
    # a keeps 40 and gets 3 of b and 11 of c: 14 apart; c loses those 11; b those 3
    *records(1, 40, "a"),
    *records(101, 140, "b"),
    *records(201, 240, "c"),
    *records(301, 340, "d"),
]
NOW = [
    *records(1, 40, "a"),
    *records(101, 103, "a"),
    *records(201, 211, "a"),
    *records(104, 140, "b"),
    *records(212, 240, "c"),
    *records(301, 340, "d"),
]


def shown_then(people: Members, mode: Mode) -> tuple[Edition, dict[str, int]]:
    """The first release, in which every place is shown."""
    given = offered(people, dataclasses.replace(declare(), mode=mode))
    (part,) = protect([given], profile=disclosure(), secret=bytes(32), blocks={})
    inside = part.inside.with_columns(identity(given.declaration))
    numbers = [pl.col(f"{name}_published").alias(name) for name in ("persons", "households")]
    return Edition("stays", ("q1",), inside.select(IDENTITY, "cell_key", *numbers), people), dict(
        part.safe.frame.select("place", "persons").iter_rows()
    )


def held(now: Members, edition: Edition, mode: Mode) -> Offer:
    given = offered(now, dataclasses.replace(declare(), mode=mode))
    return dataclasses.replace(given, frame=states(given, [edition], now, ("q1",), LEAST))


def second(mode: Mode, *, joined: bool, now: list[tuple] = NOW, then: list[tuple] = THEN) -> tuple[dict, dict]:
    """What the two releases show of every place."""
    before, after = members(then), members(now)
    edition, first = shown_then(before, mode)
    given = held(after, edition, mode)
    more = []
    if joined:
        declared = [dataclasses.replace(declare(), mode=mode)]
        more = offers_then(declared, edition, [given], after, ("q1",), "_edition_1")
        assert [each.declaration.table for each in more] == ["t_edition_1"]
    part = protect([given, *more], profile=disclosure(), secret=bytes(32), blocks={})[0]
    return first, dict(part.safe.frame.select("place", "persons").iter_rows())


def test_three_who_moved_between_places_are_what_two_large_differences_leave() -> None:
    """14 came to a, of whom 11 from c, which both are enough; the other 3 came from b."""
    first, later = second("suppress", joined=False)
    assert (first["a"], first["c"]) == (40, 40)
    assert (later["a"] - first["a"]) - (first["c"] - later["c"]) == 3, "cell by cell nothing is wrong"
    assert "b" not in later
    first, later = second("suppress", joined=True)
    assert first.keys() == {"a", "b", "c", "d"}
    assert not {"a", "c"} <= later.keys()
    assert later["d"] == 40, "what did not change is shown"


def test_editions_that_were_rounded_leave_room() -> None:
    first, later = second("round", joined=True)
    known = {name: (number - 4, number + 4) for name, number in first.items()}
    known |= {f"{name} now": (number - 4, number + 4) for name, number in later.items()}
    room = (0, 1000)
    start = {"from b": room, "from c": room, "stay a": room, "stay c": room, "a now": room, "c now": room} | known
    sums = [("a", ["stay a"]), ("a now", ["stay a", "from b", "from c"])]
    sums += [("c", ["stay c", "from c"]), ("c now", ["stay c"])]
    after = propagate(start, sums)
    assert all(after[name][1] - after[name][0] >= 4 for name in ("from b", "from c"))


def test_nothing_is_joined_where_nothing_changed() -> None:
    before = members(THEN)
    edition, _ = shown_then(before, "round")
    given = held(before, edition, "round")
    assert offers_then([declare()], edition, [given], before, ("q1",), "_edition_1") == []


@pytest.mark.parametrize("seed", range(3))
def test_atoms_add_up_to_every_changed_cell(seed: int) -> None:
    """Random editions with totals: what did not change and the atoms are the cells of then and of now."""
    dice = np.random.default_rng(seed)

    def draw() -> list[tuple]:
        return [
            (2020, str(dice.choice(["a", "b"])), str(dice.choice(["q1", "q2"])), record, 1, 1)
            for record in range(200)
            if dice.random() < 0.9
        ]

    before, after = members(draw()), members(draw())
    rows = Rows(), Rows(total=("income_class",))
    declared = declare(*rows)
    given = offered(after, declared)
    edition = Edition(
        "stays", ("q1",),
        offered(before, declared).frame.select(identity(declared), "cell_key", "persons", "households"), before,
    )  # fmt: skip
    (then,) = offers_then([declared], edition, [given], after, ("q1",), "_edition_1")
    assert then.joined is not None
    links = then.joined.links.join(then.joined.atoms, on="atom")
    for tag, offer in (("now", given), ("then", then)):
        cells = offer.frame.select(identity(offer.declaration), "persons")
        other = (then if tag == "now" else given).frame
        assert cells[IDENTITY].to_list() == other.select(identity(declared))[IDENTITY].to_list()
        moved = links.filter(pl.col("edition") == tag).group_by(IDENTITY).agg(moved=pl.col("persons").sum())
        left = cells.join(moved, on=IDENTITY, how="left").select(IDENTITY, stays=pl.col("persons") - pl.col("moved"))
        if tag == "now":
            stays = left
    assert stays.sort(IDENTITY).equals(left.sort(IDENTITY))
    assert (stays["stays"] >= 0).all()
    # and the gate takes them: relations hold in the truth, or it would say so
    refused = ""
    try:
        protect([given, then], profile=disclosure(), secret=bytes(32), blocks={})
    except ReleaseError as refusal:
        refused = str(refusal)
    assert not refused or "beside what earlier releases showed" in refused
