"""Types of dwellings of the town's own: who moves in, how many, from where, of which ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.dwellings import shipped_names, shipped_types
from monitor_app.forecast.spec import PERSONS_PER_DWELLING, SHARE_FROM_TOWN, ForecastSpec
from monitor_app.ui.forecastextras import ages_from, ages_text
from monitor_app.ui.forecastparts import caption, label
from monitor_app.ui.forecasttable import (
    EditColumn,
    EditTable,
    number_from,
    share_from,
    share_text,
)
from monitor_app.ui.theme import Theme

#: Sources of an age profile beside the shipped types.
ARRIVALS, OWN = "", "own"


class DwellingTypes(QWidget):
    """``changed``: entries of a specification by name; a type that is renamed stays the type of
    its projects."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: ForecastSpec | None = None
        like = _("like {type}")
        sources = (
            (ARRIVALS, _("like those who move in from outside")),
            *((key, like.format(type=name)) for key, name in shipped_names().items()),
            (OWN, _("own shares")),
        )
        self.table = EditTable(
            theme, _("Types of dwellings"),
            (
                EditColumn("name", _("Type of dwelling"), needed=True, width=170),
                EditColumn("persons_per_dwelling", _("Persons each"), number_from, needed=True,
                           width=122, start=PERSONS_PER_DWELLING),
                EditColumn("share_from_town", _("From the town"), share_from, share_text,
                           needed=True, width=110, start=SHARE_FROM_TOWN,
                           tip=_("Share of the first residents who move inside the town")),
                EditColumn("source", _("Ages of the first residents"), choices=sources, width=280,
                           start=ARRIVALS),
                EditColumn("ages", _("Age groups and shares"), ages_from, ages_text, width=240,
                           tip=_("For instance 18-29, or 18-29: 70; 30-64: 30")),
            ),
            _("Add a type of dwelling"),
        )  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        column.addWidget(caption(_("Own types of dwellings")))
        column.addWidget(self.table)
        column.addWidget(label(_shipped_words(), "small"))
        self.table.changed.connect(self._edited)

    def show_spec(self, spec: ForecastSpec) -> None:
        self._spec = spec
        self.table.show_rows(rows_of(spec))

    def say(self, text: str) -> None:
        """What the specification has against these types."""
        self.table.say(text)

    def _edited(self, rows: list[dict[str, Any]]) -> None:
        spec = self._spec
        if spec is None:
            return
        names = [row["name"] for row in rows]
        if len(set(names)) < len(names):
            self.table.say(_("Each type of dwelling needs a name of its own."))
            return
        before = rows_of(spec)
        known = {row["name"]: row for row in before}
        if len(before) == len(rows):
            for was, row in zip(before, rows, strict=True):
                known.setdefault(row["name"], was)
        types = {
            key_of(row["name"]): {
                "persons_per_dwelling": row["persons_per_dwelling"],
                "share_from_town": row["share_from_town"],
                "ages": ages_of(row, known.get(row["name"])),
            }
            for row in rows
        }
        changes: dict[str, Any] = {"dwelling_types": types}
        if len(before) == len(rows):
            renamed = {
                key_of(was["name"]): key_of(row["name"])
                for was, row in zip(before, rows, strict=True)
                if was["name"] != row["name"]
            }
            if any(p.type in renamed for p in spec.housing):
                changes["housing"] = [
                    p.model_dump() | {"type": renamed.get(p.type, p.type)} for p in spec.housing
                ]
        self.changed.emit(changes)


def rows_of(spec: ForecastSpec) -> list[dict[str, Any]]:
    """Types of a specification as rows of the table."""
    names = shipped_names()
    return [
        {
            "name": names.get(key, key), "persons_per_dwelling": kind.persons_per_dwelling,
            "share_from_town": kind.share_from_town, "source": source_of(kind.ages),
        } | ({"ages": dict(kind.ages)} if kind.ages else {})
        for key, kind in spec.dwelling_types.items()
    ]  # fmt: skip


def key_of(name: str) -> str:
    """Key of a type: a shipped one is replaced by an own one of its name."""
    return {text: key for key, text in shipped_names().items()}.get(name, name)


def source_of(ages: Mapping[str, float]) -> str:
    """Where an age profile comes from."""
    if not ages:
        return ARRIVALS
    return next((k for k, t in shipped_types().items() if dict(t.ages) == dict(ages)), OWN)


def ages_of(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, float]:
    """Age shares of an edited row: those of a source that was chosen, else as they are written."""
    written = dict(row.get("ages") or {})
    was = ARRIVALS if before is None else before["source"]
    source = row.get("source", ARRIVALS)
    if source in (was, OWN):
        return written
    return dict(shipped_types()[source].ages) if source else {}


def _shipped_words() -> str:
    """What the shipped types say, so that own ones can be compared."""
    names: Sequence[tuple[str, str]] = tuple(shipped_names().items())
    told = [
        _("{type}: {persons} persons, {share} from the town").format(
            type=name, persons=format_number(shipped_types()[key].persons_per_dwelling, 1),
            share=share_text(shipped_types()[key].share_from_town))
        for key, name in names
    ]  # fmt: skip
    return _("Shipped are {types}. An own type of the same name replaces it.").format(
        types="; ".join(told)
    )
