"""Background work in the status bar: what runs, how far it is, a button to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from monitor_app.app.jobs import Job, JobRunner
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress

T = TypeVar("T")

#: How long a message about something done stays.
MESSAGE_MS = 8000


class Poster(QObject):
    """Brings a function from any thread to the thread of the window."""

    _called = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._called.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, call: Callable[[], None]) -> None:
        self._called.emit(call)

    def _run(self, call: Callable[[], None]) -> None:
        call()


class JobBar(QStatusBar):
    """Status bar that starts jobs and shows the one that is running."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._poster = Poster(self)
        self.runner = JobRunner(self._poster)
        self._job: Job[Any] | None = None
        self._waiting = 0
        self._closed = False
        self.text = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(200)
        self.bar.setAccessibleName(_("Progress"))
        self.cancel = QPushButton(_("Cancel"))
        self.cancel.clicked.connect(self.cancel_job)
        for widget in (self.text, self.bar, self.cancel):
            self.addPermanentWidget(widget)
        self.facts = QLabel()
        self.facts.setProperty("role", "small")
        self.facts.setContentsMargins(0, 0, 12, 0)
        self.addPermanentWidget(self.facts)
        self._show_running(False)

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    def start(
        self,
        label: str,
        work: Callable[[Progress], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[UserError], None],
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        """Run ``work`` in the background; exactly one of the others is called afterwards, in
        the thread of the window."""

        def end() -> bool:
            self._waiting -= 1
            if self._closed:
                return False
            self._show_running(self._waiting > 0)
            return True

        def on_done(result: T) -> None:
            if end():
                done(result)

        def on_failed(error: UserError) -> None:
            if end():
                failed(error)

        def on_cancelled() -> None:
            if end():
                self.showMessage(_("Cancelled: {what}").format(what=label), MESSAGE_MS)
                if cancelled is not None:
                    cancelled()

        self._waiting += 1
        self.clearMessage()
        self.text.setText(label)
        self.bar.setRange(0, 0)
        self.cancel.setEnabled(True)
        self._show_running(True)
        self._job = self.runner.start(
            label, work, done=on_done, failed=on_failed, cancelled=on_cancelled,
            progress=self._progress,
        )  # fmt: skip

    def _progress(self, fraction: float | None, text: str) -> None:
        if self._closed:
            return
        if text:
            self.text.setText(text)
        if fraction is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(fraction * 1000))

    def cancel_job(self) -> None:
        if self._job is not None and self._job.running:
            self._job.cancel()
            self.cancel.setEnabled(False)
            self.text.setText(_("Stopping …"))

    def _show_running(self, on: bool) -> None:
        for widget in (self.text, self.bar, self.cancel):
            widget.setVisible(on)
        self.setAccessibleDescription(self.text.text() if on else "")

    def shutdown(self) -> None:
        """Cancel all and wait; afterwards nothing is called back."""
        self._closed = True
        self.runner.shutdown()
