"""What a forked process gives up before it runs the first line of a stranger's code.

`enter` is called in a fresh, single-threaded child. It jails it by namespaces (as root, or as an
ordinary user where the system allows user namespaces: a small read-only file tree, no other process
and no network), else by Landlock and a system-call filter. Everywhere it gets resource limits and
can gain no privileges. It returns what is active, and the grader refuses to go on if something
essential is missing.

Everything here talks to the kernel directly: between fork and first line there is no room for
another program. The order matters; each step says why it stands where it does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dlcourse.grading import landlock, namespaces, watcher
from dlcourse.grading.files import write_files
from dlcourse.grading.system import address_space, call, libc

try:  # finding the library takes a look at the host's files, so it comes before the jail
    import pyseccomp
except (ImportError, OSError, RuntimeError):
    pyseccomp = None

ESSENTIAL = frozenset({"files", "network", "processes", "limits", "no new privileges"})

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_SET_DUMPABLE = 1, 38, 24, 4
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _CAP_DAC_READ_SEARCH = 8, 47, 2
_NEW_NAMESPACE = 0x7E020000  # all flags of `clone` that make one
_MAP_SHARED_ANONYMOUS = 0x21  # flags of `mmap`, the bit of MAP_SHARED_VALIDATE included


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


def enter(policy: Policy) -> list[str]:
    """Jail the calling process; returns in a child of it, with the protections that are active.

    The caller's process waits for that child and ends with it.
    """
    files = _files_of(policy.folder)
    if namespaces.leave():
        watcher.continue_in_child()
        namespaces.new_file_tree(files, policy.scratch)
        return ["namespaces", "files", "network", "processes", "ipc", *_give_up(policy)]
    if _landlock_suffices():
        home = _own_folder(files)
        watcher.continue_in_watched_child(home, policy.scratch)
        return ["landlock", "files", "network", "processes", *_give_up(policy, home)]
    os.chdir(policy.folder or "/")
    return _give_up(policy)


def end_with_parent() -> None:
    """Ask the system to kill this process when its parent has ended; Linux alone can."""
    if sys.platform == "linux":
        call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _give_up(policy: Policy, home: Path | None = None) -> list[str]:
    """Limit what is used, lose all rights; with a home, also files elsewhere, and the network."""
    own_user = _may_change_user()
    _limit(policy, others=0 if own_user or not home else _processes_of(os.getuid()))
    _drop_privileges(own_user, home)
    if home:
        places = [*namespaces.readable_paths(), Path("/proc"), Path("/etc/passwd")]
        devices = [Path("/dev", name) for name in namespaces.DEVICES]
        landlock.restrict(places, [home], devices)
    filtered = _filter_system_calls(home is not None, own_user)
    return ["limits", "no new privileges", *(["system calls"] if filtered else [])]


def _files_of(folder: str) -> dict[str, bytes]:
    home = Path(folder).resolve()
    plain = (f for f in home.rglob("*") if f.is_file() and not f.is_symlink()) if folder else ()
    return {str(file.relative_to(home)): file.read_bytes() for file in plain}


def _landlock_suffices() -> bool:
    """Whether a jail without namespaces is closed: one user's processes could signal each other."""
    needed = landlock.TRUNCATE if _may_change_user() else landlock.SIGNALS
    return pyseccomp is not None and landlock.version() >= needed


def _own_folder(files: dict[str, bytes]) -> Path:
    """A working folder on the host's disk, which a process finds where it looks for its own."""
    home = Path(tempfile.mkdtemp(prefix="dlcourse-jail-"))
    write_files(home, files)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR"), str(home)))
    tempfile.tempdir = str(home)
    os.chdir(home)
    return home


def _limit(policy: Policy, others: int) -> None:
    """Set limits; that of processes counts the others of the same user, too."""
    limits = {
        resource.RLIMIT_AS: address_space() + policy.memory,
        resource.RLIMIT_CPU: policy.cpu_seconds,
        resource.RLIMIT_NOFILE: policy.open_files,
        resource.RLIMIT_FSIZE: policy.scratch,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: others + policy.processes,
    }
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def _processes_of(user: int) -> int:
    """Processes and threads of a user."""
    own = (p for p in Path("/proc").glob("[0-9]*") if _owner(p) == user)
    return sum(len(list(path.glob("task/*"))) for path in own)


