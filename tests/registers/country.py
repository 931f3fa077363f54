"""A country of a handful of persons and objects as CBS would deliver it, and what the jobs make of it."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from mobility.income import CLASSES
from mobility.panel.lookup import TENURES
from mobility.panel.store import Panel
from mobility.registers.dictionary import load_register
from mobility.run import job
from mobility.settings import Settings
from mobility.steps import ingest
from mobility.synthetic.names import CONVERTED, file_stem
from mobility.synthetic.writer import columns_of, write_sav
from tests.lib.compose import composed_settings
from tests.registers.drawn import stored

LAST_YEAR = 2023  # of the registers
INCOME_YEAR = 2018  # so that the moves of 2019 have a class

# Three persons with a household and an income each, four dwellings. A test replaces the files it is about.
COUNTRY = {
    "GBAPERSOONTAB": """
        RINPERSOON | GBAGEBOORTEJAAR | GBAGEBOORTEMAAND | GBAGEBOORTEDAG
        000000001  | 1970            | 05               | 01
        000000002  | 1980            | 11               | 01
        000000003  | 1990            | 01               | 01
    """,
    "GBAADRESOBJECTBUS": """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20501231                  | b
        000000003  | 20000101                    | 20501231                  | c
    """,
    "GBAOVERLIJDENTAB": "RINPERSOON | GBADatumOverlijden",
    "GBAHUISHOUDENSBUS": """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20501231     | 000000000001 | 1     | " 2" | 1
        000000002  | 20000101       | 20501231     | 000000000002 | 1     | " 2" | 1
        000000003  | 20000101       | 20501231     | 000000000003 | 1     | " 2" | 1
    """,
    # Meerhaven (9101) with the wijken 01 and 02, and the growth core Nieuwmeer (9102).
    "VSLGWBTAB": """
        RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        a               | 9101    | 910101 | 91010101
        b               | 9101    | 910102 | 91010201
        c               | 9102    | 910201 | 91020101
        d               | 9102    | 910202 | 91020201
    """,
    "INHATAB": """
        RINPERSOONHKW | INHP100HGEST | INHPOPIIV
        000000001     | 10           | 1
        000000002     | 50           | 1
        000000003     | 90           | 1
    """,
    "KOPPELPERSOONHUISHOUDEN": """
        RINPERSOON | RINPERSOONHKW
        000000001  | 000000001
        000000002  | 000000002
        000000003  | 000000003
    """,
}
_STUDY = (
    "study.period.first_year=2012",
    "study.programmes=[]",
    "study.most_refused_share=1",  # one row of three is a third
    "place.partitions=2",  # so that what belongs together comes together from several
)


class Country:
    """A source tree and a workspace in one folder. Files are replaced first, then the jobs run.

    Attributes:
        root: `place.root`.
        source: `register.root`.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self.source = folder / "workspace", folder / "source"
        for name, drawn in COUNTRY.items():
            self.deliver(name, drawn, INCOME_YEAR if load_register(name).editions == "yearly" else LAST_YEAR)

    def deliver(
        self, name: str, drawn: str, year: int = LAST_YEAR, file: str = "", numbers: tuple[str, ...] = ()
    ) -> None:
        """Write a drawn SPSS file of a register: in the place of the usual one of that year, or beside it.

        Args:
            name: of the register.
            drawn: the rows, see `drawn.stored`.
            year: of the file.
            file: name with ending, where it is not the usual one.
            numbers: columns that this file stores as numbers.
        """
        register = load_register(name)
        path = self._usual(name, year)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sav(path.with_name(file or path.name), *stored(drawn, columns_of(register, year), numbers))

    def deliver_text(self, name: str, text: str, year: int = LAST_YEAR, encoding: str = "utf-8") -> None:
        """Write a conversion to CSV, character by character as drawn, and take the SPSS file away."""
        usual = self._usual(name, year)
        path = usual.parent / CONVERTED / f"{usual.stem}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [line.strip(" ") for line in text.strip().splitlines()]
        path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
        self.withdraw(name, year)

    def withdraw(self, name: str, year: int = LAST_YEAR) -> None:
        """Take the usual file of a register away."""
        self._usual(name, year).unlink(missing_ok=True)

    def _usual(self, name: str, year: int) -> Path:
        return self.source / f"{file_stem(load_register(name), year)}.sav"

    def run(self, *steps: str, settings: tuple[str, ...] = ()) -> Found:
        """Run steps on these registers; see `run_steps`."""
        return run_steps(self.root, self.source, *steps, settings=(*_STUDY, *settings))

    def look(self, settings: tuple[str, ...] = ()) -> None:
        """Only look what is there, as `ingest check=true` does."""
        asked = read_request(self.root, self.source, (*_STUDY, *settings, "check=true"))
        job.run_steps("ingest", lambda _: [ingest.JOB], asked)


def run_steps(root: Path, source: Path, *steps: str, settings: tuple[str, ...] = ()) -> Found:
    """Run steps (`ingest`, `moves`, `flows`, `chains`) in this process, as their jobs do, and look at what they made.

    Args:
        root: `place.root`.
        source: `register.root`.
        steps: in the order of the road.
        settings: as on the command line; the study is the demo.
    """
    asked = read_request(root, source, settings)
    for step in steps:
        one = importlib.import_module(f"mobility.steps.{step}").JOB
        job.run_steps(step, lambda _, one=one: [one], asked)
    found = Found(root)
    found.check_balance()
    return found


