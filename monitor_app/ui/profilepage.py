"""The page of the room “Profile”: everything about one area at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.alttext import cited
from monitor_app.core.formats import THIN_SPACE, collation_key, format_date
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection
from monitor_app.reports.profilesheet_spec import AreaProfile, Change
from monitor_app.ui.chartview import ChartView
from monitor_app.ui.theme import CONTROL, Theme

LINES = 4


class PlainTable(QTableWidget):
    """A small table without grid whose height is that of its rows; the page scrolls, not it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(CONTROL - 2)
        self.horizontalHeader().setFixedHeight(CONTROL + 4)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(48)

    def fill(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The first column is text, the others stand right."""
        self.clear()
        self.setColumnCount(len(heads))
        self.setRowCount(len(rows))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, head in enumerate(heads):
            item = QTableWidgetItem(head)
            item.setTextAlignment(left if column == 0 else right)
            self.setHorizontalHeaderItem(column, item)
        for at, row in enumerate(rows):
            for column, text in enumerate(row):
                cell = QTableWidgetItem(text)
                cell.setTextAlignment(left if column == 0 else right)
                if column == 0:
                    cell.setToolTip(text)
                self.setItem(at, column, cell)
        self.resizeColumnsToContents()
        header = self.horizontalHeader()
        if heads:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        height = header.height() + len(rows) * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(height + 2)

    def text(self) -> str:
        """All rows with headers, tab-separated; thin spaces as a spreadsheet reads them."""
        columns = range(self.columnCount())
        heads = [self.horizontalHeaderItem(c) for c in columns]
        rows = [[h.text() if h is not None else "" for h in heads]]
        for at in range(self.rowCount()):
            cells = [self.item(at, c) for c in columns]
            rows.append([cell.text() if cell is not None else "" for cell in cells])
        return "\n".join("\t".join(row) for row in rows).replace(THIN_SPACE, " ") + "\n"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text())
        else:
            super().keyPressEvent(event)

    def embolden(self, row: int) -> None:
        for column in range(self.columnCount()):
            item = self.item(row, column)
            if item is not None:
                font = QFont(item.font())
                font.setBold(True)
                item.setFont(font)


class ProfilePage(QWidget):
    """``area_chosen``: key of another area; ``shown_wanted``: id of an indicator to see on the
    map."""

    area_chosen = Signal(str)
    shown_wanted = Signal(str)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._profile: AreaProfile | None = None
        self.area = QComboBox()
        self.area.setAccessibleName(_("Area"))
        self.area.setToolTip(_("Area of the profile"))
        self.area.setMinimumContentsLength(24)
        self.area.activated.connect(self._area_activated)
        self.place = QLabel()
        self.place.setProperty("role", "muted")
        self.figures_wanted = QPushButton(_("Choose key figures …"))
        self.sheet = QToolButton()
        self.sheet.setText(_("Save sheet …"))
        self.sheet.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.figures = PlainTable(_("Key figures"))
        self.figures.cellActivated.connect(self._figure_activated)
        self.neighbours = PlainTable(_("Neighbours"))
        self.neighbours.cellActivated.connect(self._neighbour_activated)
        self.pyramid = ChartView(theme, selection)
        self.pyramid.setMinimumHeight(260)
        self.pyramid_title = self._heading("")
        self.lines = [ChartView(theme, selection) for _n in range(LINES)]
        self.line_titles = [QLabel() for _n in range(LINES)]
        self.sources = QLabel()
        self.sources.setProperty("role", "small")
        self.sources.setWordWrap(True)
        self.sources.setTextFormat(Qt.TextFormat.PlainText)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self._lay_out()
        self.show_words(_("Choose an area: in the list above, on the map or in the table."))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.area)
        head.addWidget(self.place)
        head.addStretch(1)
        head.addWidget(self.figures_wanted)
        head.addWidget(self.sheet)
        inside = QWidget()
        inside.setProperty("role", "panel")
        both = QHBoxLayout(inside)
        both.setContentsMargins(16, 12, 16, 16)
        both.setSpacing(24)
        left = QVBoxLayout()
        left.setSpacing(8)
        self.near_title = self._heading(_("Beside its neighbours"))
        for widget in (self._heading(_("Key figures")), self.figures, self.near_title,
                       self.neighbours, self.sources):  # fmt: skip
            left.addWidget(widget)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.pyramid_title)
        right.addWidget(self.pyramid, 2)
        for title, line in zip(self.line_titles, self.lines, strict=True):
            title.setWordWrap(True)
            title.setStyleSheet("font-weight: 600")
            line.setMinimumHeight(124)
            right.addSpacing(8)
            right.addWidget(title)
            right.addWidget(line, 1)
        right.addStretch(1)
        both.addLayout(left, 2)
        both.addLayout(right, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inside)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(area)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.stack, 1)

    @staticmethod
    def _heading(text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "heading")
        return label

    # areas ---------------------------------------------------------------------------------

    def set_areas(self, areas: Sequence[tuple[str, str]], current: str | None) -> None:
        """Keys and names to choose from, in German order."""
        ordered = sorted(areas, key=lambda pair: collation_key(pair[1]))
        with QSignalBlocker(self.area):
            known = [self.area.itemData(i) for i in range(self.area.count())]
            if known != [key for key, _name in ordered]:
                self.area.clear()
                for key, name in ordered:
                    self.area.addItem(name, key)
            self.area.setCurrentIndex(-1 if current is None else self.area.findData(current))

    def _area_activated(self, at: int) -> None:
        self.area_chosen.emit(self.area.itemData(at))

    # showing -------------------------------------------------------------------------------

    @property
    def profile(self) -> AreaProfile | None:
        """What is shown now."""
        return self._profile

    def show_words(self, text: str) -> None:
        """No profile: say what to do."""
        self._profile = None
        self.place.clear()
        self.empty.setText(text)
        self.stack.setCurrentIndex(0)
        self.sheet.setEnabled(False)

    def show_profile(self, profile: AreaProfile) -> None:
        self._profile = profile
        self.sheet.setEnabled(True)
        day = profile.usual_day
        when = " · " + _("As of {date}").format(date=format_date(day)) if day else ""
        self.place.setText(f"{profile.city} · {profile.place}{when}")
        self._show_figures(profile)
        self._show_neighbours(profile)
        pyramid = profile.pyramid
        self.pyramid_title.setText("" if pyramid is None else pyramid.title)
        self.pyramid_title.setVisible(pyramid is not None)
        if pyramid is not None:
            self.pyramid.set_chart(pyramid)
        else:
            self.pyramid.set_words(_("No population by age and sex on this level."))
        for i, view in enumerate(self.lines):
            there = i < len(profile.lines)
            view.setVisible(there)
            self.line_titles[i].setVisible(there)
            if there:
                self.line_titles[i].setText(profile.lines[i].title.split(" (")[0])
                view.set_chart(profile.lines[i])
        sign = [s for f in profile.figures for s in f.signs]
        texts = [cited("; ".join(profile.sources)) if profile.sources else "", *profile.notes,
                 _("Rank 1: highest value"), " · ".join(dict.fromkeys(sign))]  # fmt: skip
        self.sources.setText("\n".join(t for t in texts if t))
        self.stack.setCurrentIndex(1)

    def _show_figures(self, profile: AreaProfile) -> None:
        heads = (_("Key figure"), _("Value"), _("Rank"), _("City"), _("Previous date"),
                 _("Five years"))  # fmt: skip
        rows = [
            (", ".join(t for t in (f.short_name, profile.day_beside(f)) if t),
             f.text + (" *" if f.remark and f.rank else ""), f.rank_text, f.city_text,
             _change(f.previous), _change(f.five_years))
            for f in profile.figures
        ]  # fmt: skip
        if not rows:
            heads = (_("No key figure can be computed on this level."),)  # type: ignore[assignment]
        self.figures.fill(heads, rows)
        for at, figure in enumerate(profile.figures):
            item = self.figures.item(at, 0)
            if item is not None:
                item.setToolTip(f"{figure.name}, {figure.day_text}")
            value = self.figures.item(at, 1)
            if value is not None and figure.remark:
                value.setToolTip(figure.remark)
                value.setData(Qt.ItemDataRole.AccessibleDescriptionRole, figure.remark)
            for column, change in ((4, figure.previous), (5, figure.five_years)):
                cell = self.figures.item(at, column)
                if cell is not None and change is not None:
                    cell.setToolTip(_("since {date}").format(date=change.base_text))

    def _show_neighbours(self, profile: AreaProfile) -> None:
        there = bool(profile.neighbours)
        self.near_title.setVisible(there)
        self.neighbours.setVisible(there)
        if not there:
            return
        heads = (_("Area"), *(c.split(" (")[0] for c in profile.columns))
        rows = [(profile.name, *profile.own)]
        rows += [(n.name, *n.values) for n in profile.neighbours]
        self.neighbours.fill(heads, rows)
        self.neighbours.embolden(0)

    def _figure_activated(self, row: int, _column: int) -> None:
        if self._profile is not None and row < len(self._profile.figures):
            self.shown_wanted.emit(self._profile.figures[row].indicator)

    def _neighbour_activated(self, row: int, _column: int) -> None:
        if self._profile is not None and 0 < row <= len(self._profile.neighbours):
            self.area_chosen.emit(self._profile.neighbours[row - 1].key)

    def shutdown(self) -> None:
        for view in (self.pyramid, *self.lines):
            view.shutdown()


def _change(change: Change | None) -> str:
    if change is None:
        return "–"
    return change.text + (" *" if change.reform else "")
