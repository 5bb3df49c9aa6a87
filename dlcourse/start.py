"""The labs that came with the package, copied to where a student works."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from dlcourse.datasets._files import PACKAGE


def packaged_labs() -> Path:
    """Return the folder of labs: inside an installed package, or beside it in a checkout."""
    installed = PACKAGE / "labs"
    return installed if installed.exists() else PACKAGE.parent / "labs"


def copy_labs(folder: Path) -> tuple[list[str], list[str]]:
    """Copy the labs into `folder`, made if needed; a lab that is there already is left alone.

    Args:
        folder: where the student works.

    Returns:
        The names of the labs that were copied, and of those that were kept.
    """
    copied, kept = [], []
    for lab in sorted(path for path in packaged_labs().iterdir() if path.is_dir()):
        if (folder / lab.name).exists():
            kept.append(lab.name)
            continue
        partial = folder / f".{lab.name}.partial"  # never half a lab
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(lab, partial, ignore=shutil.ignore_patterns(".*"))
        partial.rename(folder / lab.name)
        copied.append(lab.name)
    return copied, kept


def jupyter_command(folder: Path) -> list[str]:
    """Return the command that serves a folder of labs and opens the first one."""
    first = min(path for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)
    url = f"/lab/tree/{first.relative_to(folder).as_posix()}"
    return [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url={url}"]


def open_jupyter(folder: Path) -> int:
    """Open a folder of labs in JupyterLab; return its exit code when it is stopped.

    Ctrl-C is for JupyterLab, which ends its kernels and then itself.
    """
    jupyter = subprocess.Popen(jupyter_command(folder), cwd=folder)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return jupyter.wait()
