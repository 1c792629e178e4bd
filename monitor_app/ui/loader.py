"""Loads the heavy libraries while the start page is already on screen."""

from __future__ import annotations

import importlib
import logging
import sys
import threading

from PySide6.QtCore import QObject, Qt, Signal

log = logging.getLogger(__name__)

#: In this order; the rooms that pull them in follow at the end, so that importing the workspaces
#: in the thread of the window finds everything loaded.
HEAVY = (
    "numpy",
    "pandas",
    "shapely",
    "pyproj",
    "geopandas",
    "sqlalchemy",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "pydantic",
    "yaml",
    "monitor_app.app.session",
    "monitor_app.app.demo",
)


class Loader(QObject):
    """Imports ``HEAVY`` in a thread and tells when that is done."""

    ready = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None, modules: tuple[str, ...] = HEAVY) -> None:
        super().__init__(parent)
        self._modules = modules
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._load, name="loader", daemon=True)
        self._told = _Told(self)

    def start(self) -> None:
        self._thread.start()

    def _load(self) -> None:
        # Imports hold the interpreter for long stretches of pure Python; a short switch interval
        # keeps the window answering meanwhile.
        before = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            for name in self._modules:
                if self._stop.is_set():
                    return
                importlib.import_module(name)
        except ImportError as error:
            log.exception("a library is missing")
            self._told.say(str(error.name or error))
        else:
            self._told.say("")
        finally:
            sys.setswitchinterval(before)

    def shutdown(self) -> None:
        """Stop after the library that is being loaded, and wait for it."""
        self._stop.set()
        self._told.mute()
        if self._thread.is_alive():
            self._thread.join()


class _Told(QObject):
    """Carries the end of loading to the thread of the window."""

    _ended = Signal(str)

    def __init__(self, loader: Loader) -> None:
        super().__init__(loader)
        self._loader = loader
        self._muted = False
        self._ended.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def say(self, problem: str) -> None:
        if not self._muted:
            self._ended.emit(problem)

    def mute(self) -> None:
        self._muted = True

    def _tell(self, problem: str) -> None:
        if self._muted:
            return
        if problem:
            self._loader.failed.emit(problem)
        else:
            self._loader.ready.emit()
