"""Quirks 7 to 10, 19 to 21 and 24: what is odd in address objects, their areas and their end."""

import datetime as dt

from mobility.areas import load_programme
from tests.lib.tables import assert_table


def test_quirk_07_an_object_outside_vslgwbtab_is_looked_up_elsewhere_and_kept_even_when_nowhere(country):
    """x is in NIETVSLGWBTAB, y with its gemeente only, a in both registers; z and q are in neither. Person 2 and 3 move."""
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | SOORTOBJECTNUMMER | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | B                 | a
        000000002  | 20000101                    | 20181231                  | D                 | x
        000000002  | 20190101                    | 20501231                  | D                 | y
        000000003  | 20000101                    | 20181231                  | D                 | z
        000000003  | 20190101                    | 20501231                  | B                 | q
        """,
    )
    country.deliver(
        "VSLGWBTAB",
        """
        SOORTOBJECTNUMMER | RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        B                 | a               | 9101    | 910101 | 91010101
        """,
    )
    country.deliver(
        "NIETVSLGWBTAB",
        """
        SOORTOBJECTNUMMER | RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        B                 | a               | 9999    | 999901 | 99990101
        D                 | x               | 9102    | 910201 | 91020101
        D                 | y               | 9102    | ------ | --------
        """,
    )
    found = country.run("ingest", "moves", "flows", settings=("study.flows.levels=[gemeente,buurt]",))
    assert_table(
        found.objects(),
        """
        object | gemeente    | wijk        | buurt
        B a    | GM9101      | WK910101    | BU91010101
        B q    | unplaceable | unplaceable | unplaceable
        D x    | GM9102      | WK910201    | BU91020101
        D y    | GM9102      | unplaceable | unplaceable
        D z    | unplaceable | unplaceable | unplaceable
        """,
    )
    assert found.counts("GBAADRESOBJECTBUS")["kept"] == 5
    assert found.coverage("objects_with_geography") == (3, 5)
    assert_table(
        found.flows("events"),
        """
        level    | year | origin      | destination | persons
        buurt    | 2019 | BU91020101  | unplaceable | 1
        buurt    | 2019 | unplaceable | unplaceable | 1
        gemeente | 2019 | GM9102      | GM9102      | 1
        gemeente | 2019 | unplaceable | unplaceable | 1
        """,
    )


def test_quirk_08_dashes_are_no_code_whatever_other_years_say(country):
    """The study holds geography constant at 2023: a has codes there and not in 2005, b the other way round, c half."""
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2005 | wc2005 | bc2005   | gem2023 | wc2023 | bc2023
        a               | ----    | ------ | -------- | 9101    | 910101 | 91010101
        b               | 9101    | 910102 | 91010201 | ----    | ------ | --------
        c               | 9102    | 910201 | 91020101 | 9102    | ------ | --------
        """,
    )
    found = country.run("ingest")
    assert_table(
        found.objects(),
        """
        object | gemeente    | wijk        | buurt
        B a    | GM9101      | WK910101    | BU91010101
        B b    | unplaceable | unplaceable | unplaceable
        B c    | GM9102      | unplaceable | unplaceable
        """,
    )
    assert found.counts("VSLGWBTAB")["kept"] == 3
    assert found.counts("VSLGWBTAB")["warned"] == {}
    assert found.coverage("objects_with_geography") == (2, 3)  # c has a gemeente at least


