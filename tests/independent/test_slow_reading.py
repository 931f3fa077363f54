"""The flows, counted a second time by hand.

This module reads the raw .sav files and counts moves the way one would with pencil and paper: one person at a time, one day
after another, with lists, dictionaries and dates. It imports nothing of the program. What it does is written in
docs/explanation/method.md, sections 1 to 5, and the order here is the order there. Every cell of the program's `flows` must
be the same.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet
import pyreadstat
import pytest
import yaml

ZONING = Path(__file__).resolve().parents[2] / "schemas" / "areas" / "zonings" / "synthetic.yaml"

FIRST_YEAR, LAST_YEAR = 2012, 2023
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
CUT_OFF = dt.date(2023, 12, 31)
SLACK_DAYS = 31
LEVELS = ("buurt", "wijk", "gemeente", "role", "region")
ONE_DAY = dt.timedelta(days=1)
STILL_THERE = dt.date(9999, 12, 31)
PRIVATE_HOUSEHOLDS = {"1", "2", "3", "4", "5", "6", "7"}
PAIRS_OF_A_RENUMBERING = 10


# ---- The raw files -----------------------------------------------------------------------------------------


def read_rows(path):
    """Every row of a .sav file as a dictionary, with text stripped of padding."""
    columns, _ = pyreadstat.read_sav(str(path), output_format="dict")
    return [
        {name: value.strip() if isinstance(value, str) else value for name, value in zip(columns, values, strict=True)}
        for values in zip(*columns.values(), strict=True)
    ]


def only_file(root, pattern):
    """The one file of a register that is delivered once, with its whole history."""
    (path,) = root.glob(pattern)
    return path


def files_by_year(root, pattern):
    """Year to file, for a register with a file for every year."""
    return {int(re.search(r"(\d{4})", path.name).group(1)): path for path in root.glob(pattern)}


def as_date(text):
    """A YYYYMMDD text as a date; None if there is no such day."""
    if not re.fullmatch(r"\d{8}", text):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


# ---- Method 1: from registration to residence --------------------------------------------------------------


def read_spells(path, first_column, last_column, values_of):
    """Person to spells `(first day, last day, values)`, without the rows that belong in quarantine.

    Refused are rows of persons unknown in the BRP, rows with an unreadable day and rows that end before they start. A spell
    that starts after the cut-off is dropped; one that ends after the cut-off is still going on.
    """
    spells = defaultdict(list)
    for row in read_rows(path):
        if row["RINPERSOONS"] != "R":
            continue
        first = as_date(row[first_column])
        last = STILL_THERE if row[last_column] in ("20501231", "88888888") else as_date(row[last_column])
        if first is None or last is None or last < first or first > CUT_OFF:
            continue
        if last > CUT_OFF:
            last = STILL_THERE
        spells[row["RINPERSOON"]].append((first, last, values_of(row)))
    return spells


def registered_on(spells, day):
    """Where somebody is registered on a day: at the address that started last; of those, the one that ends last; of those, the
    smallest object. None: nowhere.
    """
    best = None
    for first, last, where in spells:
        if not first <= day <= last:
            continue
        if best is None or (first, last) > best[:2] or ((first, last) == best[:2] and where < best[2]):
            best = (first, last, where)
    return best[2] if best else None


def residence_day_by_day(spells, death):
    """Day to address, from the first registration to the cut-off, one day after another.

    This is the definition. A hole of at most 31 days is filled with the address before it; there is nothing after death.
    """
    address, day = {}, min(first for first, _, _ in spells)
    while day <= CUT_OFF:
        address[day] = registered_on(spells, day)
        day += ONE_DAY
    hole, before = [], None
    for day in sorted(address):
        if address[day] is None:
            hole.append(day)
            continue
        if before is not None and 0 < len(hole) <= SLACK_DAYS:
            for missing in hole:
                address[missing] = before
        hole, before = [], address[day]
    return {day: where for day, where in address.items() if death is None or day <= death}


def residence(spells, death):
    """The same as a list of stays `[first day, last day, address]`, looking only at days on which something starts or ends.

    Between two such days nothing changes, so looking at the first of them is enough.
    """
    changes = {first for first, _, _ in spells}
    changes |= {last + ONE_DAY for _, last, _ in spells if last < CUT_OFF}
    changes = sorted(changes)
    stays = []
    for day, next_day in zip(changes, [*changes[1:], CUT_OFF + ONE_DAY], strict=True):
        where = registered_on(spells, day)
        if where is None:
            continue
        last = next_day - ONE_DAY
        if stays:
            hole = (day - stays[-1][1]).days - 1
            if 0 < hole <= SLACK_DAYS:
                stays[-1][1] = day - ONE_DAY
            if stays[-1][2] == where and stays[-1][1] == day - ONE_DAY:
                stays[-1][1] = last
                continue
        stays.append([day, last, where])
    if death is not None:
        stays = [[first, min(last, death), where] for first, last, where in stays if first <= death]
    return stays


def stays_of(address):
    """Day to address, as the list of stays `residence` makes."""
    stays = []
    for day in sorted(address):
        where = address[day]
        if where is None:
            continue
        if stays and stays[-1][2] == where and stays[-1][1] == day - ONE_DAY:
            stays[-1][1] = day
        else:
            stays.append([day, day, where])
    return stays


# ---- Method 2: places --------------------------------------------------------------------------------------


def read_zoning():
    """Code to `(role, region)`, as written in the zoning."""
    given = yaml.safe_load(ZONING.read_text(encoding="utf-8"))
    return {
        line["code"]: (f"{region}/{line['role']}", region)
        for region, content in given["regions"].items()
        for line in content["lines"]
    }


def read_places(root):
    """Object to its place at every level, in the division of 2023."""
    zoning, places = read_zoning(), {}
    rows = read_rows(only_file(root, "BouwenWonen/VSLGWBTAB/VSLGWB*.sav"))
    for path in root.glob("BouwenWonen/NIETVSLGWBTAB/*.sav"):  # objects that are not in VSLGWBTAB
        known = {(row["SOORTOBJECTNUMMER"], row["RINOBJECTNUMMER"]) for row in rows}
        rows += [row for row in read_rows(path) if (row["SOORTOBJECTNUMMER"], row["RINOBJECTNUMMER"]) not in known]
    for row in rows:
        if "-" in row["gem2023"]:
            continue
        codes = {
            level: "unplaceable" if "-" in code or not code else prefix + code
            for level, prefix, code in (
                ("gemeente", "GM", row["gem2023"]),
                ("wijk", "WK", row["wc2023"]),
                ("buurt", "BU", row["bc2023"]),
            )
        }
        named = [codes[level] for level in ("buurt", "wijk", "gemeente") if codes[level] in zoning]
        role, region = zoning[named[0]] if named else ("elsewhere", "elsewhere")
        places[row["SOORTOBJECTNUMMER"], row["RINOBJECTNUMMER"]] = {**codes, "role": role, "region": region}
    return places


def place_of(places, where, level):
    """The place of an object at a level; `unplaceable` when the register gives it no code."""
    return places[where][level] if where in places else "unplaceable"


# ---- Method 4: income class --------------------------------------------------------------------------------


def class_of_household(row):
    """Students and institutions first; then the fifth of the percentile, rounded up; without a percentile `unknown`."""
    if row["INHPOPIIV"] == "2":
        return "student"
    if row["INHPOPIIV"] in ("3", "8"):
        return "institutional"
    if 1 <= row["INHP100HGEST"] <= 100:
        return f"q{math.ceil(row['INHP100HGEST'] / 20)}"
    return "unknown"


def read_classes(root):
    """`(person, income year)` to class, through the income household the person belongs to."""
    classes = {}
    households = files_by_year(root, "InkomenBestedingen/INHATAB/INHA*.sav")
    links = files_by_year(root, "InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN*.sav")
    for year in range(FIRST_YEAR - 1, LAST_YEAR):
        if year not in links:
            continue
        of_household = {}
        for row in read_rows(households[year]):
            of_household[row["RINPERSOONSHKW"], row["RINPERSOONHKW"]] = class_of_household(row)
        for row in read_rows(links[year]):
            if row["RINPERSOONS"] == "R":
                household = (row["RINPERSOONSHKW"], row["RINPERSOONHKW"])
                classes[row["RINPERSOON"], year] = of_household.get(household, "unknown")
    return classes


# ---- Method 3: moves ---------------------------------------------------------------------------------------


def moves_of(person, stays):
    """`(person, day, from, to)` for every stay that begins at another address the day after the one before it ended."""
    moves = []
    for before, after in pairwise(stays):
        if after[0] == before[1] + ONE_DAY and after[2] != before[2]:
            moves.append((person, after[0], before[2], after[2]))
    return moves


def stock_address(stays, day, death):
    """Where somebody lives on a stock day, unless dead that day."""
    if death == day:
        return None
    for first, last, where in stays:
        if first <= day <= last:
            return where
    return None


def transitions_of(person, stays, death, households):
    """`(person, 31 December, from, to)` for every year whose two stocks differ, in a private household at both."""
    found = []
    for year in YEARS:
        before, after = dt.date(year - 1, 12, 31), dt.date(year, 12, 31)
        origin, destination = stock_address(stays, before, death), stock_address(stays, after, death)
        if origin is None or destination is None or origin == destination:
            continue
        kinds = {registered_on(households, before), registered_on(households, after)}
        if kinds <= PRIVATE_HOUSEHOLDS:
            found.append((person, after, origin, destination))
    return found


def carriers(moves, births):
    """The moves that carry a household: of all who leave one object for the same other object on one day the oldest, by year
    and month of birth; of those the smallest number.
    """
    together = defaultdict(list)
    for move in moves:
        _, day, origin, destination = move
        together[origin, destination, day].append(move)
    return [min(group, key=lambda move: (births[move[0]], move[0])) for group in together.values()]


def busiest_renumbering(moves, places):
    """The most pairs of objects of one buurt between which people go on one day: too few of them to be a renumbering."""
    pairs = defaultdict(set)
    for _, day, origin, destination in moves:
        buurt = place_of(places, origin, "buurt")
        if buurt == place_of(places, destination, "buurt") != "unplaceable":
            pairs[buurt, day].add((origin, destination))
    return max(len(found) for found in pairs.values())


# ---- Method 5: flows ---------------------------------------------------------------------------------------


def count_flows(count, moves, births, classes, places):
    """Key of the cell to `[persons, households]`."""
    cells = defaultdict(lambda: [0, 0])
    for measure, counted in enumerate((moves, carriers(moves, births))):
        for person, day, origin, destination in counted:
            if day.year not in YEARS:
                continue
            income_class = classes.get((person, day.year - 1), "unknown")
            for level in LEVELS:
                ends = place_of(places, origin, level), place_of(places, destination, level)
                cells[level, count, day.year, *ends, income_class][measure] += 1
    return dict(cells)


def read_slowly(source, compare_every):
    """All cells of `flows`, and how many persons were also followed day by day."""
    addresses = read_spells(
        only_file(source, "Bevolking/GBAADRESOBJECTBUS/*.sav"),
        "GBADATUMAANVANGADRESHOUDING",
        "GBADATUMEINDEADRESHOUDING",
        lambda row: (row["SOORTOBJECTNUMMER"], row["RINOBJECTNUMMER"]),
    )
    households = read_spells(
        only_file(source, "Bevolking/GBAHUISHOUDENSBUS/*.sav"),
        "DATUMAANVANGHH",
        "DATUMEINDEHH",
        lambda row: row["TYPHH"],
    )
    deaths = {
        row["RINPERSOON"]: as_date(row["GBADatumOverlijden"])
        for row in read_rows(only_file(source, "Bevolking/GBAOVERLIJDENTAB/*/*.sav"))
        if row["RINPERSOONS"] == "R"
    }
    births = {
        row["RINPERSOON"]: (row["GBAGEBOORTEJAAR"], row["GBAGEBOORTEMAAND"])
        for row in read_rows(only_file(source, "Bevolking/GBAPERSOONTAB/*/*.sav"))
        if row["RINPERSOONS"] == "R"
    }
    places, classes = read_places(source), read_classes(source)

    events, transitions, followed = [], [], 0
    for number, (person, spells) in enumerate(sorted(addresses.items())):
        death = deaths.get(person)
        stays = residence(spells, death)
        if number % compare_every == 0:
            assert stays == stays_of(residence_day_by_day(spells, death))
            followed += 1
        events += moves_of(person, stays)
        transitions += transitions_of(person, stays, death, households.get(person, []))

    # Step 6 of method 1 finds nothing here: it needs ten pairs of objects of one buurt on one day.
    assert busiest_renumbering(events, places) < PAIRS_OF_A_RENUMBERING
    flows = count_flows("events", events, births, classes, places)
    return flows | count_flows("transitions", transitions, births, classes, places), followed


# ---- The comparison ----------------------------------------------------------------------------------------


def read_program(root):
    """The cells of the program's own table."""
    rows = pyarrow.parquet.read_table(root / "aggregates" / "flows.parquet").to_pylist()
    keys = ("level", "count", "year", "origin", "destination", "income_class")
    return {tuple(row[key] for key in keys): [row["persons"], row["households"]] for row in rows}


