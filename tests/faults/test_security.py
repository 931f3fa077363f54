"""The claims of docs/explanation/security.md, each tried."""

import os
import re
import stat
import subprocess
import sys

import pytest
import yaml

from mobility.registers.slips import DictionaryLoader
from tests.faults.checks import DONE, WRONG_REQUEST
from tests.faults.runner import PROGRAM, run_job

ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")

# Put in front of a job: any socket that leaves this machine, and any look-up of a name, ends it.
_NO_NETWORK = """
import runpy, socket, sys

def _only_here(address):
    host = address[0] if isinstance(address, tuple) else None
    if host not in (None, "127.0.0.1", "::1", "localhost"):
        print("NETWORK", file=sys.stderr)
        raise SystemExit(99)

def _guard(name):
    real = getattr(socket.socket, name)
    def guarded(self, address, *others):
        _only_here(address)
        return real(self, address, *others)
    setattr(socket.socket, name, guarded)

for name in ("connect", "connect_ex", "bind", "sendto"):
    _guard(name)
if sys.argv[1] == "none":
    def _no_socket(*_, **__):
        print("NETWORK", file=sys.stderr)
        raise SystemExit(99)
    socket.socket.__init__ = _no_socket
    socket.getaddrinfo = _no_socket
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_without_network(kind, job, *settings, cwd):
    """A job in a process in which sockets are refused: `none` at all, or all but those of this machine (`here`)."""
    command = [sys.executable, "-c", _NO_NETWORK, kind, str(PROGRAM / "jobs" / f"{job}.py"), *map(str, settings)]
    environment = os.environ | {"PYTHONPATH": str(PROGRAM)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_a_job_opens_no_socket_at_all(country, settings, tmp_path):
    done = run_without_network("none", "ingest", *settings(tmp_path / "workspace", country[0]), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (DONE, "")


@pytest.mark.slow
def test_workers_are_reached_on_this_machine_only(country, settings, tmp_path):
    asked = (*settings(tmp_path / "workspace", country[0]), "engine=dask", "engine.workers=1")
    done = run_without_network("here", "ingest", *asked, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (DONE, "")


def test_the_guard_of_sockets_does_guard(tmp_path):
    script = tmp_path / "jobs.py"
    script.write_text("import socket; socket.create_connection(('192.0.2.1', 80), 1)", encoding="utf-8")
    command = [sys.executable, "-c", _NO_NETWORK, "here", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (99, "NETWORK")


@ON_POSIX
@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o704])
def test_a_workspace_that_others_can_look_into_is_refused(mode, worker, country, settings, tmp_path):
    root = tmp_path / "workspace"
    root.mkdir()
    root.chmod(mode)
    ended = worker.run("ingest", *settings(root, country[0]))
    assert ended.code == WRONG_REQUEST
    assert f"chmod 700 {root}" in ended.err
    assert list(root.iterdir()) == []


@ON_POSIX
def test_all_that_lies_in_a_workspace_is_for_its_owner_only(worker, country, settings, tmp_path):
    root = tmp_path / "workspace"
    assert worker.run("ingest", *settings(root, country[0])).code == DONE
    inside = [root, *root.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_file()} == {0o600}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "dask"])
def test_temporary_files_lie_in_the_workspace_and_go_with_the_run(engine, country, settings, tmp_path):
    elsewhere = tmp_path / "tmp-of-the-machine"
    elsewhere.mkdir(mode=0o500)  # whatever would be written there fails, but for root
    root = tmp_path / "workspace"
    asked = (*settings(root, country[0]), f"engine={engine}", "engine.workers=1")
    ended = run_job(
        "ingest", *asked, environment={"TMPDIR": str(elsewhere), "TEMP": str(elsewhere), "TMP": str(elsewhere)}
    )
    assert ended.code == DONE, ended.err
    assert list(elsewhere.iterdir()) == []
    assert not (root / "tmp").exists()


@pytest.mark.parametrize("key", ["study.name", "study.release.name"])
@pytest.mark.parametrize("name", ["../../up", "..", "/etc", "a/b", "a\\\\b", "C:up", ".hidden", "nul\u0000"])
def test_a_name_that_is_a_path_is_refused(key, name, worker, country, settings, tmp_path):
    ended = worker.run("ingest", *settings(tmp_path / "workspace", country[0]), f"{key}='{name}'")
    assert ended.code == WRONG_REQUEST
    assert not (tmp_path / "workspace").exists()


def test_a_configuration_runs_no_code(worker, country, settings, tmp_path):
    """Hydra can be made to call what a file names (`_target_`), and YAML to build objects: neither is done here."""
    trap = tmp_path / "trap"
    for given in (
        f"+study._target_=pathlib.Path.touch +study.path={trap}".split(),
        ["study.name='!!python/name:os.system'"],
    ):
        ended = worker.run("ingest", *settings(tmp_path / "workspace", country[0]), *given)
        assert ended.code == WRONG_REQUEST
        assert not trap.exists()
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("!!python/object/apply:os.system ['true']")


def test_nothing_in_the_program_loads_code_from_data():
    """The calls that would: pickle, yaml.load, eval, exec, instantiate, shell=True. DictionaryLoader is a SafeLoader."""
    assert issubclass(DictionaryLoader, yaml.SafeLoader)
    risky = re.compile(
        r"\bpickle\b|yaml\.unsafe_load\(|yaml\.load\((?!.*DictionaryLoader\))|\beval\(|\bexec\(|\binstantiate\(|shell=True|allow_pickle=True|os\.system"
    )
    found = [
        f"{path.relative_to(PROGRAM)}:{number}"
        for folder in ("mobility", "jobs")
        for path in sorted((PROGRAM / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if risky.search(line.partition("#")[0])
    ]
    assert found == []


def test_every_pinned_package_has_its_digests_and_no_address():
    text = (PROGRAM / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9._-]+==\S+[^\n]*((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)+)", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9._-]+(\[[a-z]+\])?==", text, re.MULTILINE)) > 30
    assert not re.search(r"https?://|index-url|find-links", text)
