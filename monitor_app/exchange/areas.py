"""Areas: tables and layers become the areas of one level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely

from monitor_app.core.areas import CITY, Level
from monitor_app.core.batch import AreaTable, ImportContext
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange import boundaries
from monitor_app.exchange.boundaries import Layer
from monitor_app.exchange.coded import check_column, chosen_rows, fits_sheet, place
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.keys import apply_key_rule, clean_key
from monitor_app.exchange.recipe_model import AreasContent, DateRule, ParentRule
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wording import level_name


@dataclass(frozen=True)
class MappedAreas:
    table: AreaTable | None
    issues: tuple[Issue, ...]


def layer_crs(content: AreasContent, table: RawTable) -> str | None:
    """The CRS of a layer: the recipe's answer first, then what the file says."""
    return content.crs or table.crs


def map_areas(
    content: AreasContent,
    tables: Sequence[RawTable],
    target_crs: str | None,
    context: ImportContext,
    earlier: Mapping[str, AreaTable],
) -> MappedAreas:
    """Build the areas of one level. ``earlier`` are levels of the same import, for parents."""
    issues: list[Issue] = []
    if content.list:
        return MappedAreas(_listed(content), ())
    rows: list[_Row] = []
    for table in tables:
        if fits_sheet(table, content.sheets):
            rows += _read_rows(content, table, target_crs, issues)
    rows = _join_pieces(rows, issues)
    if not rows:
        if not any(i.severity is Severity.ERROR for i in issues):
            issues.append(
                Issue(
                    "areas-not-found",
                    Severity.ERROR,
                    _("No areas of the level “{level}” were found.").format(
                        level=content.level.name
                    ),
                    repair=_("Check whether the recipe fits the file."),
                )
            )
        return MappedAreas(None, tuple(issues))
    rows.sort(key=lambda r: (r.key, r.valid_from or date.min))
    shapes = np.array([r.geometry for r in rows], dtype=object)
    layer = Layer(tuple(r.key for r in rows), shapes, tuple(r.row for r in rows), rows[0].table)
    located = any(r.geometry is not None for r in rows)
    if located and target_crs is not None:
        current = [i for i, r in enumerate(rows) if r.valid_to is None]
        boundaries.check_coverage(
            _part(layer, current), str(content.level.name), target_crs, issues
        )
    parents = _parents(content, rows, layer, context, earlier, issues)
    width = content.level.key_width or _common_width(layer.keys)
    level = Level(
        key=content.level.key,
        name=str(content.level.name),
        rank=content.level.rank,
        key_width=width,
        parents=tuple(dict.fromkeys(rule.level for rule in content.parents)),
    )
    table_out = AreaTable(
        level=level,
        keys=layer.keys,
        names=tuple(r.name for r in rows),
        geometries=tuple(r.geometry for r in rows),
        crs=target_crs if located else None,
        parents=parents,
        valid_from=tuple(r.valid_from for r in rows),
        valid_to=tuple(r.valid_to for r in rows),
    )
    return MappedAreas(table_out, tuple(issues))


@dataclass(frozen=True)
class _Row:
    key: str
    name: str
    geometry: Any
    valid_from: date | None
    valid_to: date | None
    parents: Mapping[str, str]
    row: int
    table: RawTable


def _listed(content: AreasContent) -> AreaTable:
    return AreaTable(
        level=Level(
            content.level.key,
            str(content.level.name),
            content.level.rank,
            content.level.key_width or _common_width([a.key for a in content.list]),
            tuple(dict.fromkeys(level for a in content.list for level in a.parents)),
        ),
        keys=tuple(a.key for a in content.list),
        names=tuple(a.name for a in content.list),
        geometries=(None,) * len(content.list),
        crs=None,
        parents=tuple(a.parents for a in content.list),
        valid_from=(None,) * len(content.list),
        valid_to=(None,) * len(content.list),
    )


def _common_width(keys: Sequence[str]) -> int | None:
    widths = {len(key) for key in keys}
    return widths.pop() if len(widths) == 1 else None


def _part(layer: Layer, chosen: list[int]) -> Layer:
    return Layer(
        tuple(layer.keys[i] for i in chosen),
        layer.geometries[chosen],
        tuple(layer.rows[i] for i in chosen),
        layer.table,
    )


