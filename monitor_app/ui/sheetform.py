"""What dialogs have in common that make a page: its preview, paper and format, the file, and the
record of the definitions that it was made with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QWidget

from monitor_app.app.session import Event
from monitor_app.app.usedefinitions import keep_used
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.i18n import _
from monitor_app.ui.figureimage import figure_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from monitor_app.project.project import Project
    from monitor_app.ui.workbench import Workbench

#: Resolution of the preview in dots per inch.
PREVIEW_DPI = 80


def file_name(spec: MapSpec, ending: str) -> str:
    """A name for a file that says what is in it: ``Altenquotient_Bezirk_2024-12-31.pdf``."""
    days = [d.isoformat() for d in (spec.base_day, spec.day) if d is not None]
    text = "_".join([spec.title, spec.level_name, *days])
    safe = "".join(c if c.isalnum() or c in "-_. äöüÄÖÜß" else "_" for c in text)
    return "_".join(safe.split()) + ending


def paper_box() -> QComboBox:
    """Papers; the data of an entry are name and orientation."""
    box = QComboBox()
    for text, value in (
        (_("A4 landscape"), ("A4", "landscape")),
        (_("A4 portrait"), ("A4", "portrait")),
        (_("A3 landscape"), ("A3", "landscape")),
        (_("A3 portrait"), ("A3", "portrait")),
    ):
        box.addItem(text, value)
    return box


def offer_page_formats(box: QComboBox) -> None:
    """Formats of a page; the data of an entry are the ending of the file."""
    box.clear()
    for text, ending in (
        (_("PDF (for print and council papers)"), ".pdf"),
        (_("SVG (drawing, can be edited)"), ".svg"),
        (_("PNG (picture, 300 dpi)"), ".png"),
    ):
        box.addItem(text, ending)


def ask_for_file(parent: QWidget, title: str, start: Path, ending: str) -> Path | None:
    """A file to write, with this ending whatever was typed; None: the user thought better."""
    path, _kind = QFileDialog.getSaveFileName(
        parent, title, str(start), f"{ending[1:].upper()} (*{ending})"
    )
    if not path:
        return None
    target = Path(path)
    return target if target.suffix.lower() == ending else target.with_name(target.name + ending)


def page_image(figure: Figure) -> QImage:
    """*Slow*; may run in any thread. A page as its preview shows it."""
    figure.set_dpi(PREVIEW_DPI * 1.5)
    return figure_image(figure)


def remember(
    bench: Workbench,
    project: Project,
    indicators: Iterable[str],
    file: str,
    level: str,
    day: date | None = None,
) -> None:
    """Keep the definitions of what was written, unless another project is open by now."""
    session = bench.session
    if session.has_project and session.project is project:
        keep_used(session, indicators, file, level, day)
        session.announce(Event.SAVED)


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
