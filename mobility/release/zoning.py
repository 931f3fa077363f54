"""Which gemeenten have a part in which roles, from the zoning of the study."""

from __future__ import annotations

import yaml

from mobility.disclosure.nesting import OUTSIDE
from mobility.errors import RequestError
from mobility.folders import SCHEMAS


def roles_of_gemeenten(zoning: str) -> dict[str, frozenset[str]]:
    """The roles in which every gemeente of a zoning has a part, as `<region>/<role>`.

    What is left of a gemeente of which only wijken or buurten are named is elsewhere.

    Raises:
        RequestError: there is no such zoning, or it is malformed.
    """
    path = SCHEMAS / "areas" / "zonings" / f"{zoning}.yaml"
    if not path.is_file():
        raise RequestError(f"study.geography.zoning: there is no file {zoning}.yaml in schemas/areas/zonings.")
    try:
        regions = yaml.safe_load(path.read_text(encoding="utf-8"))["regions"]
        lines = [
            (str(line["code"]), f"{region}/{line['role']}")
            for region, given in regions.items()
            for line in given["lines"]
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        lines = []
    if not lines:
        raise RequestError(
            f"schemas/areas/zonings/{zoning}.yaml: no lines with a code and a role were found under `regions`."
        )
    whole = {code for code, _ in lines if code.startswith("GM")}
    roles: dict[str, set[str]] = {}
    for code, role in lines:
        gemeente = f"GM{code[2:6]}"
        roles.setdefault(gemeente, set() if gemeente in whole else {OUTSIDE}).add(role)
    return {gemeente: frozenset(found) for gemeente, found in sorted(roles.items())}
