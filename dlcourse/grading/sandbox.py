"""What a forked process gives up before it runs the first line of a stranger's code.

`enter` is called in a fresh, single-threaded child. With namespaces (as root, or as an ordinary
user where the system allows user namespaces) the child sees a small read-only file tree, no other
process and no network; everywhere it gets resource limits and can gain no privileges. It returns
what is active, and the grader refuses to go on if something essential is missing.

Everything here talks to the kernel directly: between fork and first line there is no room for
another program. The order matters; each step says why it stands where it does.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

try:  # finding the library takes a look at the host's files, so it comes before the jail
    import pyseccomp
except (ImportError, OSError, RuntimeError):
    pyseccomp = None

ESSENTIAL = frozenset({"files", "network", "processes", "limits", "no new privileges"})

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE = {"mount": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000,
          "pid": 0x20000000, "net": 0x40000000}  # fmt: skip
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 32, 4096
_MS_REC, _MS_PRIVATE = 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_SET_DUMPABLE = 1, 38, 24, 4
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


@dataclass(frozen=True)
class Policy:
    """What a jailed notebook may use.

    Attributes:
        folder: its working folder with all that is below, copied into the jail; read by the jail's
            builder alone. Defaults to none: an empty one.
        memory: bytes that it may add to what the zygote uses.
        scratch: bytes that it may write.
        processes: how many processes and threads it may have.
        cpu_seconds: CPU time of the whole notebook.
        open_files: file descriptors.
    """

    folder: str = ""
    memory: int = 3 << 30
    scratch: int = 256 << 20
    processes: int = 256
    cpu_seconds: int = 600
    open_files: int = 1024


class SandboxError(OSError):
    """The system refused a step."""


def enter(policy: Policy) -> list[str]:
    """Jail the calling process; returns in a child of it, with the protections that are active.

    The caller's process waits for that child and ends with it.
    """
    active: list[str] = []
    inside = _unshare()
    if inside:
        active += ["network", "processes", "ipc"]
        _continue_in_child()
        _new_file_tree(policy)
        active.append("files")
    else:
        os.chdir(policy.folder)
    _limit(policy)
    active.append("limits")
    _drop_privileges()
    active.append("no new privileges")
    if _filter_system_calls():
        active.append("system calls")
    return active


def end_with_parent() -> None:
    """Ask the system to kill this process when its parent has ended; Linux alone can."""
    if sys.platform == "linux":
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _call(name: str, *arguments: object) -> int:
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise SandboxError(error, f"{name}: {os.strerror(error)}")
    return int(result)


def _unshare() -> bool:
    """Leave all namespaces of the host, if need be by way of a user namespace of our own."""
    flags = sum(_CLONE[name] for name in ("mount", "uts", "ipc", "pid", "net"))
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and _libc.unshare(flags) == 0:
        return True
    if _libc.unshare(flags | _CLONE["user"]) < 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def _continue_in_child() -> None:
    """A new pid namespace begins with the next child: it is process 1 and takes all with it."""
    child = os.fork()
    if child:
        for descriptor in range(3, 256):  # the grader must see the notebook's end, not ours
            try:
                os.close(descriptor)
            except OSError:
                continue
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.setsid()  # the process group of the parent is within reach of signals even from in here


def readable_paths() -> list[Path]:
    """What a notebook needs to see of the host: the system's libraries, Python, this package."""
    package = Path(__file__).resolve().parents[1]
    paths = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache")]
    paths += [Path(sys.prefix), Path(sys.base_prefix), package, package.parent / "data"]
    return [path for path in paths if path.exists()]


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    _call("mount", source.encode(), str(target).encode(), kind.encode(), flags, options.encode())


def _new_file_tree(policy: Policy) -> None:
    _mount("none", Path("/"), "", _MS_REC | _MS_PRIVATE)  # nothing below reaches the host
    files = _files_of(policy.folder)
    root = _mount_point()
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={policy.scratch},mode=755")
    for path in readable_paths():
        _show(path, root)
    for name in ("null", "zero", "random", "urandom"):
        device = root / "dev" / name
        device.parent.mkdir(exist_ok=True)
        device.touch()
        _mount(f"/dev/{name}", device, "", _MS_BIND)
    for name in ("tmp", "dev/shm", "notebook", "proc", ".host"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(0o1777)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("student:x:65534:65534::/notebook:/bin/false\n")
    for relative, content in files.items():
        copy = root / "notebook" / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    _give_away(root / "notebook")
    _mount("proc", root / "proc", "proc", _MS_NOSUID | _MS_NODEV)
    machine = os.uname().machine
    if _libc.syscall(_PIVOT_ROOT[machine], str(root).encode(), str(root / ".host").encode()) < 0:
        raise SandboxError(ctypes.get_errno(), "pivot_root")
    os.chdir("/notebook")
    _call("umount2", b"/.host", _MNT_DETACH)  # from here the host's files are out of reach
    os.rmdir("/.host")


def _files_of(folder: str) -> dict[Path, bytes]:
    home = Path(folder).resolve()
    plain = (f for f in home.rglob("*") if f.is_file() and not f.is_symlink()) if folder else ()
    return {file.relative_to(home): file.read_bytes() for file in plain}


def _give_away(folder: Path) -> None:
    """Let anybody write below a folder, as in a student's own."""
    for path in folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)


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


def _limit(policy: Policy) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: used + policy.memory,
        resource.RLIMIT_CPU: policy.cpu_seconds,
        resource.RLIMIT_NOFILE: policy.open_files,
        resource.RLIMIT_FSIZE: policy.scratch,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: policy.processes,
    }
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def _drop_privileges() -> None:
    """Become nobody in particular; another number for each jail, so that they do not share."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getuid() == 0 and _may_change_user():
        for capability in range(64):
            if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break
        user = 100_000 + int.from_bytes(os.urandom(3), "big")
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call("capset", header, nothing)
    # a change of user hides the process from itself, and clears the wish to die with the parent
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _may_change_user() -> bool:
    """Not in a user namespace that knows one user only."""
    return int(Path("/proc/self/uid_map").read_text().split()[2]) > 1


def _filter_system_calls() -> bool:
    """Forbid what no notebook needs: tracing, mounting, new namespaces, kernel doors."""
    if pyseccomp is None:
        return False
    jail = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in ("ptrace", "process_vm_readv", "process_vm_writev", "mount", "umount2",
                 "pivot_root", "unshare", "setns", "bpf", "perf_event_open", "keyctl", "add_key",
                 "request_key", "kexec_load", "init_module", "finit_module", "userfaultfd",
                 "open_by_handle_at", "io_uring_setup", "chroot", "reboot", "swapon"):  # fmt: skip
        jail.add_rule(pyseccomp.ERRNO(1), name)
    jail.load()
    return True
