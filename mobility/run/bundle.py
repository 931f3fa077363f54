"""The job `bundle`: a folder that installs the program where there is no network, made with uv and pip alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from mobility.errors import MachineError, RequestError
from mobility.folders import PROGRAM
from mobility.run.files import digest, write_text
from mobility.settings import read_own

System = Literal["linux", "windows"]

# Tags of wheels from new to old, as pip wants them named when it downloads for another machine.
_TAGS: dict[System, tuple[str, ...]] = {
    "windows": ("win_amd64",),
    "linux": (
        *(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)),
        *("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"),
    ),
}
_PROGRAM = ("mobility", "jobs", "conf", "schemas", "docs", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
_ONLY_AS_SOURCE = re.compile(r"^antlr4-python3-runtime==\S+", re.MULTILINE)  # pure Python; its wheel is built here
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PINS = PROGRAM / "requirements.txt"  # what the program is tested with
_INSTALL = Path(__file__).with_name("install")


@dataclass(frozen=True)
class Bundle:
    """What `jobs/bundle.py` is asked.

    Attributes:
        target: folder that is made.
        pythons: versions of Python it must serve.
        systems: on which.
        extras: of pyproject.toml to take along.
    """

    target: Path
    pythons: tuple[str, ...]
    systems: tuple[System, ...]
    extras: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.target.exists() and any(self.target.iterdir()):
            raise RequestError(f"target: {self.target} is not empty. Name a folder that is not there yet.")
        if (
            not all(re.fullmatch(r"3\.1[1-3]", version) for version in self.pythons)
            or not self.pythons
            or not self.systems
        ):
            raise RequestError(
                'pythons: choose from "3.11", "3.12" and "3.13", in quotes; systems: from linux and windows.'
            )


def bundle(given: dict[str, Any]) -> None:
    """Make the folder: the program, wheels, pinned lists, checksums and the two installers.

    Args:
        given: the composed configuration of `conf/bundle.yaml`.

    Raises:
        RequestError: the target is not empty, or uv is not there.
        MachineError: uv or pip failed; with what they said.
    """
    asked, _ = read_own(Bundle, given)
    if shutil.which("uv") is None:
        raise RequestError("bundle needs uv on the path; see https://docs.astral.sh/uv/.")
    console = Console(highlight=False, soft_wrap=True)
    wheels = asked.target / "wheels"
    wheels.mkdir(parents=True)
    for system in asked.systems:
        for python in asked.pythons:
            _collect(asked, system, python, wheels)
            console.print(f"bundle: {system}, Python {python}: {len(list(wheels.iterdir()))} wheels so far")
    for name in _PROGRAM:
        source = PROGRAM / name
        into = asked.target / "program" / name
        if source.is_dir():
            shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, into)
    for path in sorted(_INSTALL.iterdir()):
        shutil.copy(path, asked.target / path.name)
    _seal(asked.target)
    console.print(f"bundle: {asked.target}; INSTALL.md in it says how to go on, SHA256SUMS what belongs to it.")


def _collect(asked: Bundle, system: System, python: str, wheels: Path) -> None:
    """Wheels of one system and Python, their plain list (`ask-for-...`) and the list with digests that is installed from."""
    name = f"{system}-{python}.txt"
    plain = asked.target / f"ask-for-{name}"
    extras = [word for extra in asked.extras for word in ("--extra", extra)]
    platform = {"linux": "x86_64-manylinux_2_28", "windows": "windows"}[system]
    _run(
        f"uv pip compile pyproject.toml --constraint {_PINS.name} --python-platform {platform} --python-version {python} "
        "--no-header --no-annotate --no-emit-index-url --quiet --output-file",
        plain.absolute(),
        *extras,
    )
    pinned = plain.read_text(encoding="utf-8")
    pip = "uv run --no-project --quiet --with pip --with setuptools --with wheel python -m pip"
    known = _pinned_digests(_PINS.read_text(encoding="utf-8"))
    built = _ONLY_AS_SOURCE.findall(pinned)
    ready = asked.target / "ready.txt"
    if built:
        lines = (" ".join([line, *(f"--hash=sha256:{each}" for each in known.get(line, []))]) for line in built)
        write_text(ready, "\n".join(lines) + "\n")
        _run(f"{pip} wheel --quiet --no-deps --wheel-dir", wheels.absolute(), "--requirement", ready.absolute())
    tags = [word for tag in _TAGS[system] for word in ("--platform", tag)]
    write_text(ready, _ONLY_AS_SOURCE.sub("", pinned))
    _run(
        f"{pip} download --quiet --no-deps --only-binary :all: --implementation cp --python-version {python} --dest",
        wheels.absolute(),
        *tags,
        "--requirement",
        ready.absolute(),
    )
    ready.unlink()
    strange = _strangers(wheels, known)
    if strange:
        raise MachineError(
            f"{', '.join(strange)}: not the bytes whose digests stand in {_PINS.name}. Is the index the one they should come "
            "from? Nothing of this bundle should be installed; remove the folder."
        )
    write_text(asked.target / f"requirements-{name}", _with_digests(pinned, wheels))


def _with_digests(pinned: str, wheels: Path) -> str:
    """The pinned list with the digests of all wheels of each package and version."""
    known: dict[str, list[str]] = {}
    for path in sorted(wheels.glob("*.whl")):
        distribution, version, _ = path.name.split("-", 2)
        known.setdefault(f"{_normal(distribution)}=={version}", []).append(digest(path))
    lines = []
    for line in pinned.split():
        package, _, version = line.partition("==")
        digests = known.get(f"{_normal(package)}=={version}", [])
        lines.append(" ".join([line, *(f"--hash=sha256:{each}" for each in digests)]))
    return "\n".join(lines) + "\n"


def _strangers(wheels: Path, known: dict[str, list[str]]) -> list[str]:
    """Names of the wheels of which package and version are pinned, and whose bytes are none of those that are pinned."""
    strange = []
    for path in sorted(wheels.glob("*.whl")):
        distribution, version, _ = path.name.split("-", 2)
        package = f"{_normal(distribution)}=={version}"
        is_built_here = _ONLY_AS_SOURCE.fullmatch(package) is not None  # from an archive whose digest pip has checked
        if package in known and not is_built_here and digest(path) not in known[package]:
            strange.append(path.name)
    return strange


def _pinned_digests(pins: str) -> dict[str, list[str]]:
    """`package==version` to the digests of its files, as `requirements.txt` lists them."""
    known: dict[str, list[str]] = {}
    package = ""
    for line in pins.splitlines():
        if not line.startswith((" ", "#")):
            name, _, version = line.split()[0].partition("==")
            package = f"{_normal(name)}=={version}"
        known.setdefault(package, []).extend(_DIGEST.findall(line))
    return known


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _seal(target: Path) -> None:
    """`SHA256SUMS` of all files, as `sha256sum --check` reads them."""
    files = sorted(path for path in target.rglob("*") if path.is_file())
    lines = [f"{digest(path)}  {path.relative_to(target).as_posix()}\n" for path in files]
    write_text(target / "SHA256SUMS", "".join(lines))


def _run(words: str, *further: str | Path) -> None:
    command = [*words.split(), *map(str, further)]
    done = subprocess.run(command, cwd=PROGRAM, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        said = " ".join(done.stderr.split())[-600:]
        raise MachineError(f"{words} failed: {said} Is there a network, and an index that has these packages?")
