"""Findings as a table: place, message, repair. The one way errors are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)
from PySide6.QtGui import QGuiApplication, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import CONTROL, Theme

Index = QModelIndex | QPersistentModelIndex
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_PICTURE = {
    Severity.ERROR: ("error", "error"),
    Severity.WARNING: ("warning", "text"),
    Severity.INFO: ("info", "muted"),
}


def severity_text(severity: Severity) -> str:
    return {
        Severity.ERROR: _("Error"),
        Severity.WARNING: _("Warning"),
        Severity.INFO: _("Note"),
    }[severity]


class IssueTable(QAbstractTableModel):
    """Issues, the worst first; any column can be sorted."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._issues: list[Issue] = []
        self._icons: dict[Severity, QIcon] = {
            severity: icon(name, theme, token, 16) for severity, (name, token) in _PICTURE.items()
        }

    def set_issues(self, issues: Sequence[Issue]) -> None:
        self.beginResetModel()
        self._issues = sorted(issues, key=lambda i: _RANK[i.severity])
        self.endResetModel()

    def issue_at(self, row: int) -> Issue:
        return self._issues[row]

    @property
    def issues(self) -> tuple[Issue, ...]:
        return tuple(self._issues)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._issues)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._titles())

    @staticmethod
    def _titles() -> tuple[str, ...]:
        return (_("Kind"), _("Place"), _("Value"), _("Finding"), _("Repair"), _("Count"))

    @staticmethod
    def _cells(issue: Issue) -> tuple[str, ...]:
        return (
            severity_text(issue.severity),
            issue.place,
            issue.value or "",
            issue.message,
            issue.repair or "",
            format_number(issue.count),
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        issue = self._issues[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cells(issue)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._icons[issue.severity]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 5:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles()[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        def rank(issue: Issue) -> tuple[Any, ...]:
            if column == 0:
                return (_RANK[issue.severity],)
            if column == 1:
                return (issue.file or "", issue.sheet or "", issue.row or 0, issue.column or "")
            if column == 5:
                return (issue.count,)
            return (self._cells(issue)[column].casefold(),)

        self.layoutAboutToBeChanged.emit()
        self._issues.sort(key=rank, reverse=order is Qt.SortOrder.DescendingOrder)
        self.layoutChanged.emit()

    def as_text(self) -> str:
        """All findings with headers, tab-separated."""
        lines = [self._titles(), *(self._cells(i) for i in self._issues)]
        return "\n".join("\t".join(line) for line in lines) + "\n"


class IssueView(QTableView):
    """The table of issues as shown in dialogs and on the import page."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.issues = IssueTable(theme, self)
        self.setModel(self.issues)
        self.setAccessibleName(_("Findings"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setWordWrap(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setMinimumSectionSize(CONTROL)
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSortIndicatorShown(True)
        for column, width in enumerate((104, 220, 110, 260, 260, 72)):
            self.setColumnWidth(column, width)
        head.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        head.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        # Wrapped texts need other heights once the columns have got their widths.
        self._fit = QTimer(self, singleShot=True, interval=0)
        self._fit.timeout.connect(self.resizeRowsToContents)
        head.sectionResized.connect(lambda: self._fit.start())
        self.issues.modelReset.connect(self._hide_empty)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(lambda: QGuiApplication.clipboard().setText(self.issues.as_text()))

    def _hide_empty(self) -> None:
        """Places, values and repairs that no finding has leave their room to the others."""
        found = self.issues.issues
        self.setColumnHidden(1, bool(found) and not any(i.place for i in found))
        self.setColumnHidden(2, bool(found) and not any(i.value for i in found))
        self.setColumnHidden(4, bool(found) and not any(i.repair for i in found))
        self._fit.start()


class IssueDialog(QDialog):
    """What went wrong, where, and what to do. Never a traceback."""

    def __init__(
        self, theme: Theme, title: str, issues: Sequence[Issue], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(880, 320)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        heading.setWordWrap(True)
        column.addWidget(heading)
        if len(issues) == 1 and not issues[0].place:
            for text, role in ((issues[0].message, None), (issues[0].repair, "muted")):
                if text:
                    label = QLabel(text)
                    label.setWordWrap(True)
                    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                    label.setProperty("role", role)
                    column.addWidget(label)
            column.addStretch(1)
            self.resize(520, 200)
        else:
            view = IssueView(theme)
            view.issues.set_issues(issues)
            column.addWidget(view, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(_("Close"))
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
