"""The bundle installs into an empty environment without a network, and what it installs runs the demo."""

import os
import shutil
import subprocess
import sys

import pytest

from mobility.run.bundle import _PINS, _pinned_digests, _strangers, _with_digests
from tests.faults.runner import run_job

NO_NETWORK = (
    ("unshare", "--net") if os.name == "posix" and os.geteuid() == 0 else ("unshare", "--net", "--map-root-user")
)
THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_pinned_lists_name_the_digest_of_every_wheel_whatever_its_spelling(tmp_path):
    for name in (
        "PyYAML-6.0-cp311-cp311-linux_x86_64.whl",
        "pyyaml-6.0-cp312-cp312-win_amd64.whl",
        "other-1-py3-none-any.whl",
    ):
        (tmp_path / name).write_bytes(b"")
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes
    listed = _with_digests("pyyaml==6.0\nabsent==2\n", tmp_path)
    assert listed == f"pyyaml==6.0 --hash=sha256:{nothing} --hash=sha256:{nothing}\nabsent==2\n"


def test_a_wheel_with_other_bytes_than_those_pinned_is_seen(tmp_path):
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    pins = _pinned_digests(
        f"pyyaml==6.0 ; python_version < '4' \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{nothing}\n"
        f"numpy==2.4.6 \\\n    --hash=sha256:{'2' * 64}\nantlr4-python3-runtime==4.9.3 \\\n    --hash=sha256:{'3' * 64}\n"
    )
    for name in (
        "PyYAML-6.0-cp311-cp311-linux_x86_64.whl",
        "numpy-2.4.6-cp311-cp311-win_amd64.whl",
        "antlr4_python3_runtime-4.9.3-py3-none-any.whl",
        "not_pinned-1-py3-none-any.whl",
    ):
        (tmp_path / name).write_bytes(b"")
    assert _strangers(tmp_path, pins) == ["numpy-2.4.6-cp311-cp311-win_amd64.whl"]


def test_every_package_of_the_pinned_list_has_its_digests_in_the_form_that_the_bundle_reads():
    known = _pinned_digests(_PINS.read_text(encoding="utf-8"))
    assert len(known) > 50
    assert [package for package, digests in known.items() if not digests] == []
    assert {"hydra-core", "polars"} <= {package.partition("==")[0] for package in known}


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("unshare") is None or shutil.which("uv") is None, reason="needs unshare and uv")
def test_a_bundle_installs_and_runs_the_demo_without_a_network(tmp_path):
    folder = tmp_path / "bundle"
    made = run_job("bundle", f"target={folder}", f'pythons=["{THIS}"]', "systems=[linux]", "extras=[]")
    assert made.code == 0, made.err

    def offline(*command):
        done = subprocess.run(
            [*NO_NETWORK, *map(str, command)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    offline("sh", folder / "install.sh", sys.executable)
    where = (f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}", "synthetic.persons=2500")
    python = folder / "env" / "bin" / "python"
    offline(python, folder / "program" / "jobs" / "doctor.py", *where)
    assert "Where to look" in offline(python, folder / "program" / "jobs" / "pipeline.py", *where)


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv")
def test_a_bundle_for_windows_has_a_wheel_for_every_package(tmp_path):
    folder = tmp_path / "bundle"
    made = run_job("bundle", f"target={folder}", "systems=[windows]", "extras=[plots,slurm,sdmx]", timeout=3_600)
    assert made.code == 0, made.err
    pinned = _pinned_digests(_PINS.read_text(encoding="utf-8"))
    for python in ("3.11", "3.12", "3.13"):
        required = folder / f"requirements-windows-{python}.txt"
        listed = [line.split()[0] for line in required.read_text(encoding="utf-8").splitlines()]
        assert len(listed) > 30
        names = {package.partition("==")[0] for package in pinned}
        other = [package for package in listed if package.partition("==")[0] in names and package not in pinned]
        assert other == [], "what is installed is what the program is tested with"
        # As pip would on Windows: with the wheels of the folder alone, each with its digest, and all they need.
        where = ("--python-platform", "windows", "--python-version", python, "--target", str(tmp_path / python))
        what = (
            "--no-index",
            "--find-links",
            str(folder / "wheels"),
            "--require-hashes",
            "--requirement",
            str(required),
        )
        words = (shutil.which("uv"), "pip", "install", "--dry-run", "--only-binary", ":all:", *where, *what)
        tried = subprocess.run(words, capture_output=True, text=True, check=False)
        assert tried.returncode == 0, tried.stderr
    assert [line for line in listed if "--hash=sha256:" not in line] == []


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("unshare") is None or shutil.which("uv") is None, reason="needs unshare and uv")
def test_a_damaged_bundle_is_not_installed(tmp_path):
    folder = tmp_path / "bundle"
    assert run_job("bundle", f"target={folder}", f'pythons=["{THIS}"]', "systems=[linux]", "extras=[]").code == 0
    wheel = next((folder / "wheels").glob("rich-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    done = subprocess.run(
        [shutil.which("sh"), folder / "install.sh", sys.executable], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert not (folder / "env").exists()
