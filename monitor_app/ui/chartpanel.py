"""What the chart panels below the map have in common: controls at the left, the chart beside them,
slow work in jobs, words where the data cannot give a chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.selection import SelectionChange
from monitor_app.ui.chartmenu import ChartMenu
from monitor_app.ui.chartview import ChartView, seen
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import CONTROL

if TYPE_CHECKING:
    from monitor_app.ui.mappage import Picture
    from monitor_app.ui.workbench import Workbench

#: Width of the column of controls in pixels.
COLUMN = 224
#: Share of the height of the page that an enlarged chart has.
LARGE = 0.66


def words_of(error: UserError) -> str:
    """What is missing, and what to do."""
    issue = error.issues[0]
    return "\n\n".join(t for t in (issue.message, issue.repair) if t)


class ChartPanel(QWidget):
    """Base of the panels. A panel nobody sees computes nothing.

    Subclasses say in ``work`` what to compute (called in the thread of the window, it returns a
    function for the job) and in ``take`` what to show of its result.
    """

    #: Whether the chart depends on which areas are selected.
    follows_selection = False
    work: Callable[[Picture], Callable[[], Any]]

    def __init__(self, bench: Workbench, name: str) -> None:
        super().__init__()
        self._bench = bench
        self.session = bench.session
        self._picture: Picture | None = None
        self._stale = self._busy = False
        self._height = 232
        self._closed = False
        self.view = ChartView(bench.theme, bench.session.selection)
        self.view.setAccessibleName(name)
        self.view.drawer = self._draw
        self.menu = ChartMenu(bench, lambda: self.view.spec, self)
        self.menu.name = name
        self.view.menu_wanted.connect(self.menu.open_at)
        self._column = QVBoxLayout()
        self._lay_out()
        self._unsubscribe = bench.session.selection.subscribe(self._selected)

    def _lay_out(self) -> None:
        side = QWidget()
        side.setProperty("role", "panel")
        side.setLayout(self._column)
        self._column.setContentsMargins(12, 8, 8, 8)
        self._column.setSpacing(4)
        area = QScrollArea()
        area.setWidget(side)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFixedWidth(COLUMN)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.side = area
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(area)
        row.addWidget(self.view, 1)
        self.button = self.menu.button(self.view)
        self.large = QToolButton(self.view)
        self.large.setProperty("role", "flat")
        self.large.setIcon(icon("fit", self._bench.theme))
        self.large.setCheckable(True)
        self.large.setToolTip(_("Enlarge the chart"))
        self.large.setAccessibleName(_("Enlarge the chart"))
        self.large.toggled.connect(self._enlarge)
        for button in (self.button, self.large):
            button.resize(QSize(28, 28))
            button.hide()

    def sizeHint(self) -> QSize:
        return QSize(640, 200)

    def add(self, widget: QWidget) -> None:
        """One more control in the column."""
        self._column.addWidget(widget)

    def combo(self, name: str) -> QComboBox:
        """A combo box in the column that asks for the chart anew."""
        made = QComboBox()
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        made.activated.connect(self.ask)
        self.add(made)
        return made

    def finish(self) -> None:
        """All controls are there."""
        self._column.addStretch(1)

    # the picture -------------------------------------------------------------------------

    def show_picture(self, picture: Picture) -> None:
        self._picture = picture
        self.ask()

    def clear(self) -> None:
        self._picture = None
        self._stale = False
        self.view.set_words("")
        self._place_button()

    def set_kept(self, keys: frozenset[str] | None) -> None:
        """Let the marks of all areas but these fade (a filter)."""
        self.view.set_kept(keys)

    def ask(self) -> None:
        """Have the chart made anew: at once where it is looked at, else later; while one is being
        made, once more afterwards."""
        picture = self._picture
        if picture is None or self._closed:
            return
        if not seen(self) or self._busy:
            self._stale = True
            return
        self._stale = False
        self._busy = True
        self._bench.job(
            _("Computing the chart"), self._guarded(self.work(picture)), self._done,
            failed=self._failed, cancelled=self._ended,
        )  # fmt: skip

    def _draw(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Draw a picture of very many parts in a job."""

        def failed(_error: UserError | None = None) -> None:
            done(None)

        self._bench.job(
            _("Drawing the chart"), lambda _progress: work(), done, failed=failed,
            cancelled=failed,
        )  # fmt: skip

    @staticmethod
    def _guarded(work: Callable[[], Any]) -> Callable[[Any], Any]:
        """Refusals are an answer of the job like any other."""

        def run(_progress: Any) -> Any:
            try:
                return work()
            except UserError as error:
                return error

        return run

    def take(self, result: Any) -> None:
        """Show a result: a spec unless a panel says otherwise."""
        self.view.set_chart(result)

    def _ended(self) -> None:
        self._busy = False
        if self._stale:
            self.ask()

    def _done(self, result: Any) -> None:
        if self._closed:
            return
        if self._picture is not None:
            if isinstance(result, UserError):
                self.refuse(result)
            else:
                self.take(result)
            self._place_button()
        self._ended()

    def _failed(self, error: UserError) -> None:
        if not self._closed:
            self.refuse(error)
            self._ended()

    def refuse(self, error: UserError) -> None:
        """The data cannot give the chart."""
        self.view.set_words(words_of(error))

    def _place_button(self) -> None:
        shown = self.view.spec is not None
        for place, button in enumerate((self.button, self.large)):
            button.setVisible(shown)
            button.move(self.view.width() - (place + 1) * (button.width() + 4), 4)
        # All charts share one place: another tab may have enlarged it.
        self.large.blockSignals(True)
        self.large.setChecked(self.height() > self._bench.map.height() * LARGE * 0.75)
        self.large.blockSignals(False)

    def _enlarge(self, on: bool) -> None:
        """Give the charts most of the height of the page, or what they had before."""
        page = self._bench.map
        dock = self.parentWidget()
        if not isinstance(dock, QDockWidget):
            return
        if on and self.height() < page.height() * LARGE * 0.75:
            self._height = dock.height() + CONTROL + 3  # the tabs above it are part of the place
        height = round(page.height() * LARGE) if on else self._height
        page.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def resizeEvent(self, _event: Any) -> None:
        self._place_button()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Painted is what is looked at: the time to make up for what was put off."""
        super().paintEvent(event)
        if self._stale and not self._busy:
            QTimer.singleShot(0, self, self._catch_up)

    def _catch_up(self) -> None:
        if self._stale:
            self.ask()

    def _selected(self, change: SelectionChange) -> None:
        if self.follows_selection and (change.added or change.removed):
            self.ask()

    def shutdown(self) -> None:
        self._closed = True
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self.view.shutdown()
