"""The sidecar that says who has a project open: ``~Name.gpkg.lock``."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.project import faults
from monitor_app.project import target as targets
from monitor_app.project.history import user_name
from monitor_app.project.processes import host_name, own_birth, same_lives

#: A lock that nobody refreshed for this long is nobody's.
STALE_AFTER = timedelta(hours=24)
_REFRESH_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock. ``time`` is UTC; ``born`` tells the process from a later one with the same
    number ("" where unknown)."""

    user: str
    host: str
    pid: int
    time: datetime
    token: str
    born: str = ""

    @property
    def stale(self) -> bool:
        if self.host == host_name() and not same_lives(self.pid, self.born):
            return True
        return datetime.now(UTC) - self.time > STALE_AFTER

    def to_text(self) -> str:
        return json.dumps({**asdict(self), "time": self.time.isoformat()})


def lock_path(target: Path) -> Path:
    return targets.beside(target, "~", ".lock")


def owner(target: Path) -> Owner | None:
    """Who holds the lock of a project, None where nobody does."""
    path = lock_path(target)
    try:
        text = path.read_text(encoding="utf-8")
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return Owner("?", "?", 0, datetime.now(UTC), "")
    try:
        stored = json.loads(text)
        moment = datetime.fromisoformat(stored["time"])
        return Owner(
            str(stored["user"]), str(stored["host"]), int(stored["pid"]),
            moment if moment.tzinfo else moment.replace(tzinfo=UTC), str(stored["token"]),
            str(stored.get("born", "")),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        # Being written at this moment, or half written when its process was killed.
        return Owner("?", "?", 0, changed, "")


class Lock:
    """A lock that we hold."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = lock_path(target)
        self._token = uuid.uuid4().hex
        self._written = datetime.min.replace(tzinfo=UTC)

    @classmethod
    def acquire(cls, target: Path, *, take_over: bool = False) -> Lock:
        """Take the lock; ``UserError`` with its owner's name where somebody else holds it."""
        lock = cls(target)
        with faults.told(lock.path):
            for _attempt in range(3):
                if lock._create():
                    return lock
                other = owner(target)
                if other is None:
                    continue
                if not (take_over or other.stale):
                    raise locked(target, other)
                lock._set_aside()
        raise faults.in_use(target)

    def _text(self) -> str:
        self._written = datetime.now(UTC)
        me = os.getpid()
        return Owner(
            user_name(), host_name(), me, self._written, self._token, own_birth(me)
        ).to_text()

    def _create(self) -> bool:
        """Put the lock there with all it says at once: a process killed in between would leave an
        empty one, which nobody could tell from one being written."""
        fresh = targets.beside(self.target, "~", f".{self._token[:8]}.tmp")
        try:
            fresh.write_text(self._text(), encoding="utf-8")
            try:
                os.link(fresh, self.path)
            except FileExistsError:
                return False
            except OSError:  # a file system without hard links
                return self._create_in_place()
        finally:
            fresh.unlink(missing_ok=True)
        return True

    def _create_in_place(self) -> bool:
        try:
            handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as sink:
                sink.write(self._text())
        except OSError:
            self.path.unlink(missing_ok=True)
            raise
        return True

    def _set_aside(self) -> None:
        """Remove a dead lock so that of two who try only one succeeds."""
        aside = targets.beside(self.target, "~", f".{self._token[:8]}.tmp")
        try:
            self.path.replace(aside)
        except FileNotFoundError:
            return
        aside.unlink(missing_ok=True)

    @property
    def held(self) -> bool:
        """Whether the sidecar is still ours (nobody took over)."""
        current = owner(self.target)
        return current is not None and current.token == self._token

    def require(self) -> None:
        """Refuse to go on where somebody took over."""
        current = owner(self.target)
        if current is not None and current.token != self._token:
            raise locked(self.target, current)

    def refresh(self) -> None:
        """Say that we are still here; failing to is no harm."""
        if datetime.now(UTC) - self._written < _REFRESH_AFTER or not self.held:
            return
        try:
            self.path.write_text(self._text(), encoding="utf-8")
        except OSError:
            return

    def release(self) -> None:
        try:
            if self.held:
                self.path.unlink(missing_ok=True)
        except OSError:
            return


def locked(target: Path, other: Owner) -> UserError:
    return fail(
        "locked",
        _("“{name}” is open: {user} on {host}, since {time}.").format(
            name=target.name,
            user=other.user,
            host=other.host,
            time=other.time.astimezone().strftime("%d.%m.%Y %H:%M"),
        ),
        file=str(target),
        repair=_("Open it read-only, work on a copy, or take it over if nobody works on it."),
    )
