"""Own class limits on a map that is there already: what dragging a limit needs at every move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor_app.cartography.classify import MAX_CLASSES, Method
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail


def can_have_own_breaks(spec: MapSpec) -> bool:
    """Whether the classes of a map are ranges that a user can move."""
    return spec.kind not in (MapKind.CATEGORIES, MapKind.BIVARIATE) and spec.classification.k > 0


def with_breaks(spec: MapSpec, breaks: Sequence[float]) -> MapSpec:
    """The same map with other limits, its colours made for their number. ``UserError`` for too
    many limits or such that are no numbers."""
    limits = tuple(float(b) for b in np.unique(np.asarray(breaks, dtype=np.float64)))
    if len(limits) >= MAX_CLASSES or not np.isfinite(limits).all():
        raise fail(
            "classes.too_many",
            _("{count} classes are more than a map can show.").format(count=len(limits) + 1),
        )
    found = spec.classification
    split = None
    if found.midpoint is not None:
        split = sum(b <= found.midpoint for b in limits)
        split += found.midpoint not in limits and found.lower < found.midpoint
    bare = replace(
        found, method=Method.MANUAL, breaks=limits, counts=(0,) * (len(limits) + 1), split=split,
        approximate=False, names=(),
    )  # fmt: skip
    values = spec.values
    if spec.true_zero:  # zeros keep their own look
        values = np.where(spec.zeros, np.nan, values)
    return replace(spec, classification=bare.apply(values, spec.status), colours=None)


def rounded_break(value: float, span: float, pixels: float, precision: int) -> float:
    """A limit dragged to ``value``, as round as one pixel of a scale of ``span`` allows, never
    finer than needed: ``precision`` decimals, more where whole steps would jump."""
    step = span / max(pixels, 1.0)
    decimals = precision
    while decimals < 6 and 10.0**-decimals > max(2 * step, 1e-12):
        decimals += 1
    if precision == 0 and step > 10:
        decimals = -int(np.floor(np.log10(step)))
    return round(value, decimals)
