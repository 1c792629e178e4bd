"""The widgets of the rates panel; ``ratespanel.RatesPanel`` moves them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.ui.rateschart import RatesChart
from monitor_app.ui.ratesmodel import RatesModel
from monitor_app.ui.ratesparts import ChangeList, EditBar, TraceView, small
from monitor_app.ui.theme import Theme


class RatesPage(QWidget):
    """Choosers and buttons above, table and changes at the left, chart and trace at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QComboBox()
        self.sex, self.group, self.type = QComboBox(), QComboBox(), QComboBox()
        names = (_("Table"), _("Sex"), _("Group"), _("Type of area"))
        for box, name in zip((self.table, self.sex, self.group, self.type), names, strict=True):
            box.setAccessibleName(name)
            box.setToolTip(name)
        self.measures = QLabel()
        self.measures.setWordWrap(True)
        self.source = small()
        self.undo, self.redo = QPushButton(_("Undo")), QPushButton(_("Redo"))
        self.save = QPushButton(_("Save as Excel …"))
        self.take = QPushButton(_("Take from Excel …"))
        self.model = RatesModel(theme, self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setCornerWidget(QWidget())
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.view.setAccessibleName(_("Rates by age and area"))
        self.view.verticalHeader().setDefaultSectionSize(26)
        self.view.horizontalHeader().setDefaultSectionSize(120)
        self.view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.chart = RatesChart(theme)
        self.trace = TraceView()
        self.changes = ChangeList()
        self.edit = EditBar()
        self.notice = QLabel()
        self.notice.setProperty("role", "error")
        self.notice.setWordWrap(True)
        self.notice.hide()
        self.empty = QLabel()
        self.empty.setProperty("role", "muted")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(48, 24, 48, 24)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        self.table.setMinimumWidth(200)
        for box in (self.table, self.sex, self.group, self.type):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            head.addWidget(box)
        head.addStretch(1)
        for button in (self.undo, self.redo, self.save, self.take):
            head.addWidget(button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.view, 1)
        column.addWidget(self.notice)
        column.addWidget(self.edit)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.trace, _("How was this computed?"))
        self.tabs.addTab(self.changes, _("Changes by hand"))
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        right.addWidget(self.chart)
        right.addWidget(self.tabs)
        right.setSizes([260, 260])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([620, 480])
        split.setStretchFactor(0, 1)
        content = QWidget()
        content.setProperty("role", "panel")
        inside = QVBoxLayout(content)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
        inside.addLayout(head)
        inside.addWidget(self.measures)
        inside.addWidget(self.source)
        inside.addWidget(split, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)


def chosen_text(view: QTableView) -> str:
    """The chosen cells of a table, tab-separated, in rows."""
    found = sorted(view.selectionModel().selectedIndexes(), key=lambda i: (i.row(), i.column()))
    rows: dict[int, list[str]] = {}
    for index in found:
        rows.setdefault(index.row(), []).append(str(index.data(Qt.ItemDataRole.EditRole)))
    return "\n".join("\t".join(row) for row in rows.values())