def _read_rows(
    content: AreasContent, table: RawTable, target_crs: str | None, issues: list[Issue]
) -> list[_Row]:
    assert content.key is not None
    named = [content.key.column, content.name.column if content.name else None]
    named += [rule.column for rule in content.parents]
    present = [check_column(table, c, issues) for c in named if c is not None]
    if not all(present):
        return []
    chosen = np.flatnonzero(chosen_rows(table, content.only, content.ignore, issues)).tolist()
    cells = table.column(content.key.column) if content.key.column else ("",) * len(table)
    keys = [apply_key_rule(content.key, cells[i]) for i in chosen]
    for i, key in zip(chosen, keys, strict=True):
        if not key:
            issues.append(
                Issue(
                    "area-empty",
                    Severity.ERROR,
                    _("The area key is empty."),
                    **place(table, i, content.key.column),
                    repair=_("Enter the key, or leave this row out in the recipe."),
                )
            )
    shapes = _shapes(content, table, keys, chosen, target_crs, issues)
    starts = _days(content.valid_from, table, chosen, issues)
    ends = _days(content.valid_to, table, chosen, issues)
    return [
        _Row(
            key=key,
            name=_name(content, table, i) or key,
            geometry=shapes[n],
            valid_from=starts[n],
            valid_to=ends[n],
            parents=given_parents(content.parents, table, i, key),
            row=i,
            table=table,
        )
        for n, (i, key) in enumerate(zip(chosen, keys, strict=True))
        if key
    ]


def _name(content: AreasContent, table: RawTable, row: int) -> str:
    rule = content.name
    if rule is None or rule.column is None:
        return ""
    text = clean_key(table.column(rule.column)[row])
    return rule.map.get(text, text)


def _days(
    rule: DateRule | None, table: RawTable, rows: list[int], issues: list[Issue]
) -> list[date | None]:
    """Validity dates; an empty cell is unbounded and no finding."""
    if rule is None:
        return [None] * len(rows)
    if rule.column is None or not check_column(table, rule.column, issues):
        return [DateReader(rule).of_table(table)[0]] * len(rows)
    cells = table.column(rule.column)
    filled = [i for i in rows if cells[i].strip()]
    coded = DateReader(rule).code(table, np.array(filled, dtype=np.int64), issues)
    days = {
        i: coded.labels[code]
        for i, code in zip(filled, coded.codes.tolist(), strict=True)
        if code >= 0
    }
    return [days.get(i) for i in rows]


def given_parents(
    rules: Sequence[ParentRule], table: RawTable, row: int, key: str
) -> dict[str, str]:
    found = {}
    for rule in rules:
        if rule.spatial:
            continue
        text = key if rule.from_key else (table.column(rule.column)[row] if rule.column else "")
        parent = apply_key_rule(rule, text)
        if parent:
            found[rule.level] = parent
    return found


def _shapes(
    content: AreasContent,
    table: RawTable,
    keys: Sequence[str],
    chosen: list[int],
    target_crs: str | None,
    issues: list[Issue],
) -> list[Any]:
    if table.geometries is None:
        return [None] * len(chosen)
    source = layer_crs(content, table)
    if source is None or boundaries.parse_crs(source) is None:
        issues.append(missing_crs(table, source))
        return [None] * len(chosen)
    shapes = np.array([table.geometries[i] for i in chosen], dtype=object)
    layer = boundaries.repair(Layer(tuple(keys), shapes, tuple(chosen), table), issues)
    if target_crs is None:
        return list(layer.geometries)
    return list(boundaries.reproject(layer.geometries, source, target_crs))


def missing_crs(table: RawTable, text: str | None) -> Issue:
    return Issue(
        "crs-missing",
        Severity.ERROR,
        _("The layer does not say which coordinate reference system it uses.")
        if text is None
        else _("The coordinate reference system of the layer is not understood."),
        **place(table),
        value=text[:200] if text else None,
        repair=_(
            "State it in the recipe (crs: EPSG:25832 for UTM 32 N), or deliver the .prj file of "
            "the Shapefile as well."
        ),
    )


