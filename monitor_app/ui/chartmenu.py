"""Copy and export of a chart, the same for every chart of the window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget
from shiboken6 import isValid

from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon

if TYPE_CHECKING:
    from monitor_app.app.view import ViewState
    from monitor_app.cartography.chartkinds import AnyChart
    from monitor_app.ui.mappage import MapPage
    from monitor_app.ui.workbench import Workbench

#: Makes the chart; called in a job. None: nothing to copy.
Maker = Callable[[], "AnyChart | None"]


class ChartMenu(QMenu):
    """The menu of one chart. ``maker`` is called in a job each time something is wanted."""

    def __init__(self, bench: Workbench, maker: Maker, parent: QWidget) -> None:
        super().__init__(parent)
        self._bench = bench
        self._maker = maker
        self.name = _("Chart")  # of the file that is offered
        self.copy_picture = self.addAction(_("Copy picture"))
        self.copy_numbers = self.addAction(_("Copy numbers"))
        self.addSeparator()
        self.export = self.addAction(_("Save chart as …"))
        self.copy_picture.triggered.connect(self.to_clipboard)
        self.copy_numbers.triggered.connect(self.numbers_to_clipboard)
        self.export.triggered.connect(self.choose_file)

    def to_clipboard(self) -> None:
        """The chart as picture and as drawing."""
        from monitor_app.app.chartfiles import picture_of

        def work(_progress: object) -> tuple[bytes, bytes] | None:
            spec = self._maker()
            return None if spec is None else (picture_of(spec, ".png"), picture_of(spec, ".svg"))

        def done(found: tuple[bytes, bytes] | None) -> None:
            if found is None:
                return
            data = QMimeData()
            data.setImageData(QImage.fromData(found[0]))
            data.setData("image/svg+xml", QByteArray(found[1]))
            QGuiApplication.clipboard().setMimeData(data)
            self._bench.window_.say(_("The chart is on the clipboard."))

        self._bench.job(_("Drawing the chart"), work, done)

    def numbers_to_clipboard(self) -> None:
        """The numbers of the chart with their heads."""
        from monitor_app.app.chartfiles import tab_text

        def work(_progress: object) -> str:
            spec = self._maker()
            return "" if spec is None else tab_text(spec)

        def done(text: str) -> None:
            if text:
                QGuiApplication.clipboard().setText(text)
                self._bench.window_.say(_("The numbers of the chart are on the clipboard."))

        self._bench.job(_("Reading the chart"), work, done)

    def choose_file(self) -> None:
        """Ask for a file and write the chart."""
        kinds = {
            _("PNG (picture, 300 dpi)"): ".png", _("SVG (drawing, can be edited)"): ".svg",
            _("PDF (for print and council papers)"): ".pdf",
            _("Excel workbook (numbers)"): ".xlsx", _("German CSV (numbers)"): ".csv",
        }  # fmt: skip
        names = {f"{text} (*{ending})": ending for text, ending in kinds.items()}
        folder = self._bench.session.project.path.parent
        path, kind = QFileDialog.getSaveFileName(
            self._bench.window_, _("Save chart"), str(folder / f"{self.name}.png"),
            ";;".join(names),
        )  # fmt: skip
        if not path:
            return
        target = Path(path)
        if target.suffix.lower() not in kinds.values():
            target = target.with_name(target.name + names.get(kind, ".png"))
        self.write(target)

    def write(self, target: Path) -> None:
        """Write the chart in a job."""
        from monitor_app.app.chartfiles import write_chart_file

        def work(_progress: object) -> Path | None:
            spec = self._maker()
            return None if spec is None else write_chart_file(target, spec)

        def done(path: Path | None) -> None:
            if path is not None:
                self._bench.window_.say(_("Written: {path}").format(path=path))

        self._bench.job(_("Writing {name}").format(name=target.name), work, done)

    def button(self, parent: QWidget | None = None) -> QToolButton:
        """A button that opens the menu."""
        made = QToolButton(parent)
        made.setProperty("role", "flat")
        made.setIcon(icon("export", self._bench.theme))
        made.setToolTip(_("Copy or save the chart"))
        made.setAccessibleName(_("Copy or save the chart"))
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setMenu(self)
        return made

    def open_at(self, place: QPoint) -> None:
        if isValid(self):
            self.popup(place)


class _Corner(QObject):
    """Keeps a button in an upper corner of a view."""

    def __init__(self, view: QWidget, button: QToolButton, *, left: bool) -> None:
        super().__init__(view)
        self._view, self._button, self._left = view, button, left
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            x = 4 if self._left else self._view.width() - self._button.width() - 4
            self._button.move(x, 0)
            self._button.raise_()
        return super().eventFilter(watched, event)


def add_menu(bench: Workbench, view: QWidget, maker: Maker, *, left: bool = False) -> ChartMenu:
    """Give a view that draws itself the menu: by right click, and by a button in an upper
    corner."""
    menu = ChartMenu(bench, maker, view)
    button = menu.button(view)
    button.resize(28, 24)
    _Corner(view, button, left=left)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(lambda at: menu.open_at(view.mapToGlobal(at)))
    return menu


def attach_menus(bench: Workbench, page: MapPage) -> tuple[ChartMenu, ChartMenu]:
    """Ranking and time line get the same copy and export as the other charts."""
    session = bench.session

    def snapshot() -> tuple[ViewState, tuple[str, ...]]:
        return session.view, session.selection.keys

    def ranking() -> Any:
        from monitor_app.app import charts

        return charts.ranking(session, *snapshot())

    def lines() -> Any:
        from monitor_app.app import charts

        return charts.time_line(session, *snapshot())

    def bounds(key: str) -> dict[date, tuple[float, float]]:
        from monitor_app.app import charts

        return charts.range_of(session, session.view, key) if session.has_project else {}

    page.lines.range_of = bounds
    first = add_menu(bench, page.ranking, ranking, left=True)
    second = add_menu(bench, page.lines, lines)
    first.name, second.name = _("Ranking"), _("Time line")
    return first, second
