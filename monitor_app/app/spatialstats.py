"""Spatial patterns of an indicator: do neighbours resemble each other, and where are clusters?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.maps import map_spec, nothing, sources_of
from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.kinds import category_spec
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import format_date, format_number, format_p
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.status import has_value
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.indicators.evidence import evidence
from monitor_app.indicators.spatial import (
    ALPHA,
    PERMUTATIONS,
    Cluster,
    Local,
    Moran,
    Neighbours,
    hot_spots,
    lisa,
    moran,
    moran_of_rates,
    neighbours,
)

LISA, GI = "lisa", "gi"
#: Local statistics are permuted so many times as often: after the correction for many tests the
#: smallest p counts, and it can be no smaller than 2 / (permutations + 1).
LOCAL_FACTOR = 10
#: Colours of the classes on light paper, as usual for such maps.
_HIGH, _LOW, _HIGH_OUT, _LOW_OUT, _NONE = "#b2182b", "#2166ac", "#f4a582", "#92c5de", "#e6e6e6"


@dataclass(frozen=True, eq=False)
class Pattern:
    """Global and local statistics of one date. Rows of ``lisa`` and ``gi`` are ``areas``.

    ``rates``: Moran's I corrected for small numbers, where the indicator is a rate of counts.
    ``series``: Moran's I of every date that has one. ``islands``: names of areas that border on
    none and were linked to the nearest.
    """

    table: IndicatorTable
    day: date
    areas: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    moran: Moran
    rates: Moran | None
    lisa: Local
    gi: Local
    series: Mapping[date, Moran]
    islands: tuple[str, ...]
    seed: int
    left_out: tuple[str, ...]
    sources: tuple[str, ...] = ()


def pattern(
    session: Session,
    indicator: str,
    level: str,
    day: date | None = None,
    *,
    permutations: int = PERMUTATIONS,
    alpha: float = ALPHA,
    seed: int = 1,
    carried: bool = False,
    progress: Progress | None = None,
) -> Pattern:
    """*Slow.* Moran's I over all dates, LISA and Gi* at one (None: the newest).

    Errors: ``UserError`` for missing inputs, an unknown date, too few areas or equal values.
    """
    progress = progress or Progress()
    if not 0 < alpha < 1 or permutations < 1:
        raise fail(
            "options", _("The level of significance lies between 0 and 1, permutations above 0.")
        )
    table = session.compute(indicator, level, carried=carried)
    if not table.dates:
        raise nothing(session, indicator, table)
    when = table.dates[-1] if day is None else day
    if when not in table.dates:
        raise fail(
            "no_date",
            _("There are no values for {day}.").format(day=format_date(when)),
            repair=_(
                "Patterns are looked for in observed numbers: choose a date up to {day}."
            ).format(day=format_date(table.dates[-1])),
        )
    near = {d: _neighbours(session, table, d) for d in _first_days(table)}
    column = table.dates.index(when)
    values = _values(table, column)
    here = _of(near, when)
    text = _("Spatial pattern, {day}").format(day=format_date(when))
    found = moran(values, here, permutations=permutations, seed=seed,
                  progress=progress.part(0.0, 0.1))  # fmt: skip
    progress.step(0.1, text)
    often = LOCAL_FACTOR * (permutations + 1) - 1
    local = lisa(values, here, permutations=often, alpha=alpha, seed=seed)
    progress.step(0.3, text)
    hot = hot_spots(values, here, permutations=often, alpha=alpha, seed=seed)
    progress.step(0.5, text)
    rates = _rates(session, table, column, here, permutations, seed)
    series = _series(table, near, permutations, seed, progress.part(0.5, 1.0))
    series[when] = found
    names = session.names(level)
    called = tuple(names.get(key, key) for key in table.areas)
    there = {a.key for a in session.shown_areas(carried=carried).at(level, when)}
    return Pattern(
        table, when, table.areas, called, values, found, rates, local, hot,
        dict(sorted(series.items())), tuple(called[i] for i in here.islands), seed,
        tuple(n for n, k, v in zip(called, table.areas, values, strict=True)
              if k in there and not np.isfinite(v)),
        sources_of(session, table),
    )  # fmt: skip


def _values(table: IndicatorTable, column: int) -> NDArray[np.float64]:
    known = has_value(table.status[:, column])
    return np.where(known, table.values[:, column], np.nan)


def _first_days(table: IndicatorTable) -> tuple[date, ...]:
    """The first date of each state of the areas: neighbours change at reforms only."""
    starts = [table.dates[0]]
    for change in table.breaks:
        later = [d for d in table.dates if d >= change]
        starts.extend(later[:1])
    return tuple(dict.fromkeys(starts))


def _of(near: Mapping[date, Neighbours], day: date) -> Neighbours:
    return near[max(d for d in near if d <= day)]


def _neighbours(session: Session, table: IndicatorTable, day: date) -> Neighbours:
    """Who borders on whom on a day. Gaps of a hundred thousandth of the town's extent (decimetres)
    are bridged: official borders are often drawn area by area."""
    there = {
        a.key: a.geometry
        for a in session.shown_areas(carried=table.carried).at(table.level, day)
        if a.located
    }
    shapes = [there.get(key) for key in table.areas]
    bounds = np.array([s.bounds for s in shapes if s is not None])
    extent = 0.0
    if len(bounds):
        extent = float((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max())
    return neighbours(shapes, tolerance=1e-5 * extent)


def _rates(
    session: Session, table: IndicatorTable, column: int, near: Neighbours, permutations: int,
    seed: int,
) -> Moran | None:  # fmt: skip
    """Moran's I of the rate corrected for small numbers; None for what is no rate of counts."""
    try:
        found = evidence(session.engine, table.indicator, table.level, carried=table.carried)
        cases, people = found.cases[:, column], found.people[:, column]
        whole = np.isfinite(cases) & np.isfinite(people)
        return moran_of_rates(
            np.where(whole, cases, 0.0), np.where(whole, people, 0.0), near,
            permutations=permutations, seed=seed,
        )  # fmt: skip
    except UserError:
        return None


