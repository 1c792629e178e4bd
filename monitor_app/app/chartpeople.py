"""Population pyramids of a session: areas, dates, forecasts with their probable range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.agetables import age_table
from monitor_app.app.charts import city_name, nearest_day
from monitor_app.app.forecastcells import GroupRange, cell_range, regrouped
from monitor_app.app.forecasting_fanstore import CHANCE, CHANCE_OF
from monitor_app.app.scenarios import scenarios
from monitor_app.app.session import Session
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.indicators.inputs import moment

FloatArray = NDArray[np.float64]
#: Years that the open age group is drawn with, at least; and up to which age it reaches.
OPEN_YEARS, OLDEST = 5, 100
_ORDER = {Origin.OBSERVED: 0, Origin.ESTIMATED: 1, Origin.FORECAST: 2, Origin.PROJECTION: 3}
#: Codes of the lower and upper bound of 80 per cent, in either form that forecasts store them in.
_BOUNDS = (("q100", "q900"), ("q10", "q90"))


@dataclass(frozen=True)
class Who:
    """One population: an area (``CITY``: the town), or several areas taken together
    (``parts``), on a day (None: the newest observed)."""

    area: str = CITY
    day: date | None = None
    parts: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.parts or (self.area,)

    @property
    def town(self) -> bool:
        return self.area == CITY and not self.parts


@dataclass(frozen=True, eq=False)
class People:
    """Persons by age: ``men``, ``women`` (ages,). ``info``: the data set they are from."""

    axis: AgeAxis
    men: FloatArray
    women: FloatArray
    info: DatasetInfo
    day: date


def scenario_keys(session: Session, scenario: str) -> frozenset[str]:
    """Data sets of a scenario; of the middle one (else the first) where none is named."""
    known = scenarios(session.project)
    if not known:
        return frozenset()
    named = [s for s in known if s.key == scenario]
    middle = [s for s in known if s.key.endswith("/middle")]
    return (named or middle or list(known))[0].datasets


def sources(session: Session, level: str, scenario: str = "") -> tuple[DatasetInfo, ...]:
    """Data sets of persons by sex and age that reach a level, best first: observed, the newest
    numbers of a forecast, the finest ages, the nearest level."""
    ahead = scenario_keys(session, scenario)
    areas = session.areas
    known = {lv.key: lv.rank for lv in areas.levels}
    found = [
        info
        for info in session.project.datasets()
        if info.spec.kind is Kind.POPULATION
        and {"sex", "age"} <= set(info.dims)
        and info.age_axis is not None
        and (info.spec.origin is not Origin.FORECAST or info.spec.key in ahead)
        and info.spec.level in known
        and areas.finer(info.spec.level, level)
    ]
    return tuple(
        sorted(
            found,
            key=lambda i: (
                _ORDER[i.spec.origin], -len(AgeAxis.decode(i.age_axis or "0+")),
                abs(known[i.spec.level] - known.get(level, 0)), i.spec.key,
            ),
        )
    )  # fmt: skip


def days(session: Session, level: str, scenario: str = "") -> tuple[tuple[date, Origin], ...]:
    """Dates that a pyramid can show on a level, each with the origin of its numbers."""
    found: dict[date, tuple[date, Origin]] = {}
    last: date | None = None
    for info in sources(session, level, scenario):
        for day in info.dates:
            at = moment(day)
            if info.spec.origin is Origin.FORECAST and last is not None and at <= last:
                continue
            found.setdefault(at, (day, info.spec.origin))
        if info.spec.origin is Origin.OBSERVED and info.dates:
            last = max(last or date.min, moment(max(info.dates)))
    return tuple(found[at] for at in sorted(found))


def no_ages() -> UserError:
    """The refusal where the project has no persons by sex and age."""
    return fail(
        "pyramid.data",
        _("A population pyramid needs persons by sex and age."),
        repair=_("Import a population file with age groups and sex (room “Data”)."),
    )


def people(
    session: Session, level: str, who: Who, scenario: str = "", *, carried: bool = False
) -> People:
    """Persons of an area by sex and age. ``UserError`` where there are none. ``carried``: numbers
    from before reforms on the present areas."""
    system = CITY if who.town else level
    infos = sources(session, system, scenario)
    if not infos:
        raise no_ages()
    wanted = who.day
    if wanted is None:
        observed = [d for d, origin in days(session, system, scenario) if origin in (
            Origin.OBSERVED, Origin.ESTIMATED)]  # fmt: skip
        wanted = nearest_day(observed, None) or infos[0].dates[-1]
    for info in infos:
        hit = [d for d in info.dates if moment(d) == moment(wanted)]
        if not hit:
            continue
        table = age_table(session, info, system, hit[0], carried=carried)
        sides = table.of(who.keys)
        if sides is not None and any(np.isfinite(side).any() for side in sides):
            return People(table.axis, *sides, info, hit[0])
    name = who_name(session, level, who)
    raise fail(
        "pyramid.nobody",
        _("No persons by sex and age are known for “{name}” on {day}.").format(
            name=name, day=format_date(wanted)
        ),
        repair=_("Choose another date or area."),
    )


def who_name(session: Session, level: str, who: Who) -> str:
    """What a population is called."""
    if len(who.keys) == 1:
        return area_name(session, level, who.keys[0])
    return together_name(session, level, who.parts)


def together_name(session: Session, level: str, keys: Sequence[str]) -> str:
    """Several areas taken together: the names of two, the number of more."""
    if len(keys) == 2:
        return " + ".join(area_name(session, level, key) for key in keys)
    return _("{count} areas together").format(count=format_number(len(keys)))


def area_name(session: Session, level: str, area: str) -> str:
    """The name of an area, or of the town."""
    return city_name() if area == CITY else session.names(level).get(area, area)


def common_axis(axes: Iterable[AgeAxis]) -> AgeAxis:
    """The finest age groups that all axes can be put together to."""
    lows = set.intersection(*({g.lo for g in axis.groups} for axis in axes))
    return AgeAxis.from_lows(tuple(sorted(lows)))


def grouped(values: FloatArray, axis: AgeAxis, target: AgeAxis) -> FloatArray:
    """Sums of age groups; a missing part makes a sum missing."""
    place = np.searchsorted(target.lows, axis.lows, side="right") - 1
    found = np.zeros(len(target))
    np.add.at(found, place, values)
    return found


def _highs(axis: AgeAxis) -> NDArray[np.int64]:
    last = axis.groups[-1]
    end = last.hi if last.hi is not None else max(OLDEST, last.lo + OPEN_YEARS)
    return np.append(axis.lows[1:], end).astype(np.int64)


def pyramid(
    session: Session,
    level: str,
    whos: Sequence[Who],
    *,
    share: bool | None = None,
    scenario: str = "",
    carried: bool = False,
) -> PyramidSpec:
    """One or two populations, the first as bars, the second as a line. ``share``: per cent of
    each one's total (None: where their areas differ). A forecast has its probable range."""
    found = [people(session, level, who, scenario, carried=carried) for who in whos[:2]]
    axis = common_axis(p.axis for p in found)
    names = [who_name(session, level, who) for who in whos[:2]]
    when = [format_date(p.day) for p in found]
    same_area, same_day = len(set(names)) == 1, len(set(when)) == 1
    sides = []
    for name, day, person in zip(names, when, found, strict=True):
        label = day if same_area and not same_day else name if same_day else f"{name}, {day}"
        men, women = (grouped(v, person.axis, axis) for v in (person.men, person.women))
        sides.append(PyramidSide(label, men, women))
    interval = None
    note = ""
    if found[0].info.spec.origin is Origin.FORECAST and not whos[0].parts:
        interval = _interval(session, level, whos[0], found[0], axis, sides[0], scenario)
    if found[0].info.spec.origin is Origin.FORECAST:
        note = _("Forecast")
    where = names[0] if same_area else " – ".join(names)
    title = _("Population by age and sex, {where}").format(where=where)
    title += f", {when[0]}" if same_day else ""
    return PyramidSpec(
        axis.lows, _highs(axis), sides[0], sides[1] if len(sides) > 1 else None,
        (not same_area) if share is None else share, title, interval, note,
    )  # fmt: skip


