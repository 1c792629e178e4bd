"""The rate tables of a forecast: look at them, see how they came about, change them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from monitor_app.app.rates import (
    RateBook,
    RateTable,
    group_name,
    rate_tables,
    same_but_edits,
    sex_name,
    with_spec,
)
from monitor_app.app.rates_change import (
    cells_edits,
    keep_rates,
    stored_rates,
    value_edit,
    without_cells,
)
from monitor_app.app.rates_file import export_rates, take_rates
from monitor_app.app.rates_summary import measures
from monitor_app.app.rates_trace import trace
from monitor_app.app.session import Event
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import Issue, UserError
from monitor_app.forecast.rate_edits import RateEdit
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.rateschart import profile_of
from monitor_app.ui.ratespage import RatesPage, chosen_text
from monitor_app.ui.ratesparts import range_words
from monitor_app.ui.whatifload import words

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench


class RatesPanel(RatesPage):
    """``spec_changed``: the specification with changes by hand, already kept in the project."""

    spec_changed = Signal(object)

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(bench.theme, parent)
        self._bench = bench
        self.session = bench.session
        self.spec: ForecastSpec | None = None
        self.book: RateBook | None = None
        self._loading = False
        self._stale = False
        self._kept = False
        self._pending: list[RateEdit] = []
        self._done: list[list[RateEdit]] = []
        self._undone: list[list[RateEdit]] = []
        self._connect()
        self._unsubscribe = self.session.subscribe(self._heard)
        self._say_empty(_("Choose the level of a forecast: its rates will be shown here."))

    def _connect(self) -> None:
        self.table.activated.connect(lambda _n: self._table_chosen())
        for box in (self.sex, self.group, self.type):
            box.activated.connect(lambda _n: self._refill())
        self.model.typed.connect(self._typed)
        self.model.refused.connect(self._refuse)
        self.edit.wanted.connect(self._factor_wanted)
        self.edit.reset.connect(self._reset_cells)
        self.changes.removed.connect(self._take_back)
        self.changes.cleared.connect(lambda: self._set_edits([]))
        self.undo.clicked.connect(self.step_back)
        self.redo.clicked.connect(self.step_on)
        self.save.clicked.connect(self._save)
        self.take.clicked.connect(self._take)
        clear = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.view)
        clear.setContext(Qt.ShortcutContext.WidgetShortcut)
        clear.activated.connect(self._reset_cells)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    # loading ---------------------------------------------------------------------------------

    def show_spec(self, spec: ForecastSpec) -> None:
        """Show the rates of a specification; they are read when the panel is looked at."""
        before, self.spec = self.spec, spec
        if before is None or before.level != spec.level:
            self._pending = []
        if self.book is not None and not self._stale and same_but_edits(self.book.spec, spec):
            if before is not None and list(before.rates) != list(spec.rates):
                self._done, self._undone = [], []
            self._take_book(with_spec(self.book, spec))
            return
        self._done, self._undone = [], []
        self._stale = True
        self._load_if_seen()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._load_if_seen()

    def _load_if_seen(self) -> None:
        spec = self.spec
        if spec is None or not self._stale or self._loading or not self.isVisible():
            return
        if not self.session.has_project:
            return
        self._loading, self._stale = True, False
        self._say_empty(_("The rates are being estimated …"))
        self._bench.job(
            _("Estimating rates"),
            lambda progress: rate_tables(self.session, spec, progress),
            self._loaded, failed=self._failed, cancelled=self._cancelled,
        )  # fmt: skip

    def _loaded(self, book: RateBook) -> None:
        self._loading = False
        if self.spec is None:  # the project was closed meanwhile
            return
        if self._stale:  # another specification came meanwhile
            self._load_if_seen()
            return
        if list(self.spec.rates) != list(book.spec.rates):
            book = with_spec(book, self.spec)
        self._take_book(book)

    def _failed(self, error: UserError) -> None:
        self._loading = False
        if self.spec is None:
            return
        if self._stale:  # what was refused is not asked for any more
            self._load_if_seen()
            return
        self.book = None
        self._say_empty(words(error))

    def _cancelled(self) -> None:
        self._loading, self._stale, self.book = False, True, None
        self._say_empty(_("Stopped. Come back to this page to estimate the rates."))

    def _say_empty(self, text: str) -> None:
        self.empty.setText(text)
        self.pages.setCurrentIndex(0)

    def _heard(self, event: Event) -> None:
        """Undo in the project takes changes back here too; other data make other rates."""
        if event not in (Event.PROJECT, Event.DATA) or self.spec is None:
            return
        if event is Event.PROJECT or not self.session.has_project:
            self.book, self.spec, self._kept, self._pending = None, None, False, []
            self._done, self._undone = [], []
            self._say_empty(_("Choose the level of a forecast: its rates will be shown here."))
            return
        kept = stored_rates(self.session, self.spec.id)
        if kept is None and self._kept:
            kept = []  # undo took back the first change, and with it the stored specification
        if kept is not None and kept != list(self.spec.rates):
            self.spec = self.spec.model_copy(update={"rates": kept})
            self._done, self._undone = [], []
            self.spec_changed.emit(self.spec)
        self._stale = True
        self._load_if_seen()

    # showing ---------------------------------------------------------------------------------

    def _take_book(self, book: RateBook) -> None:
        fresh = self.book is None or tuple(self.book.tables) != tuple(book.tables)
        fresh = fresh or self.book is None or self.book.town is not book.town
        self.book, self.spec = book, book.spec
        self.pages.setCurrentIndex(1)
        if fresh:
            chosen = self.table.currentData()
            self.table.clear()
            for key, table in book.tables.items():
                self.table.addItem(table.name, key)
            self.table.setCurrentIndex(max(self.table.findData(chosen), 0))
            self._table_chosen()
        else:
            self._refill()
        self.changes.show_changes(book)
        count = len(book.spec.rates)
        title = _("Changes by hand")
        self.tabs.setTabText(1, f"{title} ({count})" if count else title)
        self._enable()

    def current(self) -> RateTable | None:
        """The table on screen."""
        return None if self.book is None else self.book.tables.get(self.table.currentData())

    def _table_chosen(self) -> None:
        table, book = self.current(), self.book
        if table is None or book is None:
            return
        sex, group = self.sex.currentData(), self.group.currentData()
        self._pending = []
        self.sex.clear()
        self.group.clear()
        self.type.clear()
        for key in table.sexes:
            self.sex.addItem(_("Mothers") if table.key == "births" else sex_name(key), key)
        for key in table.groups:
            self.group.addItem(group_name(book.town, key), key)
        self.sex.setCurrentIndex(max(self.sex.findData(sex), 0))
        self.group.setCurrentIndex(max(self.group.findData(group), 0))
        self.sex.setVisible(len(table.sexes) > 1)
        self.group.setVisible(len(table.groups) > 1)
        self.type.addItem(_("all areas"), None)
        types = book.type_of(table.key)
        for number in () if types is None else np.unique(types).tolist():
            count = int((types == number).sum())
            self.type.addItem(_("type {n} ({count} areas)").format(n=number + 1, count=count),
                              number)  # fmt: skip
        self.type.setVisible(types is not None)
        both, more = len(table.sexes) > 1, len(table.groups) > 1
        self.edit.everyone.setVisible(both or more)
        self.edit.everyone.setText(
            _("for both sexes and all groups") if both and more
            else _("for both sexes") if both else _("for all groups")
        )  # fmt: skip
        self._refill()

    def _columns(self) -> list[int | None]:
        table, book = self.current(), self.book
        if table is None or book is None:
            return []
        if table.areas == ("",):
            return [None]
        types, wanted = book.type_of(table.key), self.type.currentData()
        areas = range(len(table.areas))
        if table.key == "destinations":
            return list(areas)
        return [None, *(a for a in areas if types is None or wanted in (None, types[a]))]

    def _refill(self) -> None:
        """Fill the table anew; the chosen cells stay."""
        kept = [(i.row(), i.column()) for i in self.view.selectionModel().selectedIndexes()]
        now = self.view.currentIndex()
        place = (now.row(), now.column()) if now.isValid() else (self._first_row(), 0)
        self.model.show_table(
            self.book, self.table.currentData(), max(self.sex.currentIndex(), 0),
            max(self.group.currentIndex(), 0), self._columns(),
        )  # fmt: skip
        rows, columns = self.model.rowCount(), self.model.columnCount()
        # The view makes a new selection model of each reset: connect to the one in use.
        chosen = self.view.selectionModel()
        chosen.selectionChanged.connect(self._selected, Qt.ConnectionType.UniqueConnection)
        row, column = min(place[0], rows - 1), min(place[1], columns - 1)
        if row >= 0 and column >= 0:
            self.view.setCurrentIndex(self.model.index(row, column))
        if len(kept) > 1:
            picked = QItemSelection()
            for r, c in kept:
                if r < rows and c < columns:
                    cell = self.model.index(r, c)
                    picked.select(cell, cell)
            chosen.select(picked, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._show_cell()

    def _first_row(self) -> int:
        table = self.current()
        if table is None or len(table.ages) < 2:
            return 0
        return int(np.argmin(np.abs(np.array(table.ages) - 30)))

    def _selected(self, *_args: object) -> None:
        self._show_cell()

    def _show_cell(self) -> None:
        """Measures, chart and trace of the current cell, and which cells a change would meet."""
        table, book, index = self.current(), self.book, self.view.currentIndex()
        if table is None or book is None or not index.isValid():
            self.trace.show_trace(None)
            self.edit.enable(False)
            return
        area = self.model.areas[index.column()]
        sex, group = max(self.sex.currentIndex(), 0), max(self.group.currentIndex(), 0)
        age = table.ages[index.row()]
        self.trace.show_trace(trace(book, table.key, sex, group, age, area))
        self._show_measures(book, table, sex, group, area)
        self.chart.setVisible(len(table.ages) > 1)
        if len(table.ages) > 1:
            self.chart.show_profile(profile_of(book, table, sex, group, area, age))
        self.edit.range.setText(range_words(book, table, self.chosen_cells()))
        writable = self.session.has_project and not self.session.project.read_only
        self.edit.enable(writable)

    def _show_measures(
        self, book: RateBook, table: RateTable, sex: int, group: int, area: int | None
    ) -> None:
        parts = []
        before = {m.key: m.value for m in measures(table, sex, group, area, before=True)}
        for m in measures(table, sex, group, area):
            text = f"{m.name}: <b>{format_number(m.value, m.precision)}</b> {m.unit}".strip()
            if abs(before[m.key] - m.value) > 0.5 * 10.0**-m.precision:
                old = format_number(before[m.key], m.precision)
                text += " " + _("(before the changes {value})").format(value=old)
            parts.append(text)
        name = book.area_name(area)
        self.measures.setText(f"{name} – " + " · ".join(parts) if parts else name)
        source = _("Source: {source}. Unit: {unit}.").format(
            source=book.source_text(table.key), unit=table.unit
        )
        self.source.setText(source)

    # changing --------------------------------------------------------------------------------

    def chosen_cells(self) -> list[tuple[int, int | None]]:
        """Age and area (None: the town) of the chosen cells."""
        table = self.current()
        if table is None:
            return []
        found = self.view.selectionModel().selectedIndexes()
        return [(table.ages[i.row()], self.model.areas[i.column()]) for i in found]

    def _who(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Sex and group that a change is for; empty: all."""
        table = self.current()
        assert table is not None
        if self.edit.everyone.isChecked() and self.edit.everyone.isVisibleTo(self):
            return (), ()
        sex = (self.sex.currentData(),) if len(table.sexes) > 1 else ()
        group = (self.group.currentData(),) if len(table.groups) > 1 else ()
        return sex, group

    def _factor_wanted(self, factor: float, reason: str) -> None:
        table = self.current()
        if table is None or self.book is None:
            return
        if self._pending and factor == 1.0:
            made = [e.model_copy(update={"note": reason}) for e in self._pending]
        elif factor == 1.0:
            self._refuse(_("A factor of 1 changes nothing: choose another one."))
            return
        else:
            made = cells_edits(table, self.chosen_cells(), *self._who(), factor, reason or "?")
        self._pending = made
        if not reason:
            self._refuse(_("Please say why: a change of rates needs a reason in words."))
            self.edit.reason.setFocus()
            return
        self._add(made)

    def _typed(self, row: int, column: int, value: float) -> None:
        table = self.current()
        if table is None:
            return
        area = self.model.areas[column]
        reason = self.edit.reason.text().strip()
        sex, group = max(self.sex.currentIndex(), 0), max(self.group.currentIndex(), 0)
        made = value_edit(
            table, table.ages[row], area, *self._who(), value, reason or "?", (sex, group)
        )
        self._pending = [made]
        if not reason:
            self._refuse(_("Please say why: a change of rates needs a reason in words."))
            self.edit.factor.set_factor(1.0)
            self.edit.reason.setFocus()
            return
        self._add(self._pending)

    def _add(self, made: list[RateEdit]) -> bool:
        """Further changes; False where they cannot be."""
        assert self.spec is not None
        if not self._set_edits([*self.spec.rates, *made]):
            return False
        self._pending = []
        self.edit.factor.set_factor(1.0)
        return True

    def _set_edits(self, edits: list[RateEdit], *, remember: bool = True) -> bool:
        """Use other changes; False where they cannot be."""
        if self.book is None or self.spec is None:
            return False
        if self.session.project.read_only:
            self._refuse(_("The project is open for reading only."))
            return False
        spec = self.spec.model_copy(update={"rates": edits})
        book = with_spec(self.book, spec)
        if book.issues:
            issue = book.issues[0]
            self._refuse(" ".join(t for t in (issue.message, issue.repair) if t))
            return False
        if remember:
            self._done.append(list(self.spec.rates))
            self._undone = []
        self.notice.hide()
        keep_rates(self.session, spec)
        self._kept = True
        self._take_book(book)
        self.session.announce(Event.SAVED)
        self.spec_changed.emit(spec)
        return True

    def _reset_cells(self) -> None:
        table = self.current()
        if table is not None and self.spec is not None:
            rest = without_cells(table, self.spec.rates, self.chosen_cells(), *self._who())
            if rest != list(self.spec.rates):
                self._set_edits(rest)

    def _take_back(self, number: int) -> None:
        assert self.spec is not None
        self._set_edits([e for n, e in enumerate(self.spec.rates) if n != number])

    def step_back(self) -> None:
        """Undo the last change made here."""
        if self._done and self.spec is not None:
            now, wanted = list(self.spec.rates), self._done[-1]
            if self._set_edits(wanted, remember=False):
                self._undone.append(now)
                self._done.pop()
            self._enable()

    def step_on(self) -> None:
        """Redo what was undone here."""
        if self._undone and self.spec is not None:
            now, wanted = list(self.spec.rates), self._undone[-1]
            if self._set_edits(wanted, remember=False):
                self._done.append(now)
                self._undone.pop()
            self._enable()

    def _enable(self) -> None:
        self.undo.setEnabled(bool(self._done))
        self.redo.setEnabled(bool(self._undone))
        writable = self.session.has_project and not self.session.project.read_only
        self.take.setEnabled(writable)

    def _refuse(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.show()

    # files -----------------------------------------------------------------------------------

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(chosen_text(self.view))

    def _save(self) -> None:
        book = self.book
        if book is None:
            return
        name, _kind = QFileDialog.getSaveFileName(
            self, _("Save the rates"), _("rates") + ".xlsx", "Excel (*.xlsx)"
        )
        if name:
            path = Path(name).with_suffix(".xlsx")
            self._bench.job(
                _("Saving the rates"),
                lambda progress: export_rates(book, path, progress),
                lambda _none: self._bench.window_.say(
                    _("Rates saved: {file}").format(file=path.name)
                ),
            )

    def _take(self) -> None:
        book = self.book
        if book is None:
            return
        name, _kind = QFileDialog.getOpenFileName(
            self, _("Take changed rates"), "", "Excel (*.xlsx *.xls *.ods)"
        )
        if name:
            self.take_file(Path(name))

    def take_file(self, path: Path) -> None:
        """Read changed cells of a saved workbook as changes by hand."""
        book = self.book
        if book is None:
            return
        reason = self.edit.reason.text().strip()
        self._bench.job(
            _("Reading the rates"),
            lambda progress: take_rates(book, path, reason, progress),
            self._taken,
        )

    def _taken(self, found: tuple[list[RateEdit], tuple[Issue, ...]]) -> None:
        edits, issues = found
        if self.spec is None:  # the project was closed meanwhile
            return
        if issues:
            self._bench.window_.show_issues(_("Findings in the rates"), issues)
        if edits:
            if self._add(edits):
                text = ngettext("{count} change taken", "{count} changes taken", len(edits))
                self._bench.window_.say(text.format(count=len(edits)))
        elif not issues:
            self._bench.window_.say(_("The file has no changed rates."))

    def shutdown(self) -> None:
        """End subscriptions."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
