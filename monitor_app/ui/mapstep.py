"""Third step of an import: which recipe reads the table, what its columns mean, and a preview of
the original cells beside what they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.datasets import Kind
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.exchange.preview import Preview
from monitor_app.exchange.recipe_model import BridgeContent, FactContent, ProjectsContent, Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wording import kind_name
from monitor_app.ui.bridgewords import bridge_columns, bridge_words
from monitor_app.ui.importstate import Group, Reading
from monitor_app.ui.importsteps import heading, muted
from monitor_app.ui.projectwords import project_columns, project_words
from monitor_app.ui.rawmodel import OriginalModel, RawView, ResultModel
from monitor_app.ui.recipeedit import (
    Choices,
    ColumnRole,
    as_own,
    choices_of,
    edited,
    role_text,
    roles_for,
    roles_of,
)
from monitor_app.ui.theme import CONTROL, Theme

_WAIT_MS = 250
_EXAMPLES = 3


def head_of(table: RawTable, rows: int) -> RawTable:
    """The first rows of a table, for a preview that answers at once."""
    if len(table) <= rows:
        return table
    shapes = None if table.geometries is None else table.geometries[:rows]
    columns = tuple(column[:rows] for column in table.columns)
    return replace(table, columns=columns, rows=table.rows[:rows], geometries=shapes)


def examples(cells: Sequence[str]) -> str:
    """The first different texts of a column."""
    found = dict.fromkeys(c.strip() for c in cells[:2000] if c.strip())
    return ", ".join(list(found)[:_EXAMPLES])


class MapStep(QWidget):
    """``changed`` tells that recipes were chosen or edited; ``preview_wanted`` asks the page for
    a preview of (table, recipe)."""

    changed = Signal()
    preview_wanted = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reading = Reading(())
        self._at = 0
        self._levels: tuple[tuple[str, str], ...] = ()
        self._valid: dict[int, bool] = {}
        self.group = QComboBox()
        self.recipe = QComboBox()
        self.skip = QCheckBox(_("Leave this table out"))
        self.keep_recipe = QPushButton(_("Save as recipe …"))
        self.keep_recipe.setToolTip(
            _("Write the assignment to a file, for the next delivery or for another office.")
        )
        self.why = muted("")
        self._build_form()
        self.roles = QTableWidget(0, 3)
        self.roles.setAccessibleName(_("Meaning of the columns"))
        self.roles.setHorizontalHeaderLabels([_("Column"), _("Examples"), _("Meaning")])
        self.roles.verticalHeader().hide()
        self.roles.verticalHeader().setDefaultSectionSize(CONTROL + 8)
        self.roles.setShowGrid(False)
        self.roles.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.roles.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        head = self.roles.horizontalHeader()
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.problem = QLabel()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.original = OriginalModel(theme, self)
        self.result = ResultModel(theme, self)
        self.cells = RawView(_("Original cells"), self.original)
        self.results = RawView(_("What they become"), self.result)
        self.results.verticalHeader().hide()
        _scroll_together(self.cells, self.results)
        self._lay_out()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._edit)
        self.group.activated.connect(self._choose_group)
        self.recipe.activated.connect(self._choose_recipe)
        self.skip.toggled.connect(self._skip)

    def _build_form(self) -> None:
        self.kind = QComboBox()
        for kind in Kind:
            if kind is not Kind.FACILITIES:
                self.kind.addItem(kind_name(kind), kind.value)
        self.name = QLineEdit()
        self.level = QComboBox()
        self.level_name = QLineEdit()
        self.day = QLineEdit()
        self.day.setPlaceholderText(_("only if the file does not say it, e.g. 31.12.2024"))
        self.decimal = QComboBox()
        for text, value in (
            (_("as the cells prove it"), ""),
            (_("comma: 1.234,5"), ","),
            (_("point: 1,234.5"), "."),
        ):
            self.decimal.addItem(text, value)
        self.keep = QCheckBox(_("count them in the city only"))
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(12)
        self.form.setVerticalSpacing(6)
        for title, widget in (
            (_("Contents"), self.kind), (_("Name"), self.name), (_("Level"), self.level),
            (_("Name of the level"), self.level_name), (_("Date"), self.day),
            (_("Numbers"), self.decimal), (_("Unknown areas"), self.keep),
        ):  # fmt: skip
            widget.setAccessibleName(title)
            self.form.addRow(title, widget)
        for line in (self.name, self.level_name, self.day):
            line.textEdited.connect(self._touch)
        for combo in (self.kind, self.level, self.decimal):
            combo.activated.connect(self._touch)
        self.keep.clicked.connect(self._touch)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading(_("What do the columns mean?")))
        top = QHBoxLayout()
        top.setSpacing(8)
        for title, widget in ((_("Table"), self.group), (_("Read by"), self.recipe)):
            caption = QLabel(title)
            caption.setProperty("role", "muted")
            caption.setBuddy(widget)
            widget.setAccessibleName(title)
            widget.setMinimumWidth(260)
            top.addWidget(caption)
            top.addWidget(widget, 1)
        top.addWidget(self.skip)
        top.addWidget(self.keep_recipe)
        column.addLayout(top)
        column.addWidget(self.why)
        left = QWidget()
        inner = QVBoxLayout(left)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.addLayout(self.form)
        inner.addWidget(self.roles, 1)
        inner.addWidget(self.problem)
        right = QWidget()
        inner = QVBoxLayout(right)
        inner.setContentsMargins(8, 0, 0, 0)
        both = QSplitter(Qt.Orientation.Horizontal)
        for title, view in (
            (_("Original cells"), self.cells), (_("What they become"), self.results),
        ):  # fmt: skip
            side = QWidget()
            stack = QVBoxLayout(side)
            stack.setContentsMargins(0, 0, 0, 0)
            stack.setSpacing(4)
            stack.addWidget(muted(title))
            stack.addWidget(view, 1)
            both.addWidget(side)
        both.setSizes([360, 360])
        inner.addWidget(both, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(right)
        self.split.setSizes([520, 680])
        self.split.setStretchFactor(1, 1)
        column.addWidget(self.split, 1)

    # showing -----------------------------------------------------------------------------

    @property
    def reading(self) -> Reading:
        return self._reading

    @property
    def chosen_recipe(self) -> Recipe:
        """The recipe of the shown table, with all changes."""
        return self._group().recipe

    @property
    def complete(self) -> bool:
        """Whether every table that is not left out has a valid recipe."""
        groups = self._reading.groups
        return any(not g.skipped for g in groups) and all(
            g.skipped or self._valid.get(i, True) for i, g in enumerate(groups)
        )

    def show_reading(self, reading: Reading, levels: Sequence[tuple[str, str]]) -> None:
        """Show what was read. ``levels``: keys and names of the levels of the project."""
        self._reading = reading
        self._levels = tuple(levels)
        self._valid = {}
        self.group.clear()
        for group in reading.groups:
            self.group.addItem(group.title)
        self.group.setEnabled(len(reading.groups) > 1)
        self.setEnabled(bool(reading.groups))
        if reading.groups:
            self._choose_group(0)

    def _group(self) -> Group:
        return self._reading.groups[self._at]

    def _choose_group(self, at: int) -> None:
        self._soon.stop()
        self._at = at
        self.group.setCurrentIndex(at)
        self._show_group()

    def _show_group(self) -> None:
        group = self._group()
        with QSignalBlocker(self.recipe):
            self.recipe.clear()
            for candidate in group.candidates:
                title = str(candidate.recipe.name)
                if candidate.proposed:
                    title = _("Proposal of the program")
                elif candidate.score >= 0.9:
                    title = _("{name} (fits)").format(name=title)
                self.recipe.addItem(title)
            if group.edited is not None:
                self.recipe.addItem(_("Own assignment"))
            shown = len(group.candidates) if group.edited is not None else group.chosen
            self.recipe.setCurrentIndex(shown)
        with QSignalBlocker(self.skip):
            self.skip.setChecked(group.skipped)
        self._show_recipe(group.recipe)

    def _show_recipe(self, recipe: Recipe) -> None:
        reasons = " ".join(recipe.proposed)
        described = str(recipe.description) if recipe.description is not None else ""
        bridges = [c for c in recipe.contents if isinstance(c, BridgeContent)]
        if bridges:
            described = " ".join((described, bridge_words(bridges[0]))).strip()
        planned = [c for c in recipe.contents if isinstance(c, ProjectsContent)]
        if planned:
            described = " ".join((described, project_words(planned[0]))).strip()
        self.why.setText(reasons or described)
        self.why.setVisible(bool(self.why.text()))
        self.problem.clear()
        self._fill_form(choices_of(recipe), recipe)
        self._fill_roles(recipe)
        self._ask_preview()

    def _fill_form(self, choices: Choices, recipe: Recipe) -> None:
        first = recipe.contents[0]
        fact, areas = isinstance(first, FactContent), choices.kind == "areas"
        several = len(recipe.contents) > 1
        self.kind.setCurrentIndex(self.kind.findData(choices.kind))
        self.name.setText(choices.name)
        self.level.clear()
        levels = dict(self._levels) | self._coming_levels()
        levels.setdefault(choices.level, choices.level)
        for key, title in levels.items():
            self.level.addItem(title, key)
        self.level.setCurrentIndex(self.level.findData(choices.level))
        self.level_name.setText(choices.level_name)
        self.day.setText(choices.day)
        self.decimal.setCurrentIndex(max(0, self.decimal.findData(choices.decimal)))
        self.keep.setChecked(choices.keep_unknown)
        for widget, there in (
            (self.keep, fact), (self.kind, fact),
            (self.name, not areas and not several), (self.level, fact),
            (self.level_name, areas), (self.day, fact), (self.decimal, fact),
        ):  # fmt: skip
            self.form.setRowVisible(widget, there)

    def _coming_levels(self) -> dict[str, str]:
        """Levels that this import itself brings."""
        found = {}
        for group in self._reading.groups:
            first = choices_of(group.recipe)
            if first.kind == "areas" and not group.skipped:
                found[first.level] = first.level_name
        return found

    def _fill_roles(self, recipe: Recipe) -> None:
        table = self._group().tables[0]
        offered = roles_for(recipe.contents[0])
        roles = roles_of(recipe, table.header)
        first = recipe.contents[0]
        meanings = bridge_columns(first) if isinstance(first, BridgeContent) else {}
        if isinstance(first, ProjectsContent):
            meanings = project_columns(first)
        self.roles.setRowCount(len(table.header))
        for row, column in enumerate(table.header):
            self.roles.setItem(row, 0, QTableWidgetItem(column))
            sample = QTableWidgetItem(examples(table.columns[row]))
            sample.setToolTip(sample.text())
            self.roles.setItem(row, 1, sample)
            combo = QComboBox()
            combo.setAccessibleName(_("Meaning of {column}").format(column=column))
            for role in offered or (roles[column],):
                combo.addItem(meanings.get(column) or role_text(role), role)
            combo.setCurrentIndex(max(0, combo.findData(roles[column])))
            combo.setEnabled(bool(offered))
            combo.activated.connect(self._touch)
            self.roles.setCellWidget(row, 2, combo)
        self.roles.setColumnWidth(0, 130)
        self.roles.setColumnWidth(2, 200)

    def role_combo(self, column: str) -> QComboBox:
        """The chooser of one column."""
        row = self._group().tables[0].header.index(column)
        combo = self.roles.cellWidget(row, 2)
        assert isinstance(combo, QComboBox)
        return combo

    # changing ----------------------------------------------------------------------------

    def _choose_recipe(self, at: int) -> None:
        group = self._group()
        if at < len(group.candidates):
            self._keep(replace(group, chosen=at, edited=None))
            self._valid[self._at] = True
            self._show_group()
            self.changed.emit()

    def _skip(self, on: bool) -> None:
        self._keep(replace(self._group(), skipped=on))
        self.changed.emit()

    def _keep(self, group: Group) -> None:
        self._reading = self._reading.with_group(self._at, group)

    def use(self, at: int, recipe: Recipe) -> None:
        """Take over a recipe that was changed elsewhere (a repair)."""
        group = self._reading.groups[at]
        taken = [c.recipe.id for c in group.candidates if not c.proposed]
        changed = as_own(recipe, taken) if group.edited is None else recipe
        self._reading = self._reading.with_group(at, replace(group, edited=changed))
        self._valid[at] = True
        if at == self._at:
            self._show_group()

    def _touch(self) -> None:
        self._soon.start()

    def finish(self) -> None:
        """Take over an edit that is still being waited for."""
        if self._soon.isActive():
            self._soon.stop()
            self._edit()

    def _edit(self) -> None:
        group = self._group()
        header = group.tables[0].header
        roles = {}
        for row, column in enumerate(header):
            combo = self.roles.cellWidget(row, 2)
            assert isinstance(combo, QComboBox)
            roles[column] = ColumnRole(combo.currentData())
        choices = Choices(
            self.kind.currentData() or "",
            self.name.text().strip(),
            self.level.currentData() or "",
            self.level_name.text().strip(),
            self.day.text().strip(),
            self.decimal.currentData() or "",
            self.keep.isChecked(),
        )
        taken = [c.recipe.id for c in group.candidates if not c.proposed]
        base = group.candidates[group.chosen].recipe
        try:
            recipe = edited(base, header, roles, choices, taken)
        except UserError as error:
            issue = error.issues[0]
            self.problem.setText(" ".join(t for t in (issue.message, issue.repair) if t))
            self._valid[self._at] = False
        else:
            self.problem.clear()
            self._valid[self._at] = True
            self._keep(replace(group, edited=recipe))
            if self.recipe.count() == len(group.candidates):
                self.recipe.addItem(_("Own assignment"))
            self.recipe.setCurrentIndex(len(group.candidates))
            self._ask_preview()
        self.changed.emit()

    # preview -----------------------------------------------------------------------------

    def _ask_preview(self) -> None:
        group = self._group()
        self.preview_wanted.emit(group.tables[0], group.recipe)

    def show_preview(self, shown: Preview | None) -> None:
        self._set_preview(shown)

    def _set_preview(self, shown: Preview | None) -> None:
        self.original.set_preview(shown)
        self.result.set_preview(shown)
        self.cells.fit_columns()
        self.results.fit_columns()

    def preview_failed(self, error: UserError) -> None:
        self._set_preview(None)
        self.problem.setText(error.issues[0].message)

    def stop(self) -> None:
        self._soon.stop()


def _scroll_together(one: RawView, other: RawView) -> None:
    """Rows of both stay beside each other."""
    first, second = one.verticalScrollBar(), other.verticalScrollBar()
    first.valueChanged.connect(second.setValue)
    second.valueChanged.connect(first.setValue)
