"""Text tables: CSV of any dialect, also .txt and .tsv, also gzip; whole or in chunks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import layout, source
from monitor_app.exchange.dialect import NAMES, SEPARATORS, Dialect, detect_dialect, stated_separator
from monitor_app.exchange.encoding import FALLBACK, Encoding, detect_encoding, encoding_issues
from monitor_app.exchange.numbers import prove_decimal
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable

FORMAT = "csv"
#: Lines that the search for dialect and header looks at (from the top, and spread below).
TOP, SPREAD = 2000, 8000
LISTED = 20
#: A cell larger than this comes from a quotation mark that is never closed.
CELL_LIMIT = 1 << 24

csv.field_size_limit(CELL_LIMIT)


@dataclass(frozen=True)
class TextPlan:
    """Everything found out about a text table before its rows are read."""

    path: Path
    source: SourceFile
    encoding: Encoding
    dialect: Dialect
    skip: int  # lines before the first one (``sep=;``)
    head: layout.Layout
    head_line: int  # line of the file where the header ends
    before: tuple[str, ...]
    width: int
    decimal: str | None
    issues: tuple[Issue, ...]


def sniff(path: Path) -> float:
    """0.5 for anything that looks like text: other formats are recognised by their signature."""
    raw = source.head(path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 0.6
    if b"\0" in raw:
        return 0.4 if detect_encoding([raw]).name.startswith("utf-16") else 0.0
    control = sum(raw.count(bytes([b])) for b in (*range(1, 9), 14, 15, 16, 17, 18))
    return 0.5 if control * 100 < len(raw) else 0.0


@contextmanager
def _open_text(path: Path, encoding: Encoding) -> Iterator[IO[str]]:
    try:
        with closing(source.open_bytes(path)) as raw:
            text = io.TextIOWrapper(raw, encoding.name, encoding.errors, newline="")
            try:
                yield text
            finally:
                text.detach()
    except UnicodeError as error:
        raise fail(
            "encoding-wrong",
            _("“{name}” is not written in the encoding {encoding}.").format(
                name=path.name, encoding=encoding.name),
            file=path.name, repair=_("Let the encoding be detected, or choose another one."),
        ) from error  # fmt: skip
    except (EOFError, OSError) as error:
        raise (source.unreadable(path, error) if isinstance(error, OSError)
               else source.damaged(path)) from error  # fmt: skip


def examine(path: Path, options: ReadOptions, progress: Progress) -> TextPlan:
    """Encoding from all bytes; separator, header and decimal mark from lines of all parts."""
    described = source.describe(path, progress.part(0.0, 0.1))
    if options.encoding:
        encoding = Encoding(options.encoding)
    else:
        encoding = detect_encoding(_stepped(source.blocks(path), progress))
    lines, total = _sample(path, encoding, progress)
    if not any(line.strip() for line in lines):
        raise fail(
            "file-empty", _("“{name}” has no rows.").format(name=path.name), file=path.name,
            repair=_("Ask for the delivery again or export it anew."),
        )  # fmt: skip
    stated = stated_separator(lines[0])
    skip = 1 if stated else 0
    dialect = detect_dialect(lines[skip:], options.separator or stated, options.quote)
    if dialect is None:
        raise _no_table(path, options)
    rows = [r for r in csv.reader(lines[skip : skip + TOP], **dialect.csv_options)]  # type: ignore[call-overload]
    plan_issues = encoding_issues(encoding, path.name)
    return _plan(path, described, encoding, dialect, skip, rows, lines, plan_issues, options)


def _stepped(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for block in blocks:
        progress.step()
        yield block


def _no_table(path: Path, options: ReadOptions) -> Exception:
    tried = (options.separator,) if options.separator else SEPARATORS
    return fail(
        "no-separator",
        _("“{name}” is not a table: no separator ({tried}) gives at least two columns.").format(
            name=path.name, tried=" ".join(NAMES.get(s, s) for s in tried)),
        file=path.name, row=1,
        repair=_("Check the file in a text editor; state its separator if it is another one."),
    )  # fmt: skip


def _sample(path: Path, encoding: Encoding, progress: Progress) -> tuple[list[str], int]:
    """The first lines and lines spread evenly over the rest; number of all lines."""
    with _open_text(path, encoding) as text:
        lines = list(islice(text, TOP))
        count = len(lines)
        step, kept = 1, []  # every step-th line; thinned out when there are too many
        for line in text:
            if count % step == 0:
                kept.append(line)
                if len(kept) > SPREAD:
                    kept = kept[::2]
                    step *= 2
                    progress.step()
            count += 1
    return lines + kept, count


def _plan(
    path: Path, described: SourceFile, encoding: Encoding, dialect: Dialect, skip: int,
    rows: list[list[str]], lines: list[str], issues: list[Issue], options: ReadOptions,
) -> TextPlan:  # fmt: skip
    numbers = _line_numbers(lines[skip : skip + TOP], dialect, skip)
    wanted: int | None = None
    if options.header_row is not None:
        wanted = -1 if options.header_row == 0 else _position(numbers, options.header_row)
    head = layout.find_head(rows, wanted)
    if head is None:
        raise _no_table(path, options)
    width = max(dialect.width, len(head.header))
    above = tuple(
        " ".join(c.strip() for c in rows[i] if c.strip())
        for i in (*range(head.top), *head.units) if layout.filled(rows[i])
    )  # fmt: skip
    line = numbers[head.start - 1] if head.start else skip
    issues += head_issues(head, path.name, None, numbers[head.top] if numbers else 1, above)
    spread = rows[head.start :] + list(csv.reader(lines[skip + TOP :], **dialect.csv_options))  # type: ignore[call-overload]
    columns = [[r[j] for r in spread if len(r) > j] for j in range(width)]
    return TextPlan(
        path, described, encoding, dialect, skip, head, line, above, width,
        prove_decimal(columns), tuple(issues),
    )  # fmt: skip


def _position(numbers: Sequence[int], line: int) -> int:
    return next((i for i, n in enumerate(numbers) if n >= line), 0)


def _line_numbers(lines: list[str], dialect: Dialect, skip: int) -> list[int]:
    """Line of the file where each row starts (rows with line breaks inside cells are longer)."""
    reader = csv.reader(lines, **dialect.csv_options)  # type: ignore[call-overload]
    starts, line = [], 1
    for _row in reader:
        starts.append(line + skip)
        line = reader.line_num + 1
    return starts


def head_issues(
    head: layout.Layout, file: str, sheet: str | None, row: int, above: tuple[str, ...]
) -> list[Issue]:
    """What was recognised around the header."""
    found = []
    if head.headless:
        found.append(Issue(
            "header-missing", Severity.WARNING,
            _("The table has no header line; its columns are called column_1, column_2 …"),
            file, sheet, row, repair=_("Check the columns in the preview."),
        ))  # fmt: skip
    if above:
        found.append(Issue(
            "header-found", Severity.INFO,
            _("The header is in line {row}; lines above or below it that are no data: {count}.")
            .format(row=row, count=len(above)), file, sheet, row, count=len(above),
        ))  # fmt: skip
    return found


def read(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """The whole file as one table."""
    plan = examine(path, options, progress.part(0.0, 0.3))
    with source.unchanged(path):
        rows, numbers, ended = _all_rows(plan, progress.part(0.3, 0.8))
    end = layout.find_tail(rows, 0, plan.width, padded=False)
    after = tuple(" ".join(c.strip() for c in r if c.strip()) for r in rows[end:] if layout.filled(r))
    table = _table(plan, rows[:end], numbers[:end], after, first=True)
    columns = [c for c in table.columns]
    issues = list(table.issues)
    if not ended and end == len(rows) and rows and len(rows[-1]) < plan.width:
        issues.append(Issue(
            "file-cut", Severity.WARNING,
            _("The last line is incomplete: the file may have been cut off."), path.name,
            row=numbers[-1], repair=_("Copy or export the file again."),
        ))  # fmt: skip
    progress.step(1.0)
    return (replace(table, decimal=prove_decimal(columns), issues=tuple(issues)),)


def _rows(plan: TextPlan, text: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header with the line where each starts; blank rows are left out."""
    for _skipped in range(plan.head_line):
        next(text, None)
    strict = {**plan.dialect.csv_options, "strict": False}
    reader = csv.reader(text, **strict)  # type: ignore[call-overload]
    base = plan.head_line + 1
    line = 0
    try:
        for row in reader:
            if row:
                yield base + line, row
            line = reader.line_num
    except csv.Error as error:
        raise _open_quote(plan.path, base + line) from error


