"""The legend as data: the same entries for screen, page, Word and alt text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor_app.cartography.labels import class_labels
from monitor_app.cartography.layers import Symbols
from monitor_app.cartography.looks import (
    STATE_SWATCHES,
    ZERO_SWATCH,
    Mark,
    State,
    Swatch,
    mark_label,
    marked,
    state_label,
)
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.i18n import _

#: Maps with more classes than this are shown as a few samples; this many.
MOST, SAMPLES = 12, 5


class EntryKind(StrEnum):
    """What an entry stands for."""

    CLASS = "class"
    STATE = "state"
    MARK = "mark"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One row: a sample of the fill, its label, and how many areas look like it."""

    kind: EntryKind
    label: str
    count: int
    swatch: Swatch
    number: int  # class number from 0, or the code of the state or mark


def legend_entries(spec: MapSpec) -> tuple[LegendEntry, ...]:
    """Classes from low to high, then the states and marks that occur on this map."""
    colours = [Swatch(colour) for colour in spec.class_colours]
    entries = _shades(spec) if spec.classification.k > MOST else _classes(spec)
    if spec.true_zero and spec.zeros.any():
        count = int(spec.zeros.sum())
        entries.append(LegendEntry(EntryKind.ZERO, _("none (0)"), count, ZERO_SWATCH, 0))
    for state in State:
        count = spec.state_count(state)
        if count:
            swatch = STATE_SWATCHES[state]
            entries.append(LegendEntry(EntryKind.STATE, state_label(state), count, swatch, state))
    for mark in (Mark.FORECAST, Mark.UNRELIABLE):
        count = spec.mark_count(mark)
        if count:
            sample = marked(colours[len(colours) // 2], mark)
            entries.append(LegendEntry(EntryKind.MARK, mark_label(mark), count, sample, mark))
    return tuple(entries)


def _classes(spec: MapSpec) -> list[LegendEntry]:
    found = spec.classification
    return [
        LegendEntry(EntryKind.CLASS, label, count, Swatch(colour), i)
        for i, (label, count, colour) in enumerate(
            zip(found.labels, found.counts, spec.class_colours, strict=True)
        )
    ]


def _shades(spec: MapSpec) -> list[LegendEntry]:
    """Samples of a map without classes: a few ranges with the colour of their middle."""
    found = spec.classification
    cuts = np.round(np.linspace(0, found.k, SAMPLES + 1)).astype(int)
    labels = class_labels(
        [found.breaks[c - 1] for c in cuts[1:-1]], found.lower, found.upper,
        found.precision, signed=found.signed,
    )  # fmt: skip
    return [
        LegendEntry(
            EntryKind.CLASS, label, sum(found.counts[a:b]),
            Swatch(spec.class_colours[(a + b) // 2]), i,
        )
        for i, (label, a, b) in enumerate(zip(labels, cuts[:-1], cuts[1:], strict=True))
    ]  # fmt: skip


def round_samples(symbols: Symbols, apart: float) -> tuple[float, ...]:
    """Round values for the key of circles, largest first, whose tops lie at least ``apart`` CSS
    pixels from each other, so that their numbers can be read."""
    kept: list[float] = []
    for sample in symbols.samples():
        if not kept or symbols.diameter(kept[-1]) - symbols.diameter(sample) >= apart:
            kept.append(sample)
    return tuple(kept)


def legend_title(spec: MapSpec) -> str:
    """What the numbers of the legend are: their unit, or a word where there is none."""
    if spec.kind is MapKind.DEVIATION:
        return _("Deviation ({unit})").format(unit=spec.unit) if spec.unit else _("Deviation")
    if spec.kind is MapKind.CATEGORIES:
        return _("Type")
    if spec.kind is MapKind.BIVARIATE and spec.pair is not None:
        return " × ".join(spec.pair.titles)
    if spec.kind in (MapKind.CHANGE_ABSOLUTE, MapKind.CHANGE_RELATIVE):
        return _("Change ({unit})").format(unit=spec.unit) if spec.unit else _("Change")
    return spec.unit or _("Value")
