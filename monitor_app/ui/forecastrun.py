"""Step “compute”: what will be computed, progress with cancel, what came out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting import SummaryRow
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue
from monitor_app.ui.forecastparts import EDGE, label, scrolling
from monitor_app.ui.issues import IssueView
from monitor_app.ui.theme import CONTROL, Theme


class RunStep(QWidget):
    """``run_wanted``, ``cancel_wanted``, ``next_wanted``."""

    run_wanted = Signal()
    cancel_wanted = Signal()
    next_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QFormLayout()
        self.words.setHorizontalSpacing(24)
        self.words.setVerticalSpacing(6)
        self.words.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.words.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.run = QPushButton(_("Compute the forecast"))
        self.run.setProperty("role", "primary")
        self.cancel = QPushButton(_("Cancel"))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the forecast"))
        self.step = label("", "muted")
        self.done = label("", "good")
        self.table = QTableWidget(0, 5)
        self.issues = IssueView(theme)
        self.next = QPushButton(_("Look at the results"))
        self.next.setProperty("role", "primary")
        self._lay_out()
        self.run.clicked.connect(self.run_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.next.clicked.connect(self.next_wanted)
        self.show_idle()
        self.clear_results()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        column.setSpacing(12)
        column.addWidget(label(_("This will be computed"), "heading"))
        column.addLayout(self.words)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.run)
        row.addWidget(self.cancel)
        row.addWidget(self.bar, 1)
        row.addStretch(0)
        self.run.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addLayout(row)
        column.addWidget(self.step)
        column.addWidget(self.done)
        table = self.table
        table.setAccessibleName(_("Town in each scenario"))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(CONTROL)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        column.addWidget(table)
        self.issues.setMinimumHeight(120)
        column.addWidget(self.issues, 1)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.next)
        column.addLayout(last)
        column.addStretch(0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inside))

    # showing ---------------------------------------------------------------------------------

    def show_words(self, words: Sequence[tuple[str, str]]) -> None:
        while self.words.rowCount():
            self.words.removeRow(0)
        for heading, text in words:
            self.words.addRow(label(heading, "muted"), label(text))

    def show_idle(self, text: str = "") -> None:
        self.run.setEnabled(True)
        if self.cancel.hasFocus():
            self.run.setFocus()
        self.cancel.hide()
        self.bar.hide()
        self.step.setText(text)
        self.step.setVisible(bool(text))

    def show_progress(self, fraction: float | None, text: str) -> None:
        self.cancel.show()
        if self.run.hasFocus():
            # A disabled button would hand the focus to whatever comes first in the window.
            self.cancel.setFocus()
        self.run.setEnabled(False)
        self.bar.show()
        if fraction is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * fraction))
        if text:
            self.step.setText(text)
        self.step.show()

    def clear_results(self) -> None:
        for widget in (self.done, self.table, self.issues, self.next):
            widget.hide()

    def show_results(
        self, rows: Sequence[SummaryRow], labels: dict[str, str], issues: Sequence[Issue]
    ) -> None:
        """The town at the base and in the last year of each scenario."""
        self.done.setText(_("Stored in the project. “Undo” takes it back in one step."))
        ends: dict[str, tuple[SummaryRow, SummaryRow]] = {}
        for row in rows:
            first = ends[row.scenario][0] if row.scenario in ends else row
            ends[row.scenario] = (first, row)
        some = next(iter(ends.values()))
        self.table.setHorizontalHeaderLabels(
            [_("Scenario"), str(some[0].year), str(some[1].year), _("Change"),
             _("80 of 100 draws")]
        )  # fmt: skip
        for column in range(5):
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            head = self.table.horizontalHeaderItem(column)
            assert head is not None
            head.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.table.setRowCount(len(ends))
        for at, (key, (before, then)) in enumerate(ends.items()):
            change = then.population - before.population
            share = 100 * change / before.population if before.population else 0.0
            spread = "–"
            if then.lower is not None and then.upper is not None:
                spread = _("{low} to {high}").format(
                    low=format_number(then.lower), high=format_number(then.upper)
                )
            cells = (
                labels.get(key, key), format_number(before.population),
                format_number(then.population),
                f"{format_number(change, signed=True)} ({format_number(share, 1, signed=True)} %)",
                spread,
            )  # fmt: skip
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(at, column, item)
        height = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(height + len(ends) * CONTROL + 8)
        self.issues.issues.set_issues(issues)
        self.issues.setVisible(bool(issues))
        for widget in (self.done, self.table, self.next):
            widget.show()

    def show_issues(self, issues: Sequence[Issue]) -> None:
        """What forbids the run."""
        self.clear_results()
        self.issues.issues.set_issues(issues)
        self.issues.show()
