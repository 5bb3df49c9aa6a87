"""`dlcourse grade` on a real dask scheduler: workers in folders of their own, and one that dies."""

import os
import re
import shutil
import signal
import subprocess
import time

import nbformat
import psutil
import pytest
from distributed import Client

from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.stock import StockCourse
from tests.course_support import BIN, handed_in

LAB = "00_welcome"
STUDENTS = 8

pytestmark = pytest.mark.slow


def start(folder, *arguments):
    folder.mkdir()
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [BIN / "dask", *arguments],
            cwd=folder,
            env={
                "PATH": f"{BIN}{os.pathsep}{os.defpath}",
                "HOME": str(folder),
                "TMPDIR": str(folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise TimeoutError


def hold_results(client, worker):
    """Wait until graded submissions that nobody has fetched lie in the memory of a worker."""
    wait_for(lambda: any("grade_task" in key for key in client.has_what().get(worker, ())))


def kill(client, nanny, worker):
    """End a worker, not its nanny, and wait until the scheduler knows."""
    for process in psutil.Process(nanny.pid).children():
        os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: worker not in client.has_what())


def stop(process):
    for part in [*psutil.Process(process.pid).children(recursive=True), process]:
        part.kill()
    process.wait()


@pytest.fixture
def cluster(tmp_path):
    """The scheduler's address and two workers, each in a process and a folder of its own."""
    scheduler = start(tmp_path / "scheduler", "scheduler", "--port", "0", "--no-dashboard")
    log = tmp_path / "scheduler" / "log"
    address = wait_for(lambda: re.search(r"tcp://[\d.]+:\d+", log.read_text()))[0]
    workers = [
        start(tmp_path / name, "worker", address, "--nthreads", "1", "--no-dashboard")
        for name in ("worker-1", "worker-2")
    ]
    yield address, workers
    for process in [*workers, scheduler]:
        stop(process)


@pytest.fixture
def course(tmp_path):
    return handed_in(tmp_path / "course", LAB, STUDENTS)


@pytest.mark.parametrize("holding_results", [False, True])
def test_a_worker_that_dies_loses_nothing(course, cluster, jail_works, tmp_path, holding_results):
    address, workers = cluster
    whole = Course(shutil.copytree(course.root, tmp_path / "whole"))
    list(ClassRun(whole, LAB, jobs=1, jail=jail_works).run())
    outcomes = []
    with Client(address, set_as_default=False) as client:
        parents = client.run(os.getppid)
        victim = next(name for name, parent in parents.items() if parent == workers[0].pid)
        for outcome in ClassRun(course, LAB, scheduler=address, jail=jail_works).run():
            outcomes.append(outcome)
            if len(outcomes) == 2:
                if holding_results:
                    hold_results(client, victim)
                kill(client, workers[0], victim)
    assert [o.problem for o in outcomes] == [""] * STUDENTS
    assert len({o.student for o in outcomes}) == STUDENTS
    assert StockCourse(course).scores(LAB) == StockCourse(whole).scores(LAB)
    assert nbformat.read(
        course.root / "autograded" / outcomes[0].student / LAB / f"{LAB}.ipynb", as_version=4
    ).cells
