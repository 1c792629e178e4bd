"""Small tables and contexts for the tests of mapping and checking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.batch import ImportBatch, ImportContext
from monitor_app.core.datasets import SourceFile
from monitor_app.core.issues import Issue
from monitor_app.core.progress import Progress
from monitor_app.exchange.mapping import KnownAreas, MappedFact, map_fact
from monitor_app.exchange.recipe import load_recipe
from monitor_app.exchange.recipe_model import FactContent
from monitor_app.exchange.table import RawTable


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    name: str = "datei.csv",
    geometries: Sequence[Any] | None = None,
    crs: str | None = None,
    before: Sequence[str] = (),
    decimal: str | None = None,
) -> RawTable:
    """A raw table as a reader would give it; the header stands in line 1."""
    columns = tuple(tuple(r[j] for r in rows) for j in range(len(header)))
    source = SourceFile(name=name, sha256="0" * 64, size=1)
    return RawTable(
        source, "", tuple(header), columns, tuple(range(2, len(rows) + 2)), tuple(before),
        geometries=None if geometries is None else tuple(geometries), crs=crs, decimal=decimal,
    )  # fmt: skip


def recipe_of(content: str, **extra: str) -> Any:
    head = "id: test\nname: Test\n" + "".join(f"{k}: {v}\n" for k, v in extra.items())
    return load_recipe(head + "contents:\n" + content)


def map_one(
    content: str,
    *tables: RawTable,
    known: dict[str, Sequence[str]] | None = None,
    context: ImportContext | None = None,
    spans: Any = None,
    **extra: str,
) -> MappedFact:
    """Map tables by the first (fact) content of a recipe."""
    recipe = recipe_of(content, **extra)
    first = recipe.contents[0]
    assert isinstance(first, FactContent)
    have = {k: tuple(v) for k, v in (known or {}).items()}
    areas = KnownAreas(have, spans or {})
    return map_fact(recipe, first, tables, areas, context or ImportContext(), Progress())


def codes(issues: Sequence[Issue]) -> list[str]:
    return [i.code for i in issues]


def only(issues: Sequence[Issue], code: str) -> Issue:
    found = [i for i in issues if i.code == code]
    assert len(found) == 1, f"{code}: {[i.code for i in issues]}"
    return found[0]


def system_of(batch: ImportBatch) -> AreaSystem:
    """The areas of a batch as a project would hold them."""
    levels = [Level(CITY, "Stadt", 0)]
    areas: list[Area] = []
    for item in batch.areas:
        levels.append(item.level)
        for i, key in enumerate(item.keys):
            parents = item.parents[i] if item.parents else {}
            areas.append(
                Area(
                    len(areas),
                    item.level.key,
                    key,
                    item.names[i],
                    parents,
                    item.valid_from[i],
                    item.valid_to[i],
                    item.geometries[i],
                )
            )
    crs = next((a.crs for a in batch.areas if a.crs), None)
    return AreaSystem(tuple(levels), tuple(areas), crs)


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


approx = pytest.approx
