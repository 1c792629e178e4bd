"""The what-if workspace: weights at the left, the map that follows them, ranking below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection
from monitor_app.ui.chooser import TreeChooser
from monitor_app.ui.legendpanel import LegendRows
from monitor_app.ui.mapview import MapView
from monitor_app.ui.theme import Theme
from monitor_app.ui.whatifarea import AreaPanel
from monitor_app.ui.whatifclasses import ClassPanel, TypeLegend
from monitor_app.ui.whatifmatrix import MatrixPanel
from monitor_app.ui.whatifranking import RankRangeView
from monitor_app.ui.whatifrows import WeightRows
from monitor_app.ui.whatifrules import RulesPanel, WeightingBar


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    return line


def _column(scroll: QScrollArea, width: int) -> QVBoxLayout:
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setMinimumWidth(width)
    inside = QWidget()
    inside.setProperty("role", "panel")
    scroll.setWidget(inside)
    column = QVBoxLayout(inside)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(8)
    return column


class WhatIfPage(QWidget):
    """Only widgets; ``whatif.WhatIf`` moves them. ``appeared``: the page came into view."""

    appeared = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map = MapView(theme, selection)
        self.ranking = RankRangeView(theme, selection)
        self.matrix = MatrixPanel(theme)
        self.bar = WeightingBar()
        self.rows = WeightRows(theme)
        self.rules = RulesPanel()
        self.classes = ClassPanel()
        self.add = TreeChooser(theme, _("Add an indicator"))
        self.area = AreaPanel()
        self.legend = LegendRows()
        self.type_legend = TypeLegend()
        self.type_legend.hide()
        self.show_types = QCheckBox(_("Show the classes on the map"))
        self.show_types.setChecked(True)
        self.show_types.hide()
        self.title = _label("heading")
        self.subtitle = _label("muted")
        self.about = _label("small")
        self.notes = _label("small")
        self.warning = _label("error")
        self.check = QPushButton(_("Check robustness"))
        self.check.setToolTip(
            _("Draws 10,000 weightings at random and counts the ranks of every area.")
        )
        self.worst = QSpinBox()
        self.worst.setRange(1, 999)
        self.worst.setValue(10)
        self.worst.lineEdit().setTextMargins(8, 0, 0, 0)
        self.worst.setPrefix(_("among the first") + " ")
        self.worst.setAccessibleName(_("Number of areas that count as highest"))
        self.hint = _label("small")
        self._lay_out()
        self.setFocusProxy(self.map)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(1)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self._controls())
        self.split.addWidget(self._middle())
        self.split.addWidget(self._right())
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([336, 800, 280])
        row.addWidget(self.split)

    def _controls(self) -> QWidget:
        scroll = QScrollArea()
        column = _column(scroll, 288)
        for widget in (self.bar, self.warning, self.about, _line(), self.rows, self.add, _line()):
            column.addWidget(widget)
        column.addWidget(self.rules)
        column.addWidget(_line())
        column.addWidget(self.classes)
        column.addStretch(1)
        self.warning.hide()
        return scroll

    def _middle(self) -> QWidget:
        middle = QSplitter(Qt.Orientation.Vertical)
        middle.setHandleWidth(1)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.map)
        ranking = QWidget()
        ranking.setProperty("role", "panel")
        column = QVBoxLayout(ranking)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 0, 12, 0)
        tools.addWidget(self.check)
        tools.addWidget(self.worst)
        tools.addWidget(self.hint, 1)
        column.addLayout(tools)
        column.addWidget(self.ranking, 1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(ranking, _("Ranking and robustness"))
        self.tabs.addTab(self.matrix, _("How the indicators hang together"))
        middle.addWidget(self.tabs)
        middle.setStretchFactor(0, 1)
        middle.setSizes([480, 280])
        return middle

    def _right(self) -> QWidget:
        scroll = QScrollArea()
        column = _column(scroll, 256)
        parts = (
            self.title, self.subtitle, self.legend, self.type_legend, self.show_types, self.notes,
            _line(), self.area,
        )  # fmt: skip
        for widget in parts:
            column.addWidget(widget)
        column.addStretch(1)
        return scroll

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.appeared.emit()

    def shutdown(self) -> None:
        """End threads and subscriptions."""
        self.map.shutdown()
        self.ranking.shutdown()
