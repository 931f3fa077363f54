"""Every way in which a register file is spoiled; they are listed in `KINDS` as their modules are read."""

from tests.faults import spoiled_bytes, spoiled_csv, spoiled_tables
from tests.faults.kinds import KINDS, Target

__all__ = ["KINDS", "Target", "spoiled_bytes", "spoiled_csv", "spoiled_tables"]
