"""What an import brings: the result of reading and checking, before anybody confirmed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.areas import EMPTY_AREAS, AreaSystem, Level
from monitor_app.core.bridges import Bridge
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, SourceFile
from monitor_app.core.issues import Issue, errors


@dataclass(frozen=True)
class AreaTable:
    """Areas of one level. All sequences have one entry per area; geometries are shapely objects
    in ``crs`` (an authority code) or None."""

    level: Level
    keys: tuple[str, ...]
    names: tuple[str, ...]
    geometries: tuple[Any, ...]
    crs: str | None
    parents: tuple[Mapping[str, str], ...] = ()
    valid_from: tuple[date | None, ...] = ()
    valid_to: tuple[date | None, ...] = ()


@dataclass(frozen=True)
class FactTable:
    """Numbers for one data set. Dates that the project already has for it are replaced.
    ``files``: what each date was read from."""

    spec: DatasetSpec
    cube: Cube
    files: Mapping[date, tuple[SourceFile, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class PointTable:
    """Facilities. ``attributes`` are columns of equal length (text or numbers); one is ``name``."""

    spec: DatasetSpec
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    crs: str | None
    attributes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A total before and after: what the file says and what would be stored."""

    dataset: str
    day: date | None
    in_file: float
    stored: float
    note: str = ""


@dataclass(frozen=True)
class ImportBatch:
    """One import: a transaction and an undoable revision once confirmed."""

    label: str
    sources: tuple[SourceFile, ...]
    recipes: Mapping[str, str] = field(default_factory=dict)  # id -> YAML, as used
    areas: tuple[AreaTable, ...] = ()
    facts: tuple[FactTable, ...] = ()
    points: tuple[PointTable, ...] = ()
    issues: tuple[Issue, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    removed: tuple[str, ...] = ()  # data sets that go before the new ones come
    documents: Mapping[tuple[str, str], str] = field(default_factory=dict)  # kind, key -> text

    @property
    def blocked(self) -> bool:
        return bool(errors(self.issues))


@dataclass(frozen=True)
class ImportContext:
    """What the project already knows and an import is checked against."""

    areas: AreaSystem = EMPTY_AREAS
    datasets: tuple[DatasetInfo, ...] = ()
