"""The log file: what happened, never a cell value."""

from __future__ import annotations

import logging
import logging.handlers
import traceback
from pathlib import Path
from types import TracebackType

from monitor_app.app.settings import home_folder


class ValuelessFormatter(logging.Formatter):
    """Writes where an exception came from, but not its text, which may quote a cell."""

    def formatException(  # noqa: N802 - name given by logging
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        kind, error, trace = ei
        if kind is None or error is None:
            return ""
        lines = [f"{kind.__module__}.{kind.__qualname__}"]
        lines.extend(
            f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(trace)
        )
        cause = error.__cause__ or error.__context__
        if cause is not None:
            lines.append(
                "caused by " + self.formatException((type(cause), cause, cause.__traceback__))
            )
        return "\n".join(lines)


def log_path(folder: Path | None = None) -> Path:
    """Where the log is written."""
    return (folder or home_folder()) / "logs" / "monitor-app.log"


def start_logging(folder: Path | None = None) -> Path:
    """Log to ``logs/monitor-app.log`` (1 MB, five old ones kept); returns its path."""
    path = log_path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=1_000_000, backupCount=5, encoding="utf-8", delay=True
    )
    handler.setFormatter(ValuelessFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("monitor_app")
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    return path
