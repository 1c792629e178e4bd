"""Rarer assumptions as tables: demolition, people held apart, rates that change over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from monitor_app.app.forecastspecs import part_names
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.spec_parts import age_range
from monitor_app.ui.forecastparts import emptied, filled
from monitor_app.ui.forecasttable import (
    EditColumn,
    EditTable,
    WrongCellError,
    number_from,
    share_from,
    share_text,
    years_from,
    years_text,
)
from monitor_app.ui.theme import Theme


def ages_from(text: str) -> dict[str, float] | None:
    """``18-29: 70; 30-64: 30`` as shares by age group; one group alone counts whole."""
    if not text.strip():
        return None
    found: dict[str, float] = {}
    for part in text.split(";"):
        ages, colon, number = part.partition(":")
        share = number_from(number) if colon else 1.0
        try:
            age_range(ages.strip().replace("\u2013", "-"))
        except ValueError:
            share = None
        if share is None:
            raise WrongCellError(_("Write age groups and shares such as 18-29: 70; 30-64: 30."))
        found[ages.strip().replace("\u2013", "-")] = share
    return found


def ages_text(values: Mapping[str, float] | None) -> str:
    given = values or {}
    if len(given) == 1:
        return next(iter(given))
    return years_text(given)


def factors_from(text: str) -> float | dict[int, float] | None:
    """``95 %`` for all years, or ``2026: 95; 2030: 90`` by year, as factors."""
    if ":" not in text:
        return share_from(text)
    found = years_from(text)
    return None if found is None else {y: f / 100 for y, f in found.items()}


def factors_text(value: float | Mapping[int, float] | None) -> str:
    if isinstance(value, Mapping):
        return years_text({y: round(100 * f, 2) for y, f in value.items()})
    return share_text(value)


def age_group_from(text: str) -> str | None:
    plain = text.strip().replace("\u2013", "-")
    if not plain:
        return None
    try:
        age_range(plain)
    except ValueError:
        raise WrongCellError(_("Write an age group such as 18-29 or 65+.")) from None
    return plain


class ExtraTables(QObject):
    """``changed``: entries of a specification by name."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._areas: tuple[tuple[str, str], ...] | None = None
        self._spec: ForecastSpec | None = None
        self.tables: dict[str, EditTable] = {}
        self._pages = {key: QWidget() for key in ("demolition", "special", "changes")}
        for page in self._pages.values():
            QVBoxLayout(page).setContentsMargins(0, 8, 0, 0)

    def pages(self) -> list[tuple[QWidget, str]]:
        titles = (_("Demolition"), _("People held apart"), _("Rates over time"))
        return list(zip(self._pages.values(), titles, strict=True))

    def _make(self, areas: Sequence[tuple[str, str]]) -> None:
        area = EditColumn("area", _("Area"), choices=tuple(areas), width=160)
        name = EditColumn("name", _("Name"), needed=True, width=150)
        ages = EditColumn(
            "ages", _("Ages"), ages_from, ages_text, width=190,
            tip=_("For instance 18-29, or 18-29: 70; 30-64: 30"),
        )  # fmt: skip
        made = {
            "demolition": EditTable(
                self._theme, _("Demolition"),
                (name, area,
                 EditColumn("dwellings", _("Dwellings by year"), years_from, years_text,
                            needed=True, width=180, tip=_("For instance 2026: 60; 2027: 40")),
                 EditColumn("persons_per_dwelling", _("Persons each"), number_from, start=1.9),
                 EditColumn("share_staying", _("Stay in the town"), share_from, share_text,
                            width=130, start=0.7), ages),
                _("Add a demolition"),
            ),
            "special": EditTable(
                self._theme, _("People held apart"),
                (name, area,
                 EditColumn("persons", _("Persons"), number_from, needed=True),
                 EditColumn("ages", _("Ages"), ages_from, ages_text, needed=True, width=190,
                            tip=_("For instance 18-29, or 18-29: 70; 30-64: 30")),
                 EditColumn("sex", _("Sex"), width=130, choices=(
                     (None, _("both")), ("m", _("men")), ("f", _("women"))))),
                _("Add a group"),
            ),
            "changes": EditTable(
                self._theme, _("Rates over time"),
                (EditColumn("component", _("Component"), width=200,
                            choices=tuple(part_names().items())),
                 EditColumn("factor", _("Per cent of the rates"), factors_from, factors_text,
                            needed=True, width=190,
                            tip=_("For all years, or by year: 2026: 100; 2035: 85")),
                 EditColumn("gradual", _("Between the years"), width=150, choices=(
                     (False, _("in steps")), (True, _("evenly")))),
                 EditColumn("ages", _("Ages"), age_group_from, width=100),
                 EditColumn("note", _("Why?"), width=160)),
                _("Add a change"),
            ),
        }  # fmt: skip
        about = {
            "demolition": _("Dwellings that go; part of those who lived there stay in the town."),
            "special": _("Halls of residence, prisons, barracks: these people neither age nor move"
                         " with the others."),
            "changes": _("Rates that change in all scenarios, such as fewer births from 2030 on."),
        }  # fmt: skip
        for key, table in made.items():
            emptied(self._pages[key])
            filled(self._pages[key], about[key], table)
            table.changed.connect(lambda rows, key=key: self._changed(key, rows))
        self.tables = made

    def show_spec(self, spec: ForecastSpec, areas: Sequence[tuple[str, str]]) -> None:
        self._spec = spec
        if self._areas != tuple(areas):
            self._areas = tuple(areas)
            self._make(areas)
        for key, table in self.tables.items():
            shown = {c.key for c in table.columns}
            table.show_rows(
                [
                    {k: v for k, v in part.model_dump().items() if k in shown and v not in ("", {})}
                    for part in getattr(spec, key)
                ]
            )

    def _changed(self, key: str, rows: list[dict[str, Any]]) -> None:
        """Rows keep what the table does not show (in their order)."""
        assert self._spec is not None
        before = [part.model_dump() for part in getattr(self._spec, key)]
        shown = {c.key for c in self.tables[key].columns}
        while len(before) > len(rows):
            del before[_removed(before, rows, shown)]
        found = []
        for n, row in enumerate(rows):
            kept = before[n] if n < len(before) else {}
            found.append({**{k: v for k, v in kept.items() if k not in shown}, **row})
        self.changed.emit({key: found})


def _removed(
    before: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], shown: set[str]
) -> int:
    """Position of the first row of ``before`` that is not among ``rows`` any more."""
    for n, row in enumerate(rows):
        was = {k: v for k, v in before[n].items() if k in shown and v not in (None, "", {})}
        if was != {k: v for k, v in row.items() if v is not None}:
            return n
    return len(rows)
