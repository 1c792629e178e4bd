"""Layers of the project's own that are only drawn: water, greenery, lines, borders of plans."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: The kind of document that a project keeps them as.
DOCUMENT = "backdrop"


class BackdropLook(StrEnum):
    """What a layer is, which decides how it is drawn."""

    WATER = "water"
    GREEN = "green"
    LINE = "line"  # tram lines, roads
    AREA = "area"  # redevelopment areas: a border over the map


@dataclass(frozen=True, eq=False)
class Backdrop:
    """Geometries (shapely lines or polygons) in ``crs``, the CRS of the project. ``source`` is
    the citation."""

    key: str
    title: str
    look: BackdropLook
    crs: str
    geometries: tuple[Any, ...]
    source: str = ""

    def dump(self) -> str:
        """JSON text for the project file; coordinates to the centimetre."""
        import shapely

        shapes = [json.loads(shapely.to_geojson(g)) for g in self.geometries]
        content = {
            "key": self.key, "title": self.title, "look": self.look.value, "crs": self.crs,
            "source": self.source, "geometries": [_rounded(s) for s in shapes],
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Backdrop:
        """Errors: ``ValueError``, ``TypeError`` or ``KeyError`` for a text that is no layer."""
        import shapely

        content = json.loads(text)
        texts = [json.dumps(shape) for shape in content["geometries"]]
        shapes = tuple(shapely.from_geojson(texts)) if texts else ()
        return cls(
            str(content["key"]), str(content["title"]), BackdropLook(content["look"]),
            str(content["crs"]), shapes, str(content["source"]),
        )  # fmt: skip


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return value
