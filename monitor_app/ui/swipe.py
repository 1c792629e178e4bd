"""Comparing two maps: two dates, indicators or scenarios, under a swipe line or beside each
other, with both legends; Esc ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from monitor_app.app.mapseries import (
    MapSeries,
    day_texts,
    of_days,
    of_indicators,
    of_scenarios,
)
from monitor_app.app.session import Event, Session
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.ui.legendpanel import LegendRows
from monitor_app.ui.seriesdialog import SeriesDialog
from monitor_app.ui.swipemap import LinkedMap, SwipeMap, link

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

DAYS, INDICATORS, SCENARIOS = "days", "indicators", "scenarios"


@dataclass(frozen=True)
class Offer:
    """What can be compared: key and name of each thing, and the pair to begin with."""

    items: tuple[tuple[object, str], ...]
    left: int
    right: int


def offers_of(session: Session) -> dict[str, Offer]:
    """*Slow* at the first time. The ways to compare that the project has at least two things
    for."""
    view = session.view
    found: dict[str, Offer] = {}
    days = session.dates()
    if len(days) > 1:
        at = days.index(view.day) if view.day in days else len(days) - 1
        base = days.index(view.compare_to) if view.compare_to in days else 0
        if at == base:
            base, at = (0, at) if at else (0, len(days) - 1)
        found[DAYS] = Offer(tuple(zip(days, day_texts(session, days), strict=True)), base, at)
    ready = [c.definition for c in session.choices(view.level) if c.ready]
    keys = [d.id for d in ready]
    if len(keys) > 1:
        at = keys.index(view.indicator) if view.indicator in keys else 0
        found[INDICATORS] = Offer(
            tuple((d.id, d.name.shown) for d in ready), at, at + 1 if at + 1 < len(keys) else 0
        )
    scenarios = session.scenarios()
    if len(scenarios) > 1:
        found[SCENARIOS] = Offer(tuple((s.key, s.name) for s in scenarios), 0, len(scenarios) - 1)
    return found


class Side(QFrame):
    """The legend of one map: its caption, unit, classes and the city's value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setStyleSheet("font-weight: 600")
        self.unit = QLabel()
        self.unit.setProperty("role", "small")
        self.rows = LegendRows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.caption, self.unit, self.rows):
            column.addWidget(widget)

    def tell(self, caption: str, spec: MapSpec) -> None:
        self.caption.setText(caption)
        self.unit.setText(spec.unit)
        self.unit.setVisible(bool(spec.unit))
        self.rows.show_spec(spec)


