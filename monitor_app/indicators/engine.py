"""Computes indicators for levels and dates, and remembers what is still true."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.carry import Carrier, present_areas
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.dependencies import closure
from monitor_app.indicators.grid import Grid
from monitor_app.indicators.inputs import CubeSource, InputReader, answers
from monitor_app.indicators.run import Evaluated, Run, aligned, resolve
from monitor_app.indicators.trace import Trace, trace_value
from monitor_app.indicators.tree import Node, inputs
from monitor_app.indicators.units import unit_symbol

#: Origin, data sets (None: all), and whether earlier numbers are carried to the present areas.
_View = tuple[Origin, frozenset[str] | None, bool]


@dataclass(frozen=True)
class _Kept:
    """A result and everything that it depends on."""

    result: Evaluated
    definitions: tuple[IndicatorDef, ...]
    infos: tuple[DatasetInfo, ...]


class Engine:
    """Indicator values of one project.

    Rates of larger areas and of the city are computed from their own numerators and denominators,
    never averaged. Results are kept until a definition or a data set that they read changes.
    Safe to use from several threads.
    """

    def __init__(self, areas: AreaSystem, source: CubeSource, catalogue: Catalogue) -> None:
        self._areas = areas
        self.source = source
        self.catalogue = catalogue
        self._readers: dict[_View, InputReader] = {}
        self._kept: dict[tuple[str, str, _View], _Kept] = {}
        self._lock = threading.RLock()
        self._present: AreaSystem | None = None
        self.evaluations = 0  # how often something was really computed

    @property
    def areas(self) -> AreaSystem:
        """Setting another area system forgets all results; a new ``catalogue`` only what it
        changes."""
        return self._areas

    @areas.setter
    def areas(self, areas: AreaSystem) -> None:
        with self._lock:
            self._areas = areas
            self._present = None
            self.invalidate()

    # -- values -------------------------------------------------------------------------------

    def compute(
        self,
        indicator_id: str,
        level: str,
        *,
        origin: Origin = Origin.OBSERVED,
        datasets: Collection[str] | None = None,
        carried: bool = False,
    ) -> IndicatorTable:
        """All values of an indicator on a level.

        ``origin``: only data sets of this origin are read. ``datasets``: only these keys (such as
        one variant of several forecasts). ``carried``: numbers from before territorial reforms
        are carried to the present areas (see ``carry``).

        Errors: ``UserError`` for an unknown indicator or level, a faulty formula, or definitions
        that refer to each other in a circle. Inputs that the project lacks are no error: the
        table is empty and ``missing_inputs`` names them.
        """
        definition = self.catalogue.get(indicator_id)
        view = self._view(origin, datasets, carried)
        with self._lock:
            keys = self._reader(view, level).areas_of(level)
            found = self._evaluated(indicator_id, level, view)
            city = found if level == CITY else self._evaluated(indicator_id, CITY, view)
        town = aligned(city.grid, city.moments, found.moments)
        # Dates at which nothing is known (the first years of a change) are no dates of the series.
        shown = np.flatnonzero(
            ~((found.grid.status == Status.MISSING).all(axis=0)
              & (town.status == Status.MISSING).all(axis=0))
        )  # fmt: skip
        days = tuple(found.days[j] for j in shown)
        return IndicatorTable(
            indicator=indicator_id,
            level=level,
            areas=keys,
            dates=days,
            values=found.grid.values[:, shown],
            status=found.grid.status[:, shown],
            city_values=town.values[0, shown],
            city_status=town.status[0, shown],
            unit=unit_symbol(definition.unit),
            precision=definition.precision,
            base=None if found.base is None else found.base[:, shown],
            datasets=found.used,
            issues=found.issues,
            missing_inputs=found.missing,
            breaks=tuple(d for d in self._areas.breaks(level) if days and days[0] < d <= days[-1]),
            carried=view[2],
        )

    def part(self, node: Node, table: IndicatorTable, level: str, view: Mapping[str, Any]) -> Grid:
        """A part of a formula (its numerator, say) on ``level`` for the dates of a result.
        ``view``: the options that the result was computed with."""
        options = {"origin": Origin.OBSERVED, "datasets": None, "carried": False, **view}
        chosen = self._view(**options)
        with self._lock:
            self._reader(chosen, table.level)
            found = self._evaluated(table.indicator, table.level, chosen)
            place = dict(zip(found.days, found.moments, strict=True))
            moments = tuple(place[day] for day in table.dates)
            run = self._run(table.indicator, level, chosen)
            return run.tree_value(resolve(node, frozenset(self.catalogue.ids)), moments)

    def dates(
        self, indicator_id: str, level: str, *, origin: Origin = Origin.OBSERVED
    ) -> tuple[date, ...]:
        """Dates for which the indicator has values on the level."""
        return self.compute(indicator_id, level, origin=origin).dates

    def availability(
        self, indicator_id: str, level: str = CITY, *, origin: Origin = Origin.OBSERVED
    ) -> tuple[str, ...]:
        """Which inputs the project lacks, in words; empty where the indicator can be computed."""
        with self._lock:
            view = self._view(origin, None, False)
            self._reader(view, level)
            return self._evaluated(indicator_id, level, view).missing

    def trace(
        self,
        indicator_id: str,
        level: str,
        area: str,
        day: date,
        *,
        origin: Origin = Origin.OBSERVED,
        datasets: Collection[str] | None = None,
        carried: bool = False,
    ) -> Trace:
        """How the value of an area at a date came about ("Wie wurde das berechnet?").

        Errors: ``UserError`` where there is no such area or date.
        """
        definition = self.catalogue.get(indicator_id)
        view = self._view(origin, datasets, carried)

        def one(other: str, at: str, place: str, when: date) -> Trace:
            reader = self._readers[view]
            unit = unit_symbol(self.catalogue.get(other).unit)
            return trace_value(self._run(other, at, view), reader, place, when, unit, one)

        with self._lock:
            keys = self._reader(view, level).areas_of(level)
            found = self._evaluated(indicator_id, level, view)
            if area not in keys or day not in (*found.days, *found.moments):
                raise fail(
                    "no-value",
                    _("“{name}” has no value for area “{area}” on {day}.").format(
                        name=definition.name.shown, area=area, day=format_date(day)
                    ),
                )
            return one(indicator_id, level, area, day)

    # -- keeping ------------------------------------------------------------------------------

    def invalidate(self, datasets: Collection[str] | None = None) -> None:
        """Forget what was read from these data sets (None: everything)."""
        with self._lock:
            if datasets is None:
                self._readers.clear()
                self._kept.clear()
                return
            changed = frozenset(datasets)
            for reader in self._readers.values():
                reader.forget(changed)
            for mark, kept in list(self._kept.items()):
                if any(i.spec.key in changed for i in kept.infos):
                    del self._kept[mark]

    def _reader(self, view: _View, level: str) -> InputReader:
        """The reader of a view, brought up to the data sets that the source has now. The list is
        asked for once per question. Errors: ``UserError`` for an unknown level."""
        origin, keys, carried = view
        present = self.source.datasets()
        self._known_level(level, present)
        infos = tuple(
            i
            for i in present
            if i.spec.origin is origin
            and i.spec.kind is not Kind.FACILITIES
            and (keys is None or i.spec.key in keys)
        )
        reader = self._readers.get(view)
        if reader is None:
            reader = self._readers[view] = self._new_reader(view, level, infos)
        else:
            reader.update(infos)
        if carried:
            self._reader((origin, keys, False), level)
        return reader

    def _new_reader(self, view: _View, level: str, infos: tuple[DatasetInfo, ...]) -> InputReader:
        if not view[2]:
            return InputReader(self._areas, self.source, infos)
        present = self._system(view)
        carrier = Carrier(self._areas, present, self.source.cube)
        plain = self._reader((view[0], view[1], False), level)
        return InputReader(present, self.source, infos, carrier, plain)

    def _view(self, origin: Origin, datasets: Collection[str] | None, carried: bool) -> _View:
        """Without reforms there is nothing to carry."""
        keys = None if datasets is None else frozenset(datasets)
        return origin, keys, carried and bool(self._areas.bridges)

    def _system(self, view: _View) -> AreaSystem:
        if not view[2]:
            return self._areas
        if self._present is None:
            self._present = present_areas(self._areas)
        return self._present

    def _evaluated(self, indicator_id: str, level: str, view: _View) -> Evaluated:
        reader = self._readers[view]
        definitions = closure(self.catalogue, indicator_id)
        infos = self._relevant(definitions, reader)
        kept = self._kept.get((indicator_id, level, view))
        if kept is not None and kept.definitions == definitions and kept.infos == infos:
            return kept.result

        self.evaluations += 1
        result = self._run(indicator_id, level, view).evaluate()
        self._kept[indicator_id, level, view] = _Kept(result, definitions, infos)
        return result

    def _run(self, indicator_id: str, level: str, view: _View) -> Run:
        def lookup(other: str, at: str) -> Evaluated:
            return self._evaluated(other, at, view)

        known = frozenset(self.catalogue.ids)
        definition = self.catalogue.get(indicator_id)
        return Run(self._system(view), self._readers[view], definition, level, known, lookup)

    # -- dependencies -------------------------------------------------------------------------

    def _relevant(
        self, definitions: tuple[IndicatorDef, ...], reader: InputReader
    ) -> tuple[DatasetInfo, ...]:
        """Data sets that a change of could change the values."""
        known = frozenset(self.catalogue.ids)
        wanted = [
            i
            for d in definitions
            for tree in (*d.trees, *d.extra_trees)
            for i in inputs(resolve(tree, known))
        ]
        found = [i for i in reader.infos if any(answers(i, item) for item in wanted)]
        weights = {
            i.spec.aggregation.removeprefix("mean:")
            for i in found
            if i.spec.aggregation.startswith("mean:")
        }
        if weights:
            found += [
                i
                for i in reader.infos
                if i not in found
                and (
                    i.spec.variable in weights
                    or (i.spec.kind is Kind.POPULATION and "population" in weights)
                )
            ]
        return tuple(found)

    def _known_level(self, level: str, present: tuple[DatasetInfo, ...]) -> None:
        known = {CITY, *(lv.key for lv in self._areas.levels)}
        known |= {i.spec.level for i in present}
        if level not in known:
            raise fail(
                "unknown-level",
                _("There is no level “{level}”.").format(level=level),
                value=level,
                repair=_("Known are: {names}.").format(names=", ".join(sorted(known))),
            )
