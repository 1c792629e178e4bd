"""Start of the window. Imports PySide6 and light modules only, so that something is on screen
at once; geopandas, matplotlib, SQLAlchemy and the like are loaded in a thread behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox

from monitor_app.app.settings import Settings
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.ui.guard import unsafe_reason
from monitor_app.ui.theme import Scheme, Theme, load_fonts
from monitor_app.ui.window import MainWindow

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

UNSAFE = 3


def application(argv: Sequence[str] = ()) -> QApplication:
    """The one QApplication of the process, with its names."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(list(argv))
    app.setApplicationName("monitor-app")
    app.setApplicationDisplayName(_("Small-area monitoring"))
    app.setDesktopFileName("monitor-app")
    return app


def translate_qt(app: QApplication) -> None:
    """Qt's own texts (file dialogs, line edit menus) and number format in our language."""
    QLocale.setDefault(QLocale(LANGUAGE.code))
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{LANGUAGE.code}", folder):
        app.installTranslator(translator)


def open_window(app: QApplication, settings: Settings) -> MainWindow:
    """The window, on screen, with nothing heavy loaded yet."""
    load_fonts()
    theme = Theme(Scheme(settings.theme) if settings.theme in set(Scheme) else Scheme.SYSTEM)
    theme.apply(app)
    window = MainWindow(settings, theme)
    window.show()
    return window


def _catch_errors(bench: Workbench) -> None:
    from monitor_app.ui.questions import catch_errors

    catch_errors(bench)


def run(
    argv: Sequence[str] | None = None, project: Path | None = None, *, sample: bool = False
) -> int:
    """Show the window and stay until it is closed; returns the exit code. ``project`` (or the
    sample town) is opened as soon as everything is loaded."""
    settings = Settings.load()
    if "MONITOR_APP_LANGUAGE" not in os.environ:
        LANGUAGE.use(settings.language)
    app = application(sys.argv if argv is None else argv)
    translate_qt(app)
    reason = unsafe_reason(QLabel().update)
    if reason is not None:
        QMessageBox.critical(None, _("Small-area monitoring"), reason)
        return UNSAFE
    window = open_window(app, settings)
    QTimer.singleShot(0, window.load)
    window.when_ready(_catch_errors)
    if project is not None:
        window.open_path(project)
    elif sample:
        window.open_sample()
    return app.exec()
