"""Yearly stocks of a town: which days count, what is missing, and where counting changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.app.forecasting_events import note
from monitor_app.core.areas import AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.forecast.checks import check_years
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import moment

#: Stocks in a row that a forecast needs at least.
MINIMUM = 3
#: Jump of cohorts above 30 within a year that no migration makes in a whole town.
_JUMP = 0.015


def yearly(
    cube: Cube, issues: list[Issue], last: int | None = None
) -> tuple[Cube, tuple[int, ...], date]:
    """One stock a year, the longest run of years up to the newest without a gap; the newest day.

    Of several days of the year the one whose stocks reach (nearly) to the newest, the end of the
    year before others. ``last``: nothing later than the end of this year is read.
    """
    days = {moment(d): d for d in sorted(cube.dates)}
    if last is not None:
        days = {end: d for end, d in days.items() if end.year <= last} or days
    by_day: dict[tuple[int, int], list[int]] = {}
    for end in days:
        by_day.setdefault((end.month, end.day), []).append(end.year)
    newest = max(days)
    runs = {day: _run(years) for day, years in by_day.items()}

    def worth(day: tuple[int, int]) -> tuple[bool, bool, int, tuple[int, int]]:
        run = runs[day]
        enough = len(run) >= MINIMUM and run[-1] >= newest.year - 1
        return enough, day == (12, 31), len(run), day

    best = max(runs, key=worth)
    chosen = {end.year: day for end, day in days.items() if (end.month, end.day) == best}
    if not worth(best)[0] and best != (12, 31):
        # No day of the year is kept to: any one day a year will do.
        chosen = {end.year: day for end, day in days.items()}
    years = sorted(chosen)
    run = _run(years)
    if len(run) < len(years):
        issues.append(_told_gap(years, run))
    day = chosen[run[-1]]
    if newest > moment(day):
        issues.append(
            note(
                "newer-stock",
                _("The stock of {newer} is not used: the yearly series ends on {day}.").format(
                    newer=format_date(days[newest]), day=format_date(day)),
            )
        )  # fmt: skip
    positions = [cube.date_index[chosen[y]] for y in run]
    return cube.take("date", positions), tuple(run), day


def _run(years: Sequence[int]) -> list[int]:
    """The newest years that follow each other without a gap."""
    known, newest = set(years), max(years)
    first = newest
    while first - 1 in known:
        first -= 1
    return list(range(first, newest + 1))


def _told_gap(years: Sequence[int], run: Sequence[int]) -> Issue:
    found = replace(check_years(years)[0], severity=Severity.WARNING)
    told = _("The forecast uses the years from {first} on.").format(first=run[0])
    return replace(found, message=f"{found.message}. {told}")


def ensure_history(years: Sequence[int], issues: Sequence[Issue]) -> None:
    """``UserError`` with fewer stocks than a forecast needs; gaps that made them few are told."""
    if len(years) >= MINIMUM:
        return
    gaps = [i.message for i in issues if i.code == "year-missing"]
    text = _("A forecast needs the population of at least three years in a row; there are {n}.")
    raise fail(
        "forecast-history",
        " ".join([text.format(n=len(years)), *gaps]),
        repair=_("Import more years, or choose another level."),
    )


def known_stocks(
    stocks: Array, years: tuple[int, ...], keys: Sequence[str], areas: AreaSystem, level: str,
    issues: list[Issue],
) -> Array:  # fmt: skip
    """Stocks (years, sex, group, age, area) without gaps inside the series of an area.

    A year of an area that was not delivered is estimated along the cohorts from the years before
    and after. ``UserError`` where the newest stock lacks areas whose people are nowhere else.
    Areas that began later or ended before stay unknown (NaN); single cells without a number count
    as zero, which is told.
    """
    unknown: NDArray[np.bool_] = np.asarray(np.isnan(stocks).all(axis=(1, 2, 3)))
    _refuse_incomplete(stocks, unknown, years, keys, areas, level)
    partly: NDArray[np.bool_] = np.asarray(np.isnan(stocks).any(axis=(1, 2, 3)) & ~unknown)
    found = stocks
    if partly.any():
        found, cells = stocks.copy(), int(np.isnan(stocks).sum(axis=(1, 2, 3))[partly].sum())
        here = np.broadcast_to(partly[:, None, None, None], stocks.shape)
        found[here & np.isnan(stocks)] = 0.0
        issues.append(
            Issue(
                "stock-cells", Severity.WARNING,
                _("{n} cells of the population have no number, in {areas}; they count as zero."
                  " Where numbers are suppressed, sums are too small.").format(
                    n=format_number(cells), areas=_listed(keys, partly.any(axis=0))),
                count=cells,
                repair=_("Deliver the zeros, or use coarser ages or areas that need no"
                         " suppression."),
            )
        )  # fmt: skip
    gaps = _gaps(unknown)
    if gaps.any():
        found = _bridged(found, unknown, gaps)
        when = np.flatnonzero(gaps.any(axis=1)).tolist()
        issues.append(
            Issue(
                "stock-gap", Severity.WARNING,
                _("The population of {areas} is missing for {years}; it is estimated from the years"
                  " before and after.").format(
                    areas=_listed(keys, gaps.any(axis=0)),
                    years=", ".join(str(years[t]) for t in when)),
                count=int(gaps.sum()),
                repair=_("Import these stocks."),
            )
        )  # fmt: skip
    return found


def _listed(keys: Sequence[str], chosen: ArrayLike) -> str:
    names = [keys[i] for i in np.flatnonzero(np.asarray(chosen)).tolist()]
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def _gaps(unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where an area is unknown between two years in which it is known."""
    known = ~unknown
    before = np.logical_or.accumulate(known, axis=0)
    after = np.logical_or.accumulate(known[::-1], axis=0)[::-1]
    return unknown & before & after


