"""The profile of an area: its key figures with rank and city value, what changed, the pyramid,
time lines and neighbours. Window, sheet and command line show this one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from monitor_app.app.areanames import some_areas
from monitor_app.app.maps import is_period, nothing, reform_note, sources_of
from monitor_app.app.profilekeys import check_keys, keys_for
from monitor_app.app.profileparts import Ages, Borders, ages_of, parents_of
from monitor_app.app.session import Session
from monitor_app.cartography.chartspec import Role, TimeLineSpec, time_line_spec
from monitor_app.cartography.classify import classifiable
from monitor_app.cartography.mapspec import difference
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.areas import Area, AreaSystem
from monitor_app.core.formats import format_date, format_value
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.reports.profilesheet_spec import AreaProfile, Change, KeyFigure, Neighbour

#: Time lines and columns of neighbours that a profile has room for.
LINES, COLUMNS = 4, 3
#: A date counts as "five years before" where it lies at most this far from it.
TOLERANCE = timedelta(days=200)
#: Their course is that of the residents: a line of their own tells nothing more.
LIKE_OTHERS = ("bevoelkerungsdichte", "bevoelkerungsdichte_ha")
YEARS = 5


class Profiles:
    """Makes profiles of the areas of one level; what they share is computed once.

    ``day``: newest date of values (None: the newest of each indicator). ``indicators``: key
    figures (None: the user's list or the usual one). ``shown``: indicator that neighbours are
    compared by first. ``scenario``: forecast that the series go on with. *Slow* at the first
    profile.
    """

    def __init__(
        self,
        session: Session,
        level: str,
        *,
        day: date | None = None,
        indicators: Sequence[str] | None = None,
        shown: str = "",
        carried: bool = False,
        scenario: str = "",
    ) -> None:
        if level not in [lv.key for lv in session.areas.levels]:
            known = ", ".join(lv.key for lv in session.map_levels())
            raise fail(
                "unknown-level",
                _("There is no level “{level}”.").format(level=level),
                value=level,
                repair=_("Known are: {names}.").format(names=known),
            )
        if indicators:
            check_keys(session, indicators)
        self.session, self.level, self.day, self.carried = session, level, day, carried
        self._chosen = tuple(indicators or ())
        self._shown, self._scenario = shown, scenario
        self._names = session.names(level)

    @cached_property
    def _areas(self) -> AreaSystem:
        return self.session.shown_areas(carried=self.carried)

    @cached_property
    def _valid(self) -> tuple[Area, ...]:
        """Located areas on the day of the profile; where none is given, on the newest day that
        there are areas on."""
        areas = [a for a in self._areas.at(self.level) if a.located]
        day = self.day or max([date.today(), *(a.valid_from for a in areas if a.valid_from)])
        if self.day is None and not any(a.valid_on(day) for a in areas):
            day = max((a.valid_to for a in areas if a.valid_to), default=day)
        return tuple(a for a in areas if a.valid_on(day))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Areas that a profile can be made of, in the order of the project."""
        return tuple(dict.fromkeys(a.key for a in self._valid))

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        return self._chosen or keys_for(self.session, self.level)

    @cached_property
    def _tables(self) -> tuple[IndicatorTable, ...]:
        """Tables of the key figures that have values up to the day."""
        made = (self._table(key) for key in self.indicators)
        return tuple(t for t in made if self._position(t) is not None)

    def _table(self, indicator: str) -> IndicatorTable:
        return self.session.series(
            indicator, self.level, carried=self.carried, scenario=self._scenario
        )

    @property
    def shown(self) -> tuple[str, ...]:
        """Indicators whose values the profiles show."""
        return tuple(dict.fromkeys(t.indicator for t in (*self._tables, *self._compared)))

    @cached_property
    def lacking(self) -> tuple[Issue, ...]:
        """Why key figures that were asked for are not shown, one warning each."""
        found = []
        for key in self._chosen:
            table = self._table(key)
            if self._position(table) is not None:
                continue
            issue = nothing(self.session, key, table).issues[0]
            if table.dates and self.day is not None:
                name = self.session.catalogue.get(key).name.shown
                text = _("“{name}” has no value up to {day}.")
                text = text.format(name=name, day=format_date(self.day))
                issue = replace(issue, code="no-value", message=text, repair=None)
            found.append(replace(issue, severity=Severity.WARNING))
        return tuple(found)

    @cached_property
    def _compared(self) -> tuple[IndicatorTable, ...]:
        """Tables that neighbours are compared by: the shown indicator, then the first figures."""
        tables = {t.indicator: t for t in self._tables}
        if self._shown:
            table = self._table(self._shown)
            if self._position(table) is not None:
                tables = {self._shown: table, **tables}
        return tuple(tables.values())[:COLUMNS]

    @cached_property
    def _borders(self) -> Borders:
        return Borders(self._valid)

    @cached_property
    def _ages(self) -> Ages | None:
        return ages_of(self.session, self.level, self.day, carried=self.carried)

    @cached_property
    def _shapes(self) -> AreaShapes:
        return AreaShapes(tuple(a.key for a in self._valid), tuple(a.geometry for a in self._valid))

    def _position(self, table: IndicatorTable) -> int | None:
        """The newest date of a table up to the day; None where there is none."""
        places = [i for i, d in enumerate(table.dates) if self.day is None or d <= self.day]
        return places[-1] if places else None

    def _definition(self, table: IndicatorTable) -> IndicatorDef:
        return self.session.catalogue.get(table.indicator)

    def _is_rate(self, table: IndicatorTable) -> bool:
        return self._definition(table).aggregation != "sum" or table.unit == "%"

    # one profile -----------------------------------------------------------------------------

    def profile(self, key: str) -> AreaProfile:
        """*Slow* at the first time. ``UserError`` where there is no such area."""
        area = next((a for a in self._valid if a.key == key), None)
        if area is None:
            raise fail(
                "unknown-area",
                _("There is no area “{key}” on this level.").format(key=key),
                value=key,
                repair=_("Known are: {names}.").format(
                    names=some_areas(key, self.keys, self._names)
                ),
            )
        city = self.session.project.name
        ages = self._ages
        tables = self._tables
        surface = area.surface_m2
        return AreaProfile(
            key=key, name=area.name, level=self.level,
            level_name=self._areas.level(self.level).name, city=city, day=self.day,
            above=parents_of(self.session, self.level, key),
            surface=surface if surface is not None else float(area.geometry.area),
            figures=tuple(self.figure(t, key) for t in tables),
            pyramid=None if ages is None else ages.pyramid(key, area.name, city),
            lines=tuple(self._line(t, key) for t in self._drawn()),
            columns=tuple(self._definition(t).name.shown for t in self._compared),
            own=tuple(self._cell(t, key) for t in self._compared),
            neighbours=self._neighbours(key),
            sources=tuple(dict.fromkeys(s for t in tables for s in sources_of(self.session, t))),
            notes=tuple(dict.fromkeys(n for n in map(reform_note, tables) if n)),
            shapes=self._shapes,
        )  # fmt: skip

    def profiles(self, progress: Progress | None = None) -> tuple[AreaProfile, ...]:
        """*Slow.* One profile per area of the level."""
        made = []
        for i, key in enumerate(self.keys):
            if progress is not None:
                progress.step(i / len(self.keys), self._names.get(key, key))
            made.append(self.profile(key))
        return tuple(made)

    def figure(self, table: IndicatorTable, key: str) -> KeyFigure:
        """A key figure; an area that the table does not have is missing there."""
        definition = self._definition(table)
        position = self._position(table)
        assert position is not None
        row = table.areas.index(key) if key in table.areas else None
        values, status = table.values[:, position], table.status[:, position]
        good = classifiable(values, status)
        value, mark = np.nan, int(Status.MISSING)
        if row is not None:
            value, mark = float(values[row]), int(status[row])
        known = row is not None and bool(good[row])
        day = table.dates[position]
        previous = self._change(table, row, position, position - 1)
        five_years = self._change(table, row, position, self._years_before(table, position))
        # Something in this row is from before a reform and was carried to the present areas.
        first = min([day, *(c.base_day for c in (previous, five_years) if c is not None)])
        return KeyFigure(
            indicator=table.indicator, name=definition.name.shown, topic=definition.topic,
            unit=table.unit, precision=table.precision, day=day,
            period=is_period(self.session, table), value=value, status=mark,
            rank=1 + int(np.sum(values[good] > value)) if known else None,
            count=int(good.sum()), city_value=float(table.city_values[position]),
            city_status=int(table.city_status[position]), rate=self._is_rate(table),
            previous=previous, five_years=five_years,
            carried=table.carried and any(first < d for d in table.breaks),
        )  # fmt: skip

    def _years_before(self, table: IndicatorTable, position: int) -> int:
        """Position of the date five years before, −1 where none is near it."""
        day = table.dates[position]
        last = 28 if (day.month, day.day) == (2, 29) else day.day
        wanted = day.replace(year=day.year - YEARS, day=last)
        near = min(range(len(table.dates)), key=lambda i: abs(table.dates[i] - wanted))
        return near if abs(table.dates[near] - wanted) <= TOLERANCE and near < position else -1

    def _change(
        self, table: IndicatorTable, row: int | None, position: int, base: int
    ) -> Change | None:
        if base < 0 or row is None:
            return None
        relative = not self._is_rate(table)
        change, mark = difference(
            table.values[row, [base]], table.status[row, [base]],
            table.values[row, [position]], table.status[row, [position]], relative=relative,
        )  # fmt: skip
        first, last = table.dates[base], table.dates[position]
        reform = not table.carried and any(first < d <= last for d in table.breaks)
        unit = "%" if relative else _("pp") if table.unit == "%" else ""
        precision = max(table.precision, 1) if relative else table.precision
        period = is_period(self.session, table)
        return Change(first, float(change[0]), int(mark[0]), unit, precision, reform, period)

    def _drawn(self) -> tuple[IndicatorTable, ...]:
        """Tables with a course worth a line (at least three dates): the first of each topic, then
        further ones."""
        long = [t for t in self._tables if len(t.dates) >= 3 and t.indicator not in LIKE_OTHERS]
        first = {self._definition(t).topic: t for t in reversed(long)}
        ranked = sorted(long, key=lambda t: t is not first[self._definition(t).topic])
        chosen = ranked[:LINES]
        return tuple(t for t in long if t in chosen)

    def _line(self, table: IndicatorTable, key: str) -> TimeLineSpec:
        position = self._position(table)
        now = table.dates[position] if position is not None else None
        spec = time_line_spec(
            table, self._names, selected=(key,), unit=table.unit, city_name=_("City"),
            day=now if table.dates and now != table.dates[-1] else None,
            title=self._definition(table).name.shown, period=is_period(self.session, table),
        )  # fmt: skip
        if self._is_rate(table):
            return spec
        # A sum over the town has no place beside its parts, nor has the range of all parts.
        nothing = np.full(len(spec.dates), np.nan)
        parts = tuple(line for line in spec.lines if line.role is not Role.CITY)
        return replace(spec, lines=parts, low=nothing, high=nothing)

    def _cell(self, table: IndicatorTable, key: str) -> str:
        figure = self.figure(table, key)
        return format_value(figure.value, figure.status, figure.precision, figure.unit)

    def _neighbours(self, key: str) -> tuple[Neighbour, ...]:
        """Longest common border first."""
        near = sorted(self._borders.of(key).items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(
            Neighbour(
                other, self._names.get(other, other), length,
                tuple(self._cell(t, other) for t in self._compared),
            )
            for other, length in near
        )  # fmt: skip


def profile_data(profile: AreaProfile) -> dict[str, Any]:
    """A profile for machines: plain numbers, None where there is no value."""

    def change(found: Change | None) -> dict[str, Any] | None:
        if found is None:
            return None
        return {
            "from": found.base_day.isoformat(), "value": _plain(found.value, found.status),
            "unit": found.unit, "reform": found.reform,
        }  # fmt: skip

    return {
        "area": profile.key, "name": profile.name, "level": profile.level,
        "figures": [
            {
                "indicator": f.indicator, "name": f.name, "unit": f.unit,
                "date": f.day.isoformat(), "value": _plain(f.value, f.status),
                "status": Status(f.status).name.lower(), "rank": f.rank, "of": f.count,
                "city": _plain(f.city_value, f.city_status),
                "previous": change(f.previous), "five_years": change(f.five_years),
            }
            for f in profile.figures
        ],
        "neighbours": [
            {"area": n.key, "name": n.name, "border_m": round(n.border)}
            for n in profile.neighbours
        ],
        "sources": list(profile.sources),
    }  # fmt: skip


def _plain(value: float, status: int) -> float | None:
    return value if status < Status.MISSING and np.isfinite(value) else None