def population_range(
    session: Session, level: str, area: str, scenario: str
) -> dict[date, tuple[float, float]]:
    """Bounds of 80 per cent of the number of inhabitants of an area (``CITY``: the town) at the
    dates of a forecast scenario; empty where it keeps none."""
    if not scenario:
        return {}
    wanted, own = level if area != CITY else CITY, scenario_keys(session, scenario)
    for info in session.project.datasets():
        spec = info.spec
        if spec.key not in own or spec.level != wanted or spec.kind is not Kind.VARIABLE:
            continue
        if info.dims != ("area", "date", "group"):
            continue
        cube = session.project.cube(spec.key)
        codes = next((b for b in _BOUNDS if set(b) <= set(cube.labels["group"])), None)
        if codes is None or area not in cube.areas:
            continue
        low, high = (
            cube.values[cube.areas.index(area), :, cube.labels["group"].index(code)].tolist()
            for code in codes
        )
        return dict(zip(cube.dates, zip(low, high, strict=True), strict=True))
    return {}


def _interval(
    session: Session, level: str, who: Who, found: People, axis: AgeAxis, base: PyramidSide,
    scenario: str,
) -> tuple[PyramidSide, PyramidSide] | None:  # fmt: skip
    """Bounds of 80 per cent of each age and sex; those of the age bands that the forecast keeps, in
    proportion to the persons, where it does not tell chance in cells. None without any range."""
    wanted = level if who.area != CITY else CITY
    own = scenario_keys(session, scenario)
    around = _bands(session, own, wanted, who.area, found.day, axis)
    if around is None:
        return None
    people = np.nan_to_num(np.stack([base.men, base.women]))
    chance = _chance(session, own, found, axis, town=who.area == CITY)
    if chance is None:
        total = np.zeros(len(around.ages))
        band = np.searchsorted(around.ages.lows, axis.lows, side="right") - 1
        np.add.at(total, band, people.sum(axis=0))
        parts = [
            people * np.divide(edge, total, out=np.ones_like(edge), where=total > 0)[band]
            for edge in (around.low, around.high)
        ]
        low, high = parts
    else:
        values, years = chance
        low, high = cell_range(people, axis, values, around, years)
    return PyramidSide(_("lower bound"), *low), PyramidSide(_("upper bound"), *high)


