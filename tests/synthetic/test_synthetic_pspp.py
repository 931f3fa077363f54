"""Another program than ours reads the files: PSPP shows the names, widths and labels that the dictionaries promise."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mobility.registers.dictionary import load_register, register_names
from mobility.synthetic.deliveries import deliveries
from mobility.synthetic.names import years_of
from mobility.synthetic.writer import columns_in, columns_of

pytestmark = pytest.mark.slow
PSPP = shutil.which("pspp")


def _pspp(commands: str, folder: Path) -> str:
    program = folder / "look.sps"
    program.write_text(commands, encoding="utf-8")
    done = subprocess.run([str(PSPP), "-O", "format=csv", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:2000] + done.stderr[:2000]
    assert "warning" not in (done.stdout + done.stderr).lower()
    return done.stdout


@pytest.mark.skipif(PSPP is None, reason="pspp is not on the path")
@pytest.mark.parametrize("name", register_names())
def test_pspp_reads_every_file(quirky: Path, tmp_path: Path, name: str) -> None:
    register = load_register(name)
    files = [
        (year, plan)
        for year in years_of(register, 2003, 2023)
        for plan in deliveries(register, year, ("sav",), quirks=True)
        if plan.form == "sav"
    ]
    assert files
    for year, plan in files:
        columns = columns_in(plan, columns_of(register, year))
        shown = _pspp(f"GET FILE='{quirky / plan.path}'.\nEXECUTE.\nDISPLAY DICTIONARY.\n", tmp_path)
        for column in columns:
            number_format = column.format if column.is_text else f"{column.format}.0"
            line = next(line for line in shown.splitlines() if line.startswith(f"{column.name},"))
            assert number_format.removesuffix(".0") in line, (column.name, line)
            for code, label in column.codes:
                assert label in shown, (column.name, code)