def _open_quote(path: Path, line: int) -> Exception:
    return fail(
        "quote-open",
        _("The quotation mark opened in line {line} is never closed.").format(line=line),
        file=path.name, row=line,
        repair=_("Add the missing quotation mark or remove the one that does not belong there."),
    )  # fmt: skip


def _all_rows(plan: TextPlan, progress: Progress) -> tuple[list[list[str]], list[int], bool]:
    rows: list[list[str]] = []
    numbers: list[int] = []
    for part_numbers, part_rows in _parts(plan, 50_000):
        numbers += part_numbers
        rows += part_rows
        progress.step(None)
    with closing(source.open_bytes(plan.path)) as stream:
        ended = _ends_with_newline(stream)
    return rows, numbers, ended


def _ends_with_newline(stream: IO[bytes]) -> bool:
    if not hasattr(stream, "fileno") or not stream.seekable() or hasattr(stream, "mtime"):
        return True  # compressed: not worth a second pass, a cut file fails its checksum
    stream.seek(-1, io.SEEK_END)
    return stream.read(1) in (b"\n", b"\r", b"\0")


def _parts(plan: TextPlan, size: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    with _open_text(plan.path, plan.encoding) as text:
        rows = _rows(plan, text)
        while part := list(islice(rows, size)):
            yield [n for n, _r in part], [r for _n, r in part]


def _table(
    plan: TextPlan, rows: list[list[str]], numbers: list[int], after: tuple[str, ...], *, first: bool
) -> RawTable:
    """Columns from rows; rows that are too short or too long are mended and reported."""
    width = len(plan.head.header)
    issues = list(plan.issues) if first else []
    lengths = set(map(len, rows))
    if lengths - {width}:
        rows, found = _even(rows, numbers, width, plan)
        issues += found
        width = max(width, plan.width)
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    header = (*plan.head.header, *[""] * (len(columns) - len(plan.head.header)))
    used = [any(cell.strip() for cell in column) for column in columns]
    if not first:
        used = [u or bool(h) for u, h in zip(used, header, strict=True)]
    names, kept, found = layout.name_columns(
        header, used, file=plan.path.name, sheet=None, row=plan.head_line or 1
    )
    issues += found if first else []
    return RawTable(
        plan.source, "", names, tuple(columns[j] for j in kept), tuple(numbers), plan.before,
        after, plan.encoding.name, plan.dialect.separator, plan.decimal, issues=tuple(issues),
    )  # fmt: skip


def _even(
    rows: list[list[str]], numbers: list[int], width: int, plan: TextPlan
) -> tuple[list[list[str]], list[Issue]]:
    """All rows as wide as the table. Cells beyond it are kept only where they are blank."""
    full = max(width, plan.width)
    short, long = [], []
    even = []
    for number, row in zip(numbers, rows, strict=True):
        n = len(row)
        if n > full:
            if any(c.strip() for c in row[full:]):
                long.append(number)
            row = row[:full]
        elif n < full:
            if n < width:
                short.append(number)
            row = row + [""] * (full - n)
        even.append(row)
    issues = []
    if long:
        issues.append(Issue(
            "row-too-long", Severity.ERROR,
            _("Rows with more cells than the header: {count} (lines {lines}). Their cells may be in"
              " the wrong column.").format(count=len(long), lines=_shown(long)),
            plan.path.name, row=long[0], count=len(long),
            repair=_("Look for a separator inside a text and put that text in quotation marks."),
        ))  # fmt: skip
    if short:
        issues.append(Issue(
            "row-too-short", Severity.WARNING,
            _("Rows with fewer cells than the header: {count} (lines {lines}). The missing cells"
              " count as empty.").format(count=len(short), lines=_shown(short)),
            plan.path.name, row=short[0], count=len(short),
            repair=_("Look for a line break inside a text, or ask for a complete delivery."),
        ))  # fmt: skip
    return even, issues


def _shown(lines: list[int]) -> str:
    text = ", ".join(str(n) for n in lines[:LISTED])
    return f"{text} …" if len(lines) > LISTED else text


def read_chunks(
    path: Path, rows: int, options: ReadOptions, progress: Progress
) -> Iterator[RawTable]:
    """The file in tables of at most ``rows`` rows, for files too large to be held in memory.

    All chunks have the same columns. Findings about the file come with the first chunk, footnotes
    with the last one.
    """
    plan = examine(path, options, progress.part(0.0, 0.2))
    done = 0
    held: tuple[list[int], list[list[str]]] | None = None
    first = True
    with source.unchanged(path):
        for part in _parts(plan, rows):
            if held is not None:
                yield _chunk(plan, held, first=first, last=False)
                first = False
            held = part
            done += len(part[0])
            progress.step(None, _("{count} rows read").format(count=done))
    if held is not None:
        yield _chunk(plan, held, first=first, last=True)


def _chunk(
    plan: TextPlan, part: tuple[list[int], list[list[str]]], *, first: bool, last: bool
) -> RawTable:
    numbers, rows = part
    after: tuple[str, ...] = ()
    if last:
        end = layout.find_tail(rows, 0, plan.width, padded=False)
        after = tuple(" ".join(c for c in r if c) for r in rows[end:] if layout.filled(r))
        numbers, rows = numbers[:end], rows[:end]
    return _table(plan, rows, numbers, after, first=first)


__all__ = ["FALLBACK", "FORMAT", "TextPlan", "examine", "read", "read_chunks", "sniff"]


def _unused(_: Any) -> None: ...
