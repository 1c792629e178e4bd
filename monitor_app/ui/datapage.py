"""What the project holds: data sets with dates and totals, and what was done to them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.areas import CITY
from monitor_app.core.datasets import DatasetInfo, Origin
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.project.project import Project
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def origin_name(origin: Origin) -> str:
    return {
        Origin.OBSERVED: _("observed"),
        Origin.ESTIMATED: _("estimated"),
        Origin.PROJECTION: _("projection of others"),
        Origin.FORECAST: _("forecast"),
    }[origin]


class DataPage(QWidget):
    """Areas and data sets above, revisions below; the button that brings more of them."""

    import_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.stack = QStackedWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        head = QHBoxLayout()
        title = QLabel(_("Data in this project"))
        title.setProperty("role", "title")
        self.add = QPushButton(_("Import files …"))
        self.add.setProperty("role", "primary")
        self.add.setIcon(icon("import", theme, "on_accent"))
        self.add.clicked.connect(self.import_wanted)
        self.remove = QPushButton(_("Remove"))
        self.remove.setEnabled(False)
        self.remove.clicked.connect(self._remove)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.remove)
        head.addWidget(self.add)
        column.addLayout(head)
        self.empty = QLabel(
            _("Nothing here yet. Import boundaries first, then tables – or drop files anywhere.")
        )
        self.empty.setProperty("role", "muted")
        self.empty.setWordWrap(True)
        column.addWidget(self.empty)
        self.datasets = self._tree(
            _("Data sets"),
            (_("Data set"), _("Level"), _("Dates"), _("Newest total"), _("Kind"), _("Files")),
        )
        self.datasets.itemSelectionChanged.connect(self._selected)
        self.revisions = self._tree(
            _("Changes"), (_("What"), _("When"), _("By"), _("Files"), _("State"))
        )
        column.addWidget(self.datasets, 3)
        heading = QLabel(_("Changes"))
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        column.addWidget(self.revisions, 2)
        self.stack.addWidget(inside)
        self.setFocusProxy(self.datasets)
        self._writable = False

    def _tree(self, name: str, titles: tuple[str, ...]) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(name)
        tree.setHeaderLabels(list(titles))
        tree.setRootIsDecorated(name == _("Data sets"))
        tree.setAlternatingRowColors(True)
        tree.setUniformRowHeights(True)
        tree.setFrameShape(QFrame.Shape.NoFrame)
        head = tree.header()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setStretchLastSection(True)
        return tree

    def show_project(self, project: Project) -> None:
        """List what a project holds."""
        self._writable = not project.read_only
        self.add.setEnabled(self._writable)
        self.datasets.clear()
        system = project.areas()
        for level in system.levels:
            areas = system.at(level.key)
            located = len({a.key for a in areas if a.located})
            if level.key == CITY and not located:
                continue
            item = QTreeWidgetItem(
                [
                    _("Areas: {level}").format(level=level.name),
                    level.name,
                    "",
                    _("{count} areas").format(count=format_number(located)),
                    _("Boundaries"),
                    "",
                ]
            )
            item.setTextAlignment(3, _RIGHT)
            self.datasets.addTopLevelItem(item)
        names = {level.key: level.name for level in system.levels}
        for info in project.datasets():
            self._add_dataset(info, names)
        self.empty.setVisible(not self.datasets.topLevelItemCount())
        for column, width in enumerate((340, 140, 200, 140, 140)):
            self.datasets.setColumnWidth(column, width)
        self._list_revisions(project)
        self._selected()

    def _add_dataset(self, info: DatasetInfo, names: dict[str, str]) -> None:
        days = info.dates
        span = ""
        if days:
            span = format_date(days[-1])
            if len(days) > 1:
                span = _("{first} to {last} ({count})").format(
                    first=days[0].year, last=days[-1].year, count=len(days)
                )
        # Quantiles and the like have no sum that means anything.
        summed = info.spec.aggregation != "none"
        total = info.totals.get(days[-1]) if days and summed else None
        files = ", ".join(dict.fromkeys(s.name for s in info.sources))
        item = QTreeWidgetItem(
            [
                info.spec.name,
                names.get(info.spec.level, info.spec.level),
                span,
                "" if total is None else _number(total),
                origin_name(info.spec.origin),
                files,
            ]
        )
        item.setData(0, Qt.ItemDataRole.UserRole, info.spec.key)
        item.setToolTip(5, files)
        item.setTextAlignment(3, _RIGHT)
        for day in reversed(days):
            child = QTreeWidgetItem(
                ["", "", format_date(day), _number(info.totals.get(day) if summed else None)]
            )
            child.setTextAlignment(3, _RIGHT)
            item.addChild(child)
        self.datasets.addTopLevelItem(item)

    def _list_revisions(self, project: Project) -> None:
        self.revisions.clear()
        for revision in reversed(project.revisions()):
            files = ", ".join(dict.fromkeys(s.name for s in revision.sources))
            item = QTreeWidgetItem(
                [
                    revision.label,
                    revision.time.astimezone().strftime("%d.%m.%Y %H:%M"),
                    revision.user,
                    files,
                    _("undone") if revision.undone else "",
                ]
            )
            item.setToolTip(3, "\n".join(f"{s.name}  {s.sha256[:16]}…" for s in revision.sources))
            self.revisions.addTopLevelItem(item)
        for column, width in enumerate((340, 140, 120, 300)):
            self.revisions.setColumnWidth(column, width)

    def _chosen(self) -> str | None:
        items = self.datasets.selectedItems()
        item = items[0] if items else None
        while item is not None and item.parent() is not None:
            item = item.parent()
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    def _selected(self) -> None:
        self.remove.setEnabled(self._writable and self._chosen() is not None)

    def _remove(self) -> None:
        key = self._chosen()
        if key is not None:
            self.remove_wanted.emit(key)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return format_number(value, 0 if float(value).is_integer() else 1)
