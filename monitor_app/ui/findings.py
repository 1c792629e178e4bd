"""Findings of an import by kind: how many there are, the single ones, and one button that mends
all of a kind where that is safe."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.ui.icons import icon
from monitor_app.ui.issues import IssueView
from monitor_app.ui.repairs import Repair, repairs_for
from monitor_app.ui.theme import CONTROL, Theme

#: More repairs than this become a menu.
_BUTTONS = 2
_KINDS_HEIGHT = 150


def kind_title(code: str, issues: Sequence[Issue]) -> str:
    """What the findings of a kind have in common; the first message where that says it best."""
    known = {
        "area-unknown": _("Unknown area keys"),
        "area-without-boundary": _("Areas without boundary"),
        "area-outside-validity": _("Areas outside their dates of validity"),
        "areas-missing": _("Areas without rows"),
        "boundary-invalid": _("Repaired boundaries"),
        "combination-missing": _("Combinations without rows"),
        "crs-missing": _("Coordinate reference system not stated"),
        "date-contradicts-block": _("Dates that contradict the rows around them"),
        "dates-missing": _("Gaps in the series"),
        "duplicate-row": _("Rows that are given twice"),
        "implausible-step": _("Implausible steps"),
        "keys-repaired": _("Adapted area keys"),
        "negative-count": _("Negative counts"),
        "broken-count": _("Counts that are not whole"),
        "number-ambiguous": _("Numbers that can mean two things"),
        "number-unreadable": _("Cells that are no numbers"),
        "parent-uncertain": _("Areas that lie in several larger ones"),
        "rows-ignored": _("Rows that were left out"),
        "total-differs": _("Totals that differ"),
    }
    return known.get(code) or issues[0].message


class FindingsView(QWidget):
    """``repair_wanted``: a repair and the findings that it is for."""

    repair_wanted = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kinds: list[tuple[Issue, ...]] = []
        self._recipes: tuple[Recipe, ...] = ()
        self.kinds = QTreeWidget()
        self.kinds.setAccessibleName(_("Kinds of findings"))
        self.kinds.setRootIsDecorated(False)
        self.kinds.setHeaderLabels([_("Kind of finding"), _("Count")])
        head = self.kinds.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.kinds.currentItemChanged.connect(lambda *_items: self._show_kind())
        self.table = IssueView(theme)
        self.offer = QWidget()
        row = QHBoxLayout(self.offer)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        self.words = QLabel()
        row.addWidget(self.words)
        self._places = QHBoxLayout()
        row.addLayout(self._places)
        row.addStretch(1)
        self.buttons: list[QPushButton] = []
        lower = QWidget()
        inner = QVBoxLayout(lower)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.offer)
        inner.addWidget(self.table, 1)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.kinds)
        self.split.addWidget(lower)
        self.split.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)

    def show_issues(self, issues: Sequence[Issue], recipes: Sequence[Recipe] = ()) -> None:
        """The worst kind first; it is opened at once where there is only one, or where it can be
        repaired here."""
        self._recipes = tuple(recipes)
        grouped: dict[tuple[Severity, str], list[Issue]] = {}
        for issue in issues:
            grouped.setdefault((issue.severity, issue.code), []).append(issue)
        rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        ordered = sorted(grouped.items(), key=lambda kind: rank[kind[0][0]])
        self._kinds = [tuple(issues), *(tuple(found) for _key, found in ordered)]
        self.kinds.clear()
        self._add(_("All findings"), self._kinds[0], None)
        for (severity, code), found in ordered:
            self._add(kind_title(code, found), found, severity)
        many = len(ordered) > 1
        self.kinds.setVisible(many)
        height = CONTROL * (len(self._kinds) + 1)
        self.split.setSizes([min(height, _KINDS_HEIGHT), 400])
        self._select(self._first_repairable() if many else len(self._kinds) - 1)

    def _first_repairable(self) -> int:
        """Errors that can be mended here come first; else all findings are shown."""
        for at, found in enumerate(self._kinds[1:], start=1):
            if found[0].severity is Severity.ERROR and self._repairs(found):
                return at
        return 0

    def _add(self, title: str, issues: Sequence[Issue], severity: Severity | None) -> None:
        item = QTreeWidgetItem([title, format_number(sum(i.count for i in issues))])
        item.setToolTip(0, title)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if severity is not None:
            token = {Severity.ERROR: "error", Severity.WARNING: "text"}.get(severity, "muted")
            item.setIcon(0, icon(severity.value, self._theme, token, 16))
        self.kinds.addTopLevelItem(item)

    def _select(self, at: int) -> None:
        self.kinds.setCurrentIndex(self.kinds.model().index(at, 0))
        self._show_kind()

    def choose(self, code: str) -> None:
        """Show the findings of one kind."""
        at = next(i for i, found in enumerate(self._kinds) if i and found[0].code == code)
        self._select(at)

    def _show_kind(self) -> None:
        at = self.kinds.currentIndex().row()
        if not 0 <= at < len(self._kinds):
            return
        found = self._kinds[at]
        self.table.issues.set_issues(found)
        self.table.resizeRowsToContents()
        self._show_repairs(found if at else ())

    def _repairs(self, found: Sequence[Issue]) -> tuple[Repair, ...]:
        if not found:
            return ()
        offered = repairs_for(found[0].code, found)
        return tuple(r for r in offered if any(r.changes(own) for own in self._recipes))

    def _show_repairs(self, found: Sequence[Issue]) -> None:
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = []
        offered = self._repairs(found)
        self.offer.setVisible(bool(offered))
        count = format_number(sum(i.count for i in found))
        self.words.setText(_("Mend all of this kind ({count}):").format(count=count))
        if len(offered) > _BUTTONS:
            button = QPushButton(_("Choose …"))
            menu = QMenu(button)
            for repair in offered:
                action = menu.addAction(repair.text)
                action.triggered.connect(
                    lambda _on=False, r=repair: self.repair_wanted.emit(r, tuple(found))
                )
            button.setMenu(menu)
            self._place(button)
            return
        for repair in offered:
            button = QPushButton(repair.text)
            button.clicked.connect(
                lambda _on=False, r=repair: self.repair_wanted.emit(r, tuple(found))
            )
            self._place(button)

    def _place(self, button: QPushButton) -> None:
        self._places.addWidget(button)
        self.buttons.append(button)
