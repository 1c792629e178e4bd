"""Text tables: CSV of any dialect, also .txt and .tsv, also gzip; whole or in chunks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import layout, source
from monitor_app.exchange.encoding import detect_encoding
from monitor_app.exchange.numbers import prove_decimal
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.text_plan import TextPlan, examine, open_text

FORMAT = "csv"
#: So many lines are named in one finding.
LISTED = 20
#: A cell larger than this comes from a quotation mark that is never closed.
CELL_LIMIT = 1 << 24
#: Rows read between two looks at the cancel button.
STRIDE = 20_000

csv.field_size_limit(CELL_LIMIT)


@dataclass
class _Rows:
    """Rows below the header with the line where each starts; blank lines are left out."""

    plan: TextPlan
    text: IO[str]
    multiline: list[int] = field(default_factory=list)  # lines of rows with line breaks in cells
    last: tuple[int, list[str]] | None = None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for _skipped in range(self.plan.head_line):
            next(self.text, None)
        reader = self.plan.dialect.reader(self.text)
        start = self.plan.head_line + 1
        line = 0
        item = None
        try:
            for row in reader:
                if row:
                    item = (start + line, row)
                    yield item
                if reader.line_num - line > 1:
                    self.multiline.append(start + line)
                line = reader.line_num
        except csv.Error as error:
            raise _open_quote(self.plan.path, start + line) from error
        self.last = item


def sniff(path: Path) -> float:
    """0.5 for anything that looks like text: other formats are recognised by their signature."""
    raw = source.head(path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 0.6
    if b"\0" in raw:
        return 0.4 if detect_encoding([raw]).name.startswith("utf-16") else 0.0
    control = sum(raw.count(bytes([b])) for b in (*range(1, 9), *range(14, 27), 28, 29, 30, 31))
    return 0.5 if control * 100 < len(raw) else 0.0


def read(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """The whole file as one table."""
    plan = examine(path, options, progress.part(0.0, 0.3))
    lines: list[int] = []
    cells: list[list[str]] = []
    with source.unchanged(path), open_text(path, plan.encoding) as text:
        rows = _Rows(plan, text)
        for line, row in rows:
            lines.append(line)
            cells.append(row)
            if len(lines) % STRIDE == 0:
                progress.step(None, _("{count} rows read").format(count=len(lines)))
    issues = _end_issues(plan, rows)
    end = layout.find_tail(cells, 0, plan.width, padded=False)
    after = tuple(layout.joined(r) for r in cells[end:] if layout.filled(r))
    table = _table(plan, cells[:end], lines[:end], after, None)
    progress.step(0.9)
    table = replace(
        table, decimal=prove_decimal(table.columns), issues=(*plan.issues, *issues, *table.issues)
    )
    progress.step(1.0)
    return (table,)


def read_chunks(
    path: Path, rows: int, options: ReadOptions, progress: Progress
) -> Iterator[RawTable]:
    """The file in tables of at most ``rows`` rows, for files too large to be held in memory.

    All chunks have the same columns. Findings about the file come with the first chunk, those
    about its end and its footnotes with the last one.
    """
    plan = examine(path, options, progress.part(0.0, 0.2))
    columns = _kept(plan)
    done = 0
    with source.unchanged(path), open_text(path, plan.encoding) as text:
        source_rows = _Rows(plan, text)
        stream = iter(source_rows)
        following = next(stream, None)
        first = True
        while following is not None or first:
            lines: list[int] = []
            cells: list[list[str]] = []
            for line, row in islice(chain([following] if following else [], stream), rows):
                lines.append(line)
                cells.append(row)
                if len(lines) % STRIDE == 0:
                    count = _("{count} rows read").format(count=done + len(lines))
                    progress.step(None, count)
            done += len(lines)
            following = next(stream, None)
            issues = [*plan.issues, *columns.issues] if first else []
            after: tuple[str, ...] = ()
            if following is None:
                end = layout.find_tail(cells, 0, plan.width, padded=False)
                after = tuple(layout.joined(r) for r in cells[end:] if layout.filled(r))
                cells, lines = cells[:end], lines[:end]
                issues += _end_issues(plan, source_rows)
            table = _table(plan, cells, lines, after, columns)
            yield replace(table, issues=(*issues, *table.issues))
            first = False


def _open_quote(path: Path, line: int) -> UserError:
    return fail(
        "quote-open",
        _("The quotation mark opened in line {line} is never closed.").format(line=line),
        file=path.name,
        row=line,
        repair=_("Add the missing quotation mark or remove the one that does not belong there."),
    )


def _end_issues(plan: TextPlan, rows: _Rows) -> list[Issue]:
    """Findings that only the whole file allows: open quotation marks, a cut last line."""
    issues = []
    if rows.last is not None:
        line, row = rows.last
        loose = row[-1].endswith(("\n", "\r")) or (rows.multiline and rows.multiline[-1] == line)
        ended = _ends_with_newline(plan.path)
        if (loose or not ended) and _left_open(plan, line):
            raise _open_quote(plan.path, line)
        if not ended and 1 < len(row) < len(plan.head.header):
            issues.append(Issue(
                "file-cut", Severity.WARNING,
                _("The last line is incomplete: the file may have been cut off."), plan.path.name,
                row=line, repair=_("Copy or export the file again."),
            ))  # fmt: skip
    if rows.multiline:
        issues.append(Issue(
            "row-multiline", Severity.WARNING,
            _("Cells with line breaks: {count} (lines {lines}).").format(
                count=len(rows.multiline), lines=_shown(rows.multiline)),
            plan.path.name, row=rows.multiline[0], count=len(rows.multiline),
            repair=_("Check whether a quotation mark is missing in one of these lines."),
        ))  # fmt: skip
    return issues


def _left_open(plan: TextPlan, line: int) -> bool:
    with open_text(plan.path, plan.encoding) as text:
        return plan.dialect.never_closed(islice(text, line - 1, None))


def _ends_with_newline(path: Path) -> bool:
    if source.is_gzip(path):
        return True  # a cut file fails its checksum
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) in (b"\n", b"\r", b"\0")


@dataclass(frozen=True)
class _Columns:
    names: tuple[str, ...]
    kept: tuple[int, ...]
    issues: tuple[Issue, ...]


def _kept(plan: TextPlan, used: Sequence[bool] | None = None) -> _Columns:
    """Names and positions of the columns; ``used`` from all rows where they are at hand."""
    header = (*plan.head.header, *[""] * (plan.width - len(plan.head.header)))
    filled = plan.used if used is None else used
    row = max(plan.head_line, 1)
    names, kept, found = layout.name_columns(
        header, filled, file=plan.path.name, sheet=None, row=row
    )
    beyond = [j for j in kept if j >= plan.head_cells and filled[j]]
    if beyond and plan.head.names is not None:
        found.append(Issue(
            "header-short", Severity.ERROR,
            _("The header has {names} names, but the rows have {cells} cells: the columns may be"
              " shifted.").format(names=plan.head_cells, cells=max(beyond) + 1),
            plan.path.name, row=row,
            repair=_("Add the missing column name at its place in the header line."),
        ))  # fmt: skip
    return _Columns(names, kept, tuple(found))


def _table(
    plan: TextPlan, rows: list[list[str]], lines: list[int], after: tuple[str, ...],
    fixed: _Columns | None,
) -> RawTable:  # fmt: skip
    """Columns from rows; rows that are too short or too long are mended and reported."""
    issues: list[Issue] = []
    if set(map(len, rows)) - {plan.width}:
        rows, issues = _even(rows, lines, plan)
    columns = list(zip(*rows, strict=True)) if rows else [()] * plan.width
    used = [any(map(str.strip, column)) for column in columns]
    chosen = fixed or _kept(plan, used)
    late = [j for j, u in enumerate(used) if u and j not in chosen.kept]
    if late:
        issues.append(Issue(
            "column-late", Severity.ERROR,
            _("Column {number} has no name but has cells further down.").format(
                number=late[0] + 1),
            plan.path.name, row=lines[0], column=str(late[0] + 1),
            repair=_("Add the missing column name to the header line."),
        ))  # fmt: skip
    return RawTable(
        plan.source, "", chosen.names, tuple(columns[j] for j in chosen.kept), tuple(lines),
        plan.before, after, plan.encoding.name, plan.dialect.separator, plan.decimal,
        issues=(*chosen.issues, *issues) if fixed is None else tuple(issues),
    )  # fmt: skip


def _even(
    rows: list[list[str]], lines: list[int], plan: TextPlan
) -> tuple[list[list[str]], list[Issue]]:
    """All rows as wide as the table. Cells beyond it are left out only with an error."""
    full, width = plan.width, len(plan.head.header)
    short, long = [], []
    even = []
    for line, row in zip(lines, rows, strict=True):
        n = len(row)
        if n > full:
            if any(c.strip() for c in row[full:]):
                long.append(line)
            row = row[:full]
        elif n < full:
            if n < width:
                short.append(line)
            row = row + [""] * (full - n)
        even.append(row)
    return even, _ragged(plan.path.name, short, long)


def _ragged(name: str, short: list[int], long: list[int]) -> list[Issue]:
    issues = []
    if long:
        issues.append(Issue(
            "row-too-long", Severity.ERROR,
            _("Rows with more cells than the header: {count} (lines {lines}). Their cells may be in"
              " the wrong column.").format(count=len(long), lines=_shown(long)),
            name, row=long[0], count=len(long),
            repair=_("Look for a separator inside a text and put that text in quotation marks."),
        ))  # fmt: skip
    if short:
        issues.append(Issue(
            "row-too-short", Severity.WARNING,
            _("Rows with fewer cells than the header: {count} (lines {lines}). The missing cells"
              " count as empty.").format(count=len(short), lines=_shown(short)),
            name, row=short[0], count=len(short),
            repair=_("Look for a line break inside a text, or ask for a complete delivery."),
        ))  # fmt: skip
    return issues


def _shown(lines: Sequence[int]) -> str:
    text = ", ".join(str(n) for n in lines[:LISTED])
    return f"{text} …" if len(lines) > LISTED else text
