"""Bridge tables (Umsteigeschlüssel): shares of old areas in new ones, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.bridges import ROUNDING, Bridge, BridgeRow
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.coded import check_column, chosen_rows, fits_sheet, place
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.mapping import KnownAreas
from monitor_app.exchange.recipe_model import BridgeContent, KeyRule, Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells


@dataclass(frozen=True)
class _Row:
    """One pair as read, and where it stands."""

    day: date
    pair: BridgeRow
    place: dict[str, Any]


def map_bridges(
    recipe: Recipe, content: BridgeContent, tables: Sequence[RawTable], known: KnownAreas
) -> tuple[tuple[Bridge, ...], tuple[Issue, ...]]:
    """One bridge per day of a reform, and everything that is wrong with the table.

    Errors: shares outside 0..1 or missing, shares of an old area that do not sum to 1, a pair
    named twice, keys that the level does not have (or not then), unreadable dates, existing
    areas that the table leaves out.
    """
    issues: list[Issue] = []
    rows: list[_Row] = []
    for table in tables:
        if fits_sheet(table, content.sheets):
            rows += _read(recipe, content, table, issues)
    if not rows and not issues:
        file = tables[0].source.name if tables else None
        issues.append(_issue("bridge-empty", _("No pair of areas was found."), {"file": file},
                             _("Check whether the recipe fits the file.")))  # fmt: skip
    days = sorted({row.day for row in rows})
    bridges = []
    for day in days:
        own = [row for row in rows if row.day == day]
        issues += _check(content.level, day, own, known)
        pairs = tuple(row.pair for row in own)
        bridges.append(Bridge(content.level, day, pairs, recipe.source))
    return tuple(bridges), tuple(issues)


def bridge_preview(
    recipe: Recipe, content: BridgeContent, table: RawTable, shown: int
) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]], tuple[Issue, ...]]:
    """Titles, the pairs of the first ``shown`` rows by position, and findings of the cells."""
    issues: list[Issue] = []
    lines = {line: i for i, line in enumerate(table.rows[:shown])}
    results = {}
    for row in _read(recipe, content, table, issues):
        if row.place["row"] in lines:
            shares = (format_number(row.pair.weights[name], 6) for name in content.weights)
            results[lines[row.place["row"]]] = (
                row.pair.from_key, row.pair.to_key, format_date(row.day), *shares,
            )  # fmt: skip
    titles = (_("old area"), _("new area"), _("valid from"))
    return (*titles, *(_share_word(name) for name in content.weights)), results, tuple(issues)


def _issue(
    code: str, message: str, where: dict[str, Any], repair: str | None = None, value: str = ""
) -> Issue:
    return Issue(code, Severity.ERROR, message, **where, repair=repair, value=value or None)


def _read(
    recipe: Recipe, content: BridgeContent, table: RawTable, issues: list[Issue]
) -> Iterator[_Row]:
    columns = [content.from_key.column, content.to_key.column, *content.weights.values()]
    present = [check_column(table, c, issues) for c in columns if c is not None]
    if not all(present):
        return
    chosen = np.flatnonzero(chosen_rows(table, content.only, content.ignore, issues))
    days = DateReader(content.date).code(table, chosen.astype(np.int64), issues)
    old, new = (_keys(rule, table, chosen.tolist()) for rule in (content.from_key, content.to_key))
    shares: dict[str, NDArray[np.float64]] = {}
    for name, column in content.weights.items():
        position = table.header.index(column)
        numbers, _status = convert_cells(
            table, position, chosen.astype(np.int64), recipe.numbers, issues
        )
        shares[name] = numbers / 100 if content.percent else numbers
    for n, row in enumerate(chosen.tolist()):
        where = place(table, row)
        if not old[n] or not new[n]:
            where["column"] = (content.to_key if old[n] else content.from_key).column
            repair = _("Enter the key, or leave this row out in the recipe.")
            issues.append(_issue("area-empty", _("The area key is empty."), where, repair))
            continue
        if _bad_share(content, table, row, {k: float(v[n]) for k, v in shares.items()}, issues):
            continue
        if days.codes[n] < 0:
            continue  # told by the reader of dates
        weights = {k: float(v[n]) for k, v in shares.items()}
        yield _Row(days.labels[days.codes[n]], BridgeRow(old[n], new[n], weights), where)


def _keys(rule: KeyRule, table: RawTable, rows: list[int]) -> list[str]:
    cells = table.column(rule.column) if rule.column is not None else ("",) * len(table)
    return [apply_key_rule(rule, cells[i]) for i in rows]


def _bad_share(
    content: BridgeContent,
    table: RawTable,
    row: int,
    shares: dict[Any, float],
    issues: list[Issue],
) -> bool:
    bad = [k for k, share in shares.items() if not -1e-12 <= share <= 1 + ROUNDING]
    for name in bad:
        column = content.weights[name]
        issues.append(
            _issue(
                "bridge-share",
                _("A share must be a number between 0 and 1."),
                place(table, row, column),
                _("Correct the cell; shares in per cent need “percent: true” in the recipe."),
                table.column(column)[row],
            )
        )
    return bool(bad)


def _check(level: str, day: date, rows: list[_Row], known: KnownAreas) -> Iterator[Issue]:
    yield from _twice(rows)
    yield from _sums(rows)
    keys = known.of(level)
    if not keys:
        yield _issue(
            "level-unknown",
            _("The project has no areas of the level “{level}”.").format(level=level),
            {"file": rows[0].place["file"]},
            _("Import the boundaries first, or together with this file."),
        )
        return
    eve = day - timedelta(days=1)
    old = frozenset(r.pair.from_key for r in rows)
    new = frozenset(r.pair.to_key for r in rows)
    sides = (
        (eve, day, [(r.pair.from_key, r) for r in rows], old, new),
        (day, eve, [(r.pair.to_key, r) for r in rows], new, old),
    )
    for when, then, named, own, other in sides:
        yield from _strangers(level, when, named, known)
        lacking = [
            key
            for key in keys
            if key not in own
            and known.exists(level, key, when)
            and (key in other or not known.exists(level, key, then))
        ]
        if lacking and known.spans.get(level):
            yield _left_out(lacking, when, rows[0].place["file"])


def _twice(rows: Iterable[_Row]) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        pair = (row.pair.from_key, row.pair.to_key)
        if pair in seen:
            yield _issue(
                "bridge-twice",
                _("The pair {old} → {new} stands in the table twice.").format(
                    old=pair[0], new=pair[1]
                ),
                row.place,
                _("Delete one of the two rows."),
            )
        seen.add(pair)


def _sums(rows: Sequence[_Row]) -> Iterator[Issue]:
    """Whoever lived in the old area must live in one of the new ones."""
    first: dict[str, _Row] = {}
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        first.setdefault(row.pair.from_key, row)
        for name, share in row.pair.weights.items():
            mark = (row.pair.from_key, name)
            sums[mark] = sums.get(mark, 0.0) + share
    for (old, name), total in sums.items():
        if abs(total - 1) > ROUNDING:
            yield _issue(
                "bridge-sum",
                _("The shares ({what}) of area {key} sum to {total} instead of 1.").format(
                    what=_share_word(name), key=old, total=format_number(total, 6)
                ),
                first[old].place,
                _("Correct the shares, or add the rows that are missing."),
                old,
            )


def _share_word(name: str) -> str:
    return {"pop": _("inhabitants"), "area": _("surface"), "dwellings": _("dwellings")}[name]


def _strangers(
    level: str, when: date, named: Sequence[tuple[str, _Row]], known: KnownAreas
) -> Iterator[Issue]:
    """Keys that the level does not have at all, or not on the day that the table says."""
    told: set[str] = set()
    have = frozenset(known.of(level))
    for key, row in named:
        if key in told:
            continue
        if key not in have:
            text = _("The level “{level}” has no area {key}.").format(level=level, key=key)
            repair = _("Correct the key, or import the boundaries of this area first.")
            yield _issue("area-unknown", text, row.place, repair, key)
        elif not known.exists(level, key, when):
            text = _("The area {key} does not exist on {date} by its dates of validity.").format(
                key=key, date=format_date(when)
            )
            repair = _("Check the date of the reform and the validity of the area.")
            yield _issue("bridge-validity", text, row.place, repair, key)
        told.add(key)


def _left_out(keys: Sequence[str], when: date, file: str | None) -> Issue:
    return Issue(
        "bridge-incomplete",
        Severity.ERROR,
        _("{count} areas that exist on {date} are missing on that side, e.g. {key}.").format(
            count=len(keys), date=format_date(when), key=keys[0]
        ),
        file=file,
        value=", ".join(keys[:20]),
        repair=_("Add a row for each area that the reform gave up, founded or changed."),
        count=len(keys),
    )
