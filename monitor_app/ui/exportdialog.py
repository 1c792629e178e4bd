"""The map as a page and the numbers as a table: what shall stand on it, and how it will look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)
from shiboken6 import isValid

from monitor_app.app.exports import value_table, write_table
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.reports.page import (
    Orientation,
    SheetLayout,
    compose,
    default_subtitle,
    write_page,
)
from monitor_app.ui.mappage import Picture
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

_WAIT_MS = 350


class PageDialog(QDialog):
    """Title, subtitle, office, paper at the left, the page itself at the right."""

    def __init__(self, bench: Workbench, picture: Picture) -> None:
        super().__init__(bench.window_)
        self._bench = bench
        self._picture = picture
        self._number = 0
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Print page"))
        self.resize(1080, 680)
        form = self._build_form(picture.spec)
        self.preview = PagePreview()
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 20, 20, 16)
        row.setSpacing(20)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addStretch(1)
        left.addWidget(self.hint)
        left.addLayout(self._buttons())
        row.addLayout(left, 0)
        row.addWidget(self.preview, 1)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._draw)
        for line in (self.title, self.subtitle, self.office, self.watermark):
            line.textChanged.connect(self._soon.start)
        self.paper.activated.connect(self._soon.start)
        self._soon.start()

    def _build_form(self, spec: MapSpec) -> QFormLayout:
        self.title = QLineEdit(spec.title)
        self.subtitle = QLineEdit(spec.subtitle or default_subtitle(spec))
        self.office: QLineEdit = QLineEdit(self._bench.session.settings.office)
        self.office.setPlaceholderText(_("e.g. Statistics office"))
        self.watermark: QLineEdit = QLineEdit()
        self.watermark.setPlaceholderText(_("e.g. preliminary"))
        self.paper: QComboBox = paper_box()
        self.format = QComboBox()
        offer_page_formats(self.format)
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(12)
        for line in (self.title, self.subtitle):
            line.setCursorPosition(0)
        for name, widget in (
            (_("Title"), self.title),
            (_("Subtitle"), self.subtitle),
            (_("Author office"), self.office),
            (_("Watermark"), self.watermark),
            (_("Paper"), self.paper),
            (_("Format"), self.format),
        ):
            widget.setMinimumWidth(260)
            widget.setAccessibleName(name)
            form.addRow(name, widget)
        self.hint: QLabel = QLabel(_("Classes, colours and signs are those of the screen."))
        self.hint.setProperty("role", "small")
        self.hint.setWordWrap(True)
        return form

    def _buttons(self) -> QHBoxLayout:
        self.write = QPushButton(_("Save page …"))
        self.write.setProperty("role", "primary")
        self.write.setDefault(True)
        self.write.clicked.connect(self._choose)
        cancel = QPushButton(_("Close"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.write)
        return row

    def spec(self) -> MapSpec:
        """The map with the texts as typed."""
        return replace(self._picture.spec, title=self.title.text(), subtitle=self.subtitle.text())

    def sheet(self) -> SheetLayout:
        """What stands around it."""
        paper, orientation = self.paper.currentData()
        return SheetLayout(
            Orientation(orientation),
            paper,
            office=self.office.text(),
            watermark=self.watermark.text(),
        )

    def _draw(self) -> None:
        self._number += 1
        number = self._number
        spec, layout, shapes = self.spec(), self.sheet(), self._picture.shapes

        def work(_progress: Progress) -> QImage:
            return page_image(compose(spec, shapes, layout).sheet.figure)

        def done(page: QImage) -> None:
            if isValid(self) and number == self._number:  # else a newer one is on its way
                self.preview.show_page(page)

        self._bench.job(_("Drawing the preview"), work, done)

    def _choose(self) -> None:
        ending = self.format.currentData()
        session = self._bench.session
        session.settings.office = self.office.text()
        start = session.project.path.parent / file_name(self._picture.spec, ending)
        target = ask_for_file(self, _("Save page"), start, ending)
        if target is not None:
            self._write(target)

    def _write(self, target: Path) -> None:
        spec, layout, shapes = self.spec(), self.sheet(), self._picture.shapes
        bench = self._bench
        project, view = bench.session.project, bench.session.view

        def done(path: Path) -> None:
            second = spec.pair is not None and spec.pair.second is not None
            used = [view.indicator, *([view.second] if second else [])]
            remember(bench, project, used, path.name, view.level, spec.day)
            bench.window_.say(_("Written: {path}").format(path=path))
            if isValid(self):
                self.accept()

        bench.job(
            _("Writing {name}").format(name=target.name),
            lambda _progress: write_page(spec, shapes, layout, target),
            done,
        )

    def done(self, result: int) -> None:
        self._soon.stop()
        super().done(result)


class TableDialog:
    """Asks for a file and writes the shown indicator, all dates, as xlsx or German CSV."""

    def __init__(self, bench: Workbench, picture: Picture) -> None:
        self._bench = bench
        self._picture = picture

    def choose(self) -> None:
        spec = self._picture.spec
        folder = self._bench.session.project.path.parent
        kinds = {
            _("Excel workbook") + " (*.xlsx)": ".xlsx",
            _("German CSV for Excel") + " (*.csv)": ".csv",
        }
        path, kind = QFileDialog.getSaveFileName(
            self._bench.window_,
            _("Export table"),
            str(folder / file_name(replace(spec, base_day=None, day=None), ".xlsx")),
            ";;".join(kinds),
        )
        if not path:
            return
        target = Path(path)
        if target.suffix.lower() not in kinds.values():
            target = target.with_name(target.name + kinds.get(kind, ".xlsx"))
        bench = self._bench
        project, table = bench.session.project, self._picture.table

        def done(_none: None) -> None:
            remember(bench, project, [table.indicator], target.name, table.level)
            bench.window_.say(_("Written: {path}").format(path=target))

        bench.job(
            _("Writing {name}").format(name=target.name),
            lambda progress: write_table(target, value_table(bench.session, table), progress),
            done,
        )
