"""The gate function: the only way from offered cells to a table that may leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, replace

import numpy as np
import polars as pl

from mobility.disclosure.additive.tables import MODE as ADDITIVE
from mobility.disclosure.additive.tables import additive_numbers, all_additive, changed
from mobility.disclosure.attack import find_given_away
from mobility.disclosure.audit import (
    Breakdowns,
    Claims,
    Flags,
    Net,
    Shown,
    Whole,
    bounds,
    relations_to_blame,
    withhold_tight,
)
from mobility.disclosure.cells import KEY, SET, STATE, Offer
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.earlier import PUBLIC
from mobility.disclosure.editions import Between, between
from mobility.disclosure.exact import at_risk, exact_cells, protect_exact, proven, system_of
from mobility.disclosure.nesting import HIDDEN_SET, add_hidden
from mobility.disclosure.relations import CELL, Table, find_relations
from mobility.disclosure.residents import UNKNOWN, PublicTotals, public_totals
from mobility.disclosure.rounding import draw, round_counts
from mobility.disclosure.rules import (
    GROUP,
    HIDDEN,
    INTERVAL,
    REASON,
    SMALL,
    Alike,
    all_alike,
    exact_share,
    judge,
    minima,
    unions,
)
from mobility.disclosure.values import values_of
from mobility.errors import ReleaseError
from mobility.settings import Disclosure

MEASURES = ("persons", "households")

NUMBER = "number_of_class"
GIVEN_AWAY = "given_away_by"
_BY_GROUP = "the group rule"
_PASS = object()


@dataclass(frozen=True)
class SafeTable:
    """A table that passed the gate: only `protect` makes one, and the writer of the export folder takes nothing else.

    It holds no true count and no reason.

    Attributes:
        declaration: what the table is.
        frame: the released rows, rounded or exact by the mode of the table, sorted by their key columns; what is withheld has
            no row.
        profile: the rules that were applied.
    """

    declaration: Declaration
    frame: pl.DataFrame
    profile: Disclosure
    _pass: InitVar[object] = None

    def __post_init__(self, _pass: object) -> None:
        if _pass is not _PASS:
            raise TypeError("A SafeTable is made by mobility.disclosure.protect.protect only.")


@dataclass(frozen=True)
class Protected:
    """One table on both sides of the gate.

    Attributes:
        safe: what may leave.
        inside: every offered cell with its true counts, its `reason` where it is withheld, by what a reader would find it out
            were no more withheld than by the rules (`given_away_by`, null where he would not), and the published
            numbers where it is not (`persons_published`, `households_published`), and its `cell_key`, for the ledger; for the
            officer, inside the environment.
    """

    safe: SafeTable
    inside: pl.DataFrame


def extend(part: Protected, profile: Disclosure) -> Protected:
    """A protected table with the values beside its counts that may be shown (`values`)."""
    declaration = part.safe.declaration
    if not declaration.values:
        return part
    found = values_of(part.inside, declaration, profile)
    inside = part.inside.with_columns(found.rename(lambda name: f"{name}_published"))
    shown = inside.filter(pl.col(REASON).is_null()).select(
        *declaration.cells, *(pl.col(f"{value.name}_published").alias(value.name) for value in declaration.values)
    )
    frame = part.safe.frame.join(shown, on=declaration.cells, how="left", maintain_order="left")
    if any(value.rule == "indicator" for value in declaration.values):
        frame = frame.filter(pl.col("value").is_not_null())  # what is there for others only: denominators, and the like
    return Protected(SafeTable(declaration, frame, profile, _pass=_PASS), inside)


def add_derived(part: Protected, rows: pl.DataFrame) -> Protected:
    """A protected table with rows that were made of released numbers only, and so tell nothing that those do not."""
    declaration, profile = part.safe.declaration, part.safe.profile
    frame = pl.concat([part.safe.frame, rows.select(declaration.columns)]).sort(declaration.cells)
    return Protected(SafeTable(declaration, frame, profile, _pass=_PASS), part.inside)


def protect(
    offers: Sequence[Offer],
    *,
    profile: Disclosure,
    secret: bytes,
    blocks: Mapping[str, str],
    residents: pl.DataFrame | None = None,
) -> list[Protected]:
    """The tables of one release, protected together, since a reader has them all.

    What earlier releases showed is known as well: such a cell is `public`, and a fixed part of the evidence.

    1. The primary rules withhold cells (`rules`).
    2. Of tables in exact numbers, more cells are withheld until a certificate or the search finds none given away (`exact`).
    3. What is left of the other tables is rounded by cell key (`rounding`).
    4. More is withheld until no cell, shown or not, can be narrowed down from all that is shown (`audit`).
    5. Tables in exact numbers are attacked by linear programming (`attack`); what gives way is protected further, from 2.

    Args:
        offers: the offered cells of every table.
        profile: the rules.
        secret: the secret of the project, which decides the rounding.
        blocks: how gemeenten and roles overlap; see `nesting.find_blocks`.
        residents: how many people live where, as anybody knows; see `residents.public_totals`.

    Raises:
        ReleaseError: the tables do not add up, or cannot be protected at this level of detail.
    """
    found: dict[str, Protected] = {}
    # By name, since numbers that add up follow from the order of the cells: not from that of the tables in a study.
    for together in _linked(sorted(offers, key=lambda given: given.declaration.table)):
        pieces: dict[str, list[Protected]] = {}
        for piece in _by_year(together):
            for part in _protect_together(piece, profile, secret, blocks, residents):
                pieces.setdefault(part.safe.declaration.table, []).append(part)
        found |= {table: _join(parts) for table, parts in pieces.items()}
    return [found[given.declaration.table] for given in offers]


def _linked(offers: Sequence[Offer]) -> list[list[Offer]]:
    """The offers in groups: no sum connects tables of different groups."""
    groups = [[given] for given in offers]
    for given in offers:
        names = {given.declaration.table, *(margin.table for margin in given.declaration.margins), *given.beside}
        names |= set(given.joined.beside) if given.joined else set()
        linked = [group for group in groups if any(each.declaration.table in names for each in group)]
        apart = [group for group in groups if all(each.declaration.table not in names for each in group)]
        groups = [*apart, [each for group in linked for each in group]]
    return groups


def _by_year(offers: list[Offer]) -> Iterator[list[Offer]]:
    """The offers of each year, where no sum and no rule connects years: a country of many years then needs less memory."""
    years = sorted({year for given in offers if _is_yearly(given.declaration) for year in given.frame["year"].unique()})
    if not years or not all(_is_yearly(given.declaration) for given in offers):
        yield offers
        return
    for each in (pl.col("year") == year for year in years):
        yield [replace(given, frame=given.frame.filter(each), base=given.base.filter(each)) for given in offers]


def _is_yearly(declaration: Declaration) -> bool:
    summed = [*(rows.total for rows in declaration.rows), *(margin.over for margin in declaration.margins)]
    return (
        "year" in declaration.cells
        and not any("year" in columns for columns in summed)
        and all("year" in group.within for group in declaration.groups)
        and all(parts.column != "year" for parts in declaration.parts)
    )


def _join(parts: Sequence[Protected]) -> Protected:
    declaration, profile = parts[0].safe.declaration, parts[0].safe.profile
    if len(parts) == 1:
        return parts[0]
    frame = pl.concat([part.safe.frame for part in parts]).sort(declaration.cells)
    return Protected(
        SafeTable(declaration, frame, profile, _pass=_PASS), _in_order([part.inside for part in parts], declaration)
    )


def _in_order(frames: Sequence[pl.DataFrame], declaration: Declaration) -> pl.DataFrame:
    """Sorted frames of a year each as one sorted frame, put together from slices of them: nothing is copied."""
    before = declaration.cells[: declaration.cells.index("year")]
    slices = []
    for frame in frames:
        if frame.is_empty():
            continue
        # Rows with the same values in the columns before the year follow each other.
        row = pl.int_range(pl.len()).alias("row")
        starts = (
            frame.select(*before, row).unique(before, keep="first").sort("row")
            if before
            else frame.head(1).select(row=0)
        )
        ends = [*starts["row"].to_list()[1:], frame.height]
        for key, end in zip(starts.rows(), ends, strict=True):
            slices.append((key[:-1], frame["year"][key[-1]], frame[key[-1] : end]))
    slices.sort(key=lambda each: each[:2])
    return pl.concat([each for _, _, each in slices], rechunk=False) if slices else frames[0]


def _protect_together(
    offers: Sequence[Offer],
    profile: Disclosure,
    secret: bytes,
    blocks: Mapping[str, str],
    residents: pl.DataFrame | None,
) -> list[Protected]:
    judged: list[pl.DataFrame] = []
    found = [all_alike(given, profile) for given in offers]
    start = 0
    for given, alike in zip(offers, found, strict=True):
        frame = judge(given, profile, alike)
        if given.declaration.nested and given.joined is None:  # the division of then may have been another one
            frame = add_hidden(frame, given.declaration.cells, MEASURES, blocks)
        hidden = pl.when(pl.col(SET) == HIDDEN_SET).then(pl.lit(HIDDEN)).otherwise(REASON).alias(REASON)
        judged.append(frame.with_columns(hidden, pl.int_range(start, start + pl.len(), dtype=pl.Int64).alias(CELL)))
        start += frame.height
    tables = {
        given.declaration.table: Table(given.declaration, frame, given.sums, given.beside)
        for given, frame in zip(offers, judged, strict=True)
    }
    is_additive = all_additive(tables)
    if is_additive and any(given.joined is not None for given in offers):
        raise changed("study.release.modes")
    # Rounded counts that add up may contradict a public number, so that nothing could be worked out from both.
    totals = public_totals(tables, None if is_additive else residents, start)
    editions = between(tables, offers, start + len(totals.added))
    parts = [frame.select(*MEASURES, KEY, REASON, STATE, _width(frame, profile)) for frame in judged]
    both = np.array([totals.added, totals.added])  # as nobody knows the households, there may be as many as persons
    everything = pl.concat([*parts, _unnamed(both, None, profile), _unnamed(editions.counts, HIDDEN, profile)])
    rules = _claims(found, judged, profile), _breakdowns(offers, judged, profile)
    stays, shown, blamed = _decide(everything, tables, rules, (totals, editions), profile, secret, blocks)
    published = [pl.Series(f"{name}_published", numbers) for name, numbers in zip(MEASURES, shown, strict=True)]
    verdict = everything.select(REASON).with_columns(pl.Series("stays", stays), blamed, *published)
    return [
        _part(given.declaration, frame, verdict[frame[CELL].to_numpy()] if frame.height else verdict.clear(), profile)
        for given, frame in zip(offers, judged, strict=True)
    ]


def _decide(
    everything: pl.DataFrame,
    tables: Mapping[str, Table],
    rules: tuple[Claims, tuple[Breakdowns, ...]],
    others: tuple[PublicTotals, Between],
    profile: Disclosure,
    secret: bytes,
    blocks: Mapping[str, str],
) -> tuple[Flags, Whole, pl.Series]:
    """Which cells stay, the numbers to show of them, and what would give a cell away were no more withheld than by the rules."""
    counts = np.array([everything[name].to_numpy() for name in MEASURES])
    totals, editions = others
    last = everything.height - len(editions.is_exact)
    known = np.append(totals.known(last - len(totals.added)), np.full(len(editions.is_exact), UNKNOWN))
    fixed, added = known >= 0, np.zeros(everything.height, np.bool_)
    added[last - len(totals.added) : last] = True
    public, width = (everything[STATE] == PUBLIC).fill_null(value=False).to_numpy(), everything["width"].to_numpy()
    # Of a public total that no table shows the persons are known, and nothing of the households.
    safe = (everything[REASON].is_null().to_numpy() | public) & ~added
    minimum = np.array([minima(profile)[name] for name in MEASURES], np.int64)
    small = everything[REASON].is_in([SMALL, GROUP]).fill_null(value=False).to_numpy()
    relations = find_relations(tables, blocks, [totals.pairs, *editions.pairs])
    is_exact = exact_cells(tables, everything.height)
    is_exact[last:] = editions.is_exact
    risk = is_exact & at_risk(counts, ~safe & ~fixed, small, minimum)
    net = Net.of(relations)
    # What public totals add up to is public: blocks of places, that no table shows.
    summed = net.parent[net.all_known(known) & (net.rest == 0)]
    known[summed] = counts[0, summed]
    fixed = known >= 0
    risk &= ~fixed
    net = net.knowing(known, added)
    # Where only one class has anybody in it, it is the public number itself.
    alone = np.bincount(net.relation, minlength=len(net.parent))[net.relation] == 1
    risk[net.child[alone & fixed[net.parent[net.relation]] & ~added[net.parent[net.relation]]]] = False
    if all_additive(tables):
        counts, safe, risk = additive_numbers(everything, relations, counts, rules[0].cell, secret, minimum)
        rules = rules[0], ()  # rounded counts need not meet the group rule where the true ones do
    rounded = safe & ~is_exact
    shown = np.where(safe & is_exact, counts, 0)
    draws = draw(secret, everything[KEY].to_numpy()[rounded])
    for number, true in zip(shown, counts, strict=True):
        number[rounded] = round_counts(true[rounded], draws, profile.rounding_base)
    evidence = Shown(
        numbers=shown,
        base=np.where(is_exact, 1, profile.rounding_base),
        minimum=minimum,
        width=width,
        rounds=profile.audit_rounds,
        large=(everything[REASON] == GROUP).fill_null(value=False).to_numpy() & ~public & ~fixed,
        unguarded=is_exact & ~risk,
        public=public | added,
        known=known if fixed.any() else None,
    ).within_reach(net)
    claims, breakdowns = rules
    bounded = bounds(evidence, safe, net, breakdowns)
    blamed = _blamed(*relations_to_blame(evidence, safe, net, claims, bounded), relations.heads["at"])
    if not is_exact.any():
        return withhold_tight(evidence, safe, net, claims, breakdowns, bounded), shown, blamed
    kept = (safe & ~is_exact) | public | fixed
    system = system_of(relations, counts, safe | fixed, risk, kept, is_exact, evidence.width, minimum)
    suspects = np.zeros(everything.height, np.bool_)
    for _ in range(profile.audit_rounds + 1):
        stays, pattern = protect_exact(system, everything.height, suspects)
        stays = withhold_tight(evidence, stays & safe, net, claims, breakdowns)
        given_away = find_given_away(evidence, counts, stays, net, risk & ~proven(system, pattern, everything.height))
        if (public & ~stays).any():
            raise ReleaseError(
                "A table in exact numbers cannot be protected beside what earlier releases showed: cells that would have to be "
                "withheld are public. Offer less detail, or choose `mode: round` for it (schemas/outputs, study.release.modes)."
            )
        if not given_away.any():
            return stays, shown, blamed
        suspects |= given_away
    raise ReleaseError(
        f"After {profile.audit_rounds} rounds of withholding, a linear program could still narrow down some cells of a table "
        "in exact numbers. Offer less detail, or choose `mode: round` for it (schemas/outputs, study.release.modes)."
    )


def _blamed(cells: Flags, relation: Whole, names: pl.Series) -> pl.Series:
    """The name of the relation to blame, by cell that can be narrowed down."""
    by_group = pl.Series([_BY_GROUP])
    place = np.where(relation < 0, len(names), relation)
    return pl.concat([names.cast(pl.String), by_group]).gather(place).set(pl.Series(~cells), None).alias(GIVEN_AWAY)


def _unnamed(counts: Whole, reason: str | None, profile: Disclosure) -> pl.DataFrame:
    """Cells that no table has, beside those of the tables."""
    cells = pl.DataFrame(dict(zip(MEASURES, counts, strict=True)), schema=dict.fromkeys(MEASURES, pl.Int64))
    said = [pl.lit(reason, pl.String).alias(REASON), pl.lit(None, pl.String).alias(STATE)]
    width = pl.lit(profile.interval_width, dtype=pl.Int64).alias("width")
    return cells.with_columns(pl.lit(0, dtype=pl.Int64).alias(KEY), *said, width)


def _part(declaration: Declaration, frame: pl.DataFrame, verdict: pl.DataFrame, profile: Disclosure) -> Protected:
    # Of tables that add up, a small count can be shown, rounded up.
    stays = verdict["stays"] & (frame[REASON].is_null() | (declaration.mode == ADDITIVE))
    published = [pl.when(stays).then(verdict[f"{name}_published"]).alias(f"{name}_published") for name in MEASURES]
    interval = pl.when(pl.col(REASON).is_null()).then(pl.lit(INTERVAL)).otherwise(REASON)
    reason = pl.when(~stays).then(interval).alias(REASON)
    inside = (
        frame.with_columns(reason, *published, verdict[GIVEN_AWAY])
        .filter(pl.col(SET) != HIDDEN_SET)
        .drop(CELL, SET, STATE)
    )
    released = inside.filter(pl.col(REASON).is_null()).select(
        *declaration.cells, *(pl.col(f"{name}_published").alias(name) for name in MEASURES)
    )
    return Protected(
        SafeTable(declaration, released.sort(declaration.cells), profile, _pass=_PASS), inside.sort(declaration.cells)
    )


def _width(frame: pl.DataFrame, profile: Disclosure) -> pl.Expr:
    wide, narrow = profile.interval_width, profile.interval_width_buurt
    if "level" not in frame.columns:
        return pl.lit(wide, dtype=pl.Int64).alias("width")
    return pl.when(pl.col("level") == "buurt").then(narrow).otherwise(wide).cast(pl.Int64).alias("width")


def _claims(found_alike: Sequence[Sequence[Alike]], judged: Sequence[pl.DataFrame], profile: Disclosure) -> Claims:
    """What was withheld for group disclosure, as something that must not be inferred from other tables either."""
    found = [pl.DataFrame(schema={"claim": pl.Int64, CELL: pl.Int64, "holds": pl.Boolean})]
    start = 0
    for alike, frame in zip(found_alike, judged, strict=True):
        for one in alike:
            group = one.group
            broken = one.claims.with_columns(claim=pl.int_range(start, start + pl.len(), dtype=pl.Int64))
            start += broken.height
            cells = frame.filter(pl.col(SET) == one.index).select(*dict.fromkeys([*group.within, group.classes]), CELL)
            holds = pl.col(group.classes).is_in(pl.col("union")).alias("holds")
            found.append(broken.join(cells, on=group.within).select("claim", CELL, holds))
    every = pl.concat(found).sort("claim", CELL)
    return Claims(
        every["claim"].to_numpy(), every[CELL].to_numpy(), every["holds"].to_numpy(), profile.group_share, start
    )


def _breakdowns(offers: Sequence[Offer], judged: Sequence[pl.DataFrame], profile: Disclosure) -> tuple[Breakdowns, ...]:
    """What a shown cell tells of the group rule: that no union of classes in its breakdown holds the share."""
    found = []
    for given, frame in zip(offers, judged, strict=True):
        rows = given.declaration.rows
        for group in given.declaration.groups:
            divided = [index for index, each in enumerate(rows) if group.classes not in each.total]
            # A set of rows that leaves something of the total out tells that the rule holds, but is no breakdown of it.
            whole = [index for index in divided if all(column in group.within for column, _ in rows[index].where)]
            names = given.base[group.classes].unique().sort().to_list()
            classes = sorted({*names, *group.order} - set(group.exempt)) + sorted(set(names) & set(group.exempt))
            place = pl.col(group.classes).replace_strict(classes, range(len(classes)), return_dtype=pl.Int64)
            signs = frame.filter(pl.col(SET).is_in(divided)).select(*group.within, CELL)
            cells = frame.filter(pl.col(SET).is_in(whole)).select(*group.within, SET, CELL, place.alias(NUMBER))
            heads = cells.select(*group.within, SET).unique(maintain_order=True).with_row_index("breakdown")
            heads = heads.with_columns(pl.col("breakdown").cast(pl.Int64))
            links = cells.join(heads, on=[*group.within, SET]).sort("breakdown", CELL)
            signs = signs.join(heads, on=group.within).sort("breakdown", CELL)
            kept = [set(union) - set(group.exempt) for union in unions(group, names)]
            members = np.array([[name in union for name in classes] for union in kept if union], np.bool_)
            if heads.height and len(members):
                found.append(
                    Breakdowns(
                        links[CELL].to_numpy(),
                        links["breakdown"].to_numpy(),
                        links[NUMBER].to_numpy(),
                        signs[CELL].to_numpy(),
                        signs["breakdown"].to_numpy(),
                        members,
                        exact_share(profile),
                        heads.height,
                    )
                )
    return tuple(found)
