"""The workspace of patterns: clusters of the shown indicator, and segregation of groups."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.segregation import DIMENSIONS
from monitor_app.app.spatialstats import GI, LISA
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection
from monitor_app.ui.legendpanel import LegendRows
from monitor_app.ui.mapview import MapView
from monitor_app.ui.serieschart import SeriesChart
from monitor_app.ui.theme import Theme


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _table(name: str) -> QTableWidget:
    table = QTableWidget(0, 0)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setAccessibleName(name)
    return table


def _side(widgets: list[QWidget]) -> QScrollArea:
    """A scrolling column at the left."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setMinimumWidth(300)
    inside = QWidget()
    inside.setProperty("role", "panel")
    column = QVBoxLayout(inside)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    scroll.setWidget(inside)
    return scroll


class ClusterTab(QWidget):
    """Words and legend at the left, the map of classes, Moran's I over time and a table."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = _label("heading")
        self.subtitle = _label("muted")
        self.words = _label("")
        self.notes = _label("small")
        self.kind = QComboBox()
        self.kind.addItem(_("Clusters (LISA)"), LISA)
        self.kind.addItem(_("Hot and cold spots (Gi*)"), GI)
        self.kind.setAccessibleName(_("What the map shows"))
        self.legend = LegendRows()
        self.export = QPushButton(_("Save the table …"))
        self.map = MapView(theme, selection)
        self.chart = SeriesChart(theme)
        self.table = _table(_("Local statistics per area"))
        below = QSplitter(Qt.Orientation.Horizontal)
        below.setHandleWidth(1)
        below.addWidget(self.chart)
        below.addWidget(self.table)
        below.setSizes([330, 690])
        right = QSplitter(Qt.Orientation.Vertical)
        right.setHandleWidth(1)
        right.setChildrenCollapsible(False)
        right.addWidget(self.map)
        right.addWidget(below)
        right.setStretchFactor(0, 1)
        right.setSizes([420, 240])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        parts = [self.title, self.subtitle, self.kind, self.legend, self.words, self.notes,
                 self.export]  # fmt: skip
        split.addWidget(_side(parts))
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([340, 1000])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)


class SegregationTab(QWidget):
    """Words at the left, the index over time beside chance, and a table of all dates."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = _label("heading")
        self.subtitle = _label("muted")
        self.words = _label("")
        self.notes = _label("small")
        self.by = QComboBox()
        names = {"group": _("nationality"), "sex": _("sex"), "age": _("age")}
        for key in sorted(DIMENSIONS, key=list(names).index):
            self.by.addItem(names[key], key)
        self.by.setAccessibleName(_("Groups by"))
        self.measure = QComboBox()
        self.measure.setAccessibleName(_("Measure of segregation"))
        self.against = QComboBox()
        self.against.setAccessibleName(_("Held against"))
        captions = [
            QLabel(_("Groups by")), QLabel(_("Held against")), QLabel(_("Measure of segregation")),
        ]  # fmt: skip
        boxes = (self.by, self.against, self.measure)
        for caption, box in zip(captions, boxes, strict=True):
            caption.setProperty("role", "small")
            caption.setBuddy(box)
            box.setMinimumWidth(60)
        self.export = QPushButton(_("Save the table …"))
        self.chart = SeriesChart(theme)
        self.table = _table(_("Segregation by date"))
        right = QSplitter(Qt.Orientation.Vertical)
        right.setHandleWidth(1)
        right.setChildrenCollapsible(False)
        right.addWidget(self.chart)
        right.addWidget(self.table)
        right.setSizes([340, 300])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        parts = [self.title, self.subtitle, captions[0], self.by, captions[1], self.against,
                 captions[2], self.measure,
                 self.words, self.notes, self.export]  # fmt: skip
        split.addWidget(_side(parts))
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([340, 1000])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)


class PatternPage(QWidget):
    """Only widgets; ``patternroom.PatternRoom`` fills them. ``appeared``: the page or another tab
    came into view."""

    appeared = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clusters = ClusterTab(theme, selection)
        self.segregation = SegregationTab(theme)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.clusters, _("Spatial patterns"))
        self.tabs.addTab(self.segregation, _("Segregation"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _index: self.appeared.emit())
        self.setFocusProxy(self.clusters.map)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.appeared.emit()

    def shutdown(self) -> None:
        """End threads and subscriptions."""
        self.clusters.map.shutdown()
