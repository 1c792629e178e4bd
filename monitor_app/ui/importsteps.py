"""The first two steps of an import: which files, and how they were read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.exchange.table import RawTable
from monitor_app.ui.importstate import Reading
from monitor_app.ui.issues import IssueView
from monitor_app.ui.projectflow import data_filter
from monitor_app.ui.rawmodel import RawTableModel, RawView
from monitor_app.ui.theme import Theme


def heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


def size_text(size: int) -> str:
    """``12,3 MB``"""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{format_number(size / factor, 1)} {unit}"
    return f"{size} B"


class FileStep(QWidget):
    """The files that are to be imported together."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading(_("Which files?")))
        column.addWidget(
            muted(_("Files of one delivery can be read together, boundaries and tables alike."))
        )
        self.list = QListWidget()
        self.list.setAccessibleName(_("Files"))
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setIconSize(QSize(16, 16))
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        self.add = QPushButton(_("Add files …"))
        self.remove = QPushButton(_("Take off the list"))
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch(1)
        column.addLayout(row)
        self._paths: list[Path] = []

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self._paths)

    def set_paths(self, paths: Sequence[Path]) -> None:
        self._paths = list(dict.fromkeys(paths))
        self.list.clear()
        for path in self._paths:
            size = size_text(path.stat().st_size) if path.is_file() else ""
            item = QListWidgetItem(f"{path.name}   {size}")
            item.setToolTip(str(path))
            self.list.addItem(item)
        self.changed.emit()

    def _add(self) -> None:
        folder = str(self._paths[-1].parent) if self._paths else str(Path.home())
        found, _kind = QFileDialog.getOpenFileNames(self, _("Import files"), folder, data_filter())
        if found:
            self.set_paths([*self._paths, *(Path(p) for p in found)])

    def _remove(self) -> None:
        rows = {index.row() for index in self.list.selectedIndexes()}
        self.set_paths([p for i, p in enumerate(self._paths) if i not in rows])


class ReadStep(QWidget):
    """What was found in the files: tables, encoding, separators, and their cells."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading(_("This is how the files were read")))
        self.tables = QTreeWidget()
        self.tables.setAccessibleName(_("Tables"))
        self.tables.setRootIsDecorated(False)
        self.tables.setHeaderLabels(
            [
                _("File"), _("Sheet or layer"), _("Rows"), _("Columns"), _("Encoding"),
                _("Separator"), _("Decimal mark"), _("Coordinates"),
            ]
        )  # fmt: skip
        self.model = RawTableModel(self)
        self.cells = RawView(_("Cells of the file"), self.model)
        self.before = muted("")
        self.issues = IssueView(theme)
        lower = QWidget()
        inner = QVBoxLayout(lower)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.before)
        inner.addWidget(self.cells, 1)
        self.split = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.tables, lower, self.issues):
            self.split.addWidget(widget)
        self.split.setStretchFactor(1, 3)
        self.split.setSizes([140, 360, 120])
        column.addWidget(self.split, 1)
        self._shown: tuple[RawTable, ...] = ()
        self.tables.currentItemChanged.connect(lambda *_items: self._show_current())

    def show_reading(self, reading: Reading) -> None:
        self._shown = reading.tables
        self.tables.clear()
        for table in self._shown:
            rows = format_number(len(table))
            if table.source.name in reading.partial:
                rows = _("first {count}").format(count=rows)
            item = QTreeWidgetItem(
                [
                    table.source.name, table.name, rows, format_number(len(table.header)),
                    table.encoding or "", separator_text(table.separator), table.decimal or "",
                    (table.crs or "")[:40] if table.geometries is not None else "",
                ]
            )  # fmt: skip
            self.tables.addTopLevelItem(item)
        for column, width in enumerate((360, 160, 80, 80, 100, 100, 110)):
            self.tables.setColumnWidth(column, width)
        self.issues.issues.set_issues(reading.issues)
        self.issues.setVisible(bool(reading.issues))
        if self._shown:
            self.tables.setCurrentIndex(self.tables.model().index(0, 0))
        else:
            self.model.set_table(None)

    def _show_current(self) -> None:
        at = self.tables.currentIndex().row()
        if not 0 <= at < len(self._shown):
            return
        table = self._shown[at]
        self.model.set_table(table)
        self.cells.fit_columns()
        lines = [line for line in (*table.before, *table.after) if line.strip()]
        self.before.setText(_("Beside the table: {text}").format(text=" / ".join(lines)))
        self.before.setVisible(bool(lines))


def separator_text(separator: str | None) -> str:
    return {
        None: "",
        ";": _("semicolon"),
        ",": _("comma"),
        "\t": _("tab"),
        "|": "|",
    }.get(separator, separator or "")
