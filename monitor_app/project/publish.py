"""Saving: the target is the old version or the new one at every moment.

``VACUUM INTO`` a local file, check it, copy its bytes beside the target, compare, look whether
the target is still what was opened, keep it as a backup, replace it. Cancelling is possible until
the replace. Each step is a function of its own and announced by name, so that tests can break the
protocol anywhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import stat
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.project import faults, history
from monitor_app.project import target as targets
from monitor_app.project.lock import Lock
from monitor_app.project.store import Store
from monitor_app.project.target import CHUNK, Fingerprint
from monitor_app.project.workfile import WorkFile

#: Names announced before each step, in order.
STEPS = (
    "check_owner", "check_target", "vacuum", "verify", "copy_beside", "compare", "recheck_target",
    "note_pending", "rotate_backups", "replace", "sync_folder",
)  # fmt: skip
BACKUPS = 3
_RETRIES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0)
_TMP_SUFFIX = ".{}.tmp"

Steps = Callable[[str], None]


@dataclass
class Publication:
    """One save. ``expected`` is what the target looked like when it was opened or last saved;
    None where a new file is written (``overwrite``: the user agreed to replace what is there)."""

    store: Store
    work: WorkFile
    lock: Lock
    target: Path
    expected: Fingerprint | None
    progress: Progress
    overwrite: bool = False
    steps: Steps | None = None
    state: str = field(default="", init=False)  # of the history, as it is published
    counts: dict[str, int] = field(default_factory=dict, init=False)
    digest: str = field(default="", init=False)
    size: int = field(default=0, init=False)
    beside: Path = field(init=False)

    def __post_init__(self) -> None:
        self.beside = targets.beside(self.target, "~", _TMP_SUFFIX.format(uuid.uuid4().hex[:8]))

    def announce(self, name: str, fraction: float) -> None:
        self.progress.step(fraction, _("Saving …"))
        if self.steps is not None:
            self.steps(name)


def publish(job: Publication) -> Fingerprint:
    """Write the project to its target; returns the target's new fingerprint."""
    try:
        job.announce("check_owner", 0.0)
        job.lock.require()
        job.announce("check_target", 0.02)
        check_target(job)
        job.announce("vacuum", 0.1)
        vacuum(job)
        job.announce("verify", 0.3)
        verify(job)
        job.announce("copy_beside", 0.4)
        copy_beside(job)
        job.announce("compare", 0.7)
        compare(job)
        job.announce("recheck_target", 0.8)
        recheck_target(job)
        job.announce("note_pending", 0.9)
        note_pending(job)
        job.announce("rotate_backups", 0.92)
        rotate_backups(job.target)
        job.announce("replace", 0.95)
        replace(job.beside, job.target)
    except BaseException:
        _clear(job)
        raise
    # From here on the new version is in place: nothing may look like a failure any more.
    if job.steps is not None:
        job.steps("sync_folder")
    sync_folder(job.target.parent)
    _clear(job)
    return Fingerprint(job.size, _mtime(job.target), job.digest)


def check_target(job: Publication) -> None:
    """The target must be writable and what we think it is."""
    targets.check_writable(job.target)
    with faults.told(job.target):
        current = targets.fingerprint(job.target, job.progress)
    if job.expected is None:
        if current is not None and not job.overwrite:
            raise exists(job.target)
        job.expected = current
    elif current is None:
        raise faults.vanished(job.target)
    elif not current.same_content(job.expected):
        raise changed(job.target)
    if current is not None and _is_open_elsewhere(job.target):
        targets.settle_logs(job.target)
        with faults.told(job.target):
            job.expected = targets.fingerprint(job.target, job.progress)


def _is_open_elsewhere(target: Path) -> bool:
    """Whether another SQLite program has, or had, the target open: replacing the file under its
    log would destroy both."""
    if targets.logs(target):
        return True
    names = (target.with_name(target.name + suffix) for suffix in ("-shm", "-wal"))
    try:
        return any(path.exists() for path in names) and targets.is_local(target)
    except OSError:  # names too long for the file system: SQLite could not make them either
        return False


def vacuum(job: Publication) -> None:
    """A compact, consistent copy of the working copy, in journal mode ``delete``."""
    goal = job.work.publish_path
    goal.unlink(missing_ok=True)
    with job.store.lock, faults.told(goal):
        with job.store.read() as conn:
            job.state = history.state(conn)
            job.counts = row_counts(conn)
        job.store.vacuum_into(goal, lambda: job.progress.token.cancelled)


def row_counts(conn: sa.Connection) -> dict[str, int]:
    """Rows per ordinary table."""
    quote = conn.dialect.identifier_preparer.quote
    names = conn.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).scalars()
    return {
        name: int(conn.exec_driver_sql(f"SELECT count(*) FROM {quote(name)}").scalar_one())
        for name in list(names)
    }


