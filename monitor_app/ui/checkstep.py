"""Fourth and fifth step of an import: findings with their cells, totals before and after, and
what will be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QLabel,
    QSplitter,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.backdrops import DOCUMENT, Backdrop
from monitor_app.core.batch import Comparison, ImportBatch
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.planned import DOCUMENT as PLANNED
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.ui.findings import FindingsView
from monitor_app.ui.importsteps import heading, muted
from monitor_app.ui.projectwords import planned_cells
from monitor_app.ui.rawmodel import RawTableModel, RawView
from monitor_app.ui.theme import Theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _number(value: float, signed: bool = False) -> str:
    whole = float(value).is_integer()
    return format_number(value, 0 if whole else 1, signed=signed)


class CheckStep(QWidget):
    """A click on a finding shows its cell in the file."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tables: tuple[RawTable, ...] = ()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.findings = FindingsView(theme)
        self.issues = self.findings.table
        self.issues.clicked.connect(self._show_cell)
        self.issues.activated.connect(self._show_cell)
        self.totals = QTreeWidget()
        self.totals.setAccessibleName(_("Totals before and after"))
        self.totals.setRootIsDecorated(False)
        self.totals.setAlternatingRowColors(True)
        self.totals.setHeaderLabels(
            [_("Data set"), _("Date"), _("In the file"), _("Stored"), _("Difference"), _("Note")]
        )
        self.model = RawTableModel(self)
        self.cells = RawView(_("Cells of the file"), self.model)
        self.place = muted(_("Click a finding to see its cell."))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading(_("What was found")))
        column.addWidget(self.verdict)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.findings, _("Findings"))
        self.tabs.addTab(self.totals, _("Totals before and after"))
        lower = QWidget()
        inner = QVBoxLayout(lower)
        inner.setContentsMargins(0, 8, 0, 0)
        inner.addWidget(self.place)
        inner.addWidget(self.cells, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tabs)
        split.addWidget(lower)
        split.setSizes([420, 220])
        column.addWidget(split, 1)

    def show_batch(
        self, batch: ImportBatch, tables: Sequence[RawTable], recipes: Sequence[Recipe] = ()
    ) -> None:
        """``recipes``: those that can be repaired."""
        self._tables = tuple(tables)
        self.findings.show_issues(batch.issues, recipes)
        names = {fact.spec.key: fact.spec.name for fact in batch.facts}
        self._fill_totals(batch.comparisons, names)
        errors = sum(i.severity is Severity.ERROR for i in batch.issues)
        warnings = sum(i.severity is Severity.WARNING for i in batch.issues)
        if errors:
            text = ngettext(
                "{count} error must be mended before anything can be stored.",
                "{count} errors must be mended before anything can be stored.",
                errors,
            ).format(count=format_number(errors))
            role = "error"
        elif warnings:
            text = ngettext(
                "{count} warning: please look at it; the import can go on.",
                "{count} warnings: please look at them; the import can go on.",
                warnings,
            ).format(count=format_number(warnings))
            role = None
        else:
            text, role = _("No errors and no warnings."), "good"
        self.verdict.setText(text)
        self.verdict.setProperty("role", role)
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)
        wrong = any(c.in_file != c.stored for c in batch.comparisons)
        self.tabs.setTabText(0, _("Findings ({count})").format(count=len(batch.issues)))
        self.tabs.setCurrentIndex(0 if batch.issues and not (wrong and not errors) else 1)
        self.model.set_table(self._tables[0] if self._tables else None)
        self.cells.fit_columns()

    def _fill_totals(self, comparisons: Sequence[Comparison], names: Mapping[str, str]) -> None:
        self.totals.clear()
        for each in comparisons:
            gap = each.stored - each.in_file
            item = QTreeWidgetItem(
                [
                    names.get(each.dataset, each.dataset),
                    format_date(each.day) if each.day else "",
                    _number(each.in_file),
                    _number(each.stored),
                    "" if abs(gap) < 1e-6 else _number(gap, True),
                    each.note,
                ]
            )
            for column in (2, 3, 4):
                item.setTextAlignment(column, _RIGHT)
            if abs(gap) >= 1e-6:
                font = item.font(4)
                font.setBold(True)
                item.setFont(4, font)
            self.totals.addTopLevelItem(item)
        for column, width in enumerate((300, 120, 140, 140, 120)):
            self.totals.setColumnWidth(column, width)

    def _show_cell(self, index: QModelIndex) -> None:
        self.show_issue(self.issues.issues.issue_at(index.row()))

    def show_issue(self, issue: Issue) -> None:
        """Bring the cell of a finding on screen, as far as the finding names one."""
        for table in self._tables:
            if issue.file is not None and not issue.file.endswith(table.source.name):
                continue
            if issue.sheet not in (None, table.name):
                continue
            self.model.set_table(table)
            self.cells.fit_columns()
            place = self.model.place_of(issue.row, issue.column)
            self.place.setText(issue.place)
            if place is not None:
                self.cells.jump(*place)
            return
        self.place.setText(_("This finding has no cell: {text}").format(text=issue.place))


class ConfirmStep(QWidget):
    """What will be stored, before it is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading(_("This will be stored")))
        column.addWidget(
            muted(_("As one change of the project: Ctrl+Z takes all of it back at once."))
        )
        self.list = QTreeWidget()
        self.list.setAccessibleName(_("Contents of the import"))
        self.list.setRootIsDecorated(False)
        self.list.setAlternatingRowColors(True)
        self.list.setHeaderLabels([_("Contents"), _("Areas"), _("Dates"), _("Newest total")])
        self.list.header().setStretchLastSection(False)
        column.addWidget(self.list, 1)

    def show_batch(self, batch: ImportBatch) -> None:
        self.list.clear()
        for table in batch.areas:
            self._add(
                _("Areas: {level}").format(level=table.level.name),
                format_number(len(set(table.keys))), "", "",
            )  # fmt: skip
        for fact in batch.facts:
            days = fact.cube.dates
            total = fact.cube.totals().get(days[-1]) if days else None
            span = ""
            if days:
                first, last = format_date(days[0]), format_date(days[-1])
                span = first if first == last else f"{first} – {last} ({len(days)})"
            self._add(
                fact.spec.name, format_number(len(fact.cube.areas)), span,
                "" if total is None else _number(total),
            )  # fmt: skip
        for bridge in batch.bridges:
            title = _("Reform: shares of old areas in new ones")
            count = format_number(len({row.to_key for row in bridge.rows}))
            self._add(title, count, format_date(bridge.day), "")
        for (kind, _key), text in batch.documents.items():
            if kind == DOCUMENT:
                layer = Backdrop.load(text)
                count = _("{count} shapes").format(count=format_number(len(layer.geometries)))
                self._add(_("To draw: {name}").format(name=layer.title), "", "", count)
            elif kind == PLANNED:
                self._add(*planned_cells(text))
        for points in batch.points:
            self._add(points.spec.name, "", "", _("{count} points").format(count=len(points.x)))
        for column, width in enumerate((420, 120, 260, 160)):
            self.list.setColumnWidth(column, width)

    def _add(self, *cells: str) -> None:
        item = QTreeWidgetItem(list(cells))
        for column in (1, 3):
            item.setTextAlignment(column, _RIGHT)
        self.list.addTopLevelItem(item)