def _bands(
    session: Session, own: frozenset[str], level: str, area: str, day: date, axis: AgeAxis
) -> GroupRange | None:
    """The range of age bands that a forecast keeps for an area, the finest bands of ``axis``."""
    found = []
    for info in session.project.datasets():
        if info.spec.key not in own or info.spec.level != level or info.age_axis is None:
            continue
        if info.spec.kind is not Kind.VARIABLE or "group" not in info.dims or "sex" in info.dims:
            continue
        cube = session.project.cube(info.spec.key)
        codes = next((b for b in _BOUNDS if set(b) <= set(cube.labels["group"])), None)
        if codes is None or area not in cube.areas or day not in cube.dates:
            continue
        low, high = (
            np.asarray(cube.values[
                cube.areas.index(area), cube.dates.index(day), cube.labels["group"].index(code),
            ])
            for code in codes
        )  # fmt: skip
        middle = next((c for c in ("q500", "q50") if c in cube.labels["group"]), None)
        assert cube.ages is not None
        if middle is None or not set(cube.ages.lows.tolist()) <= set(axis.lows.tolist()):
            continue
        at = cube.labels["group"].index(middle)
        mid = np.asarray(cube.values[cube.areas.index(area), cube.dates.index(day), at])
        found.append(GroupRange(cube.ages, low, mid, high))
    return max(found, key=lambda r: len(r.ages)) if found else None


def _chance(
    session: Session, own: frozenset[str], found: People, axis: AgeAxis, *, town: bool
) -> tuple[FloatArray, int] | None:
    """What chance decides in each cell (sex, age groups of ``axis``), and years from the base;
    None where it is not kept."""
    key = next((k for k in own if k.endswith(f"_{CHANCE}")), None)
    if key is None:
        return None
    cube = session.project.cube(key)
    if found.day not in cube.dates or cube.ages != found.axis or not cube.has("sex"):
        return None
    at = CHANCE_OF[1 if town else 0]
    part = cube.take("date", [cube.dates.index(found.day)])
    values = part.take("group", [part.labels["group"].index(at)])
    rows = [
        values.take("sex", [values.labels["sex"].index(sex)]).values.reshape(-1)
        for sex in ("m", "f")
    ]
    people = np.nan_to_num(np.stack([found.men, found.women]))
    years = found.day.year - min(cube.dates).year
    return regrouped(np.stack(rows) / 1000.0, people, found.axis, axis), years
