"""Namespaces of Linux: a process leaves the host's files, processes, users and network behind.

Works as root, and as an ordinary user where the system allows user namespaces.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from dlcourse.grading.files import write_files
from dlcourse.grading.system import SandboxError, call, libc

_CLONE = {"mount": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000,
          "pid": 0x20000000, "net": 0x40000000}  # fmt: skip
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 32, 4096
_MS_REC, _MS_PRIVATE = 16384, 1 << 18
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
DEVICES = ("null", "random", "urandom")  # not zero: what is mapped of it is memory that none counts


def leave() -> bool:
    """Leave all namespaces of the host, if need be by way of a user namespace of our own.

    A new pid namespace begins with the next child.
    """
    flags = sum(_CLONE[name] for name in ("mount", "uts", "ipc", "pid", "net"))
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and libc.unshare(flags) == 0:
        return True
    if libc.unshare(flags | _CLONE["user"]) < 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def readable_paths() -> list[Path]:
    """What a notebook needs to see of the host: the system's libraries, Python, this package."""
    package = Path(__file__).resolve().parents[1]
    paths = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache")]
    paths += [Path(sys.prefix), Path(sys.base_prefix), package, package.parent / "data"]
    # of a user, or of another environment; an editable install names a whole project: not that
    paths += [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    return [path for path in paths if path.exists()]


def new_file_tree(files: dict[str, bytes], size: int) -> None:
    """Replace the host's files by a small tree, and go to the folder /notebook in it.

    Args:
        files: content by path in that folder.
        size: bytes that can be written.
    """
    _mount("none", Path("/"), "", _MS_REC | _MS_PRIVATE)  # nothing below reaches the host
    root = _mount_point()
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size},mode=755")
    for path in readable_paths():
        _show(path, root)
    for name in DEVICES:
        device = root / "dev" / name
        device.parent.mkdir(exist_ok=True)
        device.touch()
        _mount(f"/dev/{name}", device, "", _MS_BIND)
    for name in ("tmp", "dev/shm", "notebook", "proc", ".host"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(0o1777)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("student:x:65534:65534::/notebook:/bin/false\n")
    write_files(root / "notebook", files)
    _give_away(root / "notebook")
    _mount("proc", root / "proc", "proc", _MS_NOSUID | _MS_NODEV)
    machine = os.uname().machine
    if libc.syscall(_PIVOT_ROOT[machine], str(root).encode(), str(root / ".host").encode()) < 0:
        raise SandboxError(ctypes.get_errno(), "pivot_root")
    os.chdir("/notebook")
    call("umount2", b"/.host", _MNT_DETACH)  # from here the host's files are out of reach
    os.rmdir("/.host")


def _give_away(folder: Path) -> None:
    """Let anybody write below a folder, as in a student's own."""
    for path in folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    call("mount", source.encode(), str(target).encode(), kind.encode(), flags, options.encode())


def _mount_point() -> Path:
    """A folder to build the new tree on, which hides nothing that is to be seen there."""
    hidden = [Path("/", *p.parts[1:2]) for p in readable_paths()]
    for name in ("/mnt", "/media", "/srv", "/opt", "/tmp", "/home"):
        if Path(name).is_dir() and Path(name) not in hidden:
            return Path(name)
    raise SandboxError(2, "no folder to build the jail's file tree on")


def _show(path: Path, root: Path) -> None:
    """Bind a file or folder of the host, read-only, at the same place of the new tree."""
    target = root / path.relative_to("/")
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(os.readlink(path))
        return
    if path.is_dir():
        target.mkdir()
    else:
        target.touch()
    _mount(str(path), target, "", _MS_BIND | _MS_REC)
    flags = _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV
    _mount("none", target, "", flags)
