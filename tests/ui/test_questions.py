"""What the window asks about files in use, changed or lost, and about its own errors."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from monitor_app.app.crash import CrashHandler
from monitor_app.app.offers import Answer, Choice, Question
from monitor_app.project.project import Project
from monitor_app.ui.questions import CrashTeller, ask
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle

LEFT = Qt.MouseButton.LeftButton


def box() -> QMessageBox:
    """The message box on screen."""
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    return next(w for w in reversed(shown) if w.isVisible())


def press(qtbot: QtBot, text: str) -> None:
    button = next(b for b in box().buttons() if b.text().startswith(text))
    qtbot.mouseClick(button, LEFT)


def test_dangerous_answers_are_asked_twice(qtbot, window: MainWindow):
    answers: list[Answer | None] = []
    choices = (
        Choice(Answer.READ, "Nur lesen", "Ansehen."),
        Choice(Answer.TAKE_OVER, "Übernehmen …", "Nur wenn niemand arbeitet.", dangerous=True),
    )
    ask(window, Question("Titel", "Text", choices), answers.append)
    press(qtbot, "Übernehmen …")
    assert answers == []
    press(qtbot, "Abbrechen")
    assert answers == []
    ask(window, Question("Titel", "Text", choices), answers.append)
    press(qtbot, "Übernehmen …")
    press(qtbot, "Übernehmen")
    assert answers == [Answer.TAKE_OVER]


def test_project_in_use_is_opened_read_only(
    qtbot, window: MainWindow, town: Path, tmp_path: Path, monkeypatch
):
    with Project.open(town, working_dir=tmp_path / "other"):
        window.open_path(town)
        settle(qtbot, window)
        assert not window.workbench.session.has_project
        press(qtbot, "Schreibgeschützt öffnen")
        settle(qtbot, window)
        assert window.workbench.session.project.read_only
        assert not window.actions_["save"].isEnabled()
        notice = window.workbench.notices.notice("read_only")
        assert notice is not None
        assert notice.isVisible()
        assert "Schreibgeschützt" in notice.label.text()
        assert not notice.end.isVisible()  # it holds as long as it is true
        copy = tmp_path / "kopie.gpkg"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(copy), ""))
        qtbot.mouseClick(notice.buttons[0], LEFT)
        settle(qtbot, window)
        assert window.workbench.session.project.path == copy
        assert not window.workbench.session.project.read_only
        assert window.workbench.notices.notice("read_only") is None
        window.workbench.session.close(discard=True)


def test_window_tells_of_a_changed_file_when_one_comes_back(qtbot, opened: MainWindow, town: Path):
    bench = opened.workbench

    def come_back() -> None:
        other = QWidget()
        qtbot.addWidget(other)
        other.show()
        other.activateWindow()
        qtbot.waitUntil(lambda: not opened.isActiveWindow())
        opened.activateWindow()
        qtbot.waitUntil(opened.isActiveWindow)
        other.close()
        qtbot.waitUntil(lambda: not opened.jobs.runner.busy)

    come_back()
    assert bench.notices.notice("outside") is None
    before = town.read_bytes()
    town.write_bytes(before + b"\0" * 4096)
    come_back()
    qtbot.waitUntil(lambda: bench.notices.notice("outside") is not None)
    notice = bench.notices.notice("outside")
    assert notice is not None
    assert town.name in notice.label.text()
    town.write_bytes(before)
    come_back()
    qtbot.waitUntil(lambda: bench.notices.notice("outside") is None)


def test_changed_file_is_saved_elsewhere(qtbot, opened: MainWindow, town: Path, monkeypatch):
    bench = opened.workbench
    bench.session.undo()
    town.write_bytes(town.read_bytes() + b"\0" * 4096)
    bench.run("save")
    settle(qtbot, opened)
    target = town.with_name("daneben.gpkg")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    press(qtbot, "Speichern unter …")
    settle(qtbot, opened)
    assert target.exists()
    assert bench.session.project.path == target


def test_own_error_is_told_from_any_thread(qtbot, opened: MainWindow, tmp_path: Path):
    bench = opened.workbench
    handler = CrashHandler(lambda: bench.session, CrashTeller(bench).tell, tmp_path)
    handler.handle(ZeroDivisionError("geheim 4711"))
    qtbot.waitUntil(lambda: any(isinstance(w, QMessageBox) for w in QApplication.topLevelWidgets()))
    words = box().text() + box().informativeText()
    assert "ZeroDivisionError" in words
    assert "4711" not in words
    press(qtbot, "Diagnose kopieren")
    assert "monitor-app" in QApplication.clipboard().text()
    assert bench.session.has_project


def test_diagnostics_from_the_menu(qtbot, opened: MainWindow):
    opened.actions_["diagnostics"].trigger()
    settle(qtbot, opened)
    text = QApplication.clipboard().text()
    assert "Python:" in text
    assert "Probestadt" not in text
