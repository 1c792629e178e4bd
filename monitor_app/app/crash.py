"""When the program itself is at fault: log it without values, keep the work, offer a copy.

Every confirmed change is in the working copy already, so there is nothing to rescue in a hurry: the
next start offers it. The report says so, and lets the user write a copy at once.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from monitor_app.app.diagnostics import diagnostics_text, native_path
from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, Progress
from monitor_app.project.outside import write_copy

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrashReport:
    """What a window shows. ``suggested`` is where a copy could go (None: nothing to copy)."""

    title: str
    message: str
    place: str  # file, line and function; no values
    diagnostics: str  # to copy
    suggested: Path | None


class CrashHandler:
    """Installed once per process; ``tell`` is called in the thread that failed, and never twice at
    the same time."""

    def __init__(
        self,
        session: Callable[[], Session | None] = lambda: None,
        tell: Callable[[CrashReport], None] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._session, self._tell, self._folder = session, tell, folder
        self._busy = threading.Lock()
        self._before: tuple[Any, Any, Any] | None = None
        self._native: IO[str] | None = None

    def install(self) -> None:
        """Take over from the interpreter; ``uninstall`` gives back."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._main
        threading.excepthook = self._thread
        sys.unraisablehook = self._unraisable
        path = native_path(self._folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._native = path.open("a", encoding="utf-8")
        faulthandler.enable(self._native)

    def uninstall(self) -> None:
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None

    def _main(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.handle(error)

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.handle(args.exc_value)

    def _unraisable(self, args: Any) -> None:
        error = args.exc_value
        if error is not None:
            log.error("error that could not be raised", exc_info=error)

    def handle(self, error: BaseException) -> None:
        """Log the error and tell it. Nothing that goes wrong here makes it worse."""
        if isinstance(error, Cancelled):
            return
        log.critical("unhandled error", exc_info=error)
        if not self._busy.acquire(blocking=False):
            return
        try:
            if self._tell is not None:
                self._tell(self.report(error))
        except Exception as second:
            log.critical("error while telling about an error", exc_info=second)
        finally:
            self._busy.release()

    def report(self, error: BaseException) -> CrashReport:
        """What to show for an error."""
        session = self._session()
        unsaved = False
        suggested = None
        if session is not None and session.has_project:
            suggested = copy_name(session.project.path)
            try:
                unsaved = session.project.dirty
            except UserError:
                unsaved = True
        message = _("The program made an error. Your project file is unchanged.")
        if unsaved:
            message = _(
                "The program made an error. Your project file is unchanged, and your unsaved "
                "changes are kept: they will be offered at the next start. You can also save a "
                "copy now."
            )
        return CrashReport(
            _("An error in the program"), message, place_of(error),
            diagnostics_text(session, self._folder), suggested,
        )  # fmt: skip


def place_of(error: BaseException) -> str:
    """Kind of the error and the innermost place in our own code; never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "monitor_app" in Path(f.filename).parts] or list(frames)
    kind = type(error).__qualname__
    if not ours:
        return kind
    last = ours[-1]
    return f"{kind} · {Path(last.filename).name}:{last.lineno} · {last.name}"


def copy_name(project: Path, now: datetime | None = None) -> Path:
    """A free name beside the project for a copy."""
    moment = (now or datetime.now()).strftime("%Y-%m-%d %H%M")
    stem = _("{name} (copy of {time})").format(name=project.stem[:80], time=moment)
    path, number = project.with_name(f"{stem}.gpkg"), 1
    while path.exists():
        number += 1
        path = project.with_name(f"{stem} {number}.gpkg")
    return path


def save_copy(session: Session, path: Path, progress: Progress | None = None) -> None:
    """*Slow.* Write the project with all confirmed changes to another file. ``UserError`` with the
    reason where that fails; the work is kept in any case."""
    write_copy(session.project, path, progress)
