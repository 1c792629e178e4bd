"""The map as a page and the numbers as a table: what shall stand on it, and how it will look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
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
    QWidget,
)
from shiboken6 import isValid

from monitor_app.app.exports import value_table, write_table
from monitor_app.app.session import Event
from monitor_app.app.usedefinitions import keep_used
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

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

#: Resolution of the preview in dots per inch.
PREVIEW_DPI = 80
_WAIT_MS = 350


def file_name(spec: MapSpec, ending: str) -> str:
    """A name for a file that says what is in it: ``Altenquotient_Bezirk_2024-12-31.pdf``."""
    days = [d.isoformat() for d in (spec.base_day, spec.day) if d is not None]
    text = "_".join([spec.title, spec.level_name, *days])
    safe = "".join(c if c.isalnum() or c in "-_. äöüÄÖÜß" else "_" for c in text)
    return "_".join(safe.split()) + ending


class PagePreview(QLabel):
    """The page as large as there is room, never larger."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page: QImage | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(QSize(420, 320))
        self.setAccessibleName(_("Preview of the page"))

    def show_page(self, page: QImage) -> None:
        self._page = page
        self._scale()

    @property
    def page(self) -> QImage | None:
        return self._page

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._scale()

    def _scale(self) -> None:
        if self._page is None:
            return
        dpr = self.devicePixelRatioF()
        room = self.size() * dpr
        if self._page.width() > room.width() or self._page.height() > room.height():
            page = self._page.scaled(
                room,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        else:
            page = self._page
        pixmap = QPixmap.fromImage(page)
        pixmap.setDevicePixelRatio(dpr)
        self.setPixmap(pixmap)


class PageDialog(QDialog):
    """Title, subtitle, office, paper at the left, the page itself at the right."""

    def __init__(self, bench: Workbench, picture: Picture) -> None:
        super().__init__(bench.window_)
        self._bench = bench
        self._picture = picture
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
        self.paper: QComboBox = QComboBox()
        for text, value in (
            (_("A4 landscape"), ("A4", "landscape")),
            (_("A4 portrait"), ("A4", "portrait")),
            (_("A3 landscape"), ("A3", "landscape")),
            (_("A3 portrait"), ("A3", "portrait")),
        ):
            self.paper.addItem(text, value)
        self.format = QComboBox()
        for text, ending in (
            (_("PDF (for print and council papers)"), ".pdf"),
            (_("SVG (drawing, can be edited)"), ".svg"),
            (_("PNG (picture, 300 dpi)"), ".png"),
        ):
            self.format.addItem(text, ending)
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
        spec, layout, shapes = self.spec(), self.sheet(), self._picture.shapes

        def work(_progress: Progress) -> QImage:
            figure = compose(spec, shapes, layout).sheet.figure
            figure.set_dpi(PREVIEW_DPI * 1.5)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()  # type: ignore[no-untyped-call]
            width, height = canvas.get_width_height()
            data = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
            form = QImage.Format.Format_RGBA8888
            return QImage(data, width, height, width * 4, form).copy()

        self._bench.job(_("Drawing the preview"), work, self._drawn)

    def _drawn(self, page: QImage) -> None:
        if isValid(self):
            self.preview.show_page(page)

    def _choose(self) -> None:
        ending = self.format.currentData()
        settings = self._bench.session.settings
        settings.office = self.office.text()
        folder = self._bench.session.project.path.parent
        path, _kind = QFileDialog.getSaveFileName(
            self,
            _("Save page"),
            str(folder / file_name(self._picture.spec, ending)),
            f"{ending[1:].upper()} (*{ending})",
        )
        if path:
            target = Path(path)
            if target.suffix.lower() != ending:
                target = target.with_name(target.name + ending)
            self._write(target)

    def _write(self, target: Path) -> None:
        spec, layout, shapes = self.spec(), self.sheet(), self._picture.shapes
        window = self._bench.window_

        session, view = self._bench.session, self._bench.session.view

        def done(path: Path) -> None:
            used = [view.indicator, *([view.second] if view.second else [])]
            keep_used(session, used, path.name, view.level, spec.day)
            session.announce(Event.SAVED)
            window.say(_("Written: {path}").format(path=path))
            self.accept()

        self._bench.job(
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
        table = self._picture.table
        bench.job(
            _("Writing {name}").format(name=target.name),
            lambda progress: write_table(target, value_table(bench.session, table), progress),
            lambda _none: self._written(target),
        )

    def _written(self, target: Path) -> None:
        table, session = self._picture.table, self._bench.session
        keep_used(session, [table.indicator], target.name, table.level)
        session.announce(Event.SAVED)
        self._bench.window_.say(_("Written: {path}").format(path=target))
