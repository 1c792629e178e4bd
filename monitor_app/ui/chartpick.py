"""Choosers of the chart panels: several indicators at once, and a column of controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.session import Choice
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.ui.chooser import Choice as TreeChoice
from monitor_app.ui.chooser import Topic, TreeChooser
from monitor_app.ui.theme import CONTROL, Theme
from monitor_app.ui.topics import topic_name

_ROLE = Qt.ItemDataRole.UserRole


def ready_topics(choices: Iterable[Choice], without: str = "") -> list[Topic]:
    """Indicators that can be computed, by topic."""
    by_topic: dict[str, list[TreeChoice]] = {}
    for choice in choices:
        known = choice.definition
        if choice.ready and known.id != without:
            words = f"{known.name.de} {known.name.en}"
            entry = TreeChoice(known.id, known.name.shown, "", words)
            by_topic.setdefault(known.topic, []).append(entry)
    return [Topic(topic_name(key), tuple(found)) for key, found in by_topic.items()]


class CheckChooser(QToolButton):
    """A button that opens a list of indicators with boxes to tick; the number of ticked ones
    stands on it. ``changed`` comes when the list is closed with other ticks than before."""

    changed = Signal()

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._before: tuple[str, ...] = ()
        self.setMinimumHeight(CONTROL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.popup = _Popup(self)
        self.popup.setProperty("role", "card")
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search"))
        self.search.setAccessibleName(_("Search"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Indicators"))
        self.hint = QLabel(_("at most {most}").format(most=most))
        self.hint.setProperty("role", "small")
        column = QVBoxLayout(self.popup)
        column.setContentsMargins(8, 8, 8, 8)
        for widget in (self.search, self.list, self.hint):
            column.addWidget(widget)
        self.search.textChanged.connect(self._narrow)
        self.list.itemChanged.connect(self._ticked)
        self.clicked.connect(self.open)
        self.popup.closed.connect(self._closed)
        self._label()

    def set_topics(self, topics: Sequence[Topic], chosen: Sequence[str]) -> None:
        """Offer these indicators, some of them ticked."""
        self.list.blockSignals(True)
        self.list.clear()
        for topic in topics:
            for choice in topic.choices:
                item = QListWidgetItem(choice.title)
                item.setData(_ROLE, choice.id)
                item.setData(_ROLE + 1, collation_key(f"{choice.title} {choice.words}")[0])
                item.setToolTip(topic.title)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
                              | Qt.ItemFlag.ItemIsSelectable)  # fmt: skip
                on = choice.id in chosen
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                self.list.addItem(item)
        self.list.blockSignals(False)
        self._label()

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of ticked indicators, in the order of the list."""
        items = [self.list.item(i) for i in range(self.list.count())]
        return tuple(i.data(_ROLE) for i in items if i.checkState() is Qt.CheckState.Checked)

    def _label(self) -> None:
        text = _("Indicators: {count} …").format(count=len(self.chosen))
        self.setText(text)
        self.setAccessibleName(text)

    def _ticked(self, item: QListWidgetItem) -> None:
        if len(self.chosen) > self._most:
            item.setCheckState(Qt.CheckState.Unchecked)
        self._label()

    def _narrow(self, text: str) -> None:
        wanted = collation_key(text)[0]
        for i in range(self.list.count()):
            item = self.list.item(i)
            item.setHidden(bool(wanted) and wanted not in item.data(_ROLE + 1))

    def open(self) -> None:
        self._before = self.chosen
        self.popup.resize(360, 320)
        place = self.mapToGlobal(QPoint(0, 0))
        screen = self.screen().availableGeometry()
        y = place.y() - 320 if place.y() + self.height() + 320 > screen.bottom() else (
            place.y() + self.height())  # fmt: skip
        self.popup.move(place.x(), max(y, screen.top()))
        self.search.clear()
        self.popup.show()
        self.search.setFocus()

    def _closed(self) -> None:
        if self.chosen != self._before:
            self.changed.emit()


class _Popup(QFrame):
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type]
        self.closed.emit()


def fill(combo: QComboBox, entries: Sequence[tuple[str, object]], wanted: object = None) -> None:
    """Replace the entries of a combo box (text, data) without a signal; the one chosen so far
    stays where it is still there, else ``wanted``, else the first."""
    before = combo.currentData() if combo.count() else wanted
    combo.blockSignals(True)
    combo.clear()
    for text, data in entries:
        combo.addItem(text, data)
    values = [data for _text, data in entries]
    combo.setCurrentIndex(values.index(before) if before in values else 0)
    combo.blockSignals(False)


class SideChooser(TreeChooser):
    """A tree of choices in a narrow column at the bottom of the window: it opens upwards."""

    def __init__(self, theme: Theme, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, placeholder, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_current(self, choice_id: str) -> None:
        super().set_current(choice_id)
        title = self.toolTip()
        room = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(title, room, 164).replace("&", "&&") + "  ▾")

    def open(self) -> None:
        super().open()
        screen = self.screen().availableGeometry()
        place = self.mapToGlobal(QPoint(0, 0))
        if place.y() + self.height() + self.popup.height() > screen.bottom():
            top = max(screen.top(), place.y() - self.popup.height() - 4)
            self.popup.move(self.popup.x(), top)
