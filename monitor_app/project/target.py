"""The user's file: names beside it, what it looked like, and taking it in.

The file itself is only ever read and replaced as bytes; SQLite works on copies. The one exception
is a file with an unfinished log beside it (see ``logs``), and only in a local folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
    """What a file looked like. ``log`` has the hashes of SQLite logs beside
    it, or ""."""

    size: int
    mtime_ns: int
    sha256: str
    log: str = ""

    def same_content(self, other: Fingerprint | None) -> bool:
        return other is not None and (self.size, self.sha256, self.log) == (
            other.size,
            other.sha256,
            other.log,
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


def logs(target: Path) -> tuple[Path, ...]:
    """Non-empty logs beside the target: rows that SQLite programs such as QGIS have written but
    that are not in the file yet (``-wal``), or must be taken back (``-journal``)."""
    found = []
    for suffix in ("-wal", "-journal"):
        path = target.with_name(target.name + suffix)
        try:
            if path.stat().st_size > 0:
                found.append(path)
        except OSError:
            continue
    return tuple(found)


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
    pending = "".join(hash_file(path) for path in logs(target))
    return Fingerprint(before.st_size, before.st_mtime_ns, digest, pending)


def check_is_geopackage(target: Path) -> None:
    """Refuse what cannot be a project before SQLite sees it."""
    with faults.told(target):
        if not target.is_file():
            raise no_project(target)
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


def no_project(target: Path) -> UserError:
    return fail(
        "not_a_project",
        _("“{name}” is not a project.").format(name=target.name),
        file=str(target),
        repair=_("Create a project and import this file into it."),
    )


def copy_in(target: Path, copy: Path, progress: Progress) -> Fingerprint:
    """Copy the target's bytes and say what they were. A target that changes meanwhile is read
    again, a few times."""
    with faults.told(target):
        for _attempt in range(5):
            before = target.stat()
            digest = hashlib.sha256()
            done = 0
            with target.open("rb") as source, _sink(copy) as write:
                while block := source.read(CHUNK):
                    digest.update(block)
                    write(block)
                    done += len(block)
                    progress.step(done / max(before.st_size, 1), _("Reading the project …"))
            after = target.stat()
            same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            if same and done == before.st_size:
                return Fingerprint(before.st_size, before.st_mtime_ns, digest.hexdigest())
    raise faults.in_use(target)


@contextmanager
def _sink(copy: Path) -> Iterator[Callable[[bytes], object]]:
    """A new file to write to; what fails there is told about it and not about the source."""
    with faults.told(copy):
        sink = copy.open("wb")

    def write(block: bytes) -> None:
        with faults.told(copy):
            sink.write(block)
            sink.flush()

    with sink:
        yield write
        with faults.told(copy):
            # Commits reach the disk at once, but only the log of the copy: after a power cut a
            # log without the pages below it would be worth nothing.
            sink.flush()
            os.fsync(sink.fileno())


def sync_file(path: Path) -> None:
    """Bring a finished file to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def copy_with_logs(target: Path, copy: Path, progress: Progress) -> Fingerprint:
    """Take in a target whose newest state is still in a log beside it, through SQLite. The
    target is not written to."""
    require_local(target)
    with faults.told(target):
        before = fingerprint(target, progress)
        if any(path.name.endswith("-journal") for path in logs(target)):
            # Rolling back would write to the target: do it on a copy of both.
            copy_in(target, copy, progress)
            for path in logs(target):
                copy_in(path, copy.with_name(copy.name + path.name[len(target.name) :]), progress)
        else:
            copy.unlink(missing_ok=True)
            uri = f"{target.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=5.0)) as source:
                source.execute("PRAGMA trusted_schema = OFF")
                source.execute("VACUUM INTO ?", (str(copy),))
            sync_file(copy)
        after = fingerprint(target, progress)
    if before is None or after is None:
        raise faults.vanished(target)
    if not after.same_content(before):
        raise faults.in_use(target)
    return after


def settle_logs(target: Path) -> None:
    """Bring the rows of a left-over log into the file, so that the file can be replaced. Raises
    where another program still has the file open."""
    require_local(target)
    with (
        faults.told(target),
        closing(sqlite3.connect(target, isolation_level=None, timeout=1.0)) as other,
    ):
        other.execute("PRAGMA trusted_schema = OFF")
        mode = other.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete" or logs(target):
        raise faults.in_use(target)


def require_local(target: Path) -> None:
    if not is_local(target):
        raise fail(
            "open_elsewhere",
            _("“{name}” has unfinished changes of another program beside it (“{log}”).").format(
                name=target.name, log=logs(target)[0].name if logs(target) else "-wal"
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
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), parts[1])
        inside = text == point or text.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
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


def absolute(path: Path | str) -> Path:
    """The file itself: saving through a link must not replace the link."""
    target = Path(path).expanduser().absolute()
    return target.resolve() if target.is_symlink() else target


def refuse_own_copy(target: Path, working_dir: Path) -> None:
    """Working copies are no projects of the user. Errors: ``UserError``."""
    if target.parent.resolve() == working_dir.resolve():
        raise fail(
            "working_copy",
            _("“{name}” is a working copy of the program itself.").format(name=target.name),
            file=str(target),
            repair=_("Open the project from the place where you saved it."),
        )
