"""Looking back: how well would forecasts of earlier years have done, beside simple methods?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFileDialog,
    QPushButton,
    QWidget,
)

from monitor_app.app.backtest_view import (
    METRICS,
    Board,
    ErrorRow,
    coverage_rows,
    error_rows,
    make_board,
    metric_names,
    origins_reached,
    promise,
    save_report,
    size_classes,
    step_words,
    sureness,
    years_text,
)
from monitor_app.app.forecasting_backtest import FIXED
from monitor_app.app.forecasting_report import verdict, where
from monitor_app.app.session import Event
from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.reports.backtestsheet_spec import Course, Horizons, Look
from monitor_app.ui.backtestpage import BacktestPage, fit_rows, number_cell
from monitor_app.ui.whatifload import words

if TYPE_CHECKING:
    from monitor_app.app.forecasting_choose import Choice
    from monitor_app.ui.workbench import Workbench

#: Before the best value of a column: not told by weight alone.
BEST = "★ "
#: Years ahead that are tried.
HORIZONS = (1, 2, 3, 5, 7, 10)


class BacktestPanel(BacktestPage):
    """``spec_changed``: a specification with the settings that the past recommends."""

    spec_changed = Signal(object)
    _told = Signal(object, str)

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(bench.theme, parent)
        self._bench = bench
        self.session = bench.session
        self.spec: ForecastSpec | None = None
        self.result: Board | None = None
        self.choice: Choice | None = None
        self.horizons: tuple[int, ...] = HORIZONS
        self.origins: tuple[int, ...] | None = None
        self.running = False
        self._pressed: QPushButton | None = None
        self._connect()
        self._unsubscribe = self.session.subscribe(self._heard)
        self._show_state()

    def _connect(self) -> None:
        self.start.clicked.connect(self.run)
        self.cancel.clicked.connect(self._stop)
        self.save.clicked.connect(self._save)
        self.take.clicked.connect(self._choose)
        self.level.activated.connect(lambda _n: self._level_chosen())
        for box in (self.variable, self.size_class, self.measure):
            box.activated.connect(lambda _n: self._show_errors())
        self._told.connect(self._show_progress)

    # state -----------------------------------------------------------------------------------

    def show_spec(self, spec: ForecastSpec) -> None:
        """The specification that is tested; a result of another one is said to be older."""
        self.spec = spec
        self._show_state()

    def _heard(self, event: Event) -> None:
        if event is Event.PROJECT:
            self.spec, self.result = None, None
        if event in (Event.PROJECT, Event.DATA):
            self._show_state()

    def _show_state(self) -> None:
        there = self.spec is not None and self.session.has_project
        board = self.result
        self.start.setEnabled(there and not self.running)
        self.start.setText(_("Test on the past") if board is None else _("Test again"))
        self.choosing.setVisible(not self.running)
        self.choosing.setEnabled(there)
        self.save.setEnabled(board is not None and not self.running)
        writable = there and not self.session.project.read_only
        single = self.spec is not None and self.spec.age_step == "single"
        self.take.setEnabled(writable and single and not self.running)
        for widget in (self.cancel, self.bar):
            widget.setVisible(self.running)
        self.step.setVisible(self.running or self._older())
        if not self.running and self._older():
            self.step.setText(_("The settings have changed since this test."))
        self.pages.setCurrentIndex(0 if board is None else 1)
        if board is None:
            self.empty.setText(
                _("How good would forecasts of earlier years have been? The test forecasts the past"
                  " from every earlier year, knowing only what was known then, and holds it against"
                  " what came and against simple methods. Press “Test on the past”.")
                if there else
                _("Choose the level of a forecast: then its method can be tested on the past.")
            )  # fmt: skip

    def _older(self) -> bool:
        """Whether the result belongs to other settings."""
        board, spec = self.result, self.spec
        if board is None or spec is None:
            return False
        same = {"years": 1, "rates": [], "scenarios": spec.scenarios, "draws": 0, "housing": [],
                "targets": [], "bounds": {}, "name": "", "note": "", "seed": 1}  # fmt: skip
        return board.spec.model_copy(update=same) != spec.model_copy(update=same)

    def _older_choice(self) -> bool:
        """Whether the settings in use are not those that were chosen here."""
        choice, spec = self.choice, self.spec
        return choice is None or spec is None or choice.spec.combination != spec.combination

    # running ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Start the test as a job."""
        spec = self.spec
        if spec is None or self.running or not self.session.has_project:
            return
        choosing = self.choosing.isChecked()

        def work(progress: Progress) -> Board:
            told = self._own(progress)
            return make_board(
                self.session, spec, horizons=self.horizons, origins=self.origins,
                choosing=choosing, progress=told,
            )  # fmt: skip

        self._begin(_("Testing on the past …"))
        self._bench.job(
            _("Testing the method on the past"), work, self._finished, failed=self._failed,
            cancelled=self._ended,
        )  # fmt: skip

    def _own(self, progress: Progress) -> Progress:
        """Progress that is shown here as well as in the status bar."""

        def report(fraction: float | None, text: str) -> None:
            self._told.emit(fraction, text)
            progress.step(fraction, text)

        return Progress(report, progress.token)

    def _begin(self, text: str) -> None:
        # The button that was pressed is switched off: the keyboard stays on this page.
        self._pressed = next((b for b in (self.start, self.take) if b.hasFocus()), None)
        self.running = True
        self.bar.setRange(0, 0)
        self.step.setText(text)
        self._show_state()
        self.cancel.setEnabled(True)
        if self._pressed is not None:
            self.cancel.setFocus()

    def _show_progress(self, fraction: float | None, text: str) -> None:
        if not self.running:
            return
        if fraction is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * fraction))
        if text:
            self.step.setText(_("Origin {year}").format(year=text) if text.isdigit() else text)

    def _stop(self) -> None:
        self.cancel.setEnabled(False)
        self._bench.window_.jobs.cancel_job()

    def _ended(self) -> None:
        self._stand_still()

    def _stand_still(self) -> None:
        """Nothing runs any more; the keyboard goes back to the button that was pressed."""
        self.running = False
        back = self._pressed if self.cancel.hasFocus() else None
        if back is not None:
            back.setEnabled(True)
            back.setFocus()
        self._pressed = None
        self._show_state()

    def _failed(self, error: UserError) -> None:
        self.result = None
        self._stand_still()
        self.empty.setText(words(error))

    def _finished(self, board: Board) -> None:
        self.result = board
        if self._older_choice():
            self.choice = None
            self.reasons.hide()
        self._stand_still()
        self._show_board(board)

    # showing ---------------------------------------------------------------------------------

    def _show_board(self, board: Board) -> None:
        head, *lines = verdict(board.test)
        self.headline.setText(head)
        self.lines.setText("\n".join(f"• {line}" for line in lines))
        years = board.test.years
        about = _("Origins {first} to {last}, {where}; each forecast knew only the figures up"
                  " to its origin.").format(
            first=years[0], last=years[-1], where=where(board.test))  # fmt: skip
        self.sure.setText(" ".join(t for t in (step_words(board), about, sureness(board)) if t))
        for box in (self.level, self.variable, self.measure):
            box.clear()
        for key, (name, _tested) in board.levels.items():
            self.level.addItem(name, key)
        for n, variable in enumerate(board.test.areas.variables):
            name = variable if n == 0 else _("Age {group}").format(group=variable)
            self.variable.addItem(name, n)
        names = metric_names()
        for metric in METRICS:
            self.measure.addItem(names[metric], metric)
        self._level_chosen()
        self._show_coverage(board)

    def _level_chosen(self) -> None:
        board = self.result
        if board is None:
            return
        tested = board.levels[self.level.currentData()][1]
        self.size_class.clear()
        for key, label in size_classes(tested):
            self.size_class.addItem(label, key)
        self.size_class.setVisible(self.size_class.count() > 1)
        self._show_errors()

    def _show_errors(self) -> None:
        """Table and chart of the chosen level, age group, size and metric."""
        board = self.result
        if board is None:
            return
        tested = board.levels[self.level.currentData()][1]
        metric = self.measure.currentData()
        rows = error_rows(
            tested,
            board.horizons,
            self.variable.currentData(),
            metric,
            self.size_class.currentData(),
        )
        table = self.table
        table.clear()
        table.setRowCount(len(rows) + 1)
        table.setColumnCount(len(board.horizons))
        table.setHorizontalHeaderLabels([years_text(h) for h in board.horizons])
        table.setVerticalHeaderLabels([*(r.name for r in rows), _("Number of origins")])
        for j, count in enumerate(origins_reached(board).values()):
            item = number_cell(str(count))
            item.setForeground(self._bench.theme.colour("muted"))
            table.setItem(len(rows), j, item)
        signed = metric == "malpe"
        for i, row in enumerate(rows):
            for j, (value, best) in enumerate(zip(row.values, row.best, strict=True)):
                text = format_number(value, 1 if metric == "within_10" else 2, signed=signed)
                item = number_cell(BEST + text if best else text, bold=best)
                if best:
                    item.setToolTip(_("the best of all methods"))
                if row.own:
                    item.setBackground(self._bench.theme.colour("selected"))
                    item.setForeground(self._bench.theme.colour("on_selected"))
                table.setItem(i, j, item)
        fit_rows(table)
        self.errors.show_plot(self._error_plot(board, rows, metric))

    def _error_plot(self, board: Board, rows: list[ErrorRow], metric: str) -> Horizons:
        simple = [r for r in rows if r.method in board.test.naive]
        better = max if metric == "within_10" else min

        def total(row: ErrorRow) -> float:
            values = np.abs(np.array(row.values, dtype=np.float64))
            return float(np.nanmean(values)) if np.isfinite(values).any() else float("inf")

        best = better(simple, key=total) if simple else None
        lines = []
        for row in rows:
            look = Look.OWN if row.own else Look.RIVAL if row is best else Look.OTHER
            if row.method == FIXED:
                look = Look.TOWN
            values = row.values if metric != "malpe" else tuple(abs(v) for v in row.values)
            lines.append(Course(row.name, values, look))
        title = metric_names()[metric] if metric != "malpe" else _("Mean deviation, size, per cent")
        return Horizons(title, tuple(board.horizons), tuple(lines))

    def _show_coverage(self, board: Board) -> None:
        rows = coverage_rows(board.test)
        table = self.cover
        table.clear()
        table.setRowCount(len(rows))
        table.setColumnCount(len(board.horizons))
        table.setHorizontalHeaderLabels([years_text(h) for h in board.horizons])
        table.setVerticalHeaderLabels(
            [f"{r.variable}, {_('whole town') if r.city else _('areas')}" for r in rows]
        )
        for i, row in enumerate(rows):
            for j, value in enumerate(row.values):
                known = bool(np.isfinite(value))
                item = number_cell(f"{format_number(value)}{THIN_SPACE}%" if known else "–")
                if known and not row.city and not 75 <= value <= 85:
                    item.setForeground(QColor(self._bench.theme.colour("error")))
                    item.setToolTip(_("outside of 75 to 85 per cent"))
                table.setItem(i, j, item)
        fit_rows(table)
        total = [r for r in rows if r.variable == board.test.areas.variables[0]]
        ages = [r for r in rows if r not in total and not r.city]
        lines = [
            *(
                Course(_("Age {group}").format(group=r.variable), r.values, Look.OTHER)
                for r in ages
            ),
            *(
                Course(_("whole town") if r.city else _("areas"), r.values,
                     Look.TOWN if r.city else Look.OWN)
                for r in total
            ),
        ]  # fmt: skip
        share = f"{format_number(promise())}{THIN_SPACE}%"
        text = _("Ranges of {share} that held (green: promised)").format(share=share)
        plot = Horizons(text, tuple(board.horizons), tuple(lines), promise(), (75.0, 85.0), 104.0)
        self.held.show_plot(plot)

    # settings and report ---------------------------------------------------------------------

    def _choose(self) -> None:
        """Take the settings that the past recommends."""
        from monitor_app.app import forecasting

        spec = self.spec
        if spec is None or self.running:
            return
        self._begin(_("Comparing settings on the past …"))
        self._bench.job(
            _("Choosing settings from the past"),
            lambda progress: forecasting.choose(self.session, spec, self._own(progress)),
            self._chosen, failed=self._choice_failed, cancelled=self._ended,
        )  # fmt: skip

    def _choice_failed(self, error: UserError) -> None:
        self._stand_still()
        self._bench.window_.show_issues(_("No settings could be chosen"), error.issues)

    def _chosen(self, choice: Choice) -> None:
        self._stand_still()
        if self.spec is None:
            return
        # Only what the past recommends: other assumptions may have changed meanwhile.
        learned = {key: getattr(choice.spec, key) for key in ("combination", "base_period")}
        spec = self.spec.model_copy(update=learned)
        changed = spec != self.spec
        self.choice = choice
        self.spec = spec
        self._show_state()
        title = _("Settings taken:") if changed else _("The settings stay as they are:")
        self.reasons.setText("\n".join([title, *(f"• {r}" for r in choice.reasons)]))
        self.reasons.show()
        if self.result is None:
            self.empty.setText(self.reasons.text())
        if changed:
            self.spec_changed.emit(spec)

    def _save(self) -> None:
        board = self.result
        if board is None:
            return
        suggested = _("Test on the past") + ".pdf"
        name, _kind = QFileDialog.getSaveFileName(
            self, _("Save report"), suggested,
            ";;".join((_("Pages to print (*.pdf)"), _("Excel (*.xlsx)"),
                       _("Text with tables (*.md)"))),
        )  # fmt: skip
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the report of the shown test."""
        board, choice = self.result, self.choice
        if board is None:
            return
        self._bench.job(
            _("Saving the report"),
            lambda progress: save_report(board, path, progress, choice),
            lambda _none: self._bench.window_.say(_("Report saved: {file}").format(file=path.name)),
        )

    def shutdown(self) -> None:
        """End subscriptions."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
