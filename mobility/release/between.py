"""Tables that are not offered but stand between tables that are: what a reader adds up to set those beside each other.

Arrivals by class and flows by pair of places are both sums of flows by pair and class. Where that table is not offered, the two
still share the arrivals of every place, so it takes part in the protection, with all its cells withheld.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from mobility.disclosure.declaration import Declaration
from mobility.release.declarations import declared_tables, load_declaration
from mobility.release.ledger import Ledger
from mobility.settings import Mode

_STRONGEST: tuple[Mode, ...] = ("additive", "suppress", "round")


def tables_between(
    offered: Sequence[Declaration], ledger: Ledger, is_there: Callable[[Declaration], bool]
) -> list[Declaration]:
    """The declarations of the tables between, each in the mode of what it connects.

    Args:
        offered: the tables of this release.
        ledger: those of earlier releases count as well, as a reader has them too.
        is_there: whether the aggregates of a table exist.
    """
    modes: dict[str, Mode] = {
        table: universe["mode"]
        for record in ledger.records
        for recorded in record.recorded
        for table, universe in recorded.definition["universe"].items()
    }
    modes |= {each.table: each.mode for each in offered}
    declared = {name: load_declaration(name) for name in declared_tables()}
    declared |= {each.table: each for each in offered}
    beside: dict[str, set[str]] = {name: set() for name in declared}
    for name, each in declared.items():
        for margin in each.margins:
            if margin.table in declared and margin.table != name:  # sums within a table connect no two
                beside[name].add(margin.table)
                beside[margin.table].add(name)
    kept = {name for name, each in declared.items() if name in modes or is_there(each)}
    while loose := {name for name in kept - set(modes) if len(beside[name] & kept) < 2}:
        kept -= loose
    return [_between(declared[name], _connected(name, beside, kept), modes) for name in sorted(kept - set(modes))]


def _connected(name: str, beside: dict[str, set[str]], kept: set[str]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        for other in beside[waiting.pop()] & kept - found:
            found.add(other)
            waiting.append(other)
    return found


def _between(declaration: Declaration, connected: set[str], modes: dict[str, Mode]) -> Declaration:
    used = {modes[name] for name in connected if name in modes}
    mode = next(mode for mode in _STRONGEST if mode in used)
    return dataclasses.replace(declaration, mode=mode, values=())
