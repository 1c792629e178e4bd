"""What others did to the user's file while it was open here, and copies for safe keeping."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.project import publish
from monitor_app.project import target as targets
from monitor_app.project.history import Revision
from monitor_app.project.lock import Lock
from monitor_app.project.project import READ, Project
from monitor_app.project.publish import Publication


class FileState(StrEnum):
    SAME = "same"  # as opened or last saved
    CHANGED = "changed"  # somebody else wrote it
    MISSING = "missing"
    UNREACHABLE = "unreachable"  # drive or rights gone


def file_state(project: Project) -> FileState:
    """Whether the user's file is still what was opened. Cheap where size and time agree; else its
    content is read."""
    known = project._work.note.fingerprint
    try:
        if not project.path.exists():
            return FileState.MISSING
        stat = project.path.stat()
        if known is None:
            return FileState.CHANGED
        quiet = not targets.logs(project.path)
        if quiet and (stat.st_size, stat.st_mtime_ns) == (known.size, known.mtime_ns):
            return FileState.SAME
        same = known.same_content(targets.fingerprint(project.path))
    except OSError:
        return FileState.UNREACHABLE
    return FileState.SAME if same else FileState.CHANGED


def their_changes(project: Project) -> tuple[Revision, ...]:
    """Changes in the user's file that the open project does not have, oldest first. ``UserError``
    where the file cannot be read."""
    mine = {(r.id, r.time) for r in project.revisions(dropped=True)}
    with Project.open(project.path, READ, working_dir=project._work.path.parent) as theirs:
        found = theirs.revisions()
    return tuple(r for r in found if (r.id, r.time) not in mine and not r.undone)


def write_copy(project: Project, path: Path, progress: Progress | None = None) -> None:
    """The project as it is now, written to a new file; the project itself stays where it is and
    stays unsaved. ``UserError`` where the file exists or cannot be written."""
    target = path.expanduser().absolute()
    targets.refuse_own_copy(target, project._work.path.parent)
    targets.check_writable(target)
    lock = Lock.acquire(target)
    try:
        publish.publish(
            Publication(project._store, project._work, lock, target, None, progress or Progress())
        )
    finally:
        lock.release()
        with suppress(UserError):  # a note about a file that is not ours is passed over anyway
            project._work.update(pending=None, pending_state="")
