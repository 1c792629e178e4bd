"""Which kind of forecast the data of a town allow, in a sentence, and what would make it better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitor_app.app.forecasting_events import Source, note
from monitor_app.core.cube import Cube
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity

if TYPE_CHECKING:
    from monitor_app.app.forecasting_town import Town

#: Bases that offices round to, and cells that show it beyond chance.
_BASES = (10, 5, 3)
_ENOUGH = 200
#: Years of age that a group may span before cohorts cannot be told from it.
_WIDE = 20
_COUNTED = (Source.REGISTER, Source.ALLOTTED)


def kind_of_forecast(town: Town) -> Issue:
    """The kind of forecast, and the data that would allow a better one."""
    births, deaths = (town.sources.get(c) in _COUNTED for c in ("births", "deaths"))
    wanted = []
    if not town.residual:
        text = (
            _("Kind of forecast: cohorts with births, deaths and moves counted in the town.")
            if births and deaths
            else _("Kind of forecast: cohorts with moves counted in the town; births or deaths are"
                   " estimated.")
        )  # fmt: skip
    elif births and deaths:
        text = _("Kind of forecast: cohorts with births and deaths counted in the town; of moves"
                 " only the balance is known, from the stocks.")  # fmt: skip
    elif births or deaths:
        text = _("Kind of forecast: cohorts from stocks, with births or deaths counted in the town;"
                 " of moves only the balance is known.")  # fmt: skip
    else:
        text = _("Kind of forecast: cohorts from stocks alone; births from the infants, deaths by"
                 " rates of the country, of moves only the balance.")  # fmt: skip
    if not births:
        wanted.append(_("births"))
    if not deaths:
        wanted.append(_("deaths by age"))
    if town.residual:
        wanted.append(
            _("moves in and out by age")
            if len(town.layout.areas) == 1
            else _("moves in, out and between the areas by age")
        )
    if town.estimated_ages:
        wanted.append(_("single years of age"))
    if wanted:
        better = _("Better with: {data}.").format(data=", ".join(wanted))
        text = f"{text} {better}"
    return note("forecast-kind", text)


def told_rounding(cube: Cube) -> list[Issue]:
    """A hint where all counts are multiples of a base, as disclosure control leaves them."""
    values = cube.values[np.isfinite(cube.values) & (cube.values > 0)]
    if len(values) < _ENOUGH:
        return []
    for base in _BASES:
        if not np.mod(values, base).any():
            text = _("All counts of the population are multiples of {base}: they are rounded. Small"
                     " areas and single ages are uncertain by as much, and sums of many cells may"
                     " be too small or too large.").format(base=base)  # fmt: skip
            return [note("counts-rounded", text)]
    return []


def told_wide_groups(cube: Cube) -> list[Issue]:
    """A warning where closed age groups span so many years that cohorts are lost in them."""
    groups = () if cube.ages is None else cube.ages.groups
    wide = [g for g in groups if g.hi is not None and g.hi - g.lo > _WIDE]
    if not wide:
        return []
    text = _("Age groups as wide as {groups} do not tell how cohorts pass through them: who moves"
             " at which age is a guess, and the forecast by rates can go far astray.")  # fmt: skip
    return [
        Issue(
            "ages-wide", Severity.WARNING, text.format(groups=", ".join(g.label for g in wide)),
            repair=_("Import age groups of at most ten years, and look at the test of the method."),
        )
    ]  # fmt: skip


def told_first_age(cube: Cube) -> list[Issue]:
    """A warning where the population begins above age 0: no births, no children growing up."""
    if cube.ages is None or cube.ages.first == 0:
        return []
    text = _("The population begins at age {age}: births and children are not forecast, and those"
             " who reach this age count as moves in at today's rate.")  # fmt: skip
    return [
        Issue(
            "ages-begin", Severity.WARNING, text.format(age=cube.ages.first),
            repair=_("Import the population of all ages."),
        )
    ]  # fmt: skip