def verify(job: Publication) -> None:
    """What is about to be published must be whole."""
    goal = job.work.publish_path
    with faults.told(goal):
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(goal))
        try:
            with engine.connect() as conn:
                result = conn.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                counts = row_counts(conn)
        finally:
            engine.dispose()
    if result != "ok" or counts != job.counts:
        raise _not_whole(job.target)


def copy_beside(job: Publication) -> None:
    """Bytes to a temporary name in the target's folder, down to the disk."""
    source_path = job.work.publish_path
    digest = hashlib.sha256()
    with faults.told(job.target):
        total = max(source_path.stat().st_size, 1)
        with source_path.open("rb") as source, job.beside.open("xb") as sink:
            while block := source.read(CHUNK):
                digest.update(block)
                sink.write(block)
                job.size += len(block)
                job.progress.step(0.4 + 0.3 * job.size / total, _("Saving …"))
            sink.flush()
            os.fsync(sink.fileno())
        _copy_mode(job.target, job.beside)
    job.digest = digest.hexdigest()


def _copy_mode(old: Path, new: Path) -> None:
    try:
        new.chmod(stat.S_IMODE(old.stat().st_mode))
    except OSError:
        return  # no target yet, or a file system without modes


def compare(job: Publication) -> None:
    """Read back what arrived."""
    with faults.told(job.target):
        arrived = targets.hash_file(job.beside, job.progress)
    if arrived != job.digest:
        raise _not_whole(job.target)


def recheck_target(job: Publication) -> None:
    """Somebody may have saved while we were busy."""
    job.lock.require()
    with faults.told(job.target):
        current = targets.fingerprint(job.target, job.progress)
    if current is None and job.expected is None:
        return
    if current is None:
        raise faults.vanished(job.target)
    if not current.same_content(job.expected):
        raise changed(job.target)


def note_pending(job: Publication) -> None:
    """Write down what the target will be, so that a crash right after is understood."""
    job.work.update(pending=Fingerprint(job.size, 0, job.digest), pending_state=job.state)


def rotate_backups(target: Path) -> None:
    """Keep the present target as ``.bak1``, the older ones behind it. The target stays in place
    all the time: the backup is a second name of it, or a copy where there are no hard links."""
    with faults.told(target):
        first = targets.backup(target, 1)
        if not target.exists() or (first.exists() and first.samefile(target)):
            return
        fresh = targets.beside(target, "~", _TMP_SUFFIX.format(uuid.uuid4().hex[:8]))
        try:
            try:
                os.link(target, fresh)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise
                shutil.copyfile(target, fresh)
            for number in range(BACKUPS - 1, 0, -1):
                older = targets.backup(target, number)
                if older.exists():
                    replace(older, targets.backup(target, number + 1))
            replace(fresh, first)
        finally:
            fresh.unlink(missing_ok=True)


def replace(source: Path, goal: Path) -> None:
    """``os.replace``, tried again while virus scanners, indexers or sync tools hold the file."""
    for pause in (*_RETRIES, None):
        try:
            os.replace(source, goal)  # noqa: PTH105 - named as in the protocol, hooked by tests
        except PermissionError as error:
            if pause is None:
                raise faults.from_os(error, goal) from error
            if getattr(error, "winerror", errno.EACCES) not in (
                *faults.BUSY_ON_WINDOWS, errno.EACCES, errno.EPERM,
            ):  # fmt: skip
                raise faults.from_os(error, goal) from error
            time.sleep(pause)
        except OSError as error:
            raise faults.from_os(error, goal) from error
        else:
            return


def sync_folder(folder: Path) -> None:
    """Make the new name durable where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


def sweep(target: Path) -> None:
    """Remove what killed saves left beside the target. Only for the holder of the lock."""
    sample = targets.beside(target, "~", _TMP_SUFFIX.format("0" * 8)).name
    start = sample[: -len(_TMP_SUFFIX.format("0" * 8))]
    try:
        names = [path.name for path in target.parent.iterdir()]
    except OSError:
        return
    for name in names:
        if name.startswith(start) and name.endswith(".tmp") and len(name) == len(sample):
            try:
                target.with_name(name).unlink(missing_ok=True)
            except OSError:
                continue


def _clear(job: Publication) -> None:
    for path in (job.beside, job.work.publish_path):
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def changed(target: Path) -> UserError:
    return fail(
        "target_changed",
        _("“{name}” was changed by somebody else since you opened it.").format(name=target.name),
        file=str(target),
        repair=_("Save the project under another name and compare the two."),
    )


def exists(target: Path) -> UserError:
    return fail(
        "exists",
        _("“{name}” exists already.").format(name=target.name),
        file=str(target),
        repair=_("Choose another name, or open that project."),
    )


def _not_whole(target: Path) -> UserError:
    return fail(
        "not_whole",
        _("“{name}” was not saved: the copy did not arrive whole.").format(name=target.name),
        file=str(target),
        repair=_("Check the drive, then save again or under another name; nothing was lost."),
    )
