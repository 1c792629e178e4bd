"""A text to copy into an e-mail: versions, settings, the end of the log. No cell value, and no
name of a person, project or folder where that can be avoided."""

from __future__ import annotations

import getpass
import locale
import os
import platform
import re
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path

import monitor_app
from monitor_app.app.logs import log_path
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.issues import UserError
from monitor_app.project.outside import file_state
from monitor_app.project.store import sqlite_version
from monitor_app.project.target import is_local

LOG_LINES = 200
LIBRARIES = (
    "PySide6-Essentials", "numpy", "pandas", "shapely", "pyproj", "pyogrio", "pyarrow",
    "SQLAlchemy", "pydantic", "matplotlib", "python-calamine", "XlsxWriter",
)  # fmt: skip
#: Paths of Windows and of others; what stands behind the last separator tells the kind of file.
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\\/\s:*?\"<>|]+){2,}")


def diagnostics_text(session: Session | None = None, folder: Path | None = None) -> str:
    """The whole text; ``folder`` is where the log is (None: the user's)."""
    parts = [_program(), _settings(session), _project(session), _native(folder), _log(folder)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _program() -> str:
    lines = [
        f"monitor-app {monitor_app.__version__}",
        f"Time: {datetime.now().astimezone().isoformat(timespec='seconds')}",
        f"System: {platform.system()} {platform.release()} {platform.machine()}",
        f"Python: {platform.python_version()} ({'frozen' if hasattr(sys, 'frozen') else 'plain'})",
        f"SQLite: {sqlite_version()}",
        f"Encoding: {sys.getfilesystemencoding()}, {locale.getpreferredencoding(False)}",
        f"Processors: {os.cpu_count()}",
    ]
    for name in LIBRARIES:
        try:
            lines.append(f"{name}: {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name}: –")
    return "\n".join(lines)


def _settings(session: Session | None) -> str:
    settings = session.settings if session is not None else Settings.load()
    return "\n".join(
        (
            "Settings",
            f"language: {settings.language}, theme: {settings.theme}",
            f"recent projects: {len(settings.recent)}, office given: {bool(settings.office)}",
        )
    )


def _project(session: Session | None) -> str:
    if session is None or not session.has_project:
        return "Project: none open"
    project = session.project
    try:
        sets = project.datasets()
        cells = ", ".join(f"{d.spec.kind}: {d.areas} areas, {len(d.dates)} dates" for d in sets)
        lines = [
            "Project",
            f"read-only: {project.read_only}, unsaved changes: {project.dirty}",
            f"file: {file_state(project)}, on a drive of this computer: {is_local(project.path)}",
            f"levels: {len(project.areas().levels)}, areas: {len(project.areas().areas)}",
            f"data sets: {len(sets)} ({cells})",
            f"changes: {len(project.revisions())}, findings: "
            + (", ".join(i.code for i in project.check()) or "none"),
        ]
    except UserError as error:
        lines = ["Project", "cannot be read: " + ", ".join(i.code for i in error.issues)]
    return "\n".join(lines)


def native_path(folder: Path | None = None) -> Path:
    """Where the system's own crashes (inside libraries) are written."""
    return log_path(folder).with_name("native.log")


def _native(folder: Path | None) -> str:
    text = _tail(native_path(folder), 60)
    return f"Crash inside a library\n{text}" if text else ""


def _log(folder: Path | None) -> str:
    text = _tail(log_path(folder), LOG_LINES)
    return f"Log\n{text}" if text else "Log: empty"


def _tail(path: Path, count: int) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return without_names("\n".join(lines[-count:]))


def without_names(text: str) -> str:
    """The text with folders shortened to the last name and the user's name taken out."""
    text = _PATH.sub(lambda m: "…/" + re.split(r"[\\/]", m[0])[-1], text)
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return text
    return re.sub(rf"\b{re.escape(user)}\b", "<user>", text) if len(user) > 2 else text