def test_quirk_09_an_object_that_is_listed_twice_is_one_object(country):
    """a stands there twice alike, b with two places: of those the first in the order of the codes is taken, and counted."""
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        b               | 9102    | 910202 | 91020201
        a               | 9101    | 910101 | 91010101
        b               | 9101    | 910102 | 91010201
        a               | 9101    | 910101 | 91010101
        c               | 9102    | 910201 | 91020101
        """,
    )
    country.deliver(
        "LEVCYCLWOONNIETWOONBUS",
        """
        RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON
        a               | 20120101                | 20191231
        a               | 20120101                | 20191231
        b               | 20120101                | 88888888
        b               | 20120101                | 88888888
        """,
    )
    found = country.run("ingest")
    assert_table(
        found.objects(),
        """
        object | buurt      | demolished_date
        B a    | BU91010101 | 2020-01-01
        B b    | BU91010201 |
        B c    | BU91020101 |
        """,
    )
    assert found.counts("VSLGWBTAB")["quarantined"] == {"exact_duplicate": 1, "key_repeated": 1}
    assert found.registrations().height == 3  # three persons, one address each: nobody is doubled


def test_quirk_10_one_number_under_b_and_under_h_is_two_objects(country):
    """Moving from the historical object 7 to the BAG object 7 is a move, here between two gemeenten."""
    country.deliver(
        "VSLGWBTAB",
        """
        SOORTOBJECTNUMMER | RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        B                 | 7               | 9101    | 910101 | 91010101
        H                 | 7               | 9102    | 910201 | 91020101
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | SOORTOBJECTNUMMER | RINOBJECTNUMMER
        000000001  | 20000101                    | 20190630                  | H                 | 7
        000000001  | 20190701                    | 20501231                  | B                 | 7
        000000002  | 20000101                    | 20501231                  | H                 | 7
        """,
    )
    found = country.run("ingest", "moves")
    assert_table(found.objects(), "object | gemeente\nB 7 | GM9101\nH 7 | GM9102")
    assert_table(
        found.residence(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2019-07-01 | H 7
        1      | 2019-07-01 |            | B 7
        2      | 2000-01-01 |            | H 7
        """,
    )
    assert_table(
        found.moves(),
        "person | origin | origin_gemeente | destination | destination_gemeente\n1 | H 7 | GM9102 | B 7 | GM9101",
    )


def test_quirk_19_a_merger_or_a_shifted_boundary_moves_nobody(country):
    """Gemeente 9191 merged into 9101 in 2015, and wijk 910103 went to 9102 in 2022. Person 1 lives in the one, 3 in the other.

    Person 2 does move, from what was 9191 to what was 9101 already: within one gemeente, whatever it was in 2014.
    """
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2014 | wc2014 | bc2014   | gem2018 | wc2018 | bc2018   | gem2023 | wc2023 | bc2023
        a               | 9191    | 919101 | 91910101 | 9101    | 910110 | 91011001 | 9101    | 910110 | 91011001
        b               | 9101    | 910101 | 91010101 | 9101    | 910101 | 91010101 | 9101    | 910101 | 91010101
        c               | 9101    | 910103 | 91010301 | 9101    | 910103 | 91010301 | 9102    | 910209 | 91020901
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20140531                  | a
        000000002  | 20140601                    | 20501231                  | b
        000000003  | 20000101                    | 20501231                  | c
        """,
    )
    found = country.run("ingest", "moves", "flows", settings=("study.flows.levels=[gemeente,wijk]",))
    assert_table(
        found.objects(),
        """
        object | gemeente | wijk
        B a    | GM9101   | WK910110
        B b    | GM9101   | WK910101
        B c    | GM9102   | WK910209
        """,
    )
    drawn = """
        level    | year | origin   | destination | persons
        gemeente | 2014 | GM9101   | GM9101      | 1
        wijk     | 2014 | WK910110 | WK910101    | 1
    """
    assert_table(found.flows("events"), drawn)
    assert_table(found.flows("transitions"), drawn)


def test_quirk_20_a_dwelling_demolished_after_its_last_resident_left_was_left_by_a_move(country):
    """Person 1 goes from a to e, next door, and a is demolished half a year later; 3 goes from c, which stands on, to d.

    With one pair enough for it, the second is a new number on the door and no move; the first never is. b was rebuilt and
    stands. 1005 is how Amsterdam writes an unknown year of construction.
    """
    country.deliver(
        "LEVCYCLWOONNIETWOONBUS",
        """
        RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON | BOUWJAAR
        a               | 20120101                | 20190930                | 1005
        b               | 20120101                | 20171231                | 1961
        b               | 20180101                | 88888888                | 1961
        d               | 20180101                | 88888888                | 2018
        """,
    )
    country.deliver(
        "VSLCOORDTAB",
        """
        RINOBJECTNUMMER | XCOORDADRES | YCOORDADRES
        a               | 100000      | 400000
        b               | 100100      | 400000
        c               | 100200      | 400000
        d               | 100210      | 400000
        e               | 100010      | 400000
        """,
    )
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        a               | 9101    | 910101 | 91010101
        b               | 9101    | 910101 | 91010101
        c               | 9101    | 910101 | 91010101
        d               | 9101    | 910101 | 91010101
        e               | 9101    | 910101 | 91010101
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20190331                  | a
        000000001  | 20190401                    | 20501231                  | e
        000000002  | 20000101                    | 20501231                  | b
        000000003  | 20000101                    | 20190331                  | c
        000000003  | 20190401                    | 20501231                  | d
        """,
    )
    found = country.run("ingest", "moves", settings=("study.residence.renumbering.min_objects=1",))
    assert found.panel.shape().has_demolition == dt.date(2012, 1, 1)
    assert found.counts("LEVCYCLWOONNIETWOONBUS")["kept"] == 4
    assert found.counts("LEVCYCLWOONNIETWOONBUS")["warned"] == {}
    assert_table(
        found.objects(),
        """
        object | demolished_date
        B a    | 2019-10-01
        B b    |
        B c    |
        B d    |
        B e    |
        """,
    )
    assert_table(
        found.moves(),
        """
        person | move_date  | origin | destination | is_administrative
        1      | 2019-04-01 | B a    | B e         | false
        3      | 2019-04-01 | B c    | B d         | true
        """,
    )


