"""The composite index: indicators on one scale, weighted, added up, ranked and classed.

Everything that does not depend on the weights is done once (``prepare``); the rest is in
``whatif``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.normalise import Normalisation, Scale, fit
from monitor_app.indicators.whatif import Prepared, logs, moments, shares

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

PRECISION = 3


@dataclass(frozen=True)
class Part:
    """One indicator of the index. ``sign`` −1: a high value lowers the index."""

    table: IndicatorTable
    sign: int = 1


@dataclass(frozen=True)
class Rules:
    """How the index is made; see ``weightings.Weighting`` for the meaning of the fields."""

    normalisation: Normalisation = Normalisation.ZSCORE
    aggregation: str = "arithmetic"
    missing: str = "missing"
    constant: str = "middle"
    base_date: date | None = None
    minimum_inhabitants: float = 0.0
    restandardise: bool = False


@dataclass(frozen=True, eq=False)
class Composite:
    """An index without its weights, for all dates of a level.

    ``scaled`` and ``status`` (dates, areas, indicators) with directions applied; ``counted``
    (dates, areas); ``city`` (dates, indicators) the city's own values on the same scales;
    ``people`` (dates, areas) inhabitants or None. ``issues``: what had to be decided.
    ``scales[date][indicator]`` and ``signs[indicator]``: how the values were scaled.
    """

    level: str
    areas: tuple[str, ...]
    dates: tuple[date, ...]
    indicators: tuple[str, ...]
    rules: Rules
    scaled: Array
    status: NDArray[np.uint8]
    counted: Bools
    city: Array
    people: Array | None
    active: Bools
    datasets: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = field(default=())
    scales: tuple[tuple[Scale | None, ...], ...] = field(default=())
    signs: tuple[int, ...] = field(default=())

    @cached_property
    def _kept(self) -> dict[int, Prepared]:
        return {}

    def at(self, day: date) -> Prepared:
        """The index of one date, ready for a slider. ``KeyError`` for an unknown date."""
        if day not in self.dates:
            raise KeyError(day)
        return self._prepared(self.dates.index(day))

    def _prepared(self, t: int) -> Prepared:
        if t not in self._kept:
            rules = self.rules
            geometric = rules.aggregation == "geometric"
            scaled = self.scaled[t]
            present = np.isfinite(scaled) & self.active
            matrix = np.where(present, logs(scaled) if geometric else scaled, 0.0)
            base = None
            if rules.restandardise and rules.base_date is not None:
                b = self.dates.index(rules.base_date)
                base = self._prepared(b) if b != t else None
            weighted = rules.normalisation is Normalisation.ZSCORE_WEIGHTED
            self._kept[t] = Prepared(
                self.areas,
                self.indicators,
                np.ascontiguousarray(matrix),
                present | ~self.active,
                self.counted[t],
                self.active,
                geometric,
                rules.missing == "renormalise",
                rules.restandardise,
                self.people[t] if weighted and self.people is not None else None,
                base,
            )
        return self._kept[t]

    def redrawn(self, day: date, values: Mapping[str, Array]) -> Prepared:
        """The index of a date with other values of some indicators (areas,): what it would be had
        they been counted otherwise. Scales are fitted to these values unless they are frozen."""
        prepared, t = self.at(day), self.dates.index(day)
        geometric = self.rules.aggregation == "geometric"
        matrix = prepared.matrix.copy()
        for j, name in enumerate(self.indicators):
            if name not in values or not self.active[j]:
                continue
            chosen = np.where(self.counted[t], values[name], np.nan)
            people = None if self.people is None else self.people[t]
            scale = self.scales[t][j]
            if self.rules.base_date is None:
                scale = fit(chosen, self.rules.normalisation, people)
            if scale is None:
                continue
            scaled = scale.apply(values[name], self.signs[j])
            known = prepared.present[:, j] & np.isfinite(scaled)
            matrix[known, j] = (logs(scaled) if geometric else scaled)[known]
        return replace(prepared, matrix=matrix)

    def table(self, weights: ArrayLike, name: str = "index") -> IndicatorTable:
        """The index of all dates. Values are missing, with the status of the input that is; left
        out for few inhabitants: BELOW_BASE; made of fewer indicators: ESTIMATED."""
        values = np.stack([self._prepared(t).index(weights) for t in range(len(self.dates))], 1)
        share = shares(np.asarray(weights, dtype=np.float64) * self.active)
        used = share > 0
        status = self.status[:, :, used].max(axis=2)
        gaps = ~has_value(self.status[:, :, used])
        if self.rules.missing == "renormalise":
            there = np.where(gaps, 0, self.status[:, :, used]).max(axis=2)
            marked = np.maximum(there, np.uint8(Status.ESTIMATED))
            status = np.where(gaps.any(axis=2) & ~gaps.all(axis=2), marked, status)
        status = np.where(self.counted, status, np.maximum(status, np.uint8(Status.BELOW_BASE))).T
        lost = np.isnan(values) & has_value(status.astype(np.uint8))
        status = np.where(lost, np.uint8(Status.MISSING), status).astype(np.uint8)
        town = self._city(share)
        return IndicatorTable(
            indicator=name,
            level=self.level,
            areas=self.areas,
            dates=self.dates,
            values=np.where(has_value(status), values, np.nan),
            status=status,
            city_values=town,
            city_status=np.where(np.isnan(town), Status.MISSING, Status.OK).astype(np.uint8),
            unit="",
            precision=PRECISION,
            datasets=self.datasets,
            issues=self.issues,
        )

    def _city(self, share: Array) -> Array:
        """The city's own indicator values on the areas' scales; missing with any of them."""
        used = share > 0
        found = np.full(len(self.dates), np.nan)
        for t in range(len(self.dates)):
            scaled = self.city[t, used]
            if np.isnan(scaled).any():
                continue
            geometric = self.rules.aggregation == "geometric"
            raw = float((logs(scaled) if geometric else scaled) @ share[used])
            found[t] = np.exp(raw) if geometric else raw
            if self.rules.restandardise:
                prepared = self._prepared(t)
                source = prepared.base or prepared
                centre, spread = moments(source.sums(share), source.people)
                found[t] = (raw - centre) / spread if spread > 0 else 0.0
        return found


def prepare(
    parts: Sequence[Part],
    rules: Rules = Rules(),
    inhabitants: IndicatorTable | None = None,
    names: Mapping[str, str] | None = None,
) -> Composite:
    """Bring indicators of one level to one scale.

    Dates are those at which every indicator has a value somewhere. ``inhabitants`` are needed for
    weighted z-scores and for a minimum of inhabitants. ``names``: indicator ids as shown in
    messages. Errors: ``UserError`` without indicators, common dates, the base date, values at it,
    or inhabitants.
    """
    called = {p.table.indicator: p.table.indicator for p in parts} | dict(names or {})
    _check(parts, rules, inhabitants, called)
    areas = parts[0].table.areas
    days = _common_dates(parts, called)
    values, status = _stack([p.table for p in parts], areas, days)
    people = counted = None
    if inhabitants is not None:
        counts, _status = _stack([inhabitants], areas, days)
        people = counts[:, :, 0]
    if rules.minimum_inhabitants > 0 and people is not None:
        counted = people >= rules.minimum_inhabitants  # unknown inhabitants do not count either
    else:
        counted = np.ones(values.shape[:2], dtype=bool)
    if rules.base_date is not None and rules.base_date not in days:
        raise fail(
            "base-date",
            _("The base date {day} is not among the dates of the indicators.").format(
                day=format_date(rules.base_date)
            ),
            repair=_("Choose one of: {days}").format(days=", ".join(map(format_date, days))),
        )
    scaled, city, issues, flat, scales = _scale(parts, rules, values, counted, people, days, called)
    active = ~flat if rules.constant == "exclude" else np.ones(len(parts), dtype=bool)
    if not active.any():
        raise fail(
            "no-differences",
            _("No indicator differs between the areas, so there is no index."),
            repair=_("Choose indicators with different values, or another date."),
        )
    used = {key for p in parts for key in p.table.datasets}
    return Composite(
        parts[0].table.level, areas, days, tuple(p.table.indicator for p in parts), rules,
        scaled, status, counted, city, people, active, tuple(sorted(used)), tuple(issues),
        scales, tuple(p.sign for p in parts),
    )  # fmt: skip


def _check(
    parts: Sequence[Part],
    rules: Rules,
    inhabitants: IndicatorTable | None,
    called: Mapping[str, str],
) -> None:
    if not parts:
        raise fail("no-indicators", _("An index needs at least one indicator."))
    needs = rules.normalisation is Normalisation.ZSCORE_WEIGHTED or rules.minimum_inhabitants > 0
    if needs and inhabitants is None:
        raise fail(
            "no-inhabitants",
            _("This index needs the number of inhabitants, which is not known."),
            repair=_("Import inhabitants, or choose plain z-scores without a minimum."),
        )
    if rules.aggregation == "geometric" and not rules.normalisation.bounded:
        raise fail(
            "geometric",
            _("The geometric mean cannot be made of z-scores, which may be negative."),
            repair=_("Choose min–max, rank or percentile."),
        )
    lacking = [
        Issue(
            "missing-inputs",
            Severity.ERROR,
            _("“{name}” has no values on this level.").format(name=called[p.table.indicator]),
            repair=_("Missing: {inputs}").format(inputs="; ".join(p.table.missing_inputs))
            if p.table.missing_inputs
            else None,
        )
        for p in parts
        if not has_value(p.table.status).any()
    ]
    if lacking:
        raise UserError(lacking)


def _common_dates(parts: Sequence[Part], called: Mapping[str, str]) -> tuple[date, ...]:
    known = [
        {d for j, d in enumerate(p.table.dates) if has_value(p.table.status[:, j]).any()}
        for p in parts
    ]
    common = sorted(set.intersection(*known))
    if not common:
        newest = ", ".join(
            f"{called[p.table.indicator]}: {format_date(max(days))}"
            for p, days in zip(parts, known, strict=True)
        )
        raise fail(
            "no-common-date",
            _("There is no date at which all indicators have values."),
            repair=_("Newest dates: {dates}").format(dates=newest),
        )
    return tuple(common)


def _stack(
    tables: Sequence[IndicatorTable], areas: tuple[str, ...], days: tuple[date, ...]
) -> tuple[Array, NDArray[np.uint8]]:
    """Values and status, both (dates, areas, tables); missing where a table lacks it."""
    shape = (len(days), len(areas), len(tables))
    values = np.full(shape, np.nan)
    status = np.full(shape, Status.MISSING, dtype=np.uint8)
    for j, table in enumerate(tables):
        row = {key: i for i, key in enumerate(table.areas)}
        rows = np.array([row.get(key, -1) for key in areas], dtype=np.int64)
        for t, day in enumerate(days):
            if day not in table.dates or not rows.size:
                continue
            column = table.dates.index(day)
            found = rows >= 0
            status[t, found, j] = table.status[rows[found], column]
            values[t, found, j] = table.values[rows[found], column]
    status = np.where(np.isfinite(values) | ~has_value(status), status, Status.MISSING)
    return np.where(has_value(status), values, np.nan), status.astype(np.uint8)


def _scale(
    parts: Sequence[Part],
    rules: Rules,
    values: Array,
    counted: Bools,
    people: Array | None,
    days: tuple[date, ...],
    called: Mapping[str, str],
) -> tuple[Array, Array, list[Issue], Bools, tuple[tuple[Scale | None, ...], ...]]:
    """Scaled values, the city's values on the same scales, issues, which indicators are the same
    everywhere at every date that a scale was made from, and the scales by date."""
    scaled = np.full(values.shape, np.nan)
    city = np.full((len(days), len(parts)), np.nan)
    issues: list[Issue] = []
    flat = np.zeros(len(parts), dtype=bool)
    used: list[list[Scale | None]] = [[None] * len(parts) for _day in days]
    for j, part in enumerate(parts):
        frozen = None
        scales: list[Scale] = []
        if rules.base_date is not None:
            frozen = _fitted(rules, values, counted, people, days.index(rules.base_date), j)
            if frozen is None:
                raise _no_base(called[part.table.indicator], rules.base_date)
            scales.append(frozen)
        for t, day in enumerate(days):
            scale = used[t][j] = frozen or _fitted(rules, values, counted, people, t, j)
            if scale is None:
                continue
            if frozen is None:
                scales.append(scale)
            scaled[t, :, j] = scale.apply(values[t, :, j], part.sign)
            column = part.table.dates.index(day)
            town = np.array([part.table.city_values[column]], dtype=np.float64)
            city[t, j] = scale.apply(town, part.sign)[0]
        flat[j] = bool(scales) and all(s.flat for s in scales)
        if any(s.flat for s in scales):
            issues.append(_flat_issue(called[part.table.indicator], rules, bool(flat[j])))
    issues.extend(_clipped(rules, scaled, counted))
    return scaled, city, issues, flat, tuple(tuple(row) for row in used)


def _fitted(
    rules: Rules, values: Array, counted: Bools, people: Array | None, t: int, j: int
) -> Scale | None:
    chosen = np.where(counted[t], values[t, :, j], np.nan)
    return fit(chosen, rules.normalisation, None if people is None else people[t])


def _no_base(name: str, day: date) -> UserError:
    return fail(
        "base-values",
        _("“{name}” has no values at the base date {day}.").format(name=name, day=format_date(day)),
        repair=_("Choose another base date."),
    )


def _flat_issue(name: str, rules: Rules, always: bool) -> Issue:
    if always and rules.constant == "exclude":
        text = _("“{name}” is the same in all areas and is left out of the index.")
    elif always:
        text = _("“{name}” is the same in all areas: it cannot tell them apart.")
    else:
        text = _("“{name}” is the same in all areas at some dates and tells nothing there.")
    return Issue("one-value", Severity.WARNING, text.format(name=name))


def _clipped(rules: Rules, scaled: Array, counted: Bools) -> list[Issue]:
    """A geometric mean takes no values below the range of the base date."""
    if rules.aggregation != "geometric":
        return []
    below = int(((scaled < 0) & counted[:, :, None]).sum())
    if not below:
        return []
    text = _("{count} values lie below the range of the base date and enter as its lower end.")
    return [Issue("below-base-range", Severity.WARNING, text.format(count=below), count=below)]


def change_table(table: IndicatorTable, years: int) -> IndicatorTable:
    """Change over so many years, in the indicator's own unit; only dates that have the same day
    so many years before. Status: the higher of the two."""
    pairs = [
        (j, table.dates.index(before))
        for j, day in enumerate(table.dates)
        if (before := years_before(day, years)) in table.dates
    ]
    now, then = [j for j, _i in pairs], [i for _j, i in pairs]
    return replace(
        table,
        dates=tuple(table.dates[j] for j in now),
        values=table.values[:, now] - table.values[:, then],
        status=np.maximum(table.status[:, now], table.status[:, then]),
        city_values=table.city_values[now] - table.city_values[then],
        city_status=np.maximum(table.city_status[now], table.city_status[then]),
        base=None,
    )


def years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
