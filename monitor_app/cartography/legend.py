"""The legend as data: the same entries for screen, page, Word and alt text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor_app.cartography.looks import (
    STATE_SWATCHES,
    Mark,
    State,
    Swatch,
    mark_label,
    marked,
    state_label,
)
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.i18n import _


class EntryKind(StrEnum):
    """What an entry stands for."""

    CLASS = "class"
    STATE = "state"
    MARK = "mark"


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
    found = spec.classification
    colours = [Swatch(colour) for colour in spec.class_colours]
    entries = [
        LegendEntry(EntryKind.CLASS, label, count, swatch, i)
        for i, (label, count, swatch) in enumerate(
            zip(found.labels, found.counts, colours, strict=True)
        )
    ]
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


def legend_title(spec: MapSpec) -> str:
    """What the numbers of the legend are: their unit, or a word where there is none."""
    if spec.kind is not MapKind.VALUE:
        return _("Change ({unit})").format(unit=spec.unit) if spec.unit else _("Change")
    return spec.unit or _("Value")
