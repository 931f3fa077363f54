"""Pages of reference, written from what the program itself reads: configuration, schemas, jobs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mobility.folders import CONF, PROGRAM, SCHEMAS

_KEY = re.compile(r"^( *)([A-Za-z_][\w.]*):(?: (.*))?$")


def write_reference(folder: Path) -> None:
    """Write every page of reference into a folder; a page that says the same is left as it is."""
    pages = {"jobs": jobs_page(), "settings": settings_page(), "tables": tables_page(), "registers": registers_page()}
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")


def jobs_page() -> str:
    """Every job with what its `--help` says."""
    parts = ["# Jobs", "Each is run as `uv run jobs/<job>.py [key=value ...]`, from any folder."]
    for script in sorted((PROGRAM / "jobs").glob("*.py")):
        given = yaml.safe_load((CONF / f"{script.stem}.yaml").read_text(encoding="utf-8"))
        words = given["hydra"]["help"]
        own = words["template"].replace("${hydra.help.header}", "").split("Choices (folder")[0].strip()
        parts += [f"## {script.stem}", f"{words['header']}.", f"```text\n{own}\n```"]
    return _page(parts)


def settings_page() -> str:
    """Every setting with its default and its meaning, as the comments of the configuration give them."""
    parts = [
        "# Settings",
        "What a study, a place, a profile of rules or a fictitious country may choose. On the command line a key is "
        "written whole, such as `study.period.last_year=2022`; in a file it stands in the blocks shown.",
    ]
    titles = (
        ("study/_method.yaml", "study", "The study, with the definitions of the method"),
        ("register/cbs.yaml", "register", "Where the registers are"),
        ("place/laptop.yaml", "place", "Folders and memory"),
        ("engine/local.yaml", "engine", "How the work is done"),
        ("disclosure/cbs.yaml", "disclosure", "Rules for what may leave"),
        ("_program.yaml", "", "Every job"),
        ("benchmark.yaml", "", "The benchmark alone"),
    )
    for file, prefix, title in titles:
        parts += [f"## {title}", f"`conf/{file}`", _rows(read_comments(CONF / file), prefix)]
    return _page(parts)


def read_comments(path: Path) -> list[tuple[str, str, str]]:
    """The keys of a configuration file in order: full key, default as written (empty for a block), comment above it.

    Blocks that tell Hydra itself something are left out.
    """
    found: list[tuple[str, str, str]] = []
    above: list[str] = []
    blocks: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("#"):
            above.append(line.strip().lstrip("# "))
            continue
        match = _KEY.match(line)
        if match:
            indent, key, value = len(match[1]), match[2], (match[3] or "").split("  #")[0].strip()
            blocks = [block for block in blocks if block[0] < indent]
            full = ".".join([*(name for _, name in blocks), key])
            blocks.append((indent, key))
            if not full.startswith(("hydra", "defaults")):
                found.append((full, value, " ".join(word for word in above if not word.startswith("--"))))
        above = []
    return found


def tables_page() -> str:
    """Every table that may be released, with its columns."""
    parts = ["# Tables of a release", "What each table counts, from `schemas/outputs/`."]
    for given in _schemas("outputs"):
        names = [*given["cells"], *given["measures"]]
        rows = [(name, given["variables"][name]["en"]) for name in names if name in given["variables"]]
        parts += [
            f"## {given['table']}",
            f"{given['title']['en']} ({given['title']['nl']}).",
            f"**Counts** {given['population']['en']}.",
            given["relation"]["en"],
            f"Key: {', '.join(f'`{name}`' for name in given['cells'])}. Mode of protection: {given['mode']}.",
            _table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in rows]),
        ]
    return _page(parts)


def registers_page() -> str:
    """Every register the program knows, with the columns it reads."""
    parts = [
        "# Registers",
        "What the program knows of each register of CBS, from `schemas/registers/`. A column without a name in "
        "the program is there in the file and not read.",
    ]
    for given in _schemas("registers"):
        years = f"{given.get('since', '')}-{given.get('until', '')}".strip("-")
        rows = []
        for name, column in given["columns"].items():
            inside = column["as"] or column.get("on_request")
            rows.append((f"`{name}`", f"`{inside}`" if inside else "", column["meaning"], column["source"]))
        forms = ", ".join(f"`{form}`" for form in given["files"])
        parts += [
            f"## {given['register']}",
            f"{given['title']}: {given['grain']}.",
            f"Below `{given['folder']}`, as {forms}" + (f"; years {years}." if years else "."),
            f"Serves: {', '.join(given['serves'])}." if given["serves"] else "",
            _table(("column", "in the program", "meaning", "source"), rows),
        ]
    return _page(parts)


def _schemas(folder: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((SCHEMAS / folder).glob("*.yaml"))]


def _rows(found: list[tuple[str, str, str]], prefix: str) -> str:
    rows = [
        (f"`{prefix}{'.' if prefix else ''}{key}`", f"`{value}`" if value else "", words) for key, value, words in found
    ]
    return _table(("key", "default", "meaning"), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