def _owner(path: Path) -> int:
    try:
        return path.stat().st_uid
    except OSError:  # it has ended meanwhile
        return -1


def _drop_privileges(own_user: bool, home: Path | None) -> None:
    """Become nobody in particular; another number for each jail, so that they do not share.

    Without a file tree of its own, that user may read what Landlock is going to leave, such as a
    Python in the folder of root.

    Args:
        own_user: whether the process may change its user.
        home: is given to that user.
    """
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH if own_user and home else 0
    if own_user:
        for capability in range(64):
            if not kept >> capability & 1 and libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break
        user = 100_000 + int.from_bytes(os.urandom(3), "big")
        for path in [home, *home.rglob("*")] if home else []:
            os.chown(path, user, user)
        call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call("capset", header, (ctypes.c_uint32 * 6)(kept, kept, kept))
    if kept:  # also for the programs that it runs
        call("prctl", _PR_CAP_AMBIENT, 2, _CAP_DAC_READ_SEARCH, 0, 0)
    # a change of user hides the process from itself, and clears the wish to die with the parent
    call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _may_change_user() -> bool:
    """Root may, but not in a user namespace that knows one user only."""
    return os.getuid() == 0 and int(Path("/proc/self/uid_map").read_text().split()[2]) > 1


# what no notebook needs: tracing, mounts, namespaces, doors to the kernel, memory that none sees
NEVER = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick",
    "move_mount", "open_tree", "mount_setattr", "unshare", "setns", "bpf", "perf_event_open",
    "keyctl", "add_key", "request_key", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "userfaultfd", "open_by_handle_at", "io_uring_setup", "reboot",
    "swapon", "swapoff", "syslog", "acct", "quotactl", "memfd_create", "memfd_secret", "shmget",
    "msgget", "semget", "mq_open", "fanotify_init", "setpriority", "ioprio_set",
)  # fmt: skip
OF_ITSELF = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam",
             "sched_setattr")  # fmt: skip
# Landlock leaves these to the owner of a file, who may be the instructor: they do nothing
ATTRIBUTES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr",
    "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "utime", "utimes",
    "futimesat", "utimensat",
)  # fmt: skip


def _filter_system_calls(outside: bool, own_user: bool) -> bool:
    """Forbid what no notebook needs.

    Args:
        outside: whether it still is in the host's namespaces.
        own_user: whether no other process has its user.
    """
    if pyseccomp is None:
        return False
    jail = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    forbidden = [*NEVER, *(("socket", "inotify_init", "inotify_init1") if outside else ())]
    for name in forbidden:
        _add(jail, pyseccomp.ERRNO(errno.EPERM), name)
    for name in OF_ITSELF:
        _add(jail, pyseccomp.ERRNO(errno.EPERM), name, pyseccomp.Arg(0, pyseccomp.NE, 0))
    # a process that outlived its grader would go on for ever
    wish = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0xFFFFFFFF, _PR_SET_PDEATHSIG)
    _add(jail, pyseccomp.ERRNO(errno.EPERM), "prctl", wish)
    for name in ATTRIBUTES if outside and not own_user else ():
        _add(jail, pyseccomp.ERRNO(0), name)
    # stays where it is when all who have touched it have ended, and counts as nobody's
    shared = pyseccomp.Arg(3, pyseccomp.MASKED_EQ, _MAP_SHARED_ANONYMOUS, _MAP_SHARED_ANONYMOUS)
    _add(jail, pyseccomp.ERRNO(errno.ENOMEM), "mmap", shared)
    _add(jail, pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory; others use clone
    for bit in range(32):
        if _NEW_NAMESPACE >> bit & 1:
            flag = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 1 << bit, 1 << bit)
            _add(jail, pyseccomp.ERRNO(errno.EPERM), "clone", flag)
    jail.load()
    return True


def _add(jail: pyseccomp.SyscallFilter, action: int, name: str, *arguments: pyseccomp.Arg) -> None:
    """Add a rule; a call that this system does not know needs none."""
    if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != -1:
        jail.add_rule(action, name, *arguments)
