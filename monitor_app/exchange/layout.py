"""Where the header of a table is: titles above, header lines, unit line, footnotes below.

Works on rows of cells as text, for text files and sheets alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.number_cells import parse_cell

Row = Sequence[str]

#: Header lines that are joined at most.
HEADER_LINES = 3
#: Rows of the body that the search for the header looks at.
SAMPLE = 400
_UNIT = re.compile(
    r"(?:in )?(?:anzahl|number|%|prozent|percent|personen|persons|einwohner|je [\d. ]+\w*"
    r"|per [\d, ]+\w*|1[. ]?000|tsd\.?|mio\.?|eur|euro|€|chf|m²|m2|qm|ha|km²|km2|jahre|years"
    r"|personen je .*|einwohner je .*|einheit.*|unit.*)",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(?:[*¹²³©_]|\d\)|\(c\)|[a-z]\)|--|—|(?:daten)?quelle|source|anmerkung|hinweis|note|stand\b"
    r"|erstellt|fußnote|copyright|legende|zeichenerklärung|x ?=|\. ?=|[-–] ?=|/ ?=|… ?=)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """Positions in the rows given: header lines ``[top, start)``, data ``[start, end)``."""

    header: tuple[str, ...]
    top: int
    start: int
    end: int
    names: int | None = None  # position of the last header line; None: no header
    units: tuple[int, ...] = ()  # rows between header and data that are no data


def filled(row: Row) -> int:
    """Number of cells that are not blank."""
    return sum(1 for cell in row if cell.strip())


def extent(row: Row) -> int:
    """Position after the last cell that is not blank."""
    for i in range(len(row), 0, -1):
        if row[i - 1].strip():
            return i
    return 0


def joined(row: Row) -> str:
    """The filled cells of a row as one text (titles, footnotes)."""
    return " ".join(cell.strip() for cell in row if cell.strip())


def find_head(rows: Sequence[Row], header_row: int | None = None) -> Layout | None:
    """Locate the header in the first rows of a table; None where there is no table.

    ``header_row`` is the position of the last header line among ``rows`` (-1: no header).
    ``end`` of the result is ``len(rows)``; footnotes are searched by ``find_tail``.
    """
    width = _width(rows)
    if width == 0:
        return None
    if header_row == -1:
        return Layout(_numbered(width), 0, 0, len(rows))
    main = _first_wide(rows, width) if header_row is None else header_row
    if main is None:
        return None
    top = _upper_lines(rows, main, width)
    last = main
    if header_row is None:
        if top == main and _looks_like_data(rows, main, width):
            return Layout(_numbered(width), main, main, len(rows))
        if top < main and _named_above(rows, top, main, width):
            return _without_key_names(rows, top, main, width)
        last = _lower_lines(rows, top, main, width)
    start, units = _skip_units(rows, last + 1, width)
    width = max(width, *(extent(rows[i]) for i in range(top, last + 1)))
    header = _join([_padded(rows[i], width) for i in range(top, last + 1)], width)
    return Layout(header, top, start, len(rows), last, units)


def _width(rows: Sequence[Row]) -> int:
    """The usual extent of a filled row (the largest one that a fifth of the rows share)."""
    extents = Counter(extent(row) for row in rows)
    extents.pop(0, None)
    if not extents:
        return 0
    total = sum(extents.values())
    common = [w for w, n in extents.items() if n * 5 >= total and w > 1]
    return max(common, default=max(extents))


def _padded(row: Row, width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]


def _first_wide(rows: Sequence[Row], width: int) -> int | None:
    need = max(2, (width + 1) // 2) if width > 1 else 1
    return next((i for i, row in enumerate(rows) if filled(row) >= need), None)


def _upper_lines(rows: Sequence[Row], main: int, width: int) -> int:
    """First of the group header lines above the main one (``;;männlich;;;weiblich``)."""
    top = main
    while top > 0 and main - top + 1 < HEADER_LINES:
        row = rows[top - 1]
        cells = [bool(c.strip()) for c in row]
        if not any(cells) or extent(row) > width or sum(cells) < 1:
            break
        first, last = cells.index(True), extent(row)
        has_gap = not all(cells[first:last])
        beyond = sum(cells[1:]) > 0
        if not beyond or not (first > 0 or has_gap):
            break
        top -= 1
    return top


def _numeric_columns(rows: Sequence[Row], start: int, width: int) -> set[int]:
    """Columns whose body is numbers or signs (judged on the next rows)."""
    body = [r for r in rows[start : start + SAMPLE] if filled(r) > 1]
    found = set()
    for j in range(width):
        cells = [r[j].strip() for r in body if j < len(r) and r[j].strip()]
        good = sum(1 for c in cells if _number_like(c))
        if cells and good >= 0.8 * len(cells):
            found.add(j)
    return found


def _number_like(cell: str) -> bool:
    parsed = parse_cell(cell)
    return parsed.is_number or parsed.word == "sign"


def _looks_like_data(rows: Sequence[Row], main: int, width: int) -> bool:
    """The first full row is data, not a header: in no column does it differ in kind."""
    numeric = _numeric_columns(rows, main + 1, width)
    row = _padded(rows[main], width)
    if len(set(row)) < len(row) and numeric and all(_number_like(row[j]) for j in numeric):
        return True
    texts = [c for j, c in enumerate(row) if c.strip() and j not in numeric]
    numbers = [row[j].strip() for j in numeric if row[j].strip()]
    if not numbers or not all(_number_like(c) for c in numbers):
        return False
    if texts and _steps(numbers):
        return False  # "Viertel;2019;2020;2021" or "Viertel;0;1;2"
    below = {
        _padded(r, width)[j] for r in rows[main + 1 :] for j in range(width) if j not in numeric
    }
    return not texts or any(t in below for t in texts) or not _steps(numbers)


def _named_above(rows: Sequence[Row], top: int, main: int, width: int) -> bool:
    """The first full row is data below header lines that name the columns with numbers only, as
    tables of statistical offices do (``;;;männlich;weiblich``)."""
    numeric = _numeric_columns(rows, main, width)
    above = [_padded(rows[i], width) for i in range(top, main)]
    named = [
        j for j in numeric if any(line[j].strip() and not _number_like(line[j]) for line in above)
    ]
    values = {j for j in numeric if any(line[j].strip() for line in above)}
    return bool(named) and values == set(named) and _looks_like_data(rows, main, width)


def _without_key_names(rows: Sequence[Row], top: int, main: int, width: int) -> Layout:
    """Header lines above the data; lines of units in them name nothing."""
    lines = [i for i in range(top, main) if not _is_unit_row(rows[i])]
    units = tuple(i for i in range(top, main) if i not in lines)
    names = _join([_padded(rows[i], width) for i in lines or units], width)
    return Layout(names, top, main, len(rows), (lines or units)[-1], units if lines else ())


def _steps(cells: Sequence[str]) -> bool:
    """Whole numbers that rise by one: years or single ages in a header."""
    if len(cells) < 2 or not all(c.isdigit() for c in cells):
        return False
    values = [int(c) for c in cells]
    return all(b - a == 1 for a, b in pairwise(values))


def _lower_lines(rows: Sequence[Row], top: int, main: int, width: int) -> int:
    """Last header line: lines below the main one that only name the columns further."""
    last = main
    while last + 2 < len(rows) and last - top + 1 < HEADER_LINES:
        above, row = _padded(rows[last], width), _padded(rows[last + 1], width)
        if not any(c.strip() for c in row) or _is_unit_row(row):
            break
        keys_empty = not row[0].strip() and bool(above[0].strip())
        fills = any(row[j].strip() and not above[j].strip() for j in range(width))
        body_key = any(_padded(r, width)[0].strip() for r in rows[last + 2 : last + 6])
        merged = keys_empty and fills and body_key
        numeric = _numeric_columns(rows, last + 2, width)
        named = [row[j].strip() for j in numeric if row[j].strip()]
        # Without a key it cannot be told from a first data row with remarks in it.
        no_key = not row[0].strip() or (0 in numeric and not _number_like(row[0]))
        texts = (
            no_key
            and bool(named)
            and len(named) * 2 >= len(numeric)
            and not any(_number_like(c) for c in named)
        )
        if not merged and not texts:
            break
        last += 1
    return last


def _is_unit_row(row: Row) -> bool:
    cells = [c.strip().strip("()[]") for c in row if c.strip()]
    return bool(cells) and all(_UNIT.fullmatch(c) for c in cells)


def _skip_units(rows: Sequence[Row], start: int, width: int) -> tuple[int, tuple[int, ...]]:
    """Rows of units or column numbers between header and data."""
    units = []
    while start + 1 < len(rows):
        row = _padded(rows[start], width)
        cells = [c.strip() for c in row]
        numbered = width >= 4 and cells == [str(j + 1) for j in range(width)]
        key_is_text = numbered and 0 not in _numeric_columns(rows, start + 1, width)
        if filled(row) and not _is_unit_row(row) and not key_is_text:
            break
        if filled(row):
            units.append(start)
        start += 1
    return start, tuple(units)


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"column_{j + 1}" for j in range(width))


def _join(lines: list[list[str]], width: int) -> tuple[str, ...]:
    """Names from one or more header lines, group names filled to the right: a group covers the
    next columns as long as a lower line names them."""
    for i, upper in enumerate(lines[:-1]):
        below = [any(line[j].strip() for line in lines[i + 1 :]) for j in range(width)]
        for j in range(1, width):
            if not upper[j].strip() and below[j] and below[j - 1]:
                upper[j] = upper[j - 1]
    return join_lines(lines, width)


def join_lines(lines: Sequence[Row], width: int) -> tuple[str, ...]:
    """Names of columns from header lines whose groups are already filled in."""
    clean = [[" ".join(cell.split()) for cell in line] for line in lines]
    return tuple(
        " | ".join(dict.fromkeys(line[j] for line in clean if line[j])) for j in range(width)
    )


def find_tail(rows: Sequence[Row], start: int, width: int, *, padded: bool) -> int:
    """Where the data end: footnotes and blank rows below do not belong to them.

    ``padded``: the rows of this source all have the same length (sheets), so a short row says
    nothing.
    """
    end = len(rows)
    body = [r for r in rows[start : start + SAMPLE] if filled(r) > 1]
    keys = [r[0].strip() for r in body if r and r[0].strip()]
    numeric_key = bool(keys) and sum(_number_like(k) for k in keys) >= 0.8 * len(keys)
    longest = max((len(k) for k in keys), default=0)
    while end > start:
        row = rows[end - 1]
        n = filled(row)
        if n == 0:
            end -= 1
            continue
        first = row[0].strip()
        short = not padded and len(row) < width
        odd = (
            n == 1
            and bool(first)
            and (
                short
                or bool(_NOTE.match(first))
                or (numeric_key and not _number_like(first))
                or len(first) > 3 * max(longest, 8)
            )
        )
        note = bool(_NOTE.match(first)) and n <= max(2, width // 3) and (short or n == 1)
        blank_above = end - 2 >= start and filled(rows[end - 2]) == 0
        apart = blank_above and n == 1 and not _number_like(first)
        if not (odd or note or apart):
            break
        end -= 1
    while end > start and filled(rows[end - 1]) == 0:
        end -= 1
    return end


def name_columns(
    header: Sequence[str], used: Sequence[bool], *, file: str, sheet: str | None, row: int
) -> tuple[tuple[str, ...], tuple[int, ...], list[Issue]]:
    """Unique names of the columns kept, their positions, and what was mended.

    ``used[j]`` tells whether column j has any cell. Unnamed empty columns are dropped; unnamed
    filled ones are called ``column_3``; a repeated name gets `` (2)``.
    """
    names: list[str] = []
    kept: list[int] = []
    issues: list[Issue] = []
    dropped = [j for j, name in enumerate(header) if not name and not used[j]]
    for j, name in enumerate(header):
        if not name and not used[j]:
            continue
        if not name:
            name = f"column_{j + 1}"
            issues.append(Issue(
                "column-unnamed", Severity.WARNING,
                _("Column {number} has cells but no name; it is called {name}.").format(
                    number=j + 1, name=name), file, sheet, row, str(j + 1),
                repair=_("Check whether the header line was found."),
            ))  # fmt: skip
        if name in names:
            repeated, n = name, 2
            while f"{repeated} ({n})" in names:
                n += 1
            name = f"{repeated} ({n})"
            issues.append(Issue(
                "column-repeated", Severity.WARNING,
                _("The column name “{name}” occurs more than once; column {number} is called"
                  " {new}.").format(name=repeated, number=j + 1, new=name),
                file, sheet, row, str(j + 1),
                repair=_("Check which of the columns is meant."),
            ))  # fmt: skip
        names.append(name)
        kept.append(j)
    if dropped:
        issues.append(Issue(
            "columns-empty", Severity.INFO,
            _("Empty columns without a name were left out: {count}.").format(count=len(dropped)),
            file, sheet, row, str(dropped[0] + 1), count=len(dropped),
        ))  # fmt: skip
    return tuple(names), tuple(kept), issues