def _bridged(
    stocks: Array, unknown: NDArray[np.bool_], gaps: NDArray[np.bool_]
) -> Array:  # fmt: skip
    """Gaps filled between the same cohorts before and after, in proportion to the distance."""
    found, top = stocks.copy(), stocks.shape[3] - 1
    for t, area in np.argwhere(gaps).tolist():
        known = np.flatnonzero(~unknown[:, area])
        first, last = int(known[known < t].max()), int(known[known > t].min())
        back, ahead = t - first, last - t
        old, new = np.nan_to_num(stocks[[first, last], ..., area])
        ages = np.arange(top + 1)
        # The open group has no cohort of its own, the youngest have none in the past.
        earlier = np.where(ages >= top - ahead, old, old[..., np.maximum(ages - back, 0)])
        later = np.where(ages >= top - ahead, new, new[..., np.minimum(ages + ahead, top)])
        mean = (earlier * ahead + later * back) / (back + ahead)
        found[t, ..., area] = np.where(ages < back, later, mean)
    return found


def _refuse_incomplete(
    stocks: Array, unknown: NDArray[np.bool_], years: tuple[int, ...], keys: Sequence[str],
    areas: AreaSystem, level: str,
) -> None:  # fmt: skip
    """Areas that the newest stock lacks though their people did not go to other areas."""
    if len(years) < 2:
        return
    ended = {a.key for a in areas.at(level) if a.valid_to and a.valid_to.year <= years[-1]}
    open_end = np.array([k not in ended for k in keys])
    missing = unknown[-1] & ~unknown[-2] & open_end
    if not missing.any():
        return
    totals = np.nansum(stocks[-2:], axis=(1, 2, 3))
    gone = float(totals[0, missing].sum())
    # Dissolved areas leave their people to others: then the town does not shrink by them.
    if gone <= 0 or totals[0].sum() - totals[1].sum() < 0.5 * gone:
        return
    names = [keys[i] for i in np.flatnonzero(missing).tolist()]
    raise fail(
        "stock-incomplete",
        _("The newest population ({year}) lacks areas that had {people} people the year before:"
          " {areas}").format(year=years[-1], people=format_number(gone),
                             areas=_listed(keys, missing)),
        column=", ".join(names[:10]), count=len(names),
        repair=_("Import their population, say in the areas when they ended, or begin the forecast"
                 " a year earlier (base: {year}).").format(year=years[-2]),
    )  # fmt: skip


def after_breaks(stocks: Array, years: tuple[int, ...], issues: list[Issue]) -> int:
    """Position of the first stock after the last break of the series.

    People above 30 hardly ever change in number by several per cent within a year; where cohorts
    of all ages do so at once, and in most areas, the way of counting has changed. (New quarters and
    areas that vanish change a town as much, but not everywhere.) At least ``MINIMUM`` stocks stay.
    """
    if len(years) < MINIMUM:
        return 0
    old = np.nansum(stocks[:, :, :, 35:], axis=(1, 2, 3, 4))
    due = np.nansum(stocks[:-1, :, :, 34:], axis=(1, 2, 3, 4))
    change = _log_ratio(old[1:], due)
    typical = float(np.median(change))
    spread = float(np.median(np.abs(change - typical)))
    limit = max(_JUMP, 8.0 * spread)
    jumps = np.flatnonzero(np.abs(change - typical) > limit).tolist()
    steps = [s for s in jumps if _everywhere(stocks, s, typical, limit)]
    # A single odd year (a jump and a jump back) is no break: it is told, and kept.
    found, start = [], 0
    for step in steps:
        back = step + 1 in steps and abs(change[step : step + 2].sum() - 2 * typical) < _JUMP
        again = step - 1 in steps and abs(change[step - 1 : step + 1].sum() - 2 * typical) < _JUMP
        if back or again:
            continue
        if len(years) - step - 1 < MINIMUM:
            issues.append(_told_late(years[step + 1]))
            continue
        found.append(years[step + 1])
        start = step + 1
    if found:
        issues.append(
            Issue(
                "series-break", Severity.WARNING,
                _("The way of counting seems to have changed in {years}: cohorts of all ages jump."
                  " The forecast uses the years from {first} on.").format(
                    years=", ".join(map(str, found)), first=years[start]),
                repair=_("Import a series counted in one way, or give the first year yourself."),
            )
        )  # fmt: skip
    return start


def _log_ratio(new: Array, old: Array) -> Array:
    ok = (new > 0) & (old > 0)
    return np.asarray(np.where(ok, np.log(np.where(ok, new, 1.0) / np.where(ok, old, 1.0)), 0.0))


def _everywhere(stocks: Array, step: int, typical: float, limit: float) -> bool:
    """Whether most people live in areas that jump as well, in the same direction as the town."""
    new = np.nansum(stocks[step + 1, :, :, 35:], axis=(0, 1, 2))
    old = np.nansum(stocks[step, :, :, 34:], axis=(0, 1, 2))
    change, known = _log_ratio(new, old) - typical, (new > 0) & (old > 0)
    if not known.any():
        return True
    whole = float(np.log(new.sum() / old.sum())) - typical
    jumps = known & (np.sign(change) == np.sign(whole)) & (np.abs(change) > limit / 2.0)
    return bool(old[jumps].sum() > 0.5 * old[known].sum())


def _told_late(year: int) -> Issue:
    return Issue(
        "series-jump", Severity.WARNING,
        _("The population jumps in {year}: cohorts of all ages change at once. Too few years follow"
          " to forecast from them alone, so the jump counts as migration.").format(year=year),
        repair=_("Check whether the way of counting has changed; import more years counted alike."),
    )  # fmt: skip
