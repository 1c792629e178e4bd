"""Long work shows how far it is, can be stopped, and never calls back a closed window."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QThread
from pytestqt.qtbot import QtBot

from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.ui.jobbar import JobBar


@pytest.fixture
def bar(qtbot: QtBot, theme) -> Iterator[JobBar]:
    made = JobBar()
    qtbot.addWidget(made)
    made.show()
    yield made
    made.shutdown()


class Calls:
    """What was called back, and in which thread."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, object]] = []
        self.main = True

    def note(self, name: str):
        def call(value: object = None) -> None:
            self.main &= QThread.isMainThread()
            self.seen.append((name, value))

        return call


def endless(started: threading.Event):
    def work(progress: Progress) -> int:
        fraction = 0.0
        while True:
            fraction = min(fraction + 0.01, 1.0)
            progress.step(fraction, "Zeile")
            started.set()
            threading.Event().wait(0.005)

    return work


def test_result_comes_back_in_the_thread_of_the_window(qtbot, bar: JobBar):
    calls = Calls()
    bar.start("Rechnen", lambda _p: 7, done=calls.note("done"), failed=calls.note("failed"))
    assert bar.busy
    assert bar.cancel.isVisible()
    qtbot.waitUntil(lambda: not bar.busy)
    assert calls.seen == [("done", 7)]
    assert calls.main
    assert not bar.cancel.isVisible()


def test_cancel_button_stops_the_work(qtbot, bar: JobBar):
    calls, started = Calls(), threading.Event()
    bar.start(
        "Lesen", endless(started), done=calls.note("done"), failed=calls.note("failed"),
        cancelled=calls.note("cancelled"),
    )  # fmt: skip
    qtbot.waitUntil(started.is_set)
    qtbot.waitUntil(lambda: bar.bar.value() > 0)
    qtbot.mouseClick(bar.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.busy)
    assert calls.seen == [("cancelled", None)]
    assert "Lesen" in bar.currentMessage()


def test_findings_come_back_as_findings(qtbot, bar: JobBar):
    calls = Calls()

    def work(_progress: Progress) -> None:
        raise fail("probe", "Es fehlt etwas.")

    bar.start("Prüfen", work, done=calls.note("done"), failed=calls.note("failed"))
    qtbot.waitUntil(lambda: not bar.busy)
    assert [name for name, _value in calls.seen] == ["failed"]
    assert isinstance(calls.seen[0][1], UserError)


def test_a_second_job_waits_and_both_are_done(qtbot, bar: JobBar):
    calls = Calls()
    for number in (1, 2):
        bar.start(
            str(number),
            lambda _p, n=number: n,
            done=calls.note("done"),
            failed=calls.note("failed"),
        )
    qtbot.waitUntil(lambda: not bar.busy)
    assert calls.seen == [("done", 1), ("done", 2)]


def test_closing_while_working_calls_nobody(qtbot, bar: JobBar):
    calls, started = Calls(), threading.Event()
    bar.start(
        "Lesen", endless(started), done=calls.note("done"), failed=calls.note("failed"),
        cancelled=calls.note("cancelled"),
    )  # fmt: skip
    qtbot.waitUntil(started.is_set)
    bar.shutdown()
    qtbot.wait(20)
    assert calls.seen == []
