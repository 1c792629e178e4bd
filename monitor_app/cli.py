"""The command line. Without a command (or with ``open``) the window starts; for that path nothing
heavy is imported here."""

from __future__ import annotations

import gettext
import os
import sys
from pathlib import Path

from monitor_app.app.settings import Settings
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.core.resources import resource_path


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit codes: 0 done, 1 refused with findings, 2 wrong usage, 3 own error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may use a code page that lacks some of our signs.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if "MONITOR_APP_LANGUAGE" not in os.environ:
        LANGUAGE.use(Settings.load().language)
    if not arguments or arguments[0] == "open":
        return _window(arguments[1:])
    if arguments == ["demo"] and has_display():
        return _window(["--sample"])
    # Headings and refusals of the command line library come from its own catalogue.
    gettext.bindtextdomain("messages", str(resource_path("i18n")))
    os.environ["LANGUAGE"] = LANGUAGE.code
    from monitor_app.commands import run

    return run(arguments)


def has_display() -> bool:
    """Whether a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _window(arguments: list[str]) -> int:
    sample = arguments == ["--sample"]
    paths = [a for a in arguments if not a.startswith("-")]
    unknown = [a for a in arguments if a.startswith("-") and a != "--sample"]
    if unknown or len(paths) > 1:
        print(_("Usage: monitor-app open [PROJECT]"), file=sys.stderr)  # noqa: T201
        return 2
    if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
        message = _("No display found: the window cannot be shown. See “monitor-app --help”.")
        print(message, file=sys.stderr)  # noqa: T201
        return 1
    from monitor_app.ui.main import run

    return run(sys.argv[:1], project=Path(paths[0]) if paths else None, sample=sample)
