"""Why a data set cannot answer an input: checks from the coarsest to the finest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, Kind
from monitor_app.core.i18n import _
from monitor_app.indicators.ageweights import age_weights
from monitor_app.indicators.aggregate import Placement
from monitor_app.indicators.filters import label_positions
from monitor_app.indicators.moves import MARGINS
from monitor_app.indicators.tree import MIXTURES, CodeTest, Input
from monitor_app.indicators.vocabulary import unit_factor


class Cubes(Protocol):
    """The part of a source of cubes that is needed here."""

    def cube(self, key: str) -> Cube: ...


class Obstacles:
    """Finds the first reason against a data set. ``placement(level, target, data set)`` places
    the areas of a data set."""

    def __init__(self, source: Cubes, placement: Callable[[str, str, str], Placement]) -> None:
        self._source = source
        self._placement = placement

    def first(self, info: DatasetInfo, wanted: Input, level: str) -> tuple[str, int]:
        """The reason in words ("" where there is none) and how many checks were passed."""
        checks: tuple[Callable[[], str], ...] = (
            lambda: self._level(info, level),
            lambda: self._dims(info, wanted),
            lambda: self._ages(info, wanted),
            lambda: self._codes(info, wanted),
            lambda: self._unit(info, wanted),
            lambda: self._parts(info, wanted),
        )
        for steps, check in enumerate(checks):
            reason = check()
            if reason:
                return reason, steps
        return "", len(checks)

    def _level(self, info: DatasetInfo, level: str) -> str:
        spec = info.spec
        if spec.level == level:
            return ""
        if not self._placement(spec.level, level, spec.key).reaches:
            return _("its level cannot be added up to this one")
        if spec.kind in MARGINS:
            # A move between two areas of one district is no arrival for the district; for the
            # whole town there are none.
            additive = level == CITY
        elif spec.kind is Kind.VARIABLE:
            additive = spec.aggregation != "none"
        else:
            additive = spec.kind is not Kind.MOVES_SAME_AREA
        return "" if additive else _("values cannot be added up to larger areas")

    def _dims(self, info: DatasetInfo, wanted: Input) -> str:
        needed = list(wanted.filter.dims)
        if info.spec.kind is Kind.MOVES_WITHIN:
            needed.append("partner")
        if wanted.reducer in MIXTURES:
            needed.append("group")
        if wanted.reducer in ("mean_age", "median_age"):
            needed.append("age")
        for dim in needed:
            if dim not in info.dims:
                return _("no breakdown by {dimension}").format(dimension=dimension_word(dim))
        return ""

    def _ages(self, info: DatasetInfo, wanted: Input) -> str:
        if info.age_axis is None:
            return ""
        axis = AgeAxis.decode(info.age_axis)
        if age_weights(axis, wanted) is not None:
            return ""
        return _("not computable from these age groups ({groups})").format(groups=short_axis(axis))

    def _codes(self, info: DatasetInfo, wanted: Input) -> str:
        for dim in ("sex", "group", "partner"):
            test: CodeTest | None = getattr(wanted.filter, dim)
            if test is None:
                continue
            labels = self._source.cube(info.spec.key).labels[dim]
            if label_positions(dim, test, labels) is None:
                return _("{code} is not known ({dimension}: {labels})").format(
                    code=", ".join(sorted(test.codes)),
                    dimension=dimension_word(dim),
                    labels=", ".join(labels[:8]),
                )
        return ""

    def _unit(self, info: DatasetInfo, wanted: Input) -> str:
        variable = info.spec.kind is Kind.VARIABLE
        if not variable or unit_factor(wanted.variable or "", info.spec.unit) is not None:
            return ""
        return _("the unit “{unit}” is not understood").format(unit=info.spec.unit)

    def _parts(self, info: DatasetInfo, wanted: Input) -> str:
        """Means and rates by sex or age are no parts of a sum: the filter must pick one."""
        if info.spec.kind is not Kind.VARIABLE or info.spec.aggregation == "sum":
            return ""
        for dim in info.dims:
            if dim not in ("area", "date") and not self._picks_one(info, wanted, dim):
                return _("not to be added up over {dimension}: pick one in a filter").format(
                    dimension=dimension_word(dim)
                )
        return ""

    def _picks_one(self, info: DatasetInfo, wanted: Input, dim: str) -> bool:
        if dim == "age":
            weights = age_weights(AgeAxis.decode(info.age_axis or "0+"), wanted)
            return weights is not None and int((weights > 0).sum()) == 1
        labels = self._source.cube(info.spec.key).labels[dim]
        test: CodeTest | None = getattr(wanted.filter, dim)
        positions = range(len(labels)) if test is None else label_positions(dim, test, labels)
        return positions is not None and len(positions) == 1


def dimension_word(dim: str) -> str:
    """A dimension for readers."""
    words = {
        "age": _("age"),
        "sex": _("sex"),
        "group": _("group (such as nationality)"),
        "partner": _("origin or destination"),
    }
    return words.get(dim, dim)


def short_axis(axis: AgeAxis) -> str:
    """Age groups in few words: ``0–4, 5–9, 10–14, 15–19, …, 80+``."""
    labels = axis.labels
    return ", ".join(labels) if len(labels) <= 6 else ", ".join((*labels[:4], "…", labels[-1]))
