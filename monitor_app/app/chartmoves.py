"""Charts of how a population changes: components per year, moves between areas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.chartpeople import area_name, scenario_keys, together_name
from monitor_app.app.session import Session
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec
from monitor_app.core.areas import CITY
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import has_value
from monitor_app.indicators.aggregate import shown_keys
from monitor_app.indicators.carry import Carrier, present_areas
from monitor_app.indicators.inputs import InputReader, moment
from monitor_app.indicators.tree import Input

FloatArray = NDArray[np.float64]
#: A matrix with more areas than this cannot be read.
MOST_AREAS = 25
#: Smaller differences than this are no persons.
LEAST = 0.5


class _Series:
    """Numbers per year of areas taken together from the data sets of one origin."""

    def __init__(
        self, session: Session, infos: Sequence[DatasetInfo], level: str, areas: Sequence[str],
        *, carried: bool = False,
    ) -> None:  # fmt: skip
        self._level = CITY if CITY in areas else level
        self._areas = tuple(areas)
        plain = InputReader(session.areas, session.project, infos)
        self._reader = plain
        if carried and session.areas.bridges:
            present = present_areas(session.areas)
            carrier = Carrier(session.areas, present, session.project.cube)
            self._reader = InputReader(present, session.project, infos, carrier, plain)

    def of(self, kind: Kind, variable: str | None = None) -> dict[int, float]:
        """Calendar year -> number; years without a value are left out."""
        wanted = Input(kind, variable=variable)
        ranking = self._reader.ranking([wanted], self._level)[wanted]
        keys = self._reader.areas_of(self._level)
        if not ranking or not set(self._areas) <= set(keys):
            return {}
        loaded = self._reader.load(wanted, self._level, ranking)
        rows = [keys.index(area) for area in self._areas]
        return {
            moment(day).year: float(loaded.grid.values[rows, j].sum())
            for j, day in enumerate(loaded.moments)
            if loaded.grid.known[rows, j].all()
        }

    def balance(self, plus: Kind, minus: Kind) -> dict[int, float]:
        gains, losses = self.of(plus), self.of(minus)
        return {year: gains[year] - losses[year] for year in gains if year in losses}


def _infos(session: Session, origin: Origin, keys: frozenset[str] | None) -> list[DatasetInfo]:
    return [
        i
        for i in session.project.datasets()
        if i.spec.origin is origin
        and i.spec.kind is not Kind.FACILITIES
        and (keys is None or i.spec.key in keys)
    ]


def _parts(series: _Series, *, town: bool) -> dict[str, dict[int, float]]:
    """Years of natural change, migration and moves inside the town; only what is known."""
    natural = series.balance(Kind.BIRTHS, Kind.DEATHS)
    outer = series.balance(Kind.MOVES_IN, Kind.MOVES_OUT)
    outer = outer or series.of(Kind.VARIABLE, "net_migration")
    inner = {} if town else series.balance(Kind.ARRIVALS_WITHIN, Kind.DEPARTURES_WITHIN)
    return {"natural": natural, "outer": outer, "inner": inner}


def components(
    session: Session, level: str, area: str | Sequence[str] = CITY, *, scenario: str = "",
    ahead: bool = True, carried: bool = False,
) -> ComponentsSpec:  # fmt: skip
    """Bars per year: births less deaths, migration over the town's border, moves inside the town,
    and what remains of the change of the population. ``area``: key of an area, or of several that
    are taken together. ``ahead``: with the years of a stored forecast. ``carried``: numbers from
    before reforms on the present areas. ``UserError`` where nothing is known."""
    areas = (area,) if isinstance(area, str) else tuple(area)
    town = CITY in areas
    found: dict[str, dict[int, float]] = {"natural": {}, "outer": {}, "inner": {}}
    stocks: dict[int, float] = {}
    forecast: set[int] = set()
    own = scenario_keys(session, scenario) if ahead else frozenset()
    for origin, keys in ((Origin.OBSERVED, None), (Origin.FORECAST, own)):
        if origin is Origin.FORECAST and not own:
            continue
        series = _Series(
            session, _infos(session, origin, keys), level, areas,
            carried=carried and origin is Origin.OBSERVED,
        )  # fmt: skip
        past = {y for part in found.values() for y in part} | set(stocks)
        for name, part in _parts(series, town=town).items():
            new = {y: v for y, v in part.items() if not past or y > max(past)}
            found[name] |= new
            forecast |= set(new) if origin is Origin.FORECAST else set()
        stocks |= {y: v for y, v in series.of(Kind.POPULATION).items() if y not in stocks}
    years = sorted({y for part in found.values() for y in part})
    if not years:
        raise fail(
            "components.data",
            _("The components of change need births, deaths and moves."),
            repair=_("Import files of births, deaths, arrivals and departures (room “Data”)."),
        )
    where = area_name(session, level, areas[0])
    if len(areas) > 1:
        where = together_name(session, level, areas)
    return _components(where, town, years, found, stocks, forecast)


def _components(
    where: str, town: bool, years: Sequence[int],
    found: dict[str, dict[int, float]], stocks: dict[int, float], forecast: set[int],
) -> ComponentsSpec:  # fmt: skip
    titles = {
        "natural": _("Births less deaths"),
        "outer": _("Migration over the town’s border"),
        "inner": _("Moves inside the town"),
    }
    lacking = [k for k in titles if not found[k] and not (k == "inner" and town)]
    names = [titles[k] for k in titles if found[k]]
    slots = [i for i, k in enumerate(titles) if found[k]]
    rows = [[found[k].get(y, np.nan) for y in years] for k in titles if found[k]]
    change = np.array([stocks.get(y, np.nan) - stocks.get(y - 1, np.nan) for y in years])
    rest = change - np.sum(rows, axis=0)
    if lacking and np.isfinite(rest).any():
        words = {
            "natural": _("births, deaths"), "outer": _("migration"), "inner": _("moves"),
        }  # fmt: skip
        names.append(_("Remainder ({parts})").format(parts=", ".join(words[k] for k in lacking)))
        rows.append(rest.tolist())
    elif bool((np.abs(np.nan_to_num(rest)) >= LEAST).any()):
        names.append(_("Corrections of the register"))
        rows.append(rest.tolist())
    note = ""
    if lacking and not np.isfinite(rest).any():
        note = _("Not known: {parts}").format(parts=", ".join(titles[k] for k in lacking))
    title = _("Components of change, {where}").format(where=where)
    return ComponentsSpec(
        tuple(names), tuple(str(y) for y in years), np.array(rows, dtype=np.float64), title,
        _("persons"), tuple(y in forecast for y in years), note, (*slots, len(titles)),
    )  # fmt: skip


# -- moves between areas --------------------------------------------------------------------------


def flow_sources(session: Session) -> tuple[DatasetInfo, ...]:
    """Data sets with origin and destination of moves inside the town."""
    return tuple(
        i
        for i in session.project.datasets()
        if i.spec.kind is Kind.MOVES_WITHIN
        and i.spec.origin is Origin.OBSERVED
        and "partner" in i.dims
    )


def flow_levels(session: Session) -> tuple[str, ...]:
    """Levels that moves can be shown between, coarse to fine."""
    known = {lv.key: lv for lv in session.areas.levels}
    return tuple(
        lv.key
        for lv in session.areas.levels
        if lv.key != CITY
        and len(shown_keys(session.areas, lv.key)) > 1
        and any(
            i.spec.level in known and session.areas.finer(i.spec.level, lv.key)
            for i in flow_sources(session)
        )
    )


def flow_days(session: Session) -> tuple[date, ...]:
    """Years of moves (their last days)."""
    return tuple(sorted({d for i in flow_sources(session) for d in i.dates}))


def flow_level(session: Session, shown: str) -> str:
    """The level for moves where a map shows another: itself, or the finest coarser one that can
    be read."""
    levels = flow_levels(session)
    small = [k for k in levels if len(shown_keys(session.areas, k)) <= MOST_AREAS]
    if shown in small:
        return shown
    return small[-1] if small else levels[0] if levels else ""


def flows(
    session: Session,
    level: str = "",
    days: Sequence[date] = (),
    *,
    shown_level: str = "",
    chord: bool = False,
) -> FlowSpec:
    """Moves from each area of a level to each other, summed over years (none: the newest).
    ``shown_level``: the level of the map, whose areas are named in ``members``. ``UserError``
    where the project has no table of origins and destinations."""
    infos = flow_sources(session)
    if not infos:
        raise fail(
            "flows.data",
            _("Moves between areas need a table of origins and destinations."),
            repair=_("Import a file with area of origin, area of destination, year and number of "
                     "moves (room “Data”)."),
        )  # fmt: skip
    level = level or flow_level(session, shown_level)
    fitting = [i for i in infos if session.areas.finer(i.spec.level, level)]
    if level not in flow_levels(session) or not fitting:
        raise fail(
            "flows.level",
            _("The moves cannot be shown on level “{level}”.").format(level=level),
            repair=_("Choose one of: {levels}.").format(levels=", ".join(flow_levels(session))),
        )
    info = max(fitting, key=lambda i: len(i.dates))
    wanted = tuple(days) or (info.dates[-1],)
    if not set(wanted) & set(info.dates):
        raise fail(
            "flows.date",
            _("No moves are known for {years}.").format(
                years=", ".join(str(d.year) for d in wanted)
            ),
            repair=_("Known years: {first} to {last}.").format(
                first=info.dates[0].year, last=info.dates[-1].year
            ),
        )
    keys, moves = _matrix(session, info, level, wanted)
    names = session.names(level)
    kept = _there(keys, moves)
    years = sorted({d.year for d in wanted if d in info.dates})
    span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    shown = shown_level or level
    chosen = [keys[i] for i in kept]
    return FlowSpec(
        tuple(names.get(k, k) for k in chosen), moves[np.ix_(kept, kept)],
        _("Moves between areas ({level}), {years}").format(
            level=session.areas.level(level).name, years=span
        ),
        _("moves"), _members(session, level, shown, chosen), chord,
    )  # fmt: skip


def _matrix(
    session: Session, info: DatasetInfo, level: str, days: Sequence[date]
) -> tuple[tuple[str, ...], FloatArray]:
    """(origins, destinations) of the level's areas; a secret or missing part makes a cell NaN."""
    cube = session.project.cube(info.spec.key)
    cube = cube.take("date", [i for i, d in enumerate(cube.dates) if d in set(days)])
    cube = cube.sum(*(d for d in cube.dims if d not in ("area", "partner")))
    above = session.areas.ancestor(info.spec.level, level)
    keys = shown_keys(session.areas, level)
    place = {key: i for i, key in enumerate(keys)}
    origins = [place.get(above.get(k, ""), -1) for k in cube.areas]
    goals = [place.get(above.get(k, ""), -1) for k in cube.labels["partner"]]
    known = has_value(cube.status)
    values = np.where(known, cube.values, 0.0)
    total, lost = np.zeros((len(keys),) * 2), np.zeros((len(keys),) * 2)
    rows = [i for i, at in enumerate(origins) if at >= 0]
    columns = [i for i, at in enumerate(goals) if at >= 0]
    at = np.ix_([origins[i] for i in rows], [goals[i] for i in columns])
    inside = np.ix_(rows, columns)
    np.add.at(total, at, values[inside])
    np.add.at(lost, at, (~known[inside]).astype(np.float64))
    return keys, np.where(lost > 0, np.nan, total)


def _there(keys: Sequence[str], moves: FloatArray) -> list[int]:
    """Areas that anybody moved from or to (areas given up by a reform drop out)."""
    known = np.nan_to_num(moves, nan=1.0)
    some = known.sum(axis=0) + known.sum(axis=1) > 0
    return [i for i in range(len(keys)) if some[i]]


def _members(
    session: Session, level: str, shown: str, keys: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Areas of the map that each area of the chart is made of, or lies in."""
    if shown == level:
        return tuple((k,) for k in keys)
    down = session.areas.ancestor(shown, level)
    if down:
        inside: dict[str, list[str]] = {}
        for key, above in down.items():
            inside.setdefault(above, []).append(key)
        return tuple(tuple(inside.get(k, ())) for k in keys)
    up = session.areas.ancestor(level, shown)
    return tuple((up[k],) if k in up else () for k in keys)
