"""The workspace of patterns at work: jobs compute, the page shows; nothing runs unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QTableWidget, QTableWidgetItem, QWidget

from monitor_app.app.exports import write_table
from monitor_app.app.maps import shapes_of
from monitor_app.app.segregation import (
    MEASURES,
    Segregation,
    measure_name,
    segregation,
    segregation_table,
    sentence,
    trend,
)
from monitor_app.app.segregation import remarks as segregation_remarks
from monitor_app.app.session import Event
from monitor_app.app.spatialstats import (
    GI,
    LISA,
    Pattern,
    classes,
    cluster_spec,
    cluster_table,
    local_of,
    pattern,
    sentences,
)
from monitor_app.app.spatialstats import remarks as pattern_remarks
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import format_date, format_number, format_p
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.exchange.export_table import ExportTable
from monitor_app.ui.patternpage import PatternPage
from monitor_app.ui.serieschart import Series
from monitor_app.ui.sheetform import remember
from monitor_app.ui.whatifload import words

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

PATTERNS = "patterns"
FILES = "Excel (*.xlsx);;CSV (*.csv)"


@dataclass(frozen=True, eq=False)
class _Shown:
    """A pattern ready to be looked at."""

    pattern: Pattern
    specs: dict[str, MapSpec]
    shapes: AreaShapes


class PatternRoom(QObject):
    """Follows indicator, level and date of the window."""

    key, icon = PATTERNS, "pattern"

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.title = _("Patterns")
        self._bench = bench
        self.session = bench.session
        self.page = PatternPage(bench.theme, bench.session.selection)
        self.shown: _Shown | None = None
        self.segregation: Segregation | None = None
        self._of: tuple[object, ...] = ()
        self._level: tuple[str, bool] | None = None
        self._busy = False
        page = self.page
        page.appeared.connect(self.refresh)
        page.clusters.kind.activated.connect(lambda _i: self._show_map())
        page.clusters.export.clicked.connect(self._save_clusters)
        page.clusters.table.itemSelectionChanged.connect(self._select)
        page.segregation.by.activated.connect(lambda _i: self._other_groups())
        page.segregation.against.activated.connect(lambda _i: self._forget_segregation())
        page.segregation.measure.activated.connect(lambda _i: self._show_segregation())
        page.segregation.export.clicked.connect(self._save_segregation)
        self._end = self.session.subscribe(self._heard)
        self._clear()

    # what the session tells -----------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event is Event.SAVED:
            return
        if event in (Event.PROJECT, Event.DATA):
            self._clear()
        if event is Event.PROJECT:  # its groups are those of another town
            self.page.segregation.against.clear()
        if self.page.isVisible():
            self.refresh()

    def _clear(self) -> None:
        self.shown = self.segregation = None
        self._of, self._level = (), None
        self._say_clusters("")
        self._say_segregation("")

    def refresh(self) -> None:
        """Compute what the visible tab lacks for the indicator, level and date of the window."""
        if not self.session.has_project or self._busy or not self.page.isVisible():
            return
        view = self.session.view
        if not view.level or not view.indicator:
            text = _("Import boundaries and numbers first.")
            self._say_clusters(text)
            self._say_segregation(text)
        elif self.page.tabs.currentIndex() == 0:
            wanted = (view.indicator, view.level, view.day, view.carried)
            if wanted != self._of:
                self._of = wanted
                self._compute_clusters()
        elif self._level != (view.level, view.carried):
            self._level = (view.level, view.carried)
            self._compute_segregation()

    def _done(self) -> None:
        """The view may have changed while the job ran."""
        self._busy = False
        self.refresh()

    # clusters -------------------------------------------------------------------------------

    def _compute_clusters(self) -> None:
        session, view = self.session, self.session.view
        self._busy = True

        def work(progress: Progress) -> _Shown:
            found = pattern(session, view.indicator, view.level, view.day, carried=view.carried,
                            progress=progress)  # fmt: skip
            specs = {kind: cluster_spec(session, found, kind) for kind in (LISA, GI)}
            shapes = shapes_of(session, view.level, found.day, carried=view.carried)
            return _Shown(found, specs, shapes)

        def done(found: _Shown) -> None:
            self.shown = found
            self._show_clusters(found.pattern)
            self._done()

        def failed(error: UserError) -> None:
            self.shown = None
            self._say_clusters(words(error))
            self._done()

        def cancelled() -> None:
            self.shown = None
            self._busy = False
            self._say_clusters(_("Cancelled. Choose another indicator or date to go on."))

        self._bench.job(_("Looking for spatial patterns"), work, done, changes=True,
                        failed=failed, cancelled=cancelled)  # fmt: skip

    def _say_clusters(self, text: str) -> None:
        tab = self.page.clusters
        tab.title.setText(_("Spatial patterns"))
        tab.subtitle.setText(text)
        for label in (tab.words, tab.notes):
            label.clear()
        tab.map.empty_text = text
        tab.map.set_map(None, None)
        tab.chart.show_series(())
        tab.table.setRowCount(0)
        tab.table.setColumnCount(0)
        tab.legend.hide()
        tab.export.setEnabled(False)

    def _show_clusters(self, found: Pattern) -> None:
        tab = self.page.clusters
        name = self.session.catalogue.get(found.table.indicator).name.shown
        level = self.session.areas.level(found.table.level).name
        tab.title.setText(name)
        tab.subtitle.setText(
            _("{level}, as of {day}").format(level=level, day=format_date(found.day))
        )
        tab.words.setText("\n\n".join(sentences(found)))
        tab.notes.setText("\n".join(pattern_remarks(found)))
        values = {day: m.value for day, m in found.series.items()}
        tab.chart.show_series((Series(_("Moran’s I"), values),), found.table.breaks)
        tab.export.setEnabled(True)
        self._fill_areas(found)
        self._show_map()

    def _show_map(self) -> None:
        if self.shown is None:
            return
        tab = self.page.clusters
        spec = self.shown.specs[str(tab.kind.currentData())]
        tab.map.set_map(spec, self.shown.shapes)
        tab.legend.show()
        tab.legend.show_spec(spec)

    def _fill_areas(self, found: Pattern) -> None:
        order = [
            i for i in np.argsort(np.where(np.isnan(found.lisa.p), 2.0, found.lisa.p))
            if np.isfinite(found.lisa.value[i]) or found.names[i] in found.left_out
        ]  # fmt: skip
        named = {kind: list(classes(found, kind).values()) for kind in (LISA, GI)}
        marked = {kind: local_of(found, kind).significant for kind in (LISA, GI)}
        rows = [
            [
                found.names[i], format_number(found.values[i], found.table.precision),
                format_number(found.lisa.value[i], 2), format_p(found.lisa.p[i]),
                (named[LISA][i] or "–") if marked[LISA][i] else "–",
                format_number(found.gi.value[i], 2), format_p(found.gi.p[i]),
                (named[GI][i] or "–") if marked[GI][i] else "–",
            ]
            for i in order
        ]  # fmt: skip
        heads = [_("Area"), _("Value"), "LISA I", "p", _("Class"), "Gi* z", "p", _("Class")]
        _fill(self.page.clusters.table, heads, rows, words={0, 4, 7},
              keys=[found.areas[i] for i in order])  # fmt: skip

    def _select(self) -> None:
        """Areas chosen in the table are chosen on the map."""
        table = self.page.clusters.table
        chosen = {item.row() for item in table.selectedItems()}
        keys = [item.data(Qt.ItemDataRole.UserRole) for row in sorted(chosen)
                if (item := table.item(row, 0)) is not None]  # fmt: skip
        if keys:
            self.session.selection.set(keys)

    # segregation ----------------------------------------------------------------------------

    def _other_groups(self) -> None:
        self.page.segregation.against.clear()
        self._forget_segregation()

    def _forget_segregation(self) -> None:
        self._level = None
        self.refresh()

    def _compute_segregation(self) -> None:
        session, level = self.session, self.session.view.level
        carried = self.session.view.carried
        by = str(self.page.segregation.by.currentData())
        against = self.page.segregation.against.currentData() or None
        self._busy = True

        def work(progress: Progress) -> Segregation:
            return segregation(
                session, level, by, against=against, carried=carried, progress=progress
            )

        def done(found: Segregation) -> None:
            self.segregation = found
            self._offer_groups(found)
            self._offer_measures(found)
            self._show_segregation()
            self._done()

        def failed(error: UserError) -> None:
            self._say_segregation(words(error))
            self._done()

        def cancelled() -> None:
            self._busy = False
            self._say_segregation(_("Cancelled. Choose other groups to go on."))

        self._bench.job(_("Computing segregation"), work, done, changes=True, failed=failed,
                        cancelled=cancelled)  # fmt: skip

    def _say_segregation(self, text: str) -> None:
        tab = self.page.segregation
        self.segregation = None
        tab.title.setText(_("Segregation"))
        tab.subtitle.setText(text)
        for label in (tab.words, tab.notes):
            label.clear()
        tab.chart.show_series(())
        tab.table.setRowCount(0)
        tab.table.setColumnCount(0)
        tab.measure.setEnabled(False)
        tab.against.setEnabled(False)
        tab.export.setEnabled(False)

    def _offer_groups(self, found: Segregation) -> None:
        """What the groups can be held against: all others, or one of them."""
        box = self.page.segregation.against
        before = box.currentData()
        box.clear()
        box.addItem(_("all others"), "")
        for group in found.groups:
            box.addItem(group.name, group.condition)
        box.setCurrentIndex(max(0, box.findData(before)))
        box.setEnabled(True)

    def _offer_measures(self, found: Segregation) -> None:
        """A second group asks for the dissimilarity from it."""
        box = self.page.segregation.measure
        before = box.currentData()
        box.clear()
        known = {n for p in found.profiles.values() for one in p.values() for n in one.measures}
        for name in MEASURES:
            if name in known:
                box.addItem(measure_name(name), name)
        wanted = "dissimilarity" if found.reference is not None else before
        box.setCurrentIndex(max(0, box.findData(wanted)))
        box.setEnabled(True)

    def _show_segregation(self) -> None:
        found, tab = self.segregation, self.page.segregation
        if found is None:
            return
        name = str(tab.measure.currentData())
        tab.title.setText(_("Segregation"))
        days = (format_date(found.dates[0]), format_date(found.dates[-1]))
        tab.subtitle.setText(f"{found.level_name}, {days[0]} – {days[1]}")
        last = found.dates[-1]
        lines = [f"{sentence(found, g, last)}\n{trend(found, g)}".strip() for g in found.groups]
        tab.words.setText("\n\n".join(t for t in lines if t))
        tab.notes.setText("\n".join(segregation_remarks(found)))
        series = []
        for group in found.groups:
            measures = {d: m for d in found.dates if (m := found.measure(group.key, d, name))}
            series.append(Series(group.name, {d: m.value for d, m in measures.items()}))
        first = next((g for g, s in zip(found.groups, series, strict=True) if s.values),
                     found.groups[0])  # fmt: skip
        chance = {d: m.random for d in found.dates if (m := found.measure(first.key, d, name))}
        if name in ("is", "entropy", "gini", "dissimilarity", "eta2"):
            label = _("at random ({group})").format(group=first.name)
            series.append(Series(label, chance, thin=True))
        tab.chart.show_series(series, found.breaks, precision=3)
        heads = [_("As of"), *(g.name for g in found.groups)]
        rows = [
            [format_date(d), *(_beside(found, g.key, d, name) for g in found.groups)]
            for d in reversed(found.dates)
        ]
        _fill(tab.table, heads, rows, words={0})
        tab.export.setEnabled(True)

    # handing on -----------------------------------------------------------------------------

    def _save_clusters(self) -> None:
        if self.shown is not None:
            found = self.shown.pattern
            used = (found.table.indicator,), found.table.level, found.day
            self._save(cluster_table(self.session, found), _("Clusters"), used)

    def _save_segregation(self) -> None:
        if self.segregation is not None:
            self._save(segregation_table(self.segregation), _("Segregation"))

    def _save(
        self, table: ExportTable, name: str,
        used: tuple[tuple[str, ...], str, date | None] = ((), "", None),
    ) -> None:  # fmt: skip
        """``used``: indicators that the table shows, their level and date."""
        chosen, _filter = QFileDialog.getSaveFileName(
            self.page, _("Save the table …"), f"{name}.xlsx", FILES
        )
        if chosen:
            path = Path(chosen)
            path = path if path.suffix else path.with_suffix(".xlsx")
            bench, project = self._bench, self.session.project

            def work(progress: Progress) -> Path:
                write_table(path, table, progress)
                return path

            def done(written: Path) -> None:
                indicators, level, day = used
                remember(bench, project, indicators, written.name, level, day)
                bench.window_.say(_("Saved: {name}").format(name=written.name))

            bench.job(_("Saving the table"), work, done)

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes; the map stays usable."""
        page = self.page
        return (
            page.clusters.kind, page.segregation.by, page.segregation.against,
            page.segregation.measure,
        )  # fmt: skip

    def shutdown(self) -> None:
        self._end()
        self._end = lambda: None
        self.page.shutdown()


def _beside(found: Segregation, group: str, day: date, name: str) -> str:
    """A value beside the one of random allocation."""
    value = found.measure(group, day, name)
    if value is None:
        return "–"
    return f"{format_number(value.value, 3)} ({format_number(value.random, 3)})"


def _fill(
    table: QTableWidget,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: set[int],
    keys: Sequence[str] = (),
) -> None:
    """``words``: columns that are no numbers; ``keys``: kept with the rows."""
    table.blockSignals(True)
    table.setColumnCount(len(heads))
    table.setHorizontalHeaderLabels(list(heads))
    table.setRowCount(len(rows))
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            item = QTableWidgetItem(text)
            if c not in words:
                item.setTextAlignment(right)
            if c == 0 and keys:
                item.setData(Qt.ItemDataRole.UserRole, keys[r])
            table.setItem(r, c, item)
    table.blockSignals(False)