def read_request(root: Path, source: Path, settings: tuple[str, ...]) -> Settings:
    """The settings as a job reads them."""
    place = (f"place.root={root}", f"place.export={root}-export", f"register.root={source}")
    return composed_settings("ingest", *place, *settings)


class Found:
    """What lies in a workspace after a run, in words that a drawn table can hold: an object is its type and its number."""

    def __init__(self, root: Path) -> None:
        self.root, self.panel = root, Panel(root / "panel")

    def registrations(self) -> pl.DataFrame:
        """Person, start, end (the first day after it) and object."""
        return self._with_object(self._all("registrations"))

    def residence(self) -> pl.DataFrame:
        """The same once overlaps, holes and death are resolved; no object: away."""
        return self._with_object(self._all("residence"))

    def persons(self) -> pl.DataFrame:
        """Person, birth and death."""
        return self._all("persons")

    def households(self) -> pl.DataFrame:
        """Person, start, end, household (numbered from 0 in the order of start and person), size, type."""
        return self._with_household(self._all("households")).sort("start_date", "person")

    def income(self, year: int = INCOME_YEAR) -> pl.DataFrame:
        """Person, percentile and population of a year."""
        first, last = self.panel.shape().income_years or (0, -1)
        years = pl.DataFrame({"year": range(first, last + 1)})
        parts = [
            pl.concat(
                [self.panel.read("persons", part).select("person").join(years, how="cross"), self.panel.income(part)],
                how="horizontal",
            )
            for part in self._parts()
        ]
        return pl.concat(parts).filter(pl.col("year") == year)

    def objects(self) -> pl.DataFrame:
        """Object with gemeente, wijk, buurt, coordinates, end of life, and tenure in each year."""
        objects, areas, tenure = self.panel.objects(), self.panel.areas(), self.panel.tenure()
        return pl.concat(
            [
                self._labels().to_frame(),
                areas[objects["area"].to_list()],
                objects.select("x_m", "y_m", "demolished_date"),
                tenure.select(pl.all().replace_strict(dict(enumerate(TENURES)), return_dtype=pl.String)),
            ],
            how="horizontal",
        )

    def moves(self, count: str = "moves") -> pl.DataFrame:
        """Moves (or `transitions`) with origin, destination, their areas, and the class as a word."""
        table = pl.concat([pl.read_parquet(path) for path in sorted((self.root / count).glob("*.parquet"))])
        labels, areas = self._labels(), self.panel.areas()
        ends = [
            pl.Series(side, labels.gather(table[f"{side}_object"])).to_frame().hstack(
                areas[table[f"{side}_area"].to_list()].select(pl.all().name.prefix(f"{side}_"))
            )
            for side in ("origin", "destination")
        ]  # fmt: skip
        classes = pl.col("income_class").replace_strict(dict(enumerate(CLASSES)), return_dtype=pl.String)
        return pl.concat([self._with_household(table).with_columns(classes), *ends], how="horizontal")

    def aggregate(self, name: str) -> pl.DataFrame:
        """A table of true counts."""
        return pl.read_parquet(self.root / "aggregates" / f"{name}.parquet")

    def flows(self, count: str) -> pl.DataFrame:
        """Moves of persons by level, year, origin and destination: `events` or `transitions`."""
        return self.aggregate("flows").filter(pl.col("count") == count)

    def coverage(self, measure: str) -> tuple[int, int]:
        """How many could be linked, and of how many."""
        found = json.loads((self.root / "quality" / "coverage.json").read_text(encoding="utf-8"))[measure]
        return found["linked"], found["of"]

    def counts(self, register: str) -> dict[str, Any]:
        """Rows of a register: read, kept, quarantined, warned, repaired."""
        counts: dict[str, Any] = json.loads((self.root / "quality" / "ingest.json").read_text(encoding="utf-8"))[
            register
        ]
        return counts

    def set_apart(self, register: str) -> pl.DataFrame:
        """The rows of a register that lie in the quarantine, with the rule they broke."""
        files = sorted((self.root / "quarantine" / register).rglob("*.parquet"))
        return pl.concat([pl.read_parquet(path) for path in files], how="diagonal_relaxed") if files else pl.DataFrame()

    def check_balance(self) -> None:
        """Every row that was read is kept or counted under a rule, and the latter lie in the quarantine."""
        for register, counts in json.loads((self.root / "quality" / "ingest.json").read_text(encoding="utf-8")).items():
            assert counts["read"] == counts["kept"] + sum(counts["quarantined"].values()), register
            apart = self.set_apart(register)
            there = Counter(apart["rule"].to_list()) if apart.height else Counter()
            assert there == counts["quarantined"], register

    def _parts(self) -> range:
        return range(self.panel.shape().partitions)

    def _all(self, table: str) -> pl.DataFrame:
        return pl.concat([self.panel.read(table, part) for part in self._parts()])

    def _labels(self) -> pl.Series:
        return self.panel.objects().select(object=pl.format("{} {}", "object_type", "object_number")).to_series()

    def _with_object(self, table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(self._labels().gather(table["object"]).alias("object"))

    def _with_household(self, table: pl.DataFrame) -> pl.DataFrame:
        ids = self._all("households").sort("start_date", "person")["household"].unique(maintain_order=True)
        return table.with_columns(pl.col("household").replace_strict(ids, range(len(ids)), return_dtype=pl.Int64))
