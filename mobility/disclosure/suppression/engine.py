"""The engine: which cells to withhold so that no cell at risk can be found out, and the moves that prove it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.disclosure.suppression.cover import cover
from mobility.disclosure.suppression.moves import Move, Proof, is_valid
from mobility.disclosure.suppression.probe import determined
from mobility.disclosure.suppression.propagate import propagate
from mobility.disclosure.suppression.search import find_move
from mobility.disclosure.suppression.system import Flags, System
from mobility.errors import ReleaseError

PROVEN_UP_TO = 1000
"""With so many cells at risk each gets a move; with more, those that seemed narrow."""

_ROUNDS = 20
_MOST_REOPENED = 30


@dataclass(frozen=True)
class Pattern:
    """What the engine decided.

    Attributes:
        withheld: the cells that are not shown: the hidden ones and the secondary ones.
        certificate: moves, each of which makes another table that agrees with all that is shown.
        proven: the cells at risk that the moves take as far as their width asks.
    """

    withheld: Flags
    certificate: tuple[Move, ...]
    proven: Flags


def suppress(system: System, suspects: Flags | None = None) -> Pattern:
    """Withhold as little as is needed.

    A. Every relation gets enough withheld in it (`cover`).
    B. Cells that the sums determine are found (`determined`), and
    C. cells whose bounds come too close (`propagate`); in a small system all that are not proven are looked at.
    D. Each of them gets a move, and what the move needs is withheld (`find_move`); from A again until nothing is found.
    E. In a small system, secondary cells are shown again, the largest first, where proofs can do without them.

    Args:
        system: the cells.
        suspects: cells at risk that are looked at whatever B and C say, such as those that an attack found.

    Raises:
        ReleaseError: a cell cannot be protected, whatever is withheld.
    """
    proof = Proof(system)
    in_full = int(system.risk.sum()) <= PROVEN_UP_TO
    withheld = cover(system, system.hidden)
    for _ in range(_ROUNDS):
        failing = np.flatnonzero(proof.open() & (True if in_full else _suspect(system, withheld, suspects)))
        if not len(failing):
            break
        for target in failing.tolist():
            if proof.is_open(target):
                moves = _moves(system, withheld, proof, target)
                if not moves:
                    raise ReleaseError(_refusal(1))
                for move in moves:
                    withheld[move.cell] = True
                    proof.add(move)
        withheld = cover(system, withheld)
    else:
        raise ReleaseError(_refusal(len(failing)))
    if in_full:
        withheld = _show_again(system, withheld, proof)
    return Pattern(withheld, tuple(proof.kept()), system.risk & ~proof.open())


def check(system: System, pattern: Pattern) -> Flags:
    """The cells at risk that the certificate leaves in doubt, counted anew from the moves that hold in whole numbers."""
    proof = Proof(system)
    for move in pattern.certificate:
        if is_valid(system, pattern.withheld, move):
            proof.add(move)
    return system.risk & ~proof.open()


def _suspect(system: System, withheld: Flags, suspects: Flags | None) -> Flags:
    low, high = propagate(system, withheld)
    found = determined(system.sums, withheld) | (high - low + 1 < system.width)
    return found if suspects is None else found | suspects


def _move(system: System, withheld: Flags, proof: Proof, target: int, *, only_withheld: bool = False) -> Move | None:
    """A move that takes a cell as far as it still has to go, up or else down; it went some way in other moves at times."""
    way = int(system.width[target] - 1)
    changes = way + int(proof.low[target]), int(proof.high[target]) - way
    return find_move(system, withheld, target, changes, only_withheld=only_withheld)


def _moves(system: System, withheld: Flags, proof: Proof, target: int) -> tuple[Move, ...]:
    """One move that takes a cell all the way, or else one up and one down; nothing where neither is found.

    Within a small total, such as the two residents of a place, a cell can go no way up alone, and none down.
    """
    move = _move(system, withheld, proof, target)
    if move is not None:
        return (move,)
    way = int(system.width[target] - 1)
    for up in range(way - 1, 0, -1):
        rise, fall = (find_move(system, withheld, target, (change,)) for change in (up, up - way))
        if rise is not None and fall is not None:
            return rise, fall
    return ()


def _show_again(system: System, withheld: Flags, proof: Proof) -> Flags:
    """Withhold a secondary cell no longer where every sum stays safe and every proof can be had without it."""
    withheld = withheld.copy()
    secondary = np.flatnonzero(withheld & ~system.hidden)
    for cell in secondary[np.argsort(-system.counts[0][secondary], kind="stable")].tolist():
        withheld[cell] = False
        if system.unsafe(withheld).any() or not _prove_without(system, withheld, proof, cell):
            withheld[cell] = True
    return withheld


def _prove_without(system: System, withheld: Flags, proof: Proof, cell: int) -> bool:
    users = proof.users(cell)
    if not users:
        return True
    trial = proof.without(users)
    reopened = np.flatnonzero(trial.open() & ~proof.open())
    if len(reopened) > _MOST_REOPENED:
        return False
    for target in reopened.tolist():
        if trial.is_open(target):
            move = _move(system, withheld, trial, target, only_withheld=True)
            if move is None:
                return False
            trial.add(move)
    proof.take(trial)
    return True


def _refusal(count: int) -> str:
    return (
        f"For {count} or more cells nothing can be withheld that would protect them. Offer less detail: fewer levels, fewer "
        "classes, or fewer tables that overlap (schemas/outputs, study.release.tables)."
    )
