"""The files of a stranger: never follow a link, never block, and no more than a limit."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

MAX_BYTES = 50_000_000  # of a notebook, figures included
MAX_BESIDE = 50_000_000  # bytes of all other files together
MAX_FILES_BESIDE, MAX_DEPTH_BESIDE = 2_000, 20
MAX_PATH_BESIDE = 1_000  # bytes, so that it also fits below longer folders than the one it is from


class Unreadable(Exception):
    """A file that cannot be read as a notebook; the message says why, for a person."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file; links are not followed and pipes do not block.

    Raises:
        Unreadable: it is no regular file, too large, or cannot be opened.
        PermissionError: this user may not read it.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if path.is_symlink():
            raise Unreadable("it is a link, not a file; hand in the notebook itself") from None
        if isinstance(error, PermissionError):
            raise  # no fault of whoever wrote it
        if isinstance(error, FileNotFoundError):
            raise Unreadable(f"it is missing; {_instead(path.parent)}") from None
        raise Unreadable(f"it cannot be opened: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        if status.st_size > MAX_BYTES:
            raise Unreadable(
                f"it has {status.st_size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read "
                "(clear the outputs and save again)"
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES)
    finally:
        os.close(descriptor)


def _instead(folder: Path) -> str:
    names = sorted(f"{path.name!a}" for path in folder.glob("*"))
    return f"handed in were {', '.join(names[:5])}" if names else "nothing was handed in"


def read_beside(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the files beside a submitted notebook by relative path, and the names of others.

    Links, pipes and whatever exceeds the limits of size, number, depth and path are left out.
    """
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    room = MAX_BESIDE
    for path in islice(_walk(folder), MAX_FILES_BESIDE):
        name = str(path.relative_to(folder))
        if len(os.fsencode(name)) > MAX_PATH_BESIDE:
            left_out.append(name)
            continue
        try:
            content = read_bytes(path)
        except (Unreadable, PermissionError):
            left_out.append(name)
            continue
        if len(content) > room:
            left_out.append(name)
            continue
        files[name] = content
        room -= len(content)
    return files, left_out


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder, and in the folders in it, but notebooks, links and depths."""
    waiting = [(folder, 0)]
    while waiting:
        parent, depth = waiting.pop(0)
        with suppress(OSError):
            for path in sorted(parent.iterdir()):
                if path.name.endswith(".ipynb"):
                    continue
                if not path.is_dir() or path.is_symlink():
                    yield path
                elif depth < MAX_DEPTH_BESIDE:
                    waiting.append((path, depth + 1))


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by relative path; folders are made as needed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