def compare(root, compare_every):
    expected, followed = read_slowly(root / "source", compare_every)
    found = read_program(root)
    differing = {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}
    by_level = Counter((key[0], key[1]) for key in expected)
    totals = {
        count: sum(n for key, (n, _) in expected.items() if key[:2] == ("region", count)) for _, count in by_level
    }
    print(f"\n{len(expected):,} cells compared, {len(differing)} differ; {followed} persons followed day by day")
    print(f"moves of persons: {totals}")
    for (level, count), cells in sorted(by_level.items()):
        print(f"  {level:<9}{count:<12}{cells:>7,} cells")
    examples = [f"{key}: by hand {expected.get(key)}, program {found.get(key)}" for key in sorted(differing)[:10]]
    assert not differing, "\n".join(examples)
    assert set(by_level) == {(level, count) for level in LEVELS for count in ("events", "transitions")}
    assert {key[2] for key in expected} == set(YEARS)
    return expected


# ---- A country with thorns ---------------------------------------------------------------------------------

UNREADABLE_DAYS = (
    "",
    "--------",
    "00000000",
    "20190230",
    "2019101",
    "2019 101",
    "+2019101",
    "2019-1-1",
    "2019CANA",
    "99999999",
)
HOLES = (-40, -1, 0, 0, 0, 1, 30, 31, 32, 33, 100)
LENGTHS = (1, 2, 20, 31, 60, 200, 800)


