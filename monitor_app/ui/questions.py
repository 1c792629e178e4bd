"""Dialogs that the application describes as plain data: questions about the project's file, and
what is shown when the program itself made an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from monitor_app.app import crash
from monitor_app.app.crash import CrashHandler, CrashReport
from monitor_app.app.offers import Answer, Choice, Question
from monitor_app.core.i18n import _

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench


def ask(parent: QWidget, question: Question, then: Callable[[Answer | None], None]) -> QMessageBox:
    """Show a question; ``then`` gets the answer, None where the dialog was closed. What is
    dangerous is asked once more."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    hints = [f"{c.label.rstrip(' …')}: {c.hint}" for c in question.choices if c.hint]
    box.setInformativeText("\n".join(hints))
    if question.details:
        box.setDetailedText("\n".join(question.details))
    buttons: list[tuple[QObject, Choice]] = []
    for choice in question.choices:
        role = QMessageBox.ButtonRole.ActionRole
        if choice.dangerous:
            role = QMessageBox.ButtonRole.DestructiveRole
        buttons.append((box.addButton(choice.label, role), choice))
    cancel = box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(cancel)

    def chosen() -> None:
        clicked = box.clickedButton()
        choice = next((c for button, c in buttons if button is clicked), None)
        if choice is not None and choice.dangerous:
            confirm(parent, choice, lambda: then(choice.answer))
        else:
            then(None if choice is None else choice.answer)

    box.finished.connect(lambda _result: chosen())
    box.open()
    return box


def confirm(parent: QWidget, choice: Choice, then: Callable[[], None]) -> QMessageBox:
    """Ask once more; the safe button is the default one."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setText(_("Really {what}?").format(what=f"„{choice.label.rstrip(' …')}“"))
    box.setInformativeText(choice.hint)
    sure = box.addButton(choice.label.rstrip(" …"), QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)

    def chosen() -> None:
        if box.clickedButton() is sure:
            then()

    box.finished.connect(lambda _result: chosen())
    box.open()
    return box


class CrashTeller(QObject):
    """Carries reports of errors from whatever thread to the window, and shows one at a time."""

    _came = Signal(object)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._box: QMessageBox | None = None
        self._came.connect(self.show_report, Qt.ConnectionType.QueuedConnection)

    def tell(self, report: CrashReport) -> None:
        """From any thread."""
        self._came.emit(report)

    def show_report(self, report: CrashReport) -> None:
        if self._box is not None:
            return
        window = self._bench.window_
        box = self._box = QMessageBox(window)
        box.setIcon(QMessageBox.Icon.Critical)
        box.setWindowTitle(report.title)
        box.setText(report.message)
        box.setInformativeText(report.place)
        accept = QMessageBox.ButtonRole.AcceptRole
        on = box.addButton(_("Go on working"), accept)
        copy = box.addButton(_("Save a copy …"), QMessageBox.ButtonRole.ActionRole)
        copy.setEnabled(report.suggested is not None)
        text = box.addButton(_("Copy diagnostics"), QMessageBox.ButtonRole.ActionRole)
        leave = box.addButton(_("Quit"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(on)
        box.setEscapeButton(on)

        def chosen() -> None:
            clicked, self._box = box.clickedButton(), None
            box.deleteLater()
            if clicked is copy and report.suggested is not None:
                self._save_copy(report.suggested)
            elif clicked is text:
                QGuiApplication.clipboard().setText(report.diagnostics)
                window.say(_("The diagnostics are on the clipboard."))
            elif clicked is leave:
                window.close()

        box.finished.connect(lambda _result: chosen())
        box.open()

    def _save_copy(self, suggested: Path) -> None:
        window, session = self._bench.window_, self._bench.session
        path, _kind = QFileDialog.getSaveFileName(
            window, _("Save a copy"), str(suggested), "GeoPackage (*.gpkg)"
        )
        if not path:
            return
        self._bench.job(
            _("Saving a copy"),
            lambda progress: crash.save_copy(session, Path(path), progress),
            lambda _none: window.say(_("Copy saved: {file}").format(file=Path(path).name)),
        )


def catch_errors(bench: Workbench) -> CrashHandler:
    """From here on errors of the program are logged and told; lasts as long as the process."""
    handler = CrashHandler(lambda: bench.session, CrashTeller(bench).tell)
    handler.install()
    return handler
