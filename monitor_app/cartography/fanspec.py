"""Charts of a forecast without any drawing: fan of possible courses, pyramid now against then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.chartdata import Cell, ChartTable
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _

FloatArray = NDArray[np.float64]

#: Shares of the draws that the bands hold, widest first.
SHARES = (0.95, 0.8, 0.5)
#: Colours of courses, told apart by colour-blind readers (after Okabe and Ito), on light and dark.
COURSE_COLOURS = ("#1f77b4", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9")


@dataclass(frozen=True, eq=False)
class FanBand:
    """Central band that holds ``share`` of the draws; ``low``/``high`` per date, NaN where there is
    none. At the base both edges are the observed value."""

    share: float
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, eq=False)
class Course:
    """One line: ``seen`` (observed) and ``ahead`` (forecast, from the base on) per date of the
    chart, NaN where there is none. ``bands`` widest first. ``key``: of its area or scenario."""

    label: str
    seen: FloatArray
    ahead: FloatArray
    bands: tuple[FanBand, ...] = ()
    colour: str = COURSE_COLOURS[0]
    key: str = ""


@dataclass(frozen=True, eq=False)
class FanSpec:
    """Courses over real time. ``base``: the date the forecasts start from; ``day``: the date that
    is chosen. ``notes`` stand below the chart, ``footnotes`` in lines of their own."""

    dates: tuple[date, ...]
    courses: tuple[Course, ...]
    base: date
    unit: str = ""
    precision: int = 0
    title: str = ""
    day: date | None = None
    notes: tuple[str, ...] = field(default=())
    footnotes: tuple[str, ...] = field(default=())

    def table(self) -> ChartTable:
        """One row per date: observed, forecast and edges of the bands of each course."""
        head = [_("Date")]
        columns: list[FloatArray] = []
        for course in self.courses:
            if np.isfinite(course.seen).any():
                head.append(_("{name}, observed").format(name=course.label))
                columns.append(course.seen)
            head.append(_("{name}, forecast").format(name=course.label))
            columns.append(course.ahead)
            for band in course.bands:
                share = format_number(100 * band.share)
                head.append(
                    _("{name}, {share} per cent from").format(name=course.label, share=share)
                )
                head.append(_("{name}, {share} per cent to").format(name=course.label, share=share))
                columns += [band.low, band.high]
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (day.isoformat(), *(float(c[i]) for c in columns)) for i, day in enumerate(self.dates)
        )
        return ChartTable(tuple(head), rows)


def course(
    label: str,
    dates: Sequence[date],
    seen: Mapping[date, float],
    ahead: Mapping[date, float],
    base: date,
    *,
    bands: Mapping[float, tuple[Sequence[float], Sequence[float]]] | None = None,
    band_dates: Sequence[date] = (),
    colour: str = COURSE_COLOURS[0],
    key: str = "",
    hide_seen: bool = False,
) -> Course:
    """A course on the dates of a chart. The forecast is joined to the observed value at ``base``.

    ``bands``: share -> (lower, upper) per ``band_dates``. ``hide_seen``: the observed part is drawn
    by another course of the same area.
    """

    def on(values: Mapping[date, float]) -> FloatArray:
        return np.array([values.get(day, np.nan) for day in dates], dtype=np.float64)

    start = {base: seen[base]} if base in seen else {}
    made = []
    for share in SHARES:
        if bands is None or share not in bands:
            continue
        low, high = (dict(zip(band_dates, edge, strict=True)) for edge in bands[share])
        made.append(FanBand(share, on({**low, **start}), on({**high, **start})))
    return Course(
        label, on({} if hide_seen else seen), on({**ahead, **start}), tuple(made), colour, key
    )


def indexed(spec: FanSpec) -> FanSpec:
    """The same courses with 100 at the base, so that areas of different size compare. Courses that
    have no people at the base are left out."""
    if spec.base not in spec.dates:
        return spec
    at, made = spec.dates.index(spec.base), []
    for one in spec.courses:
        start = one.ahead[at] if np.isfinite(one.ahead[at]) else one.seen[at]
        if not start > 0:
            continue
        factor = 100 / float(start)
        bands = tuple(FanBand(b.share, b.low * factor, b.high * factor) for b in one.bands)
        made.append(replace(one, seen=one.seen * factor, ahead=one.ahead * factor, bands=bands))
    unit = _("Index, {day} = 100").format(day=format_date(spec.base))
    return replace(spec, courses=tuple(made), unit=unit, precision=1)


def reading(spec: FanSpec) -> tuple[str, ...]:
    """What each course says about the chosen day, in words and numbers; nothing without a day."""
    if spec.day is None or spec.day not in spec.dates:
        return ()
    at, found = spec.dates.index(spec.day), []
    for one in spec.courses:
        value = one.ahead[at] if np.isfinite(one.ahead[at]) else one.seen[at]
        if not np.isfinite(value):
            continue
        text = f"{one.label} {format_number(float(value), spec.precision)}"
        band = next((b for b in one.bands if b.share == 0.8), None)
        if band is not None and np.isfinite(band.low[at]) and band.high[at] > band.low[at]:
            text += " " + _("({share} per cent of the draws: {low} to {high})").format(
                share=80, low=format_number(float(band.low[at]), spec.precision),
                high=format_number(float(band.high[at]), spec.precision),
            )  # fmt: skip
        found.append(text)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class AgeRange:
    """How far the persons of an age group may lie from the forecast: ``low`` and ``high`` as shares
    of it (0.9 and 1.1, say), for completed years [lo, hi)."""

    lo: int
    hi: int
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class AheadPyramidSpec:
    """Now as bars, then as an outline, with its range around it: bounds of each age and sex
    (``interval``), or the range of each age group where only that is known."""

    pyramid: PyramidSpec
    ranges: tuple[AgeRange, ...] = ()
    share: float = 0.8
    interval: tuple[PyramidSide, PyramidSide] | None = None

    def bounds(self) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]] | None:
        """Lower and upper lengths of the bars of men and women; None without any range."""
        overlay = self.pyramid.overlay
        if overlay is None:
            return None
        if self.interval is not None:
            low_side, high_side = self.interval
            return (
                self.pyramid.lengths(low_side, overlay), self.pyramid.lengths(high_side, overlay)
            )  # fmt: skip
        if not self.ranges:
            return None
        men, women = self.pyramid.lengths(overlay)
        low, high = self.edges()
        return (men * low, women * low), (men * high, women * high)

    def edges(self) -> tuple[FloatArray, FloatArray]:
        """Shares (low, high) per age group of the pyramid; NaN where no range is known."""
        low = np.full(len(self.pyramid.lows), np.nan)
        high = low.copy()
        for known in self.ranges:
            inside = (self.pyramid.lows >= known.lo) & (self.pyramid.lows < known.hi)
            low[inside], high[inside] = known.low, known.high
        return low, high
