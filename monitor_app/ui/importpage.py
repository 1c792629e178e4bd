"""Import in five visible steps: files, reading, assignment, check, confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.imports import prepare
from monitor_app.app.session import Event
from monitor_app.core.areas import CITY
from monitor_app.core.batch import ImportBatch
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, UserError
from monitor_app.core.progress import Progress
from monitor_app.exchange.preview import Preview, preview
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.ui.checkstep import CheckStep, ConfirmStep
from monitor_app.ui.icons import icon
from monitor_app.ui.importstate import Reading, read_files
from monitor_app.ui.importsteps import FileStep, ReadStep
from monitor_app.ui.mapstep import MapStep, head_of
from monitor_app.ui.recipefile import save_recipe
from monitor_app.ui.repairs import Repair

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

FILE, READ, MAP, CHECK, CONFIRM = range(5)
PREVIEW_ROWS, PREVIEW_SOURCE = 60, 3000


class Steps(QFrame):
    """The five steps in a row; those already done can be gone back to."""

    chosen = Signal(int)

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._theme = bench.theme
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons: list[QToolButton] = []
        titles = (_("File"), _("Read"), _("Assign"), _("Check"), _("Confirm"))
        for at, title in enumerate(titles):
            button = QToolButton()
            button.setProperty("role", "flat")
            button.setText(f" {at + 1}  {title} ")
            button.setCheckable(True)
            button.setMinimumHeight(32)
            button.clicked.connect(lambda _on=False, n=at: self.chosen.emit(n))
            self.buttons.append(button)
            row.addWidget(button)
            if at < len(titles) - 1:
                arrow = QLabel()
                arrow.setPixmap(icon("next", self._theme, "muted", 14).pixmap(14))
                row.addWidget(arrow)
        row.addStretch(1)

    def show_step(self, step: int, reached: int) -> None:
        for at, button in enumerate(self.buttons):
            button.setChecked(at == step)
            button.setEnabled(at <= reached)


class ImportPage(QWidget):
    """``ended`` tells that the page can go; True where something was stored."""

    ended = Signal(bool)

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self._reading = Reading(())
        self._batch: ImportBatch | None = None
        self._reached = FILE
        self._asked = 0
        theme = bench.theme
        self.steps = Steps(bench)
        self.file = FileStep(theme)
        self.read = ReadStep(theme)
        self.map = MapStep(theme)
        self.check = CheckStep(theme)
        self.confirm = ConfirmStep(theme)
        self.stack = QStackedWidget()
        for step in (self.file, self.read, self.map, self.check, self.confirm):
            self.stack.addWidget(step)
        self.cancel = QPushButton(_("Cancel import"))
        self.back = QPushButton(_("Back"))
        self.forward = QPushButton(_("Continue"))
        self.forward.setProperty("role", "primary")
        self._lay_out()
        self.steps.chosen.connect(self._go)
        self.file.changed.connect(self._files_changed)
        self.map.changed.connect(self._assignment_changed)
        self.map.preview_wanted.connect(self._preview)
        self.map.keep_recipe.clicked.connect(self._save_recipe)
        self.check.findings.repair_wanted.connect(self._repair)
        self.cancel.clicked.connect(lambda: self._end(stored=False))
        self.back.clicked.connect(lambda: self._go(self.step - 1))
        self.forward.clicked.connect(self._forward)
        self._show(FILE)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(16)
        column.addWidget(self.steps)
        column.addWidget(self.stack, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.forward)
        column.addLayout(row)
        self.forward.setIconSize(QSize(16, 16))

    @property
    def step(self) -> int:
        return self.stack.currentIndex()

    @property
    def batch(self) -> ImportBatch | None:
        return self._batch

    def begin(self, paths: Sequence[Path]) -> None:
        """Start anew with some files, and read them at once."""
        self._reading, self._batch, self._reached = Reading(()), None, FILE
        self.file.set_paths(paths)
        self._show(FILE)
        if paths:
            self._forward()

    # steps -------------------------------------------------------------------------------

    def _show(self, step: int) -> None:
        self._reached = max(self._reached, step)
        self.stack.setCurrentIndex(step)
        self.steps.show_step(step, self._reached)
        self.back.setVisible(step > FILE)
        self.forward.setText(_("Import now") if step == CONFIRM else _("Continue"))
        self._enable()
        # Switching the button off while a job ran has sent the focus elsewhere.
        (self.forward if self.forward.isEnabled() else self.steps.buttons[step]).setFocus()

    def _enable(self) -> None:
        ready = {
            FILE: bool(self.file.paths),
            READ: bool(self._reading.groups),
            MAP: self.map.complete,
            CHECK: self._batch is not None and not self._batch.blocked,
            CONFIRM: self._batch is not None,
        }
        self.forward.setEnabled(ready[self.step])

    def _go(self, step: int) -> None:
        if FILE <= step <= self._reached:
            self._show(step)

    def _forward(self) -> None:
        step = self.step
        if step == FILE:
            self._read_files()
        elif step == READ:
            self._show(MAP)
        elif step == MAP:
            self._check()
        elif step == CHECK and self._batch is not None:
            self.confirm.show_batch(self._batch)
            self._show(CONFIRM)
        elif step == CONFIRM:
            self._store()

    def _files_changed(self) -> None:
        self._reached = FILE
        self.steps.show_step(self.step, self._reached)
        self._enable()

    def _assignment_changed(self) -> None:
        self._reading = self.map.reading
        self._batch = None
        self._reached = min(self._reached, MAP)
        self.steps.show_step(self.step, self._reached)
        self._enable()

    # work --------------------------------------------------------------------------------

    def _read_files(self) -> None:
        paths, session = self.file.paths, self._bench.session
        self.forward.setEnabled(False)

        def done(reading: Reading) -> None:
            self._reading = reading
            self.read.show_reading(reading)
            levels = [(lv.key, lv.name) for lv in session.areas.levels]
            if not any(key != CITY for key, _name in levels):
                levels = [(CITY, _("City"))]
            self.map.show_reading(reading, levels)
            self._show(READ)

        self._bench.job(
            _("Reading files"),
            lambda progress: read_files(session, paths, progress),
            done,
            failed=self._failed,
            cancelled=self._enable,
        )

    def _failed(self, error: UserError) -> None:
        self._enable()
        self._bench.window_.show_issues(_("That did not work"), error.issues)

    def _preview(self, table: RawTable, recipe: Recipe) -> None:
        self._asked += 1
        number = self._asked
        context = self._bench.session.context()

        def work(_progress: Progress) -> Preview:
            source = head_of(table, PREVIEW_SOURCE)
            return preview(source, recipe, PREVIEW_ROWS, context=context)

        def done(shown: Preview) -> None:
            if number == self._asked:
                self.map.show_preview(shown)

        def failed(error: UserError) -> None:
            if number == self._asked:
                self.map.preview_failed(error)

        self._bench.job(_("Making the preview"), work, done, failed=failed)

    def _check(self) -> None:
        self.map.finish()
        if not self.map.complete:
            self._enable()
            return
        reading, session = self._reading, self._bench.session
        paths = reading.used_paths
        self.forward.setEnabled(False)

        def done(batch: ImportBatch) -> None:
            self._batch = batch
            self.check.show_batch(batch, reading.tables, reading.recipes)
            self._show(CHECK)

        self._bench.job(
            _("Checking"),
            lambda progress: prepare(session, paths, reading.recipes, progress),
            done,
            failed=self._failed,
            cancelled=self._enable,
        )

    def _repair(self, repair: Repair, issues: Sequence[Issue]) -> None:
        """Mend findings of one kind in the recipes of their files, and check again."""
        files = {issue.file for issue in issues}
        for at, group in enumerate(self._reading.groups):
            names = {table.source.name for table in group.tables}
            concerned = None in files or names & files
            if not group.skipped and concerned and repair.changes(group.recipe):
                self.map.use(at, repair.apply(group.recipe))
        self._assignment_changed()
        self._check()

    def _save_recipe(self) -> None:
        self.map.finish()
        try:
            written = save_recipe(self, self.map.chosen_recipe, self._bench.session.settings)
        except UserError as error:
            self._failed(error)
            return
        if written is not None:
            self._bench.window_.say(_("Recipe saved: {file}").format(file=written.name))

    def _store(self) -> None:
        batch, session = self._batch, self._bench.session
        if batch is None:
            return
        self.forward.setEnabled(False)

        def done(_revision: object) -> None:
            session.announce(Event.DATA)
            text = _("{what} – Ctrl+Z takes it back")
            self._bench.window_.say(text.format(what=batch.label))
            self._end(stored=True)

        def failed(error: UserError) -> None:
            self._enable()
            self._bench.window_.show_issues(_("Nothing was stored"), error.issues)

        self._bench.job(
            _("Storing"),
            lambda progress: session.apply(batch, progress),
            done,
            failed=failed,
            cancelled=self._enable,
            changes=True,
        )

    def _end(self, *, stored: bool) -> None:
        self.map.stop()
        self._asked += 1
        self._reading, self._batch = Reading(()), None
        self.ended.emit(stored)
