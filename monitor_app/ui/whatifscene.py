"""From weights to a map: what is drawn while a slider of the what-if workspace moves.

Everything that does not depend on the weights is in a ``Scene``; a frame is one product of a
matrix with a vector, classes, and a new ``MapSpec`` over the same shapes. No geometry, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.app.weighting import ComputedIndex
from monitor_app.cartography.classify import Classification, Method, classify
from monitor_app.cartography.mapspec import MapKind, MapSpec, MapStyle, value_spec
from monitor_app.cartography.palettes import DEFAULT_DIVERGING
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value
from monitor_app.indicators.whatif import Prepared, rank_change, ranks

Array = NDArray[np.float64]
BURDEN, QUALITY = "orrd", "ylgnbu"
CLASSES = 5


@dataclass(frozen=True, eq=False)
class Scene:
    """An index of one level and date, ready for any weights.

    ``spec``: a map with the areas as drawn; ``rows`` (areas of the map,): their rows in the
    index, −1 where it does not know them. ``status`` (areas of the index, indicators).
    """

    spec: MapSpec
    prepared: Prepared
    rows: NDArray[np.int64]
    status: NDArray[np.uint8]
    limits: tuple[float, ...] | None

    def index(self, weights: Sequence[float]) -> Array:
        """The index per area of the map; ``UserError`` for weights that are all zero."""
        return self._on_map(self.prepared.index(weights), np.nan)

    def _on_map(self, values: Array, absent: float) -> Array:
        return np.where(self.rows < 0, absent, values[self.rows])

    def frame(self, weights: Sequence[float]) -> MapSpec:
        """The map for these weights."""
        values = self.index(weights)
        status = self._status(values, weights)
        if self.limits is None:
            classes = classify(values, status, Method.QUANTILES, CLASSES, precision=2)
        else:
            classes = classify(values, status, Method.MANUAL, breaks=self.limits, precision=2)
        return replace(self.spec, values=values, status=status, classification=classes)

    def change(self, before: Array, weights: Sequence[float], title: str) -> MapSpec:
        """The map of ranks won or lost against another index (``before``, per area of the map).
        Positive: further up, which is towards the highest index."""
        values = self.index(weights)
        moved = rank_change(before, values)
        status = self._status(values, weights)
        lost = np.isnan(moved) & has_value(status)
        status = np.where(lost, np.uint8(Status.MISSING), status).astype(np.uint8)
        classes = _change_classes(moved, status)
        return replace(
            self.spec, values=moved, status=status, classification=classes, title=title,
            palette=DEFAULT_DIVERGING, reverse=True, signed=True, precision=0,
            unit=_("ranks"), kind=MapKind.CHANGE_ABSOLUTE, city_value=None,
        )  # fmt: skip

    def _status(self, values: Array, weights: Sequence[float]) -> NDArray[np.uint8]:
        """Why an area has no value; estimated where an indicator was left out for it."""
        prepared = self.prepared
        used = prepared.shares(weights) > 0
        chosen = self.status[:, used]
        if prepared.renormalise:
            known = has_value(chosen)
            found = np.where(known, chosen, 0).max(axis=1)
            found = np.where(known.all(axis=1), found, np.uint8(Status.ESTIMATED))
            found = np.where(known.any(axis=1), found, chosen.max(axis=1))
        else:
            found = chosen.max(axis=1)
        found = np.where(prepared.counted, found, np.maximum(found, np.uint8(Status.BELOW_BASE)))
        shown = np.where(self.rows < 0, np.uint8(Status.MISSING), found[self.rows])
        lost = np.isnan(values) & has_value(shown.astype(np.uint8))
        return np.where(lost, np.uint8(Status.MISSING), shown).astype(np.uint8)

    def places(self, weights: Sequence[float]) -> dict[str, int]:
        """Rank of every area that has one, 1 = highest index."""
        found = ranks(self.prepared.index(weights))
        return {k: int(r) for k, r in zip(self.prepared.areas, found, strict=True) if r}


def _change_classes(moved: Array, status: NDArray[np.uint8]) -> Classification:
    """Five classes that mirror each other around "unchanged", three where no area moves by more
    than one rank."""
    most = float(np.nanmax(np.abs(moved), initial=1.0, where=np.isfinite(moved)))
    half = np.ceil(most / 2)
    breaks = (-half, 0.0, 1.0, half + 1) if most > 1 else (0.0, 1.0)
    found = classify(moved, status, Method.MANUAL, breaks=breaks, precision=0, signed=True)
    return replace(found, lower=-most, upper=most)


def scene_of(session: Session, index: ComputedIndex, day: date) -> Scene:
    """The scene of an index at one of its dates."""
    weighting = index.weighting
    spec = value_spec(
        index.table, session.areas, day,
        MapStyle(palette=BURDEN if weighting.meaning == "burden" else QUALITY, whole_series=False),
        title=weighting.name.shown, precision=2, city_value=None, note=weighting.caveat.shown,
    )  # fmt: skip
    composite = index.composite
    place = {key: i for i, key in enumerate(composite.areas)}
    rows = np.array([place.get(key, -1) for key in spec.keys], dtype=np.int64)
    limits = weighting.classes
    return Scene(
        spec, composite.at(day), rows, composite.status[composite.dates.index(day)],
        None if limits is None else limits.limits,
    )  # fmt: skip


def reasons(scene: Scene, weights: Sequence[float], names: dict[str, str]) -> dict[str, str]:
    """Area -> why it has no index, or which indicators its index had to do without."""
    found: dict[str, str] = {}
    for key, lacking in scene.prepared.lacking(weights).items():
        listed = ", ".join(names.get(i, i) for i in lacking)
        text = _("Without: {names}") if scene.prepared.renormalise else _("Missing: {inputs}")
        found[key] = text.format(names=listed, inputs=listed)
    for key, counted in zip(scene.prepared.areas, scene.prepared.counted, strict=True):
        if not counted:
            found[key] = _("left out: too few inhabitants")
    return found


def nearest_day(index: ComputedIndex, wanted: date | None) -> date:
    """The date shown: the wanted one, else the nearest that the index has."""
    if wanted is None or not index.dates:
        return index.dates[-1]
    return min(index.dates, key=lambda day: abs(day - wanted))


def day_note(day: date, wanted: date | None) -> str:
    """Says so where the index is not of the chosen date."""
    if wanted is None or wanted == day:
        return ""
    return _("The index has no values for {wanted}; shown: {day}.").format(
        wanted=format_date(wanted), day=format_date(day)
    )