def _series(
    table: IndicatorTable,
    near: Mapping[date, Neighbours],
    permutations: int,
    seed: int,
    progress: Progress,
) -> dict[date, Moran]:
    found: dict[date, Moran] = {}
    for j, day in enumerate(table.dates):
        part = progress.part(j / len(table.dates), (j + 1) / len(table.dates))
        try:
            found[day] = moran(_values(table, j), _of(near, day), permutations=permutations,
                               seed=seed, progress=part)  # fmt: skip
        except UserError:
            continue  # too few areas with values, or all the same: no pattern at this date
    return found


# -- in words, tables and maps ---------------------------------------------------------------------


def class_name(kind: str, code: int) -> str:
    """What the class of an area is called."""
    if kind == GI:
        return {
            Cluster.HIGH_HIGH: _("Hot spot"),
            Cluster.LOW_LOW: _("Cold spot"),
        }.get(Cluster(code), _("not significant"))
    return {
        Cluster.HIGH_HIGH: _("high among high"),
        Cluster.LOW_HIGH: _("low among high"),
        Cluster.LOW_LOW: _("low among low"),
        Cluster.HIGH_LOW: _("high among low"),
    }.get(Cluster(code), _("not significant"))


def class_colours(kind: str) -> dict[str, str]:
    """Class names and their colours, in the order of the legend."""
    codes = {
        GI: ((1, _HIGH), (3, _LOW), (0, _NONE)),
        LISA: ((1, _HIGH), (4, _HIGH_OUT), (2, _LOW_OUT), (3, _LOW), (0, _NONE)),
    }[kind]
    return {class_name(kind, code): colour for code, colour in codes}


def local_of(found: Pattern, kind: str) -> Local:
    return found.lisa if kind == LISA else found.gi


def classes(found: Pattern, kind: str) -> dict[str, str | None]:
    """Class name per area key; None where an area takes no part."""
    local = local_of(found, kind)
    # LISA has a value wherever an area takes part; Gi* has none where all areas are neighbours.
    return {
        key: class_name(kind, int(local.cluster[i])) if np.isfinite(found.lisa.value[i]) else None
        for i, key in enumerate(found.areas)
    }


def cluster_spec(session: Session, found: Pattern, kind: str) -> MapSpec:
    """The classes as a categorical map."""
    view = ViewState(
        level=found.table.level, indicator=found.table.indicator, day=found.day,
        carried=found.table.carried,
    )  # fmt: skip
    shown = map_spec(session, view)
    by_key = classes(found, kind)
    spec = category_spec(shown, [by_key.get(k) for k in shown.keys], class_colours(kind))
    title = _("Clusters (LISA): {name}") if kind == LISA else _("Hot and cold spots: {name}")
    return replace(spec, title=title.format(name=shown.title))


def sentences(found: Pattern) -> tuple[str, ...]:
    """The pattern in words: the whole, the change over time, the clusters."""
    lines = [found.moran.in_words(), _numbers(found.moran)]
    if found.rates is not None:
        text = _("Corrected for small numbers: {numbers}")
        lines.append(text.format(numbers=_numbers(found.rates)))
    first = next(iter(found.series))
    if first != found.day:
        text = _("Moran’s I on {day}: {value}.")
        lines.append(
            text.format(day=format_date(first), value=format_number(found.series[first].value, 2))
        )
    lines.append(_counted(found, LISA, _("Clusters (LISA):")))
    lines.append(_counted(found, GI, _("Hot and cold spots (Gi*):")))
    return tuple(lines)


