"""Make a folder that installs the program where there is no network; see `--help`."""

from mobility.run.bundle import bundle
from mobility.run.job import start_task

if __name__ == "__main__":
    start_task("bundle", bundle)
