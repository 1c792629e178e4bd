"""From a raw table to its long form: one entry per number, with the position in every dimension.

Only distinct texts are interpreted, so a column of a million cells with 24 dates is parsed 24
times. Nothing is dropped here: what is not understood keeps the code -1 and an issue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.areas import CITY
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange import interpret
from monitor_app.exchange.birth_years import ages_at
from monitor_app.exchange.coded import (
    TOTAL,
    Coded,
    Codes,
    check_column,
    chosen_rows,
    code_column,
    place,
)
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.interpret import Interpreter
from monitor_app.exchange.keys import match_keys
from monitor_app.exchange.label_set import LabelPlace
from monitor_app.exchange.recipe_model import (
    AgeRule,
    CodeRule,
    FactContent,
    KeyRule,
    NumberRule,
    ValueColumn,
)
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells

_COORDINATES = ("area", "date", "sex", "group", "partner", "age")


@dataclass
class LongPart:
    """The numbers of one table for one content. ``row`` is the position in the table (not the
    line), ``column`` the position in its header."""

    table: RawTable
    dims: dict[str, Coded]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    row: Codes
    column: Codes
    issues: list[Issue] = field(default_factory=list)


class LongReader:
    """Turns tables into long parts by one content of a recipe.

    ``known`` are the area keys of the content's level, empty where the level is not known yet.
    """

    def __init__(
        self, content: FactContent, numbers: NumberRule, known: Sequence[str] = ()
    ) -> None:
        self.content = content
        self.numbers = numbers
        self.known = tuple(known)

    def read(self, table: RawTable) -> LongPart:
        """The numbers of a table; none where the table cannot be used (see its issues)."""
        issues: list[Issue] = []
        content = self.content
        columns = self._value_columns(table, issues)
        mask = chosen_rows(table, content.only, content.ignore, issues)
        rows = np.flatnonzero(mask).astype(np.int64)
        dims = self.row_dimensions(table, rows, columns, issues)
        if any(i.severity is Severity.ERROR and i.code == "column-missing" for i in issues):
            columns = []
        part = self._combine(table, rows, dims, columns, issues)
        part.issues = issues
        return part

    def _value_columns(
        self, table: RawTable, issues: list[Issue]
    ) -> list[tuple[int, dict[str, Any], float]]:
        """(position in the header, fixed coordinates, sign) of every column with numbers."""
        columns: list[tuple[int, float]] = []
        texts: dict[int, dict[str, str]] = {}
        for rule in self.content.values:
            for position, groups in self._matching(table, rule, issues):
                own = {dim: getattr(rule, dim) for dim in _COORDINATES}
                texts[len(columns)] = {d: _fill(t, groups) for d, t in own.items() if t is not None}
                columns.append((position, -1.0 if rule.subtract else 1.0))
        fixed = self._coordinates(table, texts, issues)
        return [(position, fixed[i], sign) for i, (position, sign) in enumerate(columns)]

    def _matching(
        self, table: RawTable, rule: ValueColumn, issues: list[Issue]
    ) -> list[tuple[int, tuple[str, ...]]]:
        if rule.column is not None:
            if not check_column(table, rule.column, issues):
                return []
            return [(table.header.index(rule.column), (rule.column,))]
        assert rule.pattern is not None
        hits = []
        for position, header in enumerate(table.header):
            match = re.fullmatch(rule.pattern, header.strip())
            if match:
                hits.append((position, (match.group(0), *match.groups(""))))
        if not hits:
            issues.append(
                Issue(
                    "column-missing",
                    Severity.ERROR,
                    _("No column of the file matches the pattern {pattern} of the recipe.").format(
                        pattern=rule.pattern
                    ),
                    **place(table),
                    repair=_("Columns of the file: {columns}").format(
                        columns=", ".join(h for h in table.header if h)[:300]
                    ),
                )
            )
        return hits

    def _coordinates(
        self, table: RawTable, texts: dict[int, dict[str, str]], issues: list[Issue]
    ) -> dict[int, dict[str, Any]]:
        """Labels of the coordinates that stand in headers, one dimension at a time: the headers
        of a dimension explain each other (``0-3``, ``3-6``)."""
        found: dict[int, dict[str, Any]] = {i: {} for i in texts}
        for dim in dict.fromkeys(d for own in texts.values() for d in own):
            distinct = list(dict.fromkeys(own[dim] for own in texts.values() if dim in own))
            meaning, issued = self._interpreter(dim)(
                distinct, LabelPlace("", table.source.name, table.name or None)
            )
            issues.extend(issued)
            for i, own in texts.items():
                if dim in own:
                    found[i][dim] = meaning[own[dim]]
        return found

    def _interpreter(self, dim: str) -> Interpreter:
        content = self.content
        if dim == "age":
            return interpret.ages(content.age)
        if dim == "sex":
            return interpret.sexes(content.sex)
        if dim == "date":
            return DateReader(content.date).understand
        if dim == "area":
            return interpret.areas(content.area)
        rule = content.group if dim == "group" else content.partner
        return interpret.codes(rule, dimension_name(dim))

    def row_dimensions(
        self,
        table: RawTable,
        rows: Codes,
        columns: list[tuple[int, dict[str, Any], float]],
        issues: list[Issue],
    ) -> dict[str, Coded]:
        content = self.content
        n = len(rows)
        wide = set.intersection(*(set(c) for _p, c, _s in columns)) if columns else set()
        dims: dict[str, Coded] = {}
        if "area" not in wide:
            dims["area"] = self._areas(table, rows, content.area, issues)
        if "date" not in wide:
            dims["date"] = DateReader(content.date).code(table, rows, issues)
        rules: dict[str, CodeRule | None] = {
            "sex": content.sex,
            "group": content.group,
            "partner": content.partner,
            "age": content.age,
        }
        for dim, rule in rules.items():
            if rule is None or dim in wide:
                continue
            if rule.fixed is not None:
                meaning, found = self._interpreter(dim)((rule.fixed,), LabelPlace())
                issues.extend(found)
                dims[dim] = Coded.constant(meaning[rule.fixed], n)
            elif rule.sheet is not None:
                text = _in_sheet(rule.sheet, table.name)
                where = LabelPlace("", table.source.name, table.name or None)
                meaning, found = self._interpreter(dim)((text,), where)
                issues.extend(found)
                dims[dim] = _said_by_sheet(meaning[text], n)
            elif isinstance(rule, AgeRule) and rule.birth_year and rule.column is not None:
                if check_column(table, rule.column, issues):
                    dims[dim] = ages_at(table, rule.column, rows, dims["date"], issues)
            elif rule.column is not None and check_column(table, rule.column, issues):
                dims[dim] = code_column(table, rule.column, rows, self._interpreter(dim), issues)
        if content.partner_key is not None:
            dims["partner"] = self._areas(table, rows, content.partner_key, issues)
        return dims

    def _areas(
        self, table: RawTable, rows: Codes, rule: KeyRule | None, issues: list[Issue]
    ) -> Coded:
        n = len(rows)
        if rule is None or rule.fixed is not None:
            return Coded.constant(CITY if rule is None else rule.fixed, n)
        if rule.column is None or not check_column(table, rule.column, issues):
            return Coded(np.full(n, -1, dtype=np.int64), (), np.zeros(n, dtype=np.int64))
        coded = code_column(table, rule.column, rows, interpret.areas(rule), issues)
        if not self.known:
            return coded
        match = match_keys(coded.labels, self.known)
        if match.repaired:
            first = match.repaired[0]
            row = int(rows[int(np.flatnonzero(coded.codes == first)[0])])
            issues.append(
                Issue(
                    "keys-repaired",
                    Severity.INFO,
                    _(
                        "{count} area keys were written differently than in the boundaries and "
                        "were adapted, e.g. {before} to {after}."
                    ).format(
                        count=len(match.repaired), before=match.raw[first], after=match.keys[first]
                    ),
                    **place(table, row, rule.column),
                    value=match.raw[first],
                    count=len(match.repaired),
                )
            )
        return Coded(coded.codes, match.keys, coded.raw)

    def _combine(
        self,
        table: RawTable,
        rows: Codes,
        dims: dict[str, Coded],
        columns: list[tuple[int, dict[str, Any], float]],
        issues: list[Issue],
    ) -> LongPart:
        n, k = len(rows), len(columns)
        values = np.full(n * k, np.nan)
        status = np.zeros(n * k, dtype=np.uint8)
        for j, (position, _c, sign) in enumerate(columns):
            part = slice(j * n, (j + 1) * n)
            numbers, status[part] = convert_cells(table, position, rows, self.numbers, issues)
            values[part] = numbers * sign
        named = dict.fromkeys(d for _p, c, _s in columns for d in c)
        combined: dict[str, Coded] = {}
        for dim in dict.fromkeys([*dims, *named]):
            combined[dim] = _spread(dims.get(dim), [c.get(dim) for _p, c, _s in columns], n)
        column = np.repeat(np.array([p for p, _c, _s in columns], dtype=np.int64), n)
        return LongPart(table, combined, values, status, np.tile(rows, k), column)


def _spread(base: Coded | None, fixed: list[Any], n: int) -> Coded:
    """One dimension for all value columns: from the rows, or fixed by the column."""
    labels: dict[Any, int] = {label: i for i, label in enumerate(dict.fromkeys(base.labels))} \
        if base is not None else {}  # fmt: skip
    if base is not None:
        own = np.array([labels[x] for x in base.labels] + [TOTAL, -1], dtype=np.int64)[base.codes]
        raw_base = base.raw
    else:
        own = np.full(n, -1, dtype=np.int64)
        raw_base = np.full(n, -1, dtype=np.int64)
    codes, raws = [], []
    for label in fixed:
        if label is None:
            codes.append(own)
            raws.append(raw_base)
        else:
            codes.append(np.full(n, labels.setdefault(label, len(labels)), dtype=np.int64))
            raws.append(np.zeros(n, dtype=np.int64))
    empty = np.zeros(0, dtype=np.int64)
    return Coded(
        np.concatenate(codes) if codes else empty,
        tuple(labels),
        np.concatenate(raws) if raws else empty,
    )


def _in_sheet(pattern: str, name: str) -> str:
    match = re.search(pattern, name)
    if match is None:
        return name
    return match.group(1) if match.re.groups else match.group(0)


def _said_by_sheet(label: Any, rows: int) -> Coded:
    """One label for all rows of a sheet; a sheet that sums others is left out."""
    if label is not None:
        return Coded.constant(label, rows)
    zeros = np.zeros(rows, dtype=np.int64)
    return Coded(np.full(rows, TOTAL, dtype=np.int64), (), zeros)


def _fill(text: str, groups: tuple[str, ...]) -> str:
    for i, group in enumerate(groups):
        text = text.replace("{" + str(i) + "}", group)
    return text


def dimension_name(dim: str) -> str:
    return {
        "area": _("area key"),
        "date": _("date"),
        "sex": _("sex"),
        "group": _("group"),
        "partner": _("origin or destination"),
        "age": _("age"),
    }[dim]
