"""Look at the inputs of a run before it starts; collect every finding with its place and repair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.core.ages import AgeAxis
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.rates import Scheme, StepRates
from monitor_app.forecast.state import Array, Layout
from monitor_app.forecast.targets import Shortfall

_RATES = ("death", "departure", "move", "naturalise")
#: Annual hazards above this mean that nearly everybody leaves within a year: surely a mistake.
_HIGH_HAZARD = 3.0
#: Births per woman and year above this are no fertility rate.
_HIGH_FERTILITY = 0.5
_UNSIGNED = (Scheme.HAZARD, Scheme.FSO, Scheme.GLA)


def check_seed(seed: object) -> list[Issue]:
    """A seed is a whole number from 0 to 2^64 - 1."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        return [
            _error(
                "seed",
                _("The seed must be a whole number from 0 on."),
                value=str(seed),
                repair=_("Enter a whole number such as 1."),
            )
        ]
    return []


def check_years(years: Sequence[int]) -> list[Issue]:
    """Years of a register must follow each other without a gap and without repetition."""
    known = sorted(years)
    found = []
    missing = sorted(set(range(known[0], known[-1] + 1)) - set(known)) if known else []
    if missing:
        found.append(
            _error(
                "year-missing",
                _("Years are missing in the base period: {years}").format(
                    years=", ".join(map(str, missing))
                ),
                repair=_("Import these years or begin the base period after them."),
            )
        )
    if len(set(known)) != len(known):
        twice = sorted({y for y in known if known.count(y) > 1})
        found.append(
            _error(
                "year-twice",
                _("Years are given twice: {years}").format(years=", ".join(map(str, twice))),
                repair=_("Keep one of them."),
            )
        )
    return found


def check_nesting(fine: AgeAxis, coarse: AgeAxis) -> list[Issue]:
    """Every group of ``coarse`` must be made of whole groups of ``fine``."""
    odd = [g.label for g in coarse.groups if fine.select(g.lo, g.hi) is None]
    if not odd:
        return []
    return [
        _error(
            "ages-do-not-nest",
            _("These age groups cannot be made of the ages at hand: {groups}").format(
                groups=", ".join(odd)
            ),
            repair=_("Choose age groups whose bounds occur in the data."),
        )
    ]


def check_stock(layout: Layout, stock: Array) -> list[Issue]:
    """Stocks must be known and not negative; areas without people are told, not refused."""
    found = []
    for code, bad, message, repair in (
        (
            "stock-missing",
            ~np.isfinite(stock),
            _("The launch population is not known in every cell."),
            _("Complete the population or leave the areas out."),
        ),
        (
            "stock-negative",
            stock < 0,
            _("The launch population has negative counts."),
            _("Correct the counts at their source and import them again."),
        ),
    ):
        if bad.any():
            areas = _areas(layout, bad.any(axis=(0, 1, 2)))
            found.append(_error(code, message, column=areas, repair=repair, count=int(bad.sum())))
    empty = np.nansum(stock, axis=(0, 1, 2)) == 0
    if empty.any():
        found.append(
            Issue(
                "area-empty",
                Severity.WARNING,
                _("Areas without people at the launch: {areas}").format(
                    areas=_areas(layout, empty)
                ),
                repair=_("They grow by arrivals and new dwellings only."),
                count=int(empty.sum()),
            )
        )
    return found


def _table_name(name: str) -> str:
    names = {
        "death": _("death rates"),
        "departure": _("departure rates"),
        "move": _("rates of moves within the city"),
        "naturalise": _("naturalisation rates"),
        "arrivals": _("arrivals"),
        "fertility": _("birth rates"),
    }
    return names[name]


