"""Look whether the installation, the folders and the registers will do; see `--help`."""

from mobility.run.doctor import doctor
from mobility.run.job import start_task

if __name__ == "__main__":
    start_task("doctor", doctor)
