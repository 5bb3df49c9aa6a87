"""nbgrader's configuration for this course; nbgrader itself is as it comes."""

import os
import sys
import warnings
from pathlib import Path

from dlcourse.grading.sealed import seal

c = get_config()  # noqa: F821  (given by traitlets)
course = Path(__file__).resolve().parent

c.CourseDirectory.root = str(course)
c.CourseDirectory.course_id = "dlcourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
# the hand-written sources of a lab never reach students nor their graded copies
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".pytest_cache",
    ".*.partial",
    "lab.md",
    "exercises.py",
]

# a stub does nothing, so that the rest of a student's notebook still runs
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}

# the rubric of a free-text question stands in its locked prompt, not in a task cell
c.ClearMarkScheme.enforce_metadata = False

# `check` also runs the hidden cases in the kernels that nbgrader starts
os.environ["DLCOURSE_SOLUTIONS"] = str(course / "solutions")
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.extensions=dlcourse.grading.hidden",
    "--IPKernelApp.log_level=ERROR",  # no warning about unencrypted sockets within this machine
]
c.Execute.timeout = 120  # seconds for one cell

# `nbgrader autograde` runs submissions in a jail; without this line, with your rights
seal(c)

# nbgrader runs `alembic` by name, also when its environment is not activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# nbgrader takes a line on stderr in a graded cell for a failure; TensorFlow greets there
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
# SQLAlchemy 2.1 warns about the way in which nbgrader 0.9 adds a submission, which works
warnings.filterwarnings("ignore", message="Object of type <Submitted")
