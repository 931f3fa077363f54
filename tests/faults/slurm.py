"""A SLURM of one node on this machine: Debian's slurm-wlm and munge, started and ended by the tests."""

import os
import platform
import shutil
import subprocess
import time

import psutil

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
_CONF = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName=comp_env Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def absence():
    """Why SLURM cannot be started here, or nothing."""
    if os.name != "posix" or os.geteuid() != 0:
        return "slurmd wants to be started by root"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return f"{', '.join(absent)} not there (Debian: slurm-wlm, munge)" if absent else ""


class Slurm:
    """The daemons; `environment` is what commands need to find them."""

    def __init__(self, folder):
        self.folder, self._running = folder, []
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    def start(self):
        folder = self.folder
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        memory = psutil.virtual_memory().total // (1 << 20) - 100
        host = platform.node().partition(".")[0]
        conf = _CONF.format(folder=folder, host=host, cores=os.cpu_count(), memory=memory)
        (folder / "slurm.conf").write_text(conf, encoding="utf-8")
        files = [
            f"--{name}={folder}/munge.{name.split('-')[0]}"
            for name in ("key-file", "pid-file", "socket", "seed-file", "log-file")
        ]
        self._daemon("munged", "--foreground", "--force", *files)
        self._daemon("slurmctld", "-D", "-f", folder / "slurm.conf")
        self._daemon("slurmd", "-D", "-f", folder / "slurm.conf", "-N", host)
        until = time.monotonic() + 60
        while "idle" not in self.ask("sinfo", "--noheader", "--format=%T"):
            if time.monotonic() > until:
                logs = "\n".join(path.read_text(errors="replace")[-800:] for path in folder.glob("*.out"))
                raise RuntimeError(f"SLURM did not start: {self.ask('sinfo')}\n{logs}")
            time.sleep(0.5)

    def _daemon(self, name, *given):
        with (self.folder / f"{name}.out").open("wb") as out:
            self._running.append(
                subprocess.Popen([name, *map(str, given)], env=os.environ | self.environment, stdout=out, stderr=out)
            )
        time.sleep(1)

    def ask(self, *command):
        done = subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout + done.stderr

    def stop(self):
        self.ask("scancel", "--user=root")
        time.sleep(2)
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
