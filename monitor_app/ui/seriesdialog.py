"""Maps of a series as one page of small maps, or as a moving picture (GIF)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from monitor_app.app.mapseries import (
    MOST_FRAMES,
    MapSeries,
    day_texts,
    of_days,
    thinned,
    with_note,
    write_series,
)
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.reports.page import Orientation, SheetLayout, compose
from monitor_app.reports.series import MOST, compose_multiples
from monitor_app.ui.sheetform import (
    PagePreview,
    ask_for_file,
    file_name,
    offer_page_formats,
    page_image,
    paper_box,
    remember,
)

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

PAGE, MOVING = "page", "moving"
#: Seconds that a picture of the usual gap stands.
PACES = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0)
_WAIT_MS = 250


class SeriesDialog(QDialog):
    """``series``: maps that are already chosen (a pair that is compared); without one the user
    chooses dates of the shown indicator."""

    def __init__(self, bench: Workbench, series: MapSeries | None = None) -> None:
        super().__init__(bench.window_)
        self._bench = bench
        self._given = series
        self._days: tuple[date, ...] = () if series is not None else bench.session.dates()
        self._number = 0
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Map series"))
        self.resize(1080, 680)
        self.preview = PagePreview()
        self.says = QLabel()
        self.says.setProperty("role", "small")
        self.says.setWordWrap(True)
        left = QVBoxLayout()
        left.addLayout(self._build_form())
        left.addWidget(self.says)
        left.addStretch(1)
        left.addLayout(self._buttons())
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 20, 20, 16)
        row.setSpacing(20)
        row.addLayout(left, 0)
        row.addWidget(self.preview, 1)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._draw)
        self._changed()

    # the form ------------------------------------------------------------------------------

    def _build_form(self) -> QFormLayout:
        self.kind = QComboBox()
        self.kind.addItem(_("One page of small maps"), PAGE)
        if self._given is None:
            self.kind.addItem(_("Moving picture (GIF)"), MOVING)
        self.first, self.last = QComboBox(), QComboBox()
        names = day_texts(self._bench.session, self._days)
        for box in (self.first, self.last):
            for day, name in zip(self._days, names, strict=True):
                box.addItem(name, day)
        self.last.setCurrentIndex(len(self._days) - 1)
        self.most = QSpinBox()
        self.most.setRange(2, MOST)
        self.most.setValue(12)
        self.most.lineEdit().setTextMargins(8, 0, 0, 0)
        self.seconds = QComboBox()
        for seconds in PACES:
            self.seconds.addItem(format_number(seconds, 1), seconds)
        self.seconds.setCurrentIndex(self.seconds.findData(1.0))
        self.title = QLineEdit()
        self.title.setPlaceholderText(_("Name of the indicator"))
        self.office = QLineEdit(self._bench.session.settings.office)
        self.office.setPlaceholderText(_("e.g. Statistics office"))
        self.paper = paper_box()
        self.format = QComboBox()
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(12)
        rows: list[tuple[str, QWidget]] = [(_("Kind"), self.kind)]
        if self._given is None:
            rows += [(_("From date"), self.first), (_("To date"), self.last),
                     (_("Dates at most"), self.most),
                     (_("Seconds per picture"), self.seconds)]  # fmt: skip
        rows += [(_("Title"), self.title), (_("Author office"), self.office),
                 (_("Paper"), self.paper), (_("Format"), self.format)]  # fmt: skip
        for name, widget in rows:
            widget.setMinimumWidth(240)
            widget.setAccessibleName(name)
            form.addRow(name, widget)
        self._form = form
        self.kind.activated.connect(self._kind_changed)
        for combo in (self.first, self.last, self.paper):
            combo.activated.connect(self._changed)
        self.most.valueChanged.connect(self._changed)
        for line in (self.title, self.office):
            line.textChanged.connect(self._changed)
        self._offer_formats()
        return form

    def _buttons(self) -> QHBoxLayout:
        self.write = QPushButton(_("Save series …"))
        self.write.setProperty("role", "primary")
        self.write.setDefault(True)
        self.write.clicked.connect(self._choose)
        shut = QPushButton(_("Close"))
        shut.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(shut)
        row.addWidget(self.write)
        return row

    @property
    def moving(self) -> bool:
        return bool(self.kind.currentData() == MOVING)

    def _kind_changed(self) -> None:
        most = MOST_FRAMES if self.moving else MOST
        self.most.setRange(2, most)
        self.most.setValue(min(len(self._days), most) if self.moving else 12)
        self._offer_formats()
        self._changed()

    def _offer_formats(self) -> None:
        if self.moving:
            self.format.clear()
            self.format.addItem(_("GIF (moving picture)"), ".gif")
        else:
            offer_page_formats(self.format)
        if self._given is None:
            self._form.setRowVisible(self.seconds, self.moving)

    def days(self) -> tuple[date, ...]:
        """Dates as chosen, whichever of both ends was named first."""
        ends = sorted((self.first.currentIndex(), self.last.currentIndex()))
        return thinned(self._days[ends[0] : ends[1] + 1], self.most.value())

    def sheet(self) -> SheetLayout:
        paper, orientation = self.paper.currentData()
        return SheetLayout(Orientation(orientation), paper, office=self.office.text())

    def _changed(self) -> None:
        if self._given is None:
            count = len(self.days())
            text = ngettext("{count} date", "{count} dates", count).format(count=count)
            if self.moving:
                text += ". " + _("A picture stands as long as the gap to the next date is wide.")
            self.says.setText(text)
        self._soon.start()

    # the work ------------------------------------------------------------------------------

    def _series(self, days: Sequence[date], title: str, progress: Progress) -> MapSeries:
        """*Slow*, in a thread of work: reads no widget."""
        series = self._given or of_days(self._bench.session, days, progress=progress)
        if not title:
            return series
        specs = tuple(replace(spec, title=title) for spec in series.specs)
        return replace(series, title=title, specs=specs)

    def _draw(self) -> None:
        self._number += 1
        number, layout, moving, days = self._number, self.sheet(), self.moving, self.days()
        title = self.title.text().strip()

        def work(progress: Progress) -> QImage:
            # All dates also for one picture of many: classes hold for all of them.
            series = self._series(days, title, progress.part(0.0, 0.4))
            if moving:
                noted = with_note(series, layout)
                figure = compose(series.specs[-1], series.shapes[-1], noted).sheet.figure
            else:
                figure = compose_multiples(
                    series.specs, series.shapes, with_note(series, layout), title=series.title,
                    captions=series.captions, progress=progress.part(0.4, 1.0),
                ).sheet.figure  # fmt: skip
            return page_image(figure)

        def failed(error: UserError) -> None:
            if isValid(self) and number == self._number:
                issue = error.issues[0]
                self.says.setText(" ".join(t for t in (issue.message, issue.repair) if t))

        def done(page: QImage) -> None:
            if isValid(self) and number == self._number:
                self.preview.show_page(page)

        self._bench.job(_("Drawing the preview"), work, done, failed=failed)

    def _choose(self) -> None:
        ending = self.format.currentData()
        session = self._bench.session
        session.settings.office = self.office.text()
        spec = self._given.specs[0] if self._given is not None else None
        picture = self._bench.map.picture
        spec = spec or (picture.spec if picture is not None else None)
        name = (
            f"{_('Maps')}{ending}" if spec is None else file_name(replace(spec, day=None), ending)
        )
        target = ask_for_file(self, _("Save series"), session.project.path.parent / name, ending)
        if target is not None:
            self.save(target)

    def save(self, target: Path) -> None:
        """Write in the background; the dialog closes, progress and cancel stand below the map."""
        layout, seconds, days = self.sheet(), self.seconds.currentData(), self.days()
        title = self.title.text().strip()
        bench = self._bench
        project, level = bench.session.project, bench.session.view.level

        def work(progress: Progress) -> MapSeries:
            series = self._series(days, title, progress.part(0.0, 0.2))
            write_series(series, target, layout, seconds=seconds, progress=progress.part(0.2, 1.0))
            return series

        def done(series: MapSeries) -> None:
            remember(bench, project, series.indicators, target.name, level, series.day)
            bench.window_.say(_("Written: {path}").format(path=target))

        bench.job(_("Writing {name}").format(name=target.name), work, done)
        self.accept()

    def done(self, result: int) -> None:
        self._soon.stop()
        super().done(result)