def _numbers(value: Moran) -> str:
    return _("Moran’s I = {value}, expected {expected} without a pattern, p {p}").format(
        value=format_number(value.value, 2), expected=format_number(value.expected, 2),
        p=p_words(value.p),
    )  # fmt: skip


def p_words(p: float) -> str:
    """``= 0,013`` or ``< 0,001``, as it stands behind a p."""
    text = format_p(p)
    return text if text.startswith("<") else f"= {text}"


def _counted(found: Pattern, kind: str, head: str) -> str:
    groups: dict[str, list[str]] = {}
    none = class_name(kind, int(Cluster.NONE))
    for (_key, name), label in zip(
        zip(found.areas, found.names, strict=True), classes(found, kind).values(), strict=True
    ):
        if label not in (None, none):
            groups.setdefault(str(label), []).append(name)
    if not groups:
        local = local_of(found, kind)
        single = int((local.p < local.alpha).sum())
        text = _(
            "none that is more than chance. Areas with a p below {alpha}: {count}; by chance alone "
            "about {chance}."
        )
        return f"{head} " + text.format(
            count=format_number(single), alpha=format_number(local.alpha, 2),
            chance=format_number(local.alpha * float(np.isfinite(local.p).sum())),
        )  # fmt: skip
    order = [n for n in class_colours(kind) if n in groups]
    return f"{head} " + "; ".join(f"{n}: {_listed(groups[n])}" for n in order)


def _listed(names: list[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    rest = len(names) - most
    return shown if rest <= 0 else _("{names} and {count} more").format(names=shown, count=rest)


def remarks(found: Pattern) -> tuple[str, ...]:
    """How the numbers were made."""
    lines = [
        _("Neighbours share a border or a corner; weights sum to one per area."),
        _("p by {count} permutations (per area {local}), seed {seed}, two-sided.").format(
            count=format_number(found.moran.permutations),
            local=format_number(found.lisa.permutations),
            seed=found.seed,
        ),
        _(
            "Areas count as significant with the false discovery rate held at {share} per cent."
        ).format(share=format_number(100 * found.lisa.alpha, 0)),
    ]
    if found.islands:
        text = _("Without a border in common, linked to the nearest: {names}")
        lines.append(text.format(names=_listed(list(found.islands))))
    if found.left_out:
        lines.append(_("Without a value: {names}").format(names=_listed(list(found.left_out))))
    lines += [_("Source: {source}").format(source=s) for s in found.sources]
    return tuple(lines)


def cluster_table(session: Session, found: Pattern) -> ExportTable:
    """One row per area: value, LISA and Gi* with p and class."""
    name = session.catalogue.get(found.table.indicator).name.shown
    lisa_names, gi_names = (tuple(c or "–" for c in classes(found, k).values())
                            for k in (LISA, GI))  # fmt: skip
    return ExportTable(
        name=_("Clusters"),
        columns=(
            TextColumn(_("Key"), found.areas),
            TextColumn(session.areas.level(found.table.level).name, found.names),
            ValueColumn.of(_("Value"), found.values, found.table.precision),
            ValueColumn.of(_("LISA I"), found.lisa.value, 3),
            ValueColumn.of(_("LISA p"), found.lisa.p, 4),
            TextColumn(_("LISA class"), lisa_names),
            ValueColumn.of(_("Gi* z"), found.gi.value, 2),
            ValueColumn.of(_("Gi* p"), found.gi.p, 4),
            TextColumn(_("Gi* class"), gi_names),
        ),
        title=f"{name}, {format_date(found.day)}",
        notes=(*sentences(found), *remarks(found)),
    )


def cluster_data(found: Pattern) -> dict[str, Any]:
    """The same for machines; codes of classes in English."""

    def known(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    def globally(value: Moran | None) -> dict[str, Any] | None:
        return None if value is None else {
            "value": value.value, "expected": value.expected, "z": known(value.z), "p": value.p,
            "areas": value.areas, "left_out": value.left_out,
        }  # fmt: skip

    return {
        "indicator": found.table.indicator,
        "level": found.table.level,
        "date": found.day.isoformat(),
        "seed": found.seed,
        "permutations": found.moran.permutations,
        "alpha": found.lisa.alpha,
        "moran": globally(found.moran),
        "moran_rates": globally(found.rates),
        "series": [{"date": d.isoformat(), **(globally(m) or {})} for d, m in found.series.items()],
        "limits": {"lisa": found.lisa.limit, "gi": found.gi.limit},
        "areas": [
            {
                "area": key, "name": found.names[i], "value": known(found.values[i]),
                **{
                    kind: {
                        "value": known(local.value[i]), "p": known(local.p[i]),
                        "significant": bool(local.significant[i]),
                        "class": Cluster(int(local.cluster[i])).name.lower(),
                    }
                    for kind, local in ((LISA, found.lisa), (GI, found.gi))
                },
            }
            for i, key in enumerate(found.areas)
        ],
    }  # fmt: skip
