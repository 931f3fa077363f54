"""The zoning and the programmes of the fictitious country, as the two YAML files in `schemas/areas`.

`python -m mobility.synthetic.areas zonings` and `... programmes` print them; the committed files are that output.
"""

from __future__ import annotations

import sys

from mobility.synthetic.geography import GEOGRAPHY_YEAR, REGIONS, gemeenten, programme_areas

_NOTE = "# A fictitious country: no real places. Printed by `python -m mobility.synthetic.areas {what}`."


def zoning_text() -> str:
    """The file `schemas/areas/zonings/synthetic.yaml`."""
    lines = [
        _NOTE.format(what="zonings"),
        "zoning: synthetic",
        "title: Urban regions of the fictitious country",
        f'zoning_date: "{GEOGRAPHY_YEAR}-01-01"',
        f"geography_year: {GEOGRAPHY_YEAR}",
        "regions:",
    ]
    for region, title in REGIONS.items():
        lines += [f"  {region}:", f"    title: {title}", "    lines:"]
        for gemeente in gemeenten():
            if gemeente.region != region:
                continue
            lines.append(
                f'      - {{code: "GM{gemeente.code}", name: {gemeente.name}, role: {gemeente.role}, source: fictitious}}'
            )
            lines += [
                f'      - {{code: "WK{wijk.code}", role: {wijk.role}, source: fictitious}}'
                for wijk in gemeente.wijken
                if wijk.role != gemeente.role
            ]
    return "\n".join(lines) + "\n"


def programmes_text() -> str:
    """The file `schemas/areas/programmes/synthetic.yaml`."""
    names = {gemeente.code: gemeente.name for gemeente in gemeenten()}
    lines = [
        _NOTE.format(what="programmes"),
        "programme: synthetic",
        "title: Restructured areas of the fictitious country",
        f"geography_year: {GEOGRAPHY_YEAR}",
        "source: fictitious",
        "areas:",
    ]
    lines += [
        f'  - {{area: "{names[wijk.code[:4]]} {wijk.code[4:]}", codes: ["WK{wijk.code}"], '
        f'start: "{wijk.start}", source: fictitious}}'
        for wijk in programme_areas()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the file that the first argument names."""
    texts = {"zonings": zoning_text, "programmes": programmes_text}
    if len(sys.argv) != 2 or sys.argv[1] not in texts:
        sys.exit(f"Say which file: {' or '.join(texts)}.")
    sys.stdout.write(texts[sys.argv[1]]())


if __name__ == "__main__":
    main()