def test_quirk_21_a_growth_core_is_no_destination_for_its_own_restructured_neighbourhood(country):
    """Wijk 02 of the growth core Nieuwmeer (9102) is itself restructured, as is wijk 02 of the city Meerhaven (9101).

    Person 1 leaves the first and person 2 the second, both in July 2018 and both for wijk 01 of Nieuwmeer.
    """
    _, programme = load_programme("synthetic")
    codes = [code.removeprefix("WK") for area in programme for code in area.codes]
    everywhere = "".join(f"\n{code} | {code[:4]} | {code} | {code}01" for code in codes)
    country.deliver(
        "VSLGWBTAB", "RINOBJECTNUMMER | gem2023 | wc2023 | bc2023\nnew | 9102 | 910201 | 91020101" + everywhere
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20180630                  | 910202
        000000001  | 20180701                    | 20501231                  | new
        000000002  | 20000101                    | 20180630                  | 910102
        000000002  | 20180701                    | 20501231                  | new
        """,
    )
    for year in (2012, 2013):
        country.deliver(
            "INHATAB",
            """
            RINPERSOONHKW | INHP100HGEST | INHPOPIIV
            000000001     | 10           | 1
            000000002     | 12           | 1
            """,
            year,
        )
        country.deliver(
            "KOPPELPERSOONHUISHOUDEN",
            """
            RINPERSOON | RINPERSOONHKW
            000000001  | 000000001
            000000002  | 000000002
            """,
            year,
        )
    found = country.run("ingest", "moves", "chains", settings=("study.programmes=[synthetic]",))
    assert_table(
        found.aggregate("chains"),
        """
        area         | income_class | outcome | path   | destination | persons
        Nieuwmeer 02 | q1           | left    | -      | same_city   | 1
        Meerhaven 02 | q1           | chain   | direct | GM9102      | 1
        """,
    )


def test_quirk_24_a_growth_core_that_changed_its_code_is_the_same_growth_core(country):
    """Spijkenisse (0612) became Nissewaard (1930) in 2015. Person 1 came from Rotterdam in 2014, 2 in 2019; 3 lived there."""
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2014 | wc2014 | bc2014   | gem2023 | wc2023 | bc2023
        a               | 0599    | 059901 | 05990101 | 0599    | 059901 | 05990101
        c               | 0612    | 061203 | 06120301 | 1930    | 193003 | 19300301
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20140228                  | a
        000000001  | 20140301                    | 20501231                  | c
        000000002  | 20000101                    | 20190228                  | a
        000000002  | 20190301                    | 20501231                  | c
        000000003  | 20000101                    | 20501231                  | c
        """,
    )
    settings = ("study.geography.zoning=netherlands", "study.flows.levels=[role,gemeente]")
    found = country.run("ingest", "moves", "flows", settings=settings)
    assert_table(
        found.flows("events"),
        """
        level    | year | origin                  | destination                    | persons
        gemeente | 2014 | GM0599                  | GM1930                         | 1
        gemeente | 2019 | GM0599                  | GM1930                         | 1
        role     | 2014 | rotterdam_den_haag/city | rotterdam_den_haag/growth_core | 1
        role     | 2019 | rotterdam_den_haag/city | rotterdam_den_haag/growth_core | 1
        """,
    )
