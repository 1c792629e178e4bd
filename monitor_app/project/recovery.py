"""After a crash: working copies whose work never reached the user's file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from monitor_app.core.issues import UserError
from monitor_app.project import faults, history, opening
from monitor_app.project import store as stores
from monitor_app.project import target as targets
from monitor_app.project.history import Revision
from monitor_app.project.lock import STALE_AFTER, Lock
from monitor_app.project.processes import host_name, own_birth, same_lives
from monitor_app.project.store import Store
from monitor_app.project.target import Fingerprint
from monitor_app.project.workfile import WorkFile, WorkNote, default_working_dir

if TYPE_CHECKING:
    from monitor_app.project.project import Project

#: Findings about a target that do not keep us from looking at its work.
_OUT_OF_REACH = ("vanished", "no_permission", "read_only", "disk_full", "system_error")


@dataclass(frozen=True)
class Leftover:
    """Unsaved work. ``revisions`` are the changes that the file at ``target`` does not have
    (oldest first; empty where changes were only undone); ``time`` is the last sign of life."""

    name: str
    target: Path
    revisions: tuple[Revision, ...]
    time: datetime
    path: Path

    def open(self, *, take_over: bool = False, detached: bool = False) -> Project:
        """Go on working where the crash came. ``UserError`` where the project is locked.

        Where the target is out of reach (drive gone, no right to write), or ``detached`` asks for
        it, the project opens without a lock and can only be saved under another name.
        """
        from monitor_app.project.project import Project

        work = _work(self.path)
        lock = None if detached else self._lock(take_over)
        store = None
        try:
            store = Store(self.path)
            opening.check_and_migrate(store, self.path)
            saved = _saved_meanwhile(work.note)
            if saved is not None:
                with store.transaction(housekeeping=True) as conn:
                    history.set_saved(conn, work.note.pending_state)
            work.update(**_claim(saved))
            return Project(self.target, store, work, lock)
        except BaseException:
            if store is not None:
                store.close()
            if lock is not None:
                lock.release()
            raise

    def _lock(self, take_over: bool) -> Lock | None:
        try:
            return Lock.acquire(self.target, take_over=take_over)
        except UserError as error:
            if error.issues[0].code in _OUT_OF_REACH:
                return None
            raise

    def discard(self) -> None:
        """Throw the work away for good."""
        _work(self.path).remove()


def leftovers(working_dir: Path | None = None) -> tuple[Leftover, ...]:
    """Unsaved work of processes that are gone, newest first."""
    found = [_describe(work) for work in _abandoned(working_dir or default_working_dir())]
    return tuple(sorted((f for f in found if f is not None), key=lambda f: f.time, reverse=True))


def clean(working_dir: Path | None = None) -> None:
    """Remove abandoned working copies that hold nothing worth keeping."""
    for work in _abandoned(working_dir or default_working_dir()):
        if _describe(work) is None:
            work.remove()
    _sweep(working_dir or default_working_dir())


def _sweep(folder: Path) -> None:
    """Remove notes whose writer was killed before they got their name."""
    for fresh in folder.glob("*.json.tmp") if folder.is_dir() else ():
        try:
            note = WorkNote.from_text(fresh.read_text(encoding="utf-8"))
            here = note.host == host_name()
            dead = not same_lives(note.pid, note.born) if here else _old(fresh)
        except (OSError, ValueError, KeyError, TypeError):
            dead = _old(fresh)
        if dead:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


def _work(path: Path) -> WorkFile:
    note = path.with_suffix(".json")
    with faults.told(note):
        return WorkFile(path, WorkNote.from_text(note.read_text(encoding="utf-8")))


def _claim(saved: Fingerprint | None) -> dict[str, object]:
    """The note of a working copy that this process takes on."""
    changes: dict[str, object] = {
        "pid": os.getpid(), "host": host_name(), "born": own_birth(os.getpid()),
        "released": False, "pending": None, "pending_state": "",
    }  # fmt: skip
    if saved is not None:
        changes["fingerprint"] = saved
    return changes


def _saved_meanwhile(note: WorkNote) -> Fingerprint | None:
    """The target where a save had reached it before the crash, although the working copy could
    not write that down any more; None else."""
    if note.pending is None or not note.pending_state:
        return None
    try:
        now = targets.fingerprint(Path(note.target))
    except OSError:
        return None
    return now if now is not None and now.same_content(note.pending) else None


def _abandoned(folder: Path) -> list[WorkFile]:
    result = []
    for note_path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            work = _work(note_path.with_suffix(".gpkg"))
        except (OSError, ValueError, KeyError, TypeError, UserError):
            continue
        note = work.note
        here = note.host == host_name()
        gone = not same_lives(note.pid, note.born) if here else _old(note_path)
        if note.released or gone:
            result.append(work)
    return result


def _old(path: Path) -> bool:
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return False
    return datetime.now(UTC) - changed > STALE_AFTER


def _describe(work: WorkFile) -> Leftover | None:
    """What a working copy holds beyond its target; None where that is nothing. A copy that cannot
    be read is described as well: nobody but the user throws it away."""
    note = work.note
    if note.mode == "read" or note.fingerprint is None or not work.path.exists():
        return None  # without a fingerprint it was killed while it was being copied in
    unreadable = Leftover(note.name, Path(note.target), (), note.opened, work.path)
    try:
        store = Store(work.path, read_only=True)
    except UserError:
        return unreadable
    try:
        with store.read() as conn:
            saved, dirty = history.saved_head(conn), history.is_dirty(conn)
            if _saved_meanwhile(note) is not None:
                saved = int(note.pending_state.partition("/")[0])
                dirty = history.head(conn) != saved
            name = stores.get_meta(conn, "name") or work.note.name
            fresh = tuple(r for r in history.revisions(conn) if r.id > saved and not r.undone)
    except (UserError, sqlite3.Error, ValueError, sa.exc.SQLAlchemyError):
        return unreadable
    finally:
        store.close()
    if not dirty:
        return None
    last = fresh[-1].time if fresh else note.opened
    return Leftover(name, Path(note.target), fresh, last, work.path)
