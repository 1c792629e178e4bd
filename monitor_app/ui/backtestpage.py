"""The widgets of the backtest panel; ``backtestpanel.BacktestPanel`` moves them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.ui.backtestcharts import HorizonChart
from monitor_app.ui.ratesparts import small
from monitor_app.ui.theme import Theme


class BacktestPage(QWidget):
    """Buttons above, the verdict in words, tables at the left, charts at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = QPushButton(_("Test on the past"))
        self.start.setProperty("role", "primary")
        self.cancel = QPushButton(_("Cancel"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the test"))
        self.step = small()
        self.choosing = QCheckBox(_("with settings chosen anew at each origin"))
        self.choosing.setToolTip(
            _("At each origin the program chooses its settings from what was known then.")
        )
        self.save = QPushButton(_("Save report …"))
        self.take = QPushButton(_("Take recommended settings"))
        self.take.setToolTip(
            _("Fills in the settings of the forecast that did best on this town's own past.")
        )
        self.headline = QLabel()
        self.headline.setProperty("role", "heading")
        self.headline.setWordWrap(True)
        self.lines = QLabel()
        self.lines.setWordWrap(True)
        self.sure = small()
        self.reasons = QLabel()
        self.reasons.setWordWrap(True)
        self.level, self.variable = QComboBox(), QComboBox()
        self.size_class, self.measure = QComboBox(), QComboBox()
        names = (_("Level"), _("Age group"), _("Size of area"), _("Metric"))
        boxes = (self.level, self.variable, self.size_class, self.measure)
        for box, name in zip(boxes, names, strict=True):
            box.setAccessibleName(name)
            box.setToolTip(name)
        self.table = number_table(_("Errors of each method by years ahead"))
        self.cover = number_table(_("Share of ranges that held"))
        self.errors = HorizonChart(theme, _("Errors by years ahead"))
        self.held = HorizonChart(theme, _("Share of ranges that held, by years ahead"))
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "muted")
        self.empty.setContentsMargins(48, 24, 48, 24)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.start)
        head.addWidget(self.choosing)
        head.addWidget(self.cancel)
        head.addWidget(self.bar, 1)
        head.addStretch(1)
        head.addWidget(self.take)
        head.addWidget(self.save)
        inside = QWidget()
        inside.setProperty("role", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        for widget in (self.headline, self.lines, self.sure, self.reasons):
            column.addWidget(widget)
        line = QFrame()
        line.setProperty("role", "line")
        column.addWidget(line)
        tools = QHBoxLayout()
        tools.setSpacing(8)
        for box in (self.level, self.variable, self.size_class, self.measure):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            tools.addWidget(box)
        tools.addStretch(1)
        column.addLayout(tools)
        grid = QGridLayout()
        grid.setSpacing(12)
        grid.addWidget(self.table, 0, 0)
        grid.addWidget(self.errors, 0, 1)
        grid.addWidget(self.cover, 1, 0)
        grid.addWidget(self.held, 1, 1)
        grid.setColumnStretch(0, 7)
        grid.setColumnStretch(1, 4)
        column.addLayout(grid)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(scroll)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.setSpacing(8)
        outer.addLayout(head)
        outer.addWidget(self.step)
        outer.addWidget(self.pages, 1)


def number_table(name: str) -> QTableWidget:
    made = QTableWidget()
    made.setAccessibleName(name)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
    made.verticalHeader().setDefaultSectionSize(26)
    made.verticalHeader().setMaximumWidth(224)
    made.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
    made.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    made.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    made.horizontalScrollBar().rangeChanged.connect(lambda *_range: fit_height(made))
    return made


def number_cell(text: str, *, bold: bool = False) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if bold:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
    return item


def fit_height(table: QTableWidget) -> None:
    """As high as all rows, and the bar below them where there is one."""
    rows = table.rowCount() * table.verticalHeader().defaultSectionSize()
    bar = table.horizontalScrollBar()
    room = bar.sizeHint().height() if bar.maximum() > 0 else 0  # else it would hide the last row
    table.setFixedHeight(rows + table.horizontalHeader().sizeHint().height() + 8 + room)


def fit_rows(table: QTableWidget) -> None:
    """All rows visible, columns as wide as there is room."""
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setMinimumSectionSize(60)
    for row in range(table.rowCount()):
        head = table.verticalHeaderItem(row)
        if head is not None:
            head.setToolTip(head.text())
    fit_height(table)