def check_rates(layout: Layout, rates: StepRates, scheme: Scheme) -> list[Issue]:
    """Rates must fit the layout, be known, not negative, and make sense under the scheme."""
    found = []
    named = {name: getattr(rates, name) for name in (*_RATES, "arrivals")}
    named["fertility"] = rates.fertility
    for name, array in named.items():
        if array is None:
            continue
        shape = layout.shape if name != "fertility" else layout.shape[1:]
        if any(n not in (1, full) for n, full in zip(array.shape, shape, strict=True)):
            found.append(
                _error(
                    "rate-shape",
                    _("The table does not fit the areas and ages of the run: {table}").format(
                        table=_table_name(name)
                    ),
                    repair=_("Choose or compute the rates again."),
                )
            )
            continue
        found += _check_values(name, array, scheme)
    if rates.child_group is not None and not np.allclose(rates.child_group.sum(axis=1), 1.0):
        found.append(
            _error(
                "child-group",
                _("The shares of the children's groups do not add up to 1."),
                repair=_("Each row must add up to 1."),
            )
        )
    if not 0.0 < rates.girls < 1.0:
        found.append(
            _error(
                "girls",
                _("The share of girls must lie between 0 and 1."),
                repair=_("Enter the share of girls among births, usually 0.488."),
            )
        )
    return found


def _check_values(name: str, array: Array, scheme: Scheme) -> list[Issue]:
    found, table = [], _table_name(name)
    unknown, below = ~np.isfinite(array), array < 0
    if unknown.any():
        found.append(
            _error(
                "rate-missing",
                _("Cells without a value: {table}").format(table=table),
                repair=_("Complete the table or estimate it from more years."),
                count=int(unknown.sum()),
            )
        )
    may_be_net = name == "arrivals" and scheme not in _UNSIGNED
    if below.any() and not may_be_net:
        found.append(
            _error(
                "rate-negative",
                _("Negative cells: {table}").format(table=table),
                repair=_("Correct the table; rates and counts are never negative."),
                count=int(below.sum()),
            )
        )
    if name == "arrivals":
        return found
    limit = _HIGH_HAZARD if scheme is Scheme.HAZARD else 1.0
    limit = _HIGH_FERTILITY if name == "fertility" else limit
    high = array > limit
    if high.any():
        impossible = scheme is not Scheme.HAZARD and name != "fertility"
        found.append(
            Issue(
                "rate-high",
                Severity.ERROR if impossible else Severity.WARNING,
                _("Values above {limit}: {table}").format(
                    limit=format_number(limit, 1), table=table
                ),
                count=int(high.sum()),
                repair=_("Check whether events and population belong together."),
            )
        )
    return found


def check_bounds(layout: Layout, lower: ArrayLike, upper: ArrayLike) -> list[Issue]:
    """Lower bounds (areas,) must not lie above the upper ones."""
    crossed = np.asarray(lower, dtype=np.float64) > np.asarray(upper, dtype=np.float64)
    if not crossed.any():
        return []
    return [
        _error(
            "bounds",
            _("The lower bound lies above the upper bound: {areas}").format(
                areas=_areas(layout, crossed)
            ),
            repair=_("Correct one of the two bounds."),
            count=int(crossed.sum()),
        )
    ]


def describe_shortfalls(layout: Layout, shortfalls: Sequence[Shortfall], year: int) -> list[Issue]:
    """Targets that were not met, as findings for the user."""
    names = {
        "births": _("births"),
        "deaths": _("deaths"),
        "arrivals": _("arrivals"),
        "departures": _("departures"),
        "net_migration": _("net migration"),
        "population": _("population"),
    }
    return [
        Issue(
            "target-missed",
            Severity.WARNING,
            _("The target for {what} in {year} was not met: {wanted}, reached {reached}").format(
                what=names[s.target],
                year=year,
                wanted=format_number(s.wanted),
                reached=format_number(s.reached),
            ),
            column=None if s.area is None else layout.areas[s.area],
            repair=_("Choose a target that births, deaths and migration can reach."),
        )
        for s in shortfalls
        if abs(s.wanted - s.reached) >= 0.5  # shown in whole persons
    ]


def _areas(layout: Layout, chosen: ArrayLike) -> str:
    keys = [layout.areas[i] for i in np.flatnonzero(np.asarray(chosen))]
    return ", ".join(keys[:10]) + (" …" if len(keys) > 10 else "")


def _error(
    code: str,
    message: str,
    *,
    column: str | None = None,
    value: str | None = None,
    repair: str | None = None,
    count: int = 1,
) -> Issue:
    return Issue(
        code, Severity.ERROR, message, column=column, value=value, repair=repair, count=count
    )
