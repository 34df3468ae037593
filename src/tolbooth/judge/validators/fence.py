"""What the kernel holds shut around a validator: namespaces, read-only files, no sockets. Standard library only.

Everything here may be refused by the kernel or by a container around us; each function says whether it held.
Numbers are Linux's own (sched.h, mount.h, prctl.h, seccomp.h, capability.h of its UAPI headers).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import struct
from pathlib import Path

NEW_USER, NEW_NETWORK, NEW_PROCESSES = 0x10000000, 0x40000000, 0x20000000
NEW_MOUNTS, NEW_IPC = 0x00020000, 0x08000000
_MOUNT_PRIVATE = 0x44000  # MS_REC | MS_PRIVATE
_SYS_MOUNT_SETATTR, _READ_ONLY, _RECURSIVE, _AT_FDCWD = 442, 1, 0x8000, -100
_PARENT_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _DROP_BOUND, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 22, 24, 36, 38
_CAPABILITY_VERSION_3, _LAST_CAPABILITY = 0x20080522, 63
_IO_URING_SETUP = 425
_SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_PROCESSES = 64
_COUNTS_BY_NAMESPACE = (5, 14)
"""From this kernel on, RLIMIT_NPROC counts the processes of a user namespace by themselves; never those of root."""

_NUMBERS_BY_NAMESPACE = (6, 14)
"""From this kernel on, each process table has its own highest number; before, the setting is the whole machine's."""

_HIGHEST_PROCESS = 400

_libc = ctypes.CDLL(None, use_errno=True)


class HalfFencedError(Exception):
    """The kernel began to make the fence and then refused: this process can't be used any more."""


def leave_shared_namespaces() -> bool:
    """Move into namespaces of our own; later children are in a process table of their own.

    Raises:
        HalfFencedError: if the new user namespace can't be given our user.
    """
    uid, gid = os.getuid(), os.getgid()
    wanted = NEW_NETWORK | NEW_PROCESSES | NEW_MOUNTS | NEW_IPC
    if _libc.unshare(NEW_USER | wanted) != 0:
        return bool(_libc.unshare(wanted) == 0)
    maps = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
    try:
        for name, content in maps.items():
            Path("/proc/self", name).write_text(content, encoding="ascii")
    except OSError as error:
        raise HalfFencedError(str(error)) from error
    return True


def make_files_read_only(folder: str, size_bytes: int) -> bool:
    """Make everything read-only but ``folder``, which becomes an empty file system of that size in memory.

    A view of the new process table is mounted as well, where the kernel allows, so that no other process is seen.
    """
    if _libc.mount(None, b"/", None, _MOUNT_PRIVATE, None) != 0:
        return False
    if _libc.mount(b"proc", b"/proc", b"proc", 0, None) == 0 and _kernel() >= _NUMBERS_BY_NAMESPACE:
        with contextlib.suppress(OSError):
            Path("/proc/sys/kernel/pid_max").write_text(str(_HIGHEST_PROCESS), encoding="ascii")
    attributes = struct.pack("QQQQ", _READ_ONLY, 0, 0, 0)
    root = ctypes.c_int(_AT_FDCWD)
    if _libc.syscall(_SYS_MOUNT_SETATTR, root, b"/", _RECURSIVE, attributes, ctypes.c_size_t(len(attributes))) != 0:
        return False
    options = f"size={size_bytes},mode=0700".encode()
    return bool(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, options) == 0)


def refuse_sockets() -> bool:
    """Make the kernel refuse to make a socket, for this process and all that it starts."""
    numbers = _SOCKET_CALL.get(platform.machine())
    if numbers is None:
        return False
    architecture, call = numbers
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x0005000D, 0x80000000  # refuse: EACCES
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 1, 0, architecture),
        (answer, 0, 0, kill),
        (load, 0, 0, 0),  # the call's number
        (at_least, 3, 0, 0x40000000),  # the x32 calls
        (equal, 2, 0, call),
        (equal, 1, 0, _IO_URING_SETUP),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    return bool(_libc.prctl(_SECCOMP, 2, header, 0, 0) == 0)


def give_up_privileges() -> None:
    """Drop every capability, for good: what is started later gains none either."""
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_DROP_BOUND, capability, 0, 0, 0)
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _libc.capset(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), struct.pack("6I", 0, 0, 0, 0, 0, 0))


def hide_memory() -> None:
    """Let no process of the same user look into this one's memory."""
    _libc.prctl(_DUMPABLE, 0, 0, 0, 0)


def end_with_parent() -> None:
    """Be killed when the parent ends, however it ends."""
    _libc.prctl(_PARENT_DEATH_SIGNAL, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of what our children leave behind, so that it can be ended."""
    _libc.prctl(_SUBREAPER, 1, 0, 0, 0)


def set_limits(*, memory_bytes: int, file_bytes: int, cpu_seconds: int, own_processes: bool) -> None:
    """Limit what one process may use; ``own_processes`` says that its process table is its own."""
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
    }
    if own_processes and _kernel() >= _COUNTS_BY_NAMESPACE:
        limits[resource.RLIMIT_NPROC] = _PROCESSES
    for number, value in limits.items():
        hard = resource.getrlimit(number)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (ceiling, ceiling))


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split(".")[:2] if part.isdecimal())
