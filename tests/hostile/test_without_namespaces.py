"""The battery once more, as in a container that allows no namespaces: Landlock closes the jail."""

import subprocess
import sys
from pathlib import Path

import pytest

from dlcourse.grading import landlock
from tests.conftest import ROOT

WITHOUT = Path(__file__).with_name("without_namespaces.py")
# without the slowest: they wait for a time limit, or send too much, and no jail has a part in it
OF_THE_JAIL = "not (endless or swallows_time_limits or sleeps or sixty_megabytes or huge_value)"
SHOW = """
from dlcourse.grading.forks import Zygote
from dlcourse.grading.sandbox import Policy
with Zygote() as zygote, zygote.fork(Policy()) as jailed:
    print(*jailed.protections)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or landlock.version() < landlock.SIGNALS,
        reason="this machine has no Landlock, or one that does not keep signals in",
    ),
]


def run(*command):
    return subprocess.run(
        [sys.executable, WITHOUT, sys.executable, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )


def test_landlock_closes_the_jail():
    protections = run("-c", SHOW).stdout.split()
    assert protections[0] == "landlock"
    assert {"files", "network", "processes", "limits"} < set(protections)


def test_every_trick_gains_nothing_without_namespaces_either():
    battery = "tests/hostile/test_battery.py"
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", battery, "-k", OF_THE_JAIL)
    assert done.returncode == 0, done.stdout[-5000:]
    assert "skipped" not in done.stdout
