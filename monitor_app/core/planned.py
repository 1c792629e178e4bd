"""Planned dwellings as a delivery tells them and a project keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

#: Kind of the documents of a project that hold planned dwellings.
DOCUMENT = "housing"


@dataclass(frozen=True)
class PlannedProject:
    """One scheme and kind of dwelling: ``dwellings`` year of first occupation -> number.

    ``key`` is that of the delivery; parts of one scheme share it, so that they are late or fail
    together. ``probability`` 0..1 that it is built; ``state`` in the words of the office.
    """

    key: str
    name: str
    area: str
    type: str
    dwellings: Mapping[int, float]
    probability: float = 1.0
    state: str = ""

    @property
    def total(self) -> float:
        return float(sum(self.dwellings.values()))


@dataclass(frozen=True)
class PlannedHousing:
    """All projects of one delivery; ``labels``: type of dwelling -> name."""

    level: str
    name: str
    projects: tuple[PlannedProject, ...]
    source: str = ""
    labels: Mapping[str, str] | None = None

    def dump(self) -> str:
        """JSON text for the project file."""
        rows = [
            [p.key, p.name, p.area, p.type, {str(y): n for y, n in sorted(p.dwellings.items())},
             p.probability, p.state]
            for p in self.projects
        ]  # fmt: skip
        content = {"level": self.level, "name": self.name, "source": self.source,
                   "labels": dict(self.labels or {}), "projects": rows}  # fmt: skip
        return json.dumps(content, ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> PlannedHousing:
        """Errors: ``ValueError``, ``KeyError`` or ``TypeError`` for a text that is none."""
        content = json.loads(text)
        projects = tuple(
            PlannedProject(str(key), str(name), str(area), str(kind),
                           {int(y): float(n) for y, n in years.items()}, float(chance), str(state))
            for key, name, area, kind, years, chance, state in content["projects"]
        )  # fmt: skip
        for project in projects:
            numbers = (*project.dwellings.values(), project.probability)
            if not all(math.isfinite(n) and n >= 0 for n in numbers) or project.probability > 1:
                raise ValueError(f"numbers out of range: {project.key}")
        labels = {str(k): str(v) for k, v in content["labels"].items()}
        return cls(
            str(content["level"]), str(content["name"]), projects, str(content["source"]), labels
        )
