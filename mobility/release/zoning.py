"""Which gemeenten have a part in which roles, from the zoning of the study."""

from __future__ import annotations

from mobility.areas import Zoning
from mobility.disclosure.nesting import OUTSIDE


def roles_of_gemeenten(zoning: Zoning) -> dict[str, frozenset[str]]:
    """The roles in which every gemeente of a zoning has a part, as `<region>/<role>`.

    What is left of a gemeente of which only wijken or buurten are named is elsewhere.
    """
    whole = {line.code for line in zoning.lines if line.code.startswith("GM")}
    roles: dict[str, set[str]] = {}
    for line in zoning.lines:
        gemeente = f"GM{line.code[2:6]}"
        roles.setdefault(gemeente, set() if gemeente in whole else {OUTSIDE}).add(f"{line.region}/{line.role}")
    return {gemeente: frozenset(found) for gemeente, found in sorted(roles.items())}
