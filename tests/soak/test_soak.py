"""A short soak. A long one: make soak SOAK_SECONDS=1800 SEED=7."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import new_machine

CHECKOUT = Path(__file__).parents[2]
LIMIT = 400
"""Seconds. It takes about a minute on a machine that has nothing else to do."""


@pytest.mark.xdist_group("soak")
def test_a_short_soak_loses_nobody_and_mails_nobody_twice():
    with new_machine() as machine:
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak", "--seconds", "20", "--seed", "1"],
            cwd=CHECKOUT,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = {
        name.strip(): int(number.replace(",", ""))
        for name, number in re.findall(r"│ (.+?) │ +([\d,]+) │", done.stdout)
    }
    assert figures["sends"] > 0
    assert figures["faults"] > 5
    assert figures["accepted"] + figures["rejected"] + figures["cancelled"] == figures["people"] > 0
    assert (figures["lost"], figures["doubled"], figures["unknown left"]) == (0, 0, 0)
