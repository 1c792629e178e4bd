"""What must be known of a text table before its rows are read: a plan for the reader."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import layout, source
from monitor_app.exchange.dialect import (
    NAMES,
    SEPARATORS,
    Dialect,
    detect_dialect,
    stated_separator,
)
from monitor_app.exchange.encoding import Encoding, detect_encoding, encoding_issues
from monitor_app.exchange.numbers import prove_decimal
from monitor_app.exchange.source import ReadOptions

#: Lines that the search for dialect and header looks at: from the top, and spread below.
TOP, SPREAD = 2000, 8000


@dataclass(frozen=True)
class TextPlan:
    """``head_line`` is the line of the file where header and unit lines end; ``width`` the usual
    number of cells of a row; ``used[j]`` whether column j has cells in the lines looked at."""

    path: Path
    source: SourceFile
    encoding: Encoding
    dialect: Dialect
    head: layout.Layout
    head_line: int
    head_cells: int  # cells of the header line itself
    before: tuple[str, ...]
    width: int
    used: tuple[bool, ...]
    decimal: str | None
    issues: tuple[Issue, ...]


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[IO[str]]:
    """The decoded text, line ends untouched; ``UserError`` on trouble."""
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
                name=path.name, encoding=encoding.name
            ),
            file=path.name,
            repair=_("Let the encoding be detected, or choose another one."),
        ) from error
    except (EOFError, zlib.error) as error:
        raise source.damaged(path) from error
    except OSError as error:
        raise source.unreadable(path, error) from error


def examine(path: Path, options: ReadOptions, progress: Progress) -> TextPlan:
    """Encoding from all bytes; separator, header and decimal mark from lines of all parts."""
    described = source.describe(path, progress)
    if options.encoding:
        encoding = Encoding(options.encoding)
    else:
        encoding = detect_encoding(_stepped(source.blocks(path), progress))
    lines = _sample(path, encoding, progress)
    if not any(line.strip("\r\n\t ;,|") for line in lines):
        raise fail(
            "file-empty", _("“{name}” has no rows.").format(name=path.name), file=path.name,
            repair=_("Ask for the delivery again or export it anew."),
        )  # fmt: skip
    stated = stated_separator(lines[0])
    skip = 1 if stated else 0
    found = detect_dialect(lines[skip:], stated, options.quote)
    dialect = found
    issues = encoding_issues(encoding, path.name)
    if options.separator:
        dialect = detect_dialect(lines[skip:], options.separator, options.quote)
        if dialect and found and found.score > dialect.score + 0.001:
            issues.append(_doubtful(path, dialect, found))
    if dialect is None:
        raise no_table(path, options)
    return _locate(path, described, encoding, dialect, lines, skip, issues, options)


def _stepped(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for block in blocks:
        progress.step()
        yield block


def _sample(path: Path, encoding: Encoding, progress: Progress) -> list[str]:
    """The first lines, and lines spread evenly over all the rest."""
    with open_text(path, encoding) as text:
        lines = list(islice(text, TOP))
        step, kept = 1, []
        for i, line in enumerate(text):
            if i % step == 0:
                kept.append(line)
                if len(kept) > SPREAD:
                    kept = kept[::2]
                    step *= 2
                    progress.step()
    return lines + kept


def no_table(path: Path, options: ReadOptions) -> UserError:
    """The ``UserError`` for a text that no separator turns into columns."""
    tried = (options.separator,) if options.separator else SEPARATORS
    return fail(
        "no-separator",
        _("“{name}” is not a table: no separator ({tried}) gives at least two columns.").format(
            name=path.name, tried=" ".join(NAMES.get(s, s) for s in tried)
        ),
        file=path.name,
        row=1,
        repair=_("Check the file in a text editor; state its separator if it is another one."),
    )


def _doubtful(path: Path, stated: Dialect, found: Dialect) -> Issue:
    return Issue(
        "separator-doubtful",
        Severity.ERROR,
        _("The recipe states the separator “{stated}”, but “{found}” fits the file.").format(
            stated=NAMES.get(stated.separator, stated.separator),
            found=NAMES.get(found.separator, found.separator),
        ),
        path.name,
        row=1,
        repair=_("Change the separator in the recipe or leave it to detection."),
    )


def _locate(
    path: Path, described: SourceFile, encoding: Encoding, dialect: Dialect, lines: list[str],
    skip: int, issues: list[Issue], options: ReadOptions,
) -> TextPlan:  # fmt: skip
    """Find the header in the first lines and evidence in all lines at hand."""
    rows, starts, ends = numbered_rows(lines[skip : skip + TOP], dialect, skip)
    wanted: int | None = None
    if options.header_row is not None:
        wanted = _position(starts, options.header_row) if options.header_row > 0 else -1
    head = layout.find_head(rows, wanted)
    if head is None:
        raise no_table(path, options)
    above = tuple(
        layout.joined(rows[i]) for i in (*range(head.top), *head.units) if layout.filled(rows[i])
    )
    head_row = starts[head.names] if head.names is not None else skip + 1
    issues += head_issues(head, path.name, None, head_row, above)
    spread = rows[head.start :] + list(dialect.reader(lines[skip + TOP :]))
    width = max(dialect.width, len(head.header))
    columns = [[r[j] for r in spread if len(r) > j] for j in range(width)]
    return TextPlan(
        path, described, encoding, dialect, head,
        head_line=ends[head.start - 1] if head.start else skip,
        head_cells=len(rows[head.names]) if head.names is not None else width,
        before=above, width=width,
        used=tuple(any(c.strip() for c in column) for column in columns),
        decimal=prove_decimal(columns), issues=tuple(issues),
    )  # fmt: skip


def numbered_rows(
    lines: Sequence[str], dialect: Dialect, skip: int
) -> tuple[list[list[str]], list[int], list[int]]:
    """Rows with the lines of the file where each starts and ends (cells may hold line breaks)."""
    reader = dialect.reader(lines)
    rows, starts, ends = [], [], []
    line = skip
    for row in reader:
        rows.append(row)
        starts.append(line + 1)
        line = skip + reader.line_num
        ends.append(line)
    return rows, starts, ends


def _position(starts: Sequence[int], line: int) -> int:
    return next((i for i, n in enumerate(starts) if n >= line), len(starts) - 1)


def head_issues(
    head: layout.Layout, file: str, sheet: str | None, row: int, above: Sequence[str]
) -> list[Issue]:
    """What was recognised around the header."""
    found = []
    if head.names is None:
        found.append(
            Issue(
                "header-missing",
                Severity.WARNING,
                _("The table has no header line; its columns are called column_1, column_2 …"),
                file,
                sheet,
                row,
                repair=_("Check the columns in the preview."),
            )
        )
    if above:
        found.append(
            Issue(
                "header-found",
                Severity.INFO,
                _("The header is in line {row}; lines beside it that are no data: {count}.").format(
                    row=row, count=len(above)
                ),
                file,
                sheet,
                row,
                count=len(above),
            )
        )
    return found
