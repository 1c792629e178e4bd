"""Step “data”: which forecast the data allow, component by component, and what to mend."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecastspecs import grade_names, parts_found, verdict
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue
from monitor_app.ui.forecastparts import EDGE, caption, label
from monitor_app.ui.issues import IssueView
from monitor_app.ui.theme import CONTROL, Theme

#: Height of everything on the page but the table of components, with a few findings.
_ELSE = 330
#: Signs of how well a component is known; never colour alone.
_SIGNS = {3: ("●●●", "good"), 2: ("●●○", "text"), 1: ("●○○", "text"), 0: ("○○○", "muted")}


class DataStep(QWidget):
    """``level_chosen``: key of a level; ``import_wanted``, ``next_wanted``."""

    level_chosen = Signal(str)
    import_wanted = Signal()
    next_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.level = QComboBox()
        self.level.setAccessibleName(_("Level of the forecast"))
        self.level.setMinimumWidth(200)
        self.facts = label("", "muted")
        self.verdict = label()
        self.table = QTableWidget(0, 4)
        self.issues = IssueView(theme)
        self.findings = label(_("Findings"), "heading")
        self.next = QPushButton(_("Continue with the assumptions"))
        self.next.setProperty("role", "primary")
        self.more = QPushButton(_("Import data …"))
        self.stack = QStackedWidget()
        self.empty = label()
        self.empty_import = QPushButton(_("Import data …"))
        self.empty_import.setProperty("role", "primary")
        self._fit = QTimer(self)
        self._fit.setSingleShot(True)
        self._fit.setInterval(0)
        self._fit.timeout.connect(self._fit_rows)
        self._lay_out()
        self.level.activated.connect(lambda: self.level_chosen.emit(self.level.currentData()))
        self.next.clicked.connect(self.next_wanted)
        self.more.clicked.connect(self.import_wanted)
        self.empty_import.clicked.connect(self.import_wanted)

    def _lay_out(self) -> None:
        table = self.table
        table.setAccessibleName(_("Components of change and their method"))
        table.setHorizontalHeaderLabels([_("Component"), _("Basis"), _("Method"), _("Better with")])
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setShowGrid(False)
        table.setWordWrap(True)
        table.setTabKeyNavigation(False)
        head = table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for n, mode in enumerate(
            (
                QHeaderView.ResizeMode.ResizeToContents, QHeaderView.ResizeMode.ResizeToContents,
                QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.Stretch,
            )
        ):  # fmt: skip
            head.setSectionResizeMode(n, mode)
        table.verticalHeader().setMinimumSectionSize(CONTROL + 2)
        head.sectionResized.connect(self._fit.start)
        full = QWidget()
        full.setProperty("role", "panel")
        column = QVBoxLayout(full)
        column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        column.setSpacing(8)
        column.addWidget(label(_("Which forecast do your data allow?"), "heading"))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(caption(_("Forecast for each")))
        row.addWidget(self.level)
        row.addWidget(self.facts, 1)
        column.addLayout(row)
        column.addWidget(self.verdict)
        column.addWidget(table, 3)
        column.addWidget(self.findings)
        column.addWidget(self.issues, 2)
        buttons = QHBoxLayout()
        buttons.addWidget(self.more)
        buttons.addStretch(1)
        buttons.addWidget(self.next)
        column.addLayout(buttons)
        nothing = QWidget()
        nothing.setProperty("role", "panel")
        inside = QVBoxLayout(nothing)
        inside.setContentsMargins(EDGE * 2, EDGE * 2, EDGE * 2, EDGE * 2)
        inside.setSpacing(12)
        inside.addWidget(label(_("No forecast is possible yet"), "heading"))
        inside.addWidget(self.empty)
        inside.addWidget(self.empty_import, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self.stack.addWidget(full)
        self.stack.addWidget(nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def show_nothing(self, text: str) -> None:
        """What is missing, and what to import."""
        self.empty.setText(text)
        self.stack.setCurrentIndex(1)

    def show_levels(self, levels: Sequence[tuple[str, str]], current: str) -> None:
        with QSignalBlocker(self.level):
            self.level.clear()
            for key, name in levels:
                self.level.addItem(name, key)
            self.level.setCurrentIndex(self.level.findData(current))

    def show_issues_only(self, issues: Sequence[Issue]) -> None:
        """The data forbid a forecast on this level."""
        self.stack.setCurrentIndex(0)
        self.facts.clear()
        self.verdict.setText(_("With these data no forecast is possible on this level."))
        self.table.setRowCount(0)
        self.next.setEnabled(False)
        self._show_issues(issues)

    def show_town(self, town: Town, issues: Sequence[Issue]) -> None:
        """Everything that was found for a level."""
        self.stack.setCurrentIndex(0)
        self.next.setEnabled(True)
        people = format_number(float(town.register.stocks[-1].sum()))
        self.facts.setText(
            _("{areas} areas, {people} people, {first} to {last}").format(
                areas=format_number(len(town.layout.areas)), people=people,
                first=town.years[0], last=town.years[-1],
            )
        )  # fmt: skip
        self.verdict.setText(verdict(town))
        names, found = grade_names(), parts_found(town)
        self.table.setRowCount(len(found))
        for row, part in enumerate(found):
            sign, token = _SIGNS[part.grade]
            cells = (part.name, f"{sign}  {names[part.grade]}", part.method, part.wanted or "–")
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column == 1:
                    item.setForeground(QColor(getattr(self._theme.tokens, token)))
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self._fit.start()
        told = [i for i in issues if not i.code.startswith("method-") and i.code != "forecast-data"]
        self._show_issues(told)

    def _fit_rows(self) -> None:
        """Rows as high as their words, with room between them."""
        self.table.resizeRowsToContents()
        for row in range(self.table.rowCount()):
            self.table.setRowHeight(row, self.table.rowHeight(row) + 6)
        # All of it where there is room: findings take what is left.
        needed = self.table.horizontalHeader().height() + self.table.verticalHeader().length() + 6
        self.table.setMaximumHeight(needed)
        self.table.setMinimumHeight(min(needed, max(self.height() - _ELSE, 160)))

    def shutdown(self) -> None:
        self._fit.stop()

    def _show_issues(self, issues: Sequence[Issue]) -> None:
        self.issues.issues.set_issues(issues)
        self.issues.setVisible(bool(issues))
        for column, there in (
            (1, any(i.place for i in issues)), (2, any(i.value for i in issues)),
            (4, any(i.repair for i in issues)), (5, any(i.count > 1 for i in issues)),
        ):  # fmt: skip
            self.issues.setColumnHidden(column, not there)
        self.findings.setText(_("Findings") if issues else _("No findings: nothing to mend."))
        self.findings.setProperty("role", "heading" if issues else "good")
        self.findings.style().unpolish(self.findings)
        self.findings.style().polish(self.findings)
