"""The working copy in the user's own folder, and the note beside it that says whose it is."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor_app.core.issues import UserError
from monitor_app.project import faults
from monitor_app.project.processes import host_name, own_birth
from monitor_app.project.target import Fingerprint

#: Of equal length, so that one can take the place of the other.
_OPEN, _RELEASED = b'"released": false', b'"released": true '


def default_working_dir() -> Path:
    """``working`` below MONITOR_APP_HOME, or below the user's data folder."""
    home = os.environ.get("MONITOR_APP_HOME")
    if home:
        return Path(home) / "working"
    import platformdirs

    return Path(platformdirs.user_data_dir("monitor-app", appauthor=False)) / "working"


@dataclass(frozen=True)
class WorkNote:
    """What a working copy belongs to. ``released``: its process let go of it with unsaved work.

    ``born`` tells the process from a later one with the same number. ``pending`` is what the target
    looks like once a save that is under way has succeeded, ``pending_state`` the state of the
    history that it then has.
    """

    target: str
    name: str
    mode: str
    pid: int
    host: str
    opened: datetime
    fingerprint: Fingerprint | None = None
    pending: Fingerprint | None = None
    pending_state: str = ""
    released: bool = False
    born: str = ""

    def to_text(self) -> str:
        stored = {
            "target": self.target, "name": self.name, "mode": self.mode, "pid": self.pid,
            "host": self.host, "opened": self.opened.isoformat(), "released": self.released,
            "fingerprint": self.fingerprint.as_dict() if self.fingerprint else None,
            "pending": self.pending.as_dict() if self.pending else None,
            "pending_state": self.pending_state, "born": self.born,
        }  # fmt: skip
        return json.dumps(stored, ensure_ascii=False, indent=1)

    @classmethod
    def from_text(cls, text: str) -> WorkNote:
        stored: dict[str, Any] = json.loads(text)
        for name in ("fingerprint", "pending"):
            stored[name] = Fingerprint(**stored[name]) if stored[name] else None
        stored["opened"] = datetime.fromisoformat(stored["opened"])
        return cls(**stored)


@dataclass
class WorkFile:
    """A working copy: ``<uuid>.gpkg`` with its note ``<uuid>.json``."""

    path: Path
    note: WorkNote
    _lost: bool = field(default=False, repr=False)

    @classmethod
    def new(cls, working_dir: Path, target: Path, name: str, mode: str) -> WorkFile:
        path = working_dir / f"{uuid.uuid4().hex}.gpkg"
        note = WorkNote(
            str(target.absolute()),
            name,
            mode,
            os.getpid(),
            host_name(),
            datetime.now(UTC),
            born=own_birth(os.getpid()),
        )
        work = cls(path, note)
        with faults.told(working_dir):
            working_dir.mkdir(parents=True, exist_ok=True)
            work.write_note()
        return work

    @property
    def note_path(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def publish_path(self) -> Path:
        """Where a save is put together before it goes to the target."""
        return self.path.with_suffix(".publish.gpkg")

    def update(self, **changes: Any) -> None:
        self.note = replace(self.note, **changes)
        with faults.told(self.note_path):
            self.write_note()

    def release(self) -> None:
        """Say that this process let go of unsaved work. On a full disk the old note is mended in
        place, which needs no space; failing that, the work is offered once the process is gone."""
        try:
            self.update(released=True)
        except UserError:
            with suppress(OSError), self.note_path.open("rb+") as note:
                text = note.read()
                at = text.rfind(_OPEN)
                if at >= 0:
                    note.seek(at)
                    note.write(_RELEASED)

    def touch(self) -> None:
        """Say that this copy is in use, to other computers that share the folder."""
        try:
            os.utime(self.note_path)
        except OSError:
            return

    def write_note(self) -> None:
        """Replace the note as a whole, so that a crash leaves the old or the new one."""
        fresh = self.note_path.with_suffix(".json.tmp")
        try:
            with fresh.open("w", encoding="utf-8") as sink:
                sink.write(self.note.to_text())
                sink.flush()
                os.fsync(sink.fileno())
            fresh.replace(self.note_path)
        except OSError:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Delete the copy; the note goes last, so that nothing stays without one."""
        for suffix in (
            ".gpkg-wal", ".gpkg-shm", ".gpkg-journal", ".publish.gpkg", ".publish.gpkg-journal",
            ".gpkg", ".json.tmp", ".json",
        ):  # fmt: skip
            try:
                self.path.with_suffix(suffix).unlink(missing_ok=True)
            except OSError:
                continue
