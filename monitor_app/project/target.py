"""The user's file: names beside it, what it looked like, and taking it in.

The file itself is only ever read and replaced as bytes; SQLite works on copies. The one exception
is a file with an unfinished write-ahead log (see ``wal``), and only in a local folder.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.project import faults

CHUNK = 1 << 20
_NAME_LIMIT = 255  # bytes of one file name on every file system that matters
_MAGIC = b"SQLite format 3\x00"
_NETWORK_TYPES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "afs",
    "ncpfs",
    "davfs",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file looked like. ``wal`` is the hash of a write-ahead log beside it, or ""."""

    size: int
    mtime_ns: int
    sha256: str
    wal: str = ""

    def same_content(self, other: Fingerprint | None) -> bool:
        return other is not None and (self.size, self.sha256, self.wal) == (
            other.size,
            other.sha256,
            other.wal,
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def beside(target: Path, prefix: str, suffix: str) -> Path:
    """A file beside the target, its name shortened where the file system would refuse it."""
    name = f"{prefix}{target.name}{suffix}"
    if len(os.fsencode(name)) > _NAME_LIMIT:
        mark = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
        room = _NAME_LIMIT - len(os.fsencode(prefix + suffix)) - len(mark) - 1
        short = target.name.encode("utf-8", "surrogateescape")[:room].decode("utf-8", "ignore")
        name = f"{prefix}{short}~{mark}{suffix}"
    return target.with_name(name)


def backup(target: Path, number: int) -> Path:
    return beside(target, "", f".bak{number}")


def wal(target: Path) -> Path:
    """Where SQLite programs such as QGIS keep rows that are not in the file yet."""
    return target.with_name(target.name + "-wal")


def has_wal(target: Path) -> bool:
    try:
        return wal(target).stat().st_size > 0
    except OSError:
        return False


def hash_file(path: Path, progress: Progress | None = None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(CHUNK):
            digest.update(block)
            if progress is not None:
                progress.step()
    return digest.hexdigest()


def fingerprint(target: Path, progress: Progress | None = None) -> Fingerprint | None:
    """What the target looks like now; None where there is none."""
    try:
        before = target.stat()
        digest = hash_file(target, progress)
    except FileNotFoundError:
        return None
    log = hash_file(wal(target)) if has_wal(target) else ""
    return Fingerprint(before.st_size, before.st_mtime_ns, digest, log)


def check_is_geopackage(target: Path) -> None:
    """Refuse what cannot be a project before SQLite sees it."""
    with faults.told(target):
        if target.is_dir():
            raise _no_project(target)
        with target.open("rb") as source:
            head = source.read(100)
    if not head:
        raise fail(
            "empty_file",
            _("“{name}” is empty.").format(name=target.name),
            file=str(target),
            repair=_("Open one of the backups beside it (.bak1, .bak2, .bak3)."),
        )
    if head[:16] != _MAGIC:
        raise fail(
            "not_a_geopackage",
            _("“{name}” is not a GeoPackage.").format(name=target.name),
            file=str(target),
            repair=_("Open a project file (.gpkg). Import tables and boundaries into a project."),
        )


def _no_project(target: Path) -> UserError:
    return fail(
        "not_a_project",
        _("“{name}” is not a project.").format(name=target.name),
        file=str(target),
        repair=_("Create a project and import this file into it."),
    )


no_project = _no_project


def copy_in(target: Path, copy: Path, progress: Progress) -> Fingerprint:
    """Copy the target's bytes and say what they were. A target that changes meanwhile is read
    again, a few times."""
    with faults.told(target):
        for _attempt in range(5):
            before = target.stat()
            digest = hashlib.sha256()
            with target.open("rb") as source, faults_of_copy(copy).open("wb") as sink:
                done = 0
                while block := source.read(CHUNK):
                    digest.update(block)
                    sink.write(block)
                    done += len(block)
                    progress.step(done / max(before.st_size, 1), _("Reading the project …"))
            after = target.stat()
            same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            if same and done == before.st_size:
                return Fingerprint(before.st_size, before.st_mtime_ns, digest.hexdigest())
    raise faults.in_use(target)


def faults_of_copy(copy: Path) -> Path:
    copy.parent.mkdir(parents=True, exist_ok=True)
    return copy


def copy_through_sqlite(target: Path, copy: Path, progress: Progress) -> Fingerprint:
    """Take in a target whose newest rows are still in its write-ahead log."""
    require_local(target)
    with faults.told(target):
        seen = fingerprint(target, progress)
        copy.unlink(missing_ok=True)
        source = sqlite3.connect(f"{target.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        with closing(source):
            source.execute("PRAGMA trusted_schema = OFF")
            source.execute("VACUUM INTO ?", (str(copy),))
    if seen is None:
        raise faults.vanished(target)
    return seen


def settle_wal(target: Path) -> None:
    """Bring the rows of a left-over log into the file, so that the file can be replaced."""
    require_local(target)
    with faults.told(target):
        other = sqlite3.connect(target, isolation_level=None, timeout=1.0)
        with closing(other):
            other.execute("PRAGMA trusted_schema = OFF")
            mode = other.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete" or has_wal(target):
        raise faults.in_use(target)


def require_local(target: Path) -> None:
    if not is_local(target):
        raise fail(
            "open_elsewhere",
            _("“{name}” has unfinished changes of another program beside it (“{log}”).").format(
                name=target.name, log=wal(target).name
            ),
            file=str(target),
            repair=_("Close the file in QGIS (or the like) on every computer and try again."),
        )


def is_local(path: Path) -> bool:
    """Whether the folder of a file is on a drive of this machine."""
    text = str(path.absolute())
    if sys.platform == "win32":
        import ctypes

        if text.startswith(("\\\\", "//")):
            return False
        return bool(ctypes.windll.kernel32.GetDriveTypeW(path.absolute().anchor) != 4)
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    best, kind = "", ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        point = parts[1].encode().decode("unicode_escape", "replace") if len(parts) > 2 else ""
        inside = text == point or text.startswith(point.rstrip("/") + "/")
        if point and inside and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind not in _NETWORK_TYPES


def check_writable(target: Path) -> None:
    """Refuse targets that cannot be replaced, before work is put into them."""
    with faults.told(target):
        if target.exists() and (
            not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK)
        ):
            raise faults.read_only_place(target)
        if not target.parent.is_dir():
            raise faults.vanished(target.parent)
        if not os.access(target.parent, os.W_OK):
            raise faults.no_permission(target.parent)
