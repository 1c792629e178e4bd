"""Whether the process that left something behind is still the same one.

Process numbers are used again, after a restart of the computer almost surely: a number alone would
make a lock or a working copy belong to some other program for as long as that runs.
"""

from __future__ import annotations

import os
import socket
import sys
from functools import cache
from pathlib import Path


def host_name() -> str:
    return socket.gethostname()


def birth(pid: int) -> str:
    """When a process began, as a mark to compare; "" where the system does not say."""
    if sys.platform == "win32":
        return _birth_on_windows(pid)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name of the program stands in brackets and may hold anything.
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{boot}/{stat.rpartition(')')[2].split()[19]}"
    except (OSError, ValueError, IndexError):
        return ""


@cache
def own_birth(pid: int) -> str:
    """``birth`` of this process (its number is the key, because it may fork)."""
    return birth(pid)


def same_lives(pid: int, born: str) -> bool:
    """Whether the process with this number and birth exists; a number alone counts where one of
    the two births is not known."""
    if not lives(pid):
        return False
    now = birth(pid)
    return not (born and now) or born == now


def lives(pid: int) -> bool:
    """Whether a process of this machine exists (in doubt: yes)."""
    if pid == os.getpid():
        return True
    if sys.platform == "win32":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _lives_on_windows(pid: int) -> bool:
    import ctypes

    query_limited, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(query_limited, False, pid)
    if not handle:
        return bool(kernel.GetLastError() == 5)  # access denied: it exists
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active


def _birth_on_windows(pid: int) -> str:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)
    if not handle:
        return ""
    times = [ctypes.c_ulonglong() for _part in range(4)]
    known = kernel.GetProcessTimes(handle, *(ctypes.byref(part) for part in times))
    kernel.CloseHandle(handle)
    return str(times[0].value) if known else ""