class CompareDialog(QDialog):
    """Chooser above, maps in the middle, legends at the right."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.window_)
        self._bench = bench
        self._offers: dict[str, Offer] = {}
        self._series: MapSeries | None = None
        self._number = 0
        self._unsubscribe = bench.session.subscribe(self._heard)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Compare maps"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        room = bench.window_.size()
        self.resize(max(760, room.width() - 80), max(520, room.height() - 80))
        theme, selection = bench.theme, bench.session.selection
        self.swipe = SwipeMap(theme, selection)
        self.pair = (LinkedMap(theme, selection), LinkedMap(theme, selection))
        link(*self.pair)
        self.titles = (QLabel(), QLabel())
        self.sides = (Side(), Side())
        self.shared = QLabel()
        self.shared.setProperty("role", "small")
        self.shared.setWordWrap(True)
        self._lay_out()
        self._ask()

    # building ------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._choosers())
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.says.setProperty("role", "error")
        self.says.hide()
        column.addWidget(self.says)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self.swipe, 1)
        self.beside = QWidget()
        both = QHBoxLayout(self.beside)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(8)
        for title, one in zip(self.titles, self.pair, strict=True):
            half = QVBoxLayout()
            half.setSpacing(4)
            title.setStyleSheet("font-weight: 600")
            half.addWidget(title)
            half.addWidget(one, 1)
            both.addLayout(half, 1)
        self.beside.hide()
        middle.addWidget(self.beside, 1)
        middle.addWidget(self._legends())
        column.addLayout(middle, 1)

    def _choosers(self) -> QHBoxLayout:
        self.what, self.left, self.right = QComboBox(), QComboBox(), QComboBox()
        for box, name in (
            (self.what, _("What is compared")), (self.left, _("Left map")),
            (self.right, _("Right map")),
        ):  # fmt: skip
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setMinimumContentsLength(12)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.what.activated.connect(lambda _at: self._offer())
        self.left.activated.connect(lambda _at: self._load())
        self.right.activated.connect(lambda _at: self._load())
        self.under = QPushButton(_("Swipe"))
        self.next_to = QPushButton(_("Side by side"))
        self.modes = QButtonGroup(self)
        for button in (self.under, self.next_to):
            button.setCheckable(True)
            button.setProperty("role", "step")
            button.setAutoDefault(False)
            words = button.fontMetrics().horizontalAdvance(button.text())
            button.setMinimumWidth(round(1.15 * words) + 40)  # bold when it is on
            self.modes.addButton(button)
        self.under.setChecked(True)
        self.modes.buttonToggled.connect(lambda _button, on: self._arrange() if on else None)
        self.page = QPushButton(_("Print both …"))
        self.page.setAutoDefault(False)
        self.page.setEnabled(False)
        self.page.clicked.connect(self._print)
        self.shut = QPushButton(_("Close"))
        self.shut.setAutoDefault(False)
        self.shut.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.what)
        row.addWidget(self.left, 1)
        row.addWidget(QLabel(_("with")))
        row.addWidget(self.right, 1)
        row.addSpacing(8)
        for button in (self.under, self.next_to, self.page, self.shut):
            row.addWidget(button)
        return row

    def _legends(self) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("role", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(16)
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        for side in self.sides:
            column.addWidget(side)
        column.addWidget(self.shared)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setFixedWidth(264)
        return area

    # choosing ------------------------------------------------------------------------------

    def _ask(self) -> None:
        session = self._bench.session
        self._bench.job(
            _("Looking at what can be compared"), lambda _progress: offers_of(session), self._begin
        )

    def _begin(self, offers: dict[str, Offer]) -> None:
        if not isValid(self):
            return
        self._offers = offers
        names = {DAYS: _("Two dates"), INDICATORS: _("Two indicators"),
                 SCENARIOS: _("Two scenarios")}  # fmt: skip
        for key in offers:
            self.what.addItem(names[key], key)
        self.swipe.setFocus()
        if not offers:
            self._refuse(_("There is only one date and one indicator: nothing to compare yet."))
            return
        self._offer()

    def _offer(self) -> None:
        """Fill the choosers for the chosen way to compare."""
        offer = self._offers[self.what.currentData()]
        for box, at in ((self.left, offer.left), (self.right, offer.right)):
            box.clear()
            for value, name in offer.items:
                box.addItem(name, value)
            box.setCurrentIndex(at)
        self._load()

    def _load(self) -> None:
        """Make both maps in the background; only the newest wish is shown."""
        self._number += 1
        number = self._number
        session, what = self._bench.session, self.what.currentData()
        chosen = [self.left.currentData(), self.right.currentData()]

        def work(progress: Progress) -> MapSeries:
            if what == DAYS:
                return of_days(session, chosen, progress=progress)
            if what == INDICATORS:
                return of_indicators(session, chosen, progress=progress)
            return of_scenarios(session, chosen)

        def done(series: MapSeries) -> None:
            if isValid(self) and number == self._number:
                self.show_series(series)

        def failed(error: UserError) -> None:
            if isValid(self) and number == self._number:
                issue = error.issues[0]
                self._refuse(" ".join(t for t in (issue.message, issue.repair) if t))

        self._bench.job(_("Drawing two maps"), work, done, failed=failed)

    def _refuse(self, text: str) -> None:
        self.says.setText(text)
        self.says.show()
        self.page.setEnabled(self._series is not None)

    # showing -------------------------------------------------------------------------------

    @property
    def series(self) -> MapSeries | None:
        """What is compared now."""
        return self._series

    def show_series(self, series: MapSeries) -> None:
        self._series = series
        self.says.hide()
        self.page.setEnabled(True)
        for i in range(2):
            self.sides[i].tell(series.captions[i], series.specs[i])
            self.titles[i].setText(series.captions[i])
        self.title.setText(series.title)
        classes = (
            _("Both maps have the same classes.")
            if series.shared
            else _("The maps have classes of their own: their units differ.")
        )
        self.shared.setText("\n".join(t for t in (classes, series.note) if t))
        self._arrange()

    def _arrange(self) -> None:
        """Give the maps to the views that are seen; they look where the others looked."""
        swipe = self.under.isChecked()
        self.swipe.setVisible(swipe)
        self.beside.setVisible(not swipe)
        series = self._series
        if series is None:
            return
        one, other = zip(series.specs, series.shapes, strict=True)
        if swipe:
            moved = self.pair[0].spec is not None and not self.pair[0].fitted
            self.swipe.set_pair(one, other, (series.captions[0], series.captions[1]))
            if moved:
                self.swipe.look_like(self.pair[0].view)
            return
        for half, (spec, shapes) in zip(self.pair, (one, other), strict=True):
            half.set_map(spec, shapes)
            if self.swipe.spec is not None and not self.swipe.fitted:
                half.look_like(self.swipe.view)

    def _print(self) -> None:
        if self._series is not None:
            SeriesDialog(self._bench, self._series).open()

    def _heard(self, event: Event) -> None:
        """What is compared belongs to the project as it was."""
        if event in (Event.PROJECT, Event.DATA):
            self.reject()

    def done(self, result: int) -> None:
        """End the threads of the maps with the dialog."""
        self._number += 1
        self._unsubscribe()
        self._unsubscribe = lambda: None
        for one in (self.swipe, *self.pair):
            one.shutdown()
        super().done(result)