def rewrite(path, change):
    """Replace the rows of a .sav file by `change(rows)`, in the same columns and formats."""
    columns, about = pyreadstat.read_sav(str(path), output_format="dict")
    rows = change([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])
    table = pl.DataFrame({name: [row[name] for row in rows] for name in columns}, strict=False)
    pyreadstat.write_sav(table, str(path), variable_format=about.original_variable_types)


def thorny_spells(dice, objects):
    """First and last day and object of a few spells that overlap, tie, touch and leave holes about as long as the slack."""
    day, spells = dt.date(dice.randint(2009, 2021), dice.randint(1, 12), dice.randint(1, 28)), []
    some = dice.sample(objects, 3)
    for _ in range(dice.randint(2, 8)):
        last = day + dt.timedelta(days=dice.choice(LENGTHS) - 1)
        spells.append((day, last, dice.choice(some)))
        if dice.random() < 0.3:
            spells.append((day, dice.choice((last, last + 40 * ONE_DAY)), dice.choice(some)))
        day = max(last + ONE_DAY + dt.timedelta(days=dice.choice(HOLES)), dt.date(2009, 1, 1))
    return spells


def address_rows(dice, first, last, where):
    """One registration as delivered, now and then of another kind of person, with an open end or an unreadable day, or twice."""
    row = {
        "RINPERSOONS": "S" if dice.random() < 0.02 else "R",
        "GBADATUMAANVANGADRESHOUDING": f"{first:%Y%m%d}",
        "GBADATUMEINDEADRESHOUDING": f"{last:%Y%m%d}",
    }
    if dice.random() < 0.05:
        row["GBADATUMEINDEADRESHOUDING"] = dice.choice(("20501231", "88888888", "20240215", "20231231", "99991231"))
    if dice.random() < 0.05:
        row[dice.choice(list(row)[1:])] = dice.choice(UNREADABLE_DAYS)
    row |= {"SOORTOBJECTNUMMER": where[0], "RINOBJECTNUMMER": where[1]}
    return [row] * (2 if dice.random() < 0.05 else 1)


