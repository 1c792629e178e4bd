"""Fixtures of the window: nothing may be left behind, no Qt warning may pass unseen."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QTimer, QtMsgType
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from monitor_app.app.settings import Settings
from monitor_app.ui.theme import Scheme, Theme, load_fonts
from monitor_app.ui.window import MainWindow
from tests.ui.town import make_project

_BAD = {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg}
#: The offscreen platform says this of itself; it tells nothing about our code.
_HARMLESS = (
    "This plugin does not support ",
    "Keyboard event not accepted by receiving widget",  # a popup that Enter closed
)


#: How long a test waits for a condition, in ms: only a machine busy with other work takes so long,
#: and then a short limit would fail tests that have no fault.
PATIENCE = 60_000


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QtBot, "waitUntil", partialmethod(QtBot.waitUntil, timeout=PATIENCE))


@pytest.fixture(scope="session")
def _fonts(qapp: QApplication) -> None:
    load_fonts()


@pytest.fixture
def theme(qapp: QApplication, _fonts: None) -> Iterator[Theme]:
    """The light theme, applied to the application."""
    made = Theme(Scheme.LIGHT)
    made.apply(qapp)
    yield made
    qapp.setStyleSheet("")


def _active_timers() -> list[QTimer]:
    return [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, QTimer) and isValid(thing) and thing.isActive()
    ]


def _settle(app: QApplication) -> None:
    for _round in range(3):
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()


@pytest.fixture(autouse=True)
def _nothing_left_behind(qapp: QApplication, qtlog: Any) -> Iterator[None]:
    """Fail a test that leaves a window or a running timer, or that made Qt complain."""
    windows = {id(w) for w in qapp.topLevelWidgets() if w.isVisible()}
    timers = {id(t) for t in _active_timers()}
    yield
    _settle(qapp)
    complaints = [
        record.message
        for record in qtlog.records
        if record.type in _BAD and not any(text in record.message for text in _HARMLESS)
    ]
    left = [w for w in qapp.topLevelWidgets() if id(w) not in windows and w.isVisible()]
    names = [f"{type(w).__name__} “{w.windowTitle()}”" for w in left]
    for window in left:
        window.close()
        window.deleteLater()
    running = [t for t in _active_timers() if id(t) not in timers]
    for timer in running:
        timer.stop()
    _settle(qapp)
    assert not names, f"windows left open: {names}"
    assert not running, f"timers left running: {[t.parent() for t in running]}"
    assert not complaints, f"Qt complained: {complaints}"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A saved project with six areas and three dates."""
    return make_project(tmp_path)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, theme: Theme) -> Iterator[MainWindow]:
    """The whole window, libraries loaded, no project."""
    made = MainWindow(Settings.load(), theme)
    made.resize(1440, 900)
    made.show()
    made.load()
    qtbot.waitUntil(lambda: made.workbench is not None)
    settle(qtbot, made)
    yield made
    bench = made.workbench
    if bench is not None and bench.session.has_project:
        bench.session.close(discard=True)
    made.close()
    made.deleteLater()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until no job runs and the map is sharp."""
    qtbot.waitUntil(lambda: not window.jobs.busy)
    bench = window.workbench
    if bench is not None and bench.map.picture is not None and bench.map.map.isVisible():
        qtbot.waitUntil(lambda: bench.map.map.sharp)


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, town: Path) -> MainWindow:
    """The window with the small town, map page shown."""
    window.open_path(town)
    settle(qtbot, window)
    return window
