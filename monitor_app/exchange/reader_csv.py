"""Text tables: CSV of any dialect, also .txt and .tsv, also gzip; whole or in chunks."""

from __future__ import annotations

import csv
from collections import deque
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
#: Rows turned into columns at a time, and read between two looks at the cancel button.
BLOCK, STRIDE = 2_000, 20_000
#: Equal cells of a column are kept once while it has no more distinct texts than this.
SHARED = 65_536
#: Footnotes are looked for in the last rows.
TAIL = 500

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
    with source.unchanged(path), open_text(path, plan.encoding) as text:
        rows = _Rows(plan, text)
        part = _Part(plan)
        part.fill(iter(rows), None, progress, 0)
    issues = _end_issues(plan, rows)
    table = part.table(None, final=True)
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
            part = _Part(plan)
            part.fill(chain([following] if following else [], stream), rows, progress, done)
            done += len(part.lines)
            following = next(stream, None)
            issues = [*plan.issues, *columns.issues] if first else []
            if following is None:
                issues += _end_issues(plan, source_rows)
            table = part.table(columns, final=following is None)
            yield replace(table, issues=(*issues, *table.issues))
            first = False


class _Part:
    """Rows turned into columns block by block: millions of row lists at a time would keep the
    garbage collector busy for longer than the reading takes."""

    def __init__(self, plan: TextPlan) -> None:
        self.plan = plan
        self.lines: list[int] = []
        self.columns: list[list[str]] = [[] for _j in range(plan.width)]
        # Texts of each column. Millions of cells are few texts, many times over: a copy of each
        # would be most of the memory, and slow to walk through for the garbage collector.
        self.texts: list[dict[str, str] | None] = [{} for _j in range(plan.width)]
        self.first: list[list[str]] = []  # rows as read, to tell footnotes from data
        self.last: deque[list[str]] = deque(maxlen=TAIL)
        self.short: list[int] = []
        self.long: list[int] = []

    def fill(
        self, rows: Iterator[tuple[int, list[str]]], limit: int | None, steps: Progress, done: int
    ) -> None:
        """Take up to ``limit`` rows."""
        while block := list(islice(rows, self._room(limit))):
            lines, cells = zip(*block, strict=True)
            self._add(lines, cells)
            if len(self.lines) % STRIDE == 0:
                count = done + len(self.lines)
                steps.step(None, _("{count} rows read").format(count=count))

    def _room(self, limit: int | None) -> int:
        return BLOCK if limit is None else min(BLOCK, limit - len(self.lines))

    def _add(self, lines: Sequence[int], rows: Sequence[list[str]]) -> None:
        if len(self.first) < layout.SAMPLE:
            self.first += rows[: layout.SAMPLE - len(self.first)]
        self.last.extend(rows)
        if set(map(len, rows)) - {self.plan.width}:
            rows = [self._even(line, row) for line, row in zip(lines, rows, strict=True)]
        for j, cells in enumerate(zip(*rows, strict=True)):
            texts = self.texts[j]
            if texts is None:
                self.columns[j].extend(cells)
                continue
            self.columns[j].extend(map(texts.setdefault, cells, cells))
            if len(texts) > SHARED:
                self.texts[j] = None
        self.lines.extend(lines)

    def _even(self, line: int, row: list[str]) -> list[str]:
        """The row as wide as the table. Cells beyond it are left out only with an error."""
        full = self.plan.width
        if len(row) > full:
            if any(map(str.strip, row[full:])):
                self.long.append(line)
            return row[:full]
        if len(row) < len(self.plan.head.header):
            self.short.append(line)
        return row + [""] * (full - len(row))

    def _footnotes(self) -> list[list[str]]:
        """The rows at the end that are no data; they are cut off from the columns."""
        looked_at = [*self.first, *self.last]
        end = layout.find_tail(looked_at, 0, self.plan.width, padded=False)
        count = min(len(looked_at) - end, len(self.lines))
        if count:
            del self.lines[-count:]
            for column in self.columns:
                del column[-count:]
        return looked_at[len(looked_at) - count :]

    def table(self, fixed: _Columns | None, *, final: bool) -> RawTable:
        """The rows so far; ``final`` looks for footnotes, ``fixed`` are the columns of chunks."""
        plan = self.plan
        notes = self._footnotes() if final else []
        data_end = self.lines[-1] if self.lines else 0
        issues = _ragged(
            plan.path.name,
            [n for n in self.short if n <= data_end],
            [n for n in self.long if n <= data_end],
        )
        used = [any(map(str.strip, column)) for column in self.columns]
        chosen = fixed or _kept(plan, used)
        late = [j for j, u in enumerate(used) if u and j not in chosen.kept]
        if late:
            issues.append(_late(plan, late[0], self.lines[0]))
        return RawTable(
            plan.source,
            "",
            chosen.names,
            tuple(tuple(self.columns[j]) for j in chosen.kept),
            tuple(self.lines),
            plan.before,
            tuple(layout.joined(r) for r in notes if layout.filled(r)),
            plan.encoding.name,
            plan.dialect.separator,
            plan.decimal,
            issues=(*chosen.issues, *issues) if fixed is None else tuple(issues),
        )


def _late(plan: TextPlan, column: int, line: int) -> Issue:
    return Issue(
        "column-late",
        Severity.ERROR,
        _("Column {number} has no name but has cells further down.").format(number=column + 1),
        plan.path.name,
        row=line,
        column=str(column + 1),
        repair=_("Add the missing column name to the header line."),
    )


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
