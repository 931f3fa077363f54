"""Remove all that holds personal data from a workspace; see `--help`."""

from mobility.run.job import start_task
from mobility.run.purge import purge

if __name__ == "__main__":
    start_task("purge", purge)