def _join_pieces(rows: list[_Row], issues: list[Issue]) -> list[_Row]:
    """Areas that a layer gives in several rows (islands) become one; other repeats are errors."""
    groups: dict[tuple[str, date | None, date | None], list[_Row]] = {}
    for row in rows:
        groups.setdefault((row.key, row.valid_from, row.valid_to), []).append(row)
    result = []
    for (key, _start, _end), same in groups.items():
        first = same[0]
        if len(same) > 1 and _listed_again(same):
            same = same[:1]
        if len(same) > 1:
            shapes = [r.geometry for r in same if r.geometry is not None]
            if len(shapes) == len(same) and len({r.name for r in same}) == 1:
                first = replace(first, geometry=shapely.union_all(shapes))
                severity, code = Severity.INFO, "area-in-pieces"
                text = _("The area {key} stands in {count} rows; its pieces were joined.")
                mend = None
            else:
                severity, code = Severity.ERROR, "area-twice"
                text = _("The area key {key} stands in {count} rows.")
                mend = _("Correct the key, or give the rows validity dates.")
            issues.append(
                Issue(
                    code,
                    severity,
                    text.format(key=key, count=len(same)),
                    **place(same[1].table, same[1].row),
                    value=key,
                    repair=mend,
                    count=len(same),
                )
            )
        result.append(first)
    return result


def _listed_again(same: Sequence[_Row]) -> bool:
    """A table of numbers names each area in many rows; only layers give shapes."""
    return all(r.table.geometries is None for r in same) and (
        len({(r.name, tuple(sorted(r.parents.items()))) for r in same}) == 1
    )


def _parents(
    content: AreasContent,
    rows: list[_Row],
    layer: Layer,
    context: ImportContext,
    earlier: Mapping[str, AreaTable],
    issues: list[Issue],
) -> tuple[Mapping[str, str], ...]:
    found = [dict(r.parents) for r in rows]
    for rule in content.parents:
        if rule.level == CITY:
            continue
        keys, shapes = _upper(rule.level, context, earlier)
        if rule.spatial:
            if not any(g is not None for g in shapes):
                issues.append(
                    Issue(
                        "parent-level-missing",
                        Severity.ERROR,
                        _("The level {level} that areas are to lie in has no boundaries.").format(
                            level=_level_name(rule.level, context, earlier)
                        ),
                        **place(layer.table),
                        repair=_("Import its boundaries first or in the same step."),
                    )
                )
                continue
            hits = boundaries.spatial_parents(
                layer, _level_name(rule.level, context, earlier), keys, shapes, issues
            )
            for own, hit in zip(found, hits, strict=True):
                if hit is not None:
                    own[rule.level] = hit
        elif keys:
            name = _level_name(rule.level, context, earlier)
            _check_given(rule.level, name, found, rows, set(keys), issues)
    return tuple(found)


def _level_name(level: str, context: ImportContext, earlier: Mapping[str, AreaTable]) -> str:
    return level_name(level, (t.level for t in earlier.values()), context.areas.levels)


def _upper(
    level: str, context: ImportContext, earlier: Mapping[str, AreaTable]
) -> tuple[Sequence[str], Sequence[Any]]:
    if level in earlier:
        return earlier[level].keys, earlier[level].geometries
    areas = context.areas.at(level)
    return [a.key for a in areas], [a.geometry for a in areas]


def _check_given(
    level: str,
    name: str,
    found: list[dict[str, str]],
    rows: list[_Row],
    known: set[str],
    issues: list[Issue],
) -> None:
    wrong = [i for i, own in enumerate(found) if own.get(level) not in known]
    if not wrong:
        return
    first = rows[wrong[0]]
    issues.append(
        Issue(
            "parent-unknown",
            Severity.ERROR,
            _("{count} areas name a parent that the level {level} does not have, e.g. {key}.")
            .format(count=len(wrong), level=name, key=found[wrong[0]].get(level) or "–"),
            **place(first.table, first.row),
            value=found[wrong[0]].get(level),
            repair=_("Correct the rule for the parent in the recipe."),
            count=len(wrong),
        )
    )  # fmt: skip
