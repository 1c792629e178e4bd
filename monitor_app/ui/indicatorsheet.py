"""The sheet of an indicator: what it says, how it is made, what it needs, where it comes from."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.session import Choice
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.units import shipped_units
from monitor_app.ui.indicatorwords import formula_words
from monitor_app.ui.topics import topic_name


def aggregation_words(definition: IndicatorDef) -> str:
    return {
        "sum": _("values of larger areas are sums"),
        "recompute": _("for larger areas computed anew from the summed inputs"),
        "weighted": _("for larger areas the weighted mean"),
        "none": _("only on the level of the data"),
    }[definition.aggregation]


def direction_words(definition: IndicatorDef) -> str:
    return {
        "neutral": _("neither high nor low is good"),
        "higher_better": _("a high value is good"),
        "lower_better": _("a low value is good"),
    }[definition.direction]


def sheet_html(
    definition: IndicatorDef,
    catalogue: Catalogue,
    missing: tuple[str, ...],
    handed: tuple[str, ...] = (),
) -> str:
    """The sheet as simple HTML; all texts of definitions are escaped. ``handed``: pages and
    tables that were made with it."""

    def named(key: str) -> str:
        return catalogue.get(key).name.shown if key in catalogue else key

    parts = [f"<h2>{escape(definition.name.shown)}</h2>"]
    if definition.description.shown:
        parts.append(f"<p>{escape(definition.description.shown)}</p>")
    if missing:
        rows = "".join(f"<li>{escape(text)}</li>" for text in missing)
        parts.append(f"<h3>{_('What the project lacks')}</h3><ul>{rows}</ul>")
    parts.append(f"<h3>{_('Formula')}</h3>")
    try:
        for start, formula in definition.parsed():
            since = "" if start is None else _("from {day}:").format(day=format_date(start)) + " "
            parts.append(f"<p>{escape(since + formula_words(formula.tree, named))}</p>")
            parts.append(f"<p><code>{escape(formula.text)}</code></p>")
    except UserError as error:
        parts.append(f"<p>{escape('; '.join(i.message for i in error.issues))}</p>")
    if definition.interpretation.shown:
        parts.append(f"<h3>{_('How to read it')}</h3>")
        parts.append(f"<p>{escape(definition.interpretation.shown)}</p>")
    unit = shipped_units().get(definition.unit)
    facts = [
        (_("Unit"), definition.unit if unit is None else unit.name.shown),
        (_("Topic"), topic_name(definition.topic)),
        (_("Direction"), direction_words(definition)),
        (_("Larger areas"), aggregation_words(definition)),
        (_("Decimals"), str(definition.precision)),
    ]
    if definition.minimum_base:
        least = _("at least {count} cases").format(count=format_number(definition.minimum_base))
        facts.append((_("Minimum base"), least))
    cells = "".join(
        f"<tr><td style='padding-right:16px'>{escape(k)}</td><td>{escape(v)}</td></tr>"
        for k, v in facts
    )
    parts.append(f"<h3>{_('Facts')}</h3><table>{cells}</table>")
    if definition.sources:
        rows = "".join(f"<li>{escape(text)}</li>" for text in definition.sources)
        parts.append(f"<h3>{_('Sources')}</h3><ul>{rows}</ul>")
    if handed:
        rows = "".join(f"<li>{escape(text)}</li>" for text in handed)
        parts.append(f"<h3>{_('Pages and tables handed on')}</h3><ul>{rows}</ul>")
    return "".join(parts)


class IndicatorSheet(QWidget):
    """``explain``: how a value came about; ``show_map``, ``favour``, ``copy``, ``change``: what
    is to happen with the shown indicator."""

    explain = Signal()
    show_map = Signal()
    favour = Signal(bool)
    copy = Signal()
    change = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.map = QPushButton(_("Show on the map"))
        self.why = QPushButton(_("How was this computed?"))
        self.star = QPushButton(_("Favourite"))
        self.star.setCheckable(True)
        self.again = QPushButton(_("Make a copy"))
        self.edit = QPushButton(_("Edit definition"))
        for button in (self.map, self.why, self.star, self.again, self.edit):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.text = QTextBrowser()
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(_("Sheet of the indicator"))
        column.addWidget(self.text, 1)
        self.map.clicked.connect(self.show_map)
        self.why.clicked.connect(self.explain)
        self.star.clicked.connect(lambda on: self.favour.emit(on))
        self.again.clicked.connect(self.copy)
        self.edit.clicked.connect(self.change)

    def show_choice(
        self,
        choice: Choice,
        catalogue: Catalogue,
        favourite: bool,
        handed: tuple[str, ...] = (),
    ) -> None:
        self.text.setHtml(sheet_html(choice.definition, catalogue, choice.missing, handed))
        self.map.setEnabled(choice.ready)
        self.why.setEnabled(choice.ready)
        self.set_favourite(favourite)

    def set_favourite(self, on: bool) -> None:
        self.star.setChecked(on)
        self.star.setText(("★ " if on else "☆ ") + _("Favourite"))

    def add_explanation(self, text: str) -> None:
        """Put the answer below the sheet and scroll to it."""
        html = escape(text).replace("\n", "<br>").replace("  ", "&nbsp;&nbsp;")
        self.text.append(f"<hr><p>{html}</p>")
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