def thorny_lives(dice, persons, twins, objects):
    """The registrations of some persons, each with those of the twin, and the days on which three in ten of them die."""
    planted, deaths = [], {}
    for person in persons:
        spells = thorny_spells(dice, objects)
        if dice.random() < 0.3:
            deaths[person] = dice.choice(spells)[1] + dice.randint(-30, 60) * ONE_DAY
        for spell in spells:
            for row in address_rows(dice, *spell):
                planted += [{**row, "RINPERSOON": who} for who in (person, twins.get(person)) if who]
    return planted, deaths


def plant_thorns(source):
    """Give every fourth person tangled registrations, half of them a twin, and some of them an awkward death."""
    dice = random.Random(1)  # noqa: S311 - the same thorns every time; no secret
    addresses = only_file(source, "Bevolking/GBAADRESOBJECTBUS/*.sav")
    known = read_rows(addresses)
    objects = sorted({(row["SOORTOBJECTNUMMER"], row["RINOBJECTNUMMER"]) for row in known})
    thorny = sorted({row["RINPERSOON"] for row in known if row["RINPERSOONS"] == "R"})[::4]
    twins = dict(zip(thorny[::2], thorny[1::2], strict=False))  # who move together and are equally old
    elder = {twin: person for person, twin in twins.items()}
    planted, deaths = thorny_lives(dice, [one for one in thorny if one not in elder], twins, objects)

    def tangle(rows):
        return [row for row in rows if row["RINPERSOON"] not in thorny] + planted

    def make_twins(rows):
        births = {row["RINPERSOON"]: (row["GBAGEBOORTEJAAR"], row["GBAGEBOORTEMAAND"]) for row in rows}
        for row in rows:
            row["GBAGEBOORTEJAAR"], row["GBAGEBOORTEMAAND"] = births[elder.get(row["RINPERSOON"], row["RINPERSOON"])]
        return rows

    def let_die(rows):
        kept = [row for row in rows if row["RINPERSOON"] not in thorny]
        died = [{"RINPERSOON": who, "GBADatumOverlijden": f"{day:%Y%m%d}"} for who, day in deaths.items()]
        return kept + [{"RINPERSOONS": "R", **row} for row in died]

    def make_institutions(rows):
        for row in rows:
            row["TYPHH"] = dice.choice(("8", "-", row["TYPHH"])) if dice.random() < 0.1 else row["TYPHH"]
        return rows

    rewrite(addresses, tangle)
    rewrite(only_file(source, "Bevolking/GBAPERSOONTAB/*/*.sav"), make_twins)
    rewrite(only_file(source, "Bevolking/GBAOVERLIJDENTAB/*/*.sav"), let_die)
    rewrite(only_file(source, "Bevolking/GBAHUISHOUDENSBUS/*.sav"), make_institutions)


def test_a_small_country_counted_by_hand_gives_the_same_flows(country, run_job):
    """Two thousand persons, a quarter of them with more overlaps, ties, holes, twins and bad dates than any register has."""
    root = country(["synthesise"], "synthetic.persons=2000", "synthetic.seed=3")
    plant_thorns(root / "source")
    for job in ("ingest", "moves", "flows"):
        run_job(job, f"place.root={root}")
    compare(root, compare_every=25)


@pytest.mark.slow
def test_a_country_of_eight_thousand_counted_by_hand_gives_the_same_flows(country):
    jobs = ("synthesise", "ingest", "moves", "flows")
    root = country(jobs, "synthetic.persons=8000", "synthetic.seed=3", "place.partitions=3")
    flows = compare(root, compare_every=10)
    classes = {key[5] for key in flows}
    assert classes == {"q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown"}
    assert any(key[3] == "unplaceable" for key in flows)
    assert any(key[4] == "elsewhere" for key in flows)
    assert any(households == 0 for _, households in flows.values()), "a carrier of another class than those moved with"
