"""Everything that decides how a chart looks, without any drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.looks import ZERO_SWATCH
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import collation_key, format_date
from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable

FloatArray = NDArray[np.float64]

#: Colours of selected areas, told apart by colour-blind readers too (after Okabe and Ito; their
#: vermilion is left to the hovered area).
LINE_COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195")


def date_label(day: date, interval: str) -> str:
    """A date as the ``interval`` of its series says it: ``year``, ``quarter``, ``month`` or
    ``day``."""
    if interval == "year":
        return str(day.year)
    if interval == "quarter":
        return _("Q{quarter} {year}").format(quarter=(day.month - 1) // 3 + 1, year=day.year)
    return f"{day.month:02d}/{day.year}" if interval == "month" else format_date(day)


class Role(StrEnum):
    """What a line stands for."""

    AREA = "area"  # hovered
    SELECTION = "selection"
    CITY = "city"


@dataclass(frozen=True, eq=False)
class Line:
    """One line: ``values`` and ``status`` per date of the chart. ``key``: of its area. ``range``:
    lower and upper bound of what is forecast (NaN where none is known)."""

    label: str
    values: FloatArray
    status: NDArray[np.uint8]
    role: Role
    colour: str = ""
    key: str = ""
    range: tuple[FloatArray, FloatArray] | None = None

    @property
    def shown(self) -> FloatArray:
        """Values with gaps as NaN."""
        good = has_value(self.status) & np.isfinite(self.values)
        return np.where(good, self.values, np.nan)


@dataclass(frozen=True, eq=False)
class TimeLineSpec:
    """Values of areas over real time. ``low``/``high``: smallest and largest value of all areas
    per date (NaN where no area has one). ``day``: the date that the map shows. ``breaks``: days of
    territorial reforms, where the numbers begin to count other areas."""

    dates: tuple[date, ...]
    lines: tuple[Line, ...]
    low: FloatArray
    high: FloatArray
    unit: str = ""
    precision: int = 1
    title: str = ""
    day: date | None = None
    period: bool = False
    breaks: tuple[date, ...] = ()

    @property
    def forecast_from(self) -> int | None:
        """Position of the first date with a forecast, None where there is none."""
        marks = [np.flatnonzero(line.status == Status.FORECAST) for line in self.lines]
        first = [int(m[0]) for m in marks if len(m)]
        return min(first) if first else None


def time_line_spec(
    table: IndicatorTable,
    names: dict[str, str],
    *,
    selected: Sequence[str] = (),
    hovered: str | None = None,
    day: date | None = None,
    unit: str | None = None,
    title: str = "",
    city_name: str = "",
    period: bool = False,
) -> TimeLineSpec:
    """The course of the town, the selected areas (at most six, the first ones) and the hovered
    one, over the range of all areas. Unknown keys are left out."""
    rows = {key: i for i, key in enumerate(table.areas)}
    chosen = [key for key in selected if key in rows][: len(LINE_COLOURS)]
    lines = [
        Line(
            city_name or _("Town as a whole"), table.city_values, table.city_status, Role.CITY
        )
    ]  # fmt: skip
    lines += [
        Line(
            names.get(key, key), table.values[rows[key]], table.status[rows[key]],
            Role.SELECTION, LINE_COLOURS[i], key,
        )
        for i, key in enumerate(chosen)
    ]  # fmt: skip
    if hovered in rows and hovered not in chosen:
        row = rows[hovered]
        label = names.get(hovered, hovered)
        lines.append(Line(label, table.values[row], table.status[row], Role.AREA, "", hovered))
    good = has_value(table.status) & np.isfinite(table.values)
    some = good.any(axis=0)
    low = np.where(good, table.values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(good, table.values, -np.inf).max(axis=0, initial=-np.inf)
    return TimeLineSpec(
        table.dates, tuple(lines), np.where(some, low, np.nan), np.where(some, high, np.nan),
        table.unit if unit is None else unit, table.precision, title, day, period, table.breaks,
    )  # fmt: skip


def with_ranges(
    spec: TimeLineSpec, range_of: Callable[[str], Mapping[date, tuple[float, float]]]
) -> TimeLineSpec:
    """The lines with the probable ranges of their forecast dates. ``range_of``: bounds by date of
    an area ("" for the town)."""
    lines = []
    for line in spec.lines:
        found = range_of(line.key) if (line.status == Status.FORECAST).any() else {}
        if found:
            bounds = np.array([found.get(day, (np.nan, np.nan)) for day in spec.dates])
            line = replace(line, range=(bounds[:, 0], bounds[:, 1]))
        lines.append(line)
    return replace(spec, lines=tuple(lines))


def without_town(spec: TimeLineSpec) -> TimeLineSpec:
    """A sum over the town has no place beside its parts: the one or the others."""
    parts = tuple(line for line in spec.lines if line.role is not Role.CITY)
    if parts:
        return replace(spec, lines=parts)
    unknown = np.full(len(spec.dates), np.nan)
    return replace(spec, low=unknown, high=unknown)


@dataclass(frozen=True, slots=True)
class Bar:
    """One area of a ranking."""

    key: str
    name: str
    value: float
    colour: str
    rank: int
    selected: bool = False


@dataclass(frozen=True)
class RankingSpec:
    """All areas with a value, highest first, in the colours of the map. Equal values share a
    rank. ``without`` counts areas that have no value."""

    bars: tuple[Bar, ...]
    without: int
    city_value: float | None
    unit: str = ""
    precision: int = 1
    title: str = ""
    signed: bool = False


def ranking_spec(spec: MapSpec, selected: Sequence[str] = ()) -> RankingSpec:
    """The ranking that belongs to a map."""
    classes, colours = spec.classification.classes, spec.class_colours
    good = [int(i) for i in np.flatnonzero(spec.valued)]
    order = sorted(good, key=lambda i: (-spec.values[i], collation_key(spec.names[i])))
    chosen = frozenset(selected)
    bars: list[Bar] = []
    for place, i in enumerate(order):
        value = float(spec.values[i])
        tied = bool(bars) and bars[-1].value == value
        rank = bars[-1].rank if tied else place + 1
        bars.append(
            Bar(
                spec.keys[i], spec.names[i], value,
                colours[classes[i]] if classes[i] >= 0 else ZERO_SWATCH.colour, rank,
                spec.keys[i] in chosen,
            )
        )  # fmt: skip
    return RankingSpec(
        tuple(bars), len(spec.keys) - len(bars), spec.city_value,
        spec.unit, spec.precision, spec.title, spec.signed,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PyramidSide:
    """One population of a pyramid: men and women per age group."""

    label: str
    men: FloatArray
    women: FloatArray


@dataclass(frozen=True, eq=False)
class PyramidSpec:
    """A population pyramid. ``lows``/``highs``: completed years per group, [lo, hi); the open
    group is given a width by the caller. ``base`` is drawn as bars, ``overlay`` as an outline.
    With ``share`` both are drawn in per cent of their total, so that areas of different size
    compare; groups of different width are drawn per single year of age. ``interval``: lower and
    upper bound of the base, where that is a forecast with a probable range."""

    lows: NDArray[np.int64]
    highs: NDArray[np.int64]
    base: PyramidSide
    overlay: PyramidSide | None = None
    share: bool = False
    title: str = ""
    interval: tuple[PyramidSide, PyramidSide] | None = None
    note: str = ""

    def lengths(
        self, side: PyramidSide, of: PyramidSide | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Lengths of the bars of men and women: per single year of age, in persons or per cent
        (of the persons of ``of`` where that is given)."""
        width = (self.highs - self.lows).astype(np.float64)
        whole = of or side
        total = float(np.nansum(whole.men) + np.nansum(whole.women))
        factor = 100 / total if self.share and total > 0 else 1.0
        return side.men / width * factor, side.women / width * factor
