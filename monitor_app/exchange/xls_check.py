"""A look into old binary workbooks before the parser gets them.

The parser reserves memory for the full rectangle that the cell addresses span; a damaged or
hostile file can name addresses that would need more memory than any machine has, and the
parser cannot report that: it ends the process. So the addresses are read here first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from monitor_app.exchange.source import damaged, too_large

_END = 0xFFFFFFFA  # from here on sector numbers are marks, not sectors
_BOF = (0x0009, 0x0209, 0x0409, 0x0809)
_DIMENSIONS = (0x0000, 0x0200)
_MULTIPLE = (0x00BD, 0x00BE)  # several cells of a row
_CELLS = frozenset({
    0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0206, 0x0406, 0x0201, 0x0203, 0x0204,
    0x0205, 0x027E, 0x00FD, 0x00D6, 0x0207, *_MULTIPLE,
})  # fmt: skip


class _Container:
    """The sectors of a compound file."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        shift = int.from_bytes(raw[30:32], "little")
        if shift not in (9, 12):
            raise ValueError("sector size")
        self.size = 1 << shift
        first = struct.unpack_from("<109I", raw, 76)
        sectors = [s for s in first if s < _END]
        self._check_counts()
        following = int.from_bytes(raw[68:72], "little")
        seen: set[int] = set()
        while following < _END:
            if following in seen:  # the parser would follow the circle until memory is full
                raise ValueError("sector circle")
            seen.add(following)
            numbers = self._numbers(self.sector(following))
            sectors += [s for s in numbers[:-1] if s < _END]
            following = numbers[-1]
        self.fat = [n for s in sectors for n in self._numbers(self.sector(s))]

    def _check_counts(self) -> None:
        """The parser reserves memory for as many sectors as the header names."""
        there = len(self.raw) // self.size + 1
        if any(int.from_bytes(self.raw[at : at + 4], "little") > there for at in (40, 44, 64, 72)):
            raise ValueError("more sectors than the file has")

    def sector(self, number: int) -> bytes:
        return self.raw[(number + 1) * self.size : (number + 2) * self.size]

    @staticmethod
    def _numbers(raw: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])

    def chain(self, start: int) -> bytes:
        """A stream of sectors; a circle in the table of sectors is an error."""
        found: list[bytes] = []
        number = start
        while number < _END:
            if number >= len(self.fat) or len(found) > len(self.fat):
                raise ValueError("sector chain")
            found.append(self.sector(number))
            number = self.fat[number]
        return b"".join(found)

    def workbook(self) -> bytes:
        """The stream that holds the sheets; small ones lie in 64-byte pieces of the root."""
        directory = self.chain(int.from_bytes(self.raw[48:52], "little"))
        entries: dict[str, tuple[int, int]] = {}
        for at in range(0, len(directory) - 127, 128):
            length = int.from_bytes(directory[at + 64 : at + 66], "little")
            name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", directory, at + 116)
            if start < _END and size > len(self.raw):
                raise ValueError("stream longer than the file")
            entries.setdefault(name.casefold(), (start, size))
        start, size = entries.get("workbook") or entries.get("book") or (_END, 0)
        if size >= int.from_bytes(self.raw[56:60], "little"):
            return self.chain(start)[:size]
        table = self._numbers(self.chain(int.from_bytes(self.raw[60:64], "little")))
        small = self.chain(entries["root entry"][0]) if "root entry" in entries else b""
        found: list[bytes] = []
        number = start
        while number < _END:
            if number >= len(table) or len(found) > len(table):
                raise ValueError("sector chain")
            found.append(small[number * 64 : number * 64 + 64])
            number = table[number]
        return b"".join(found)[:size]


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, position and length of each record."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, min(length, len(stream) - at - 4)
        at += 4 + length


def check_old_workbook(path: Path, raw: bytes, limit: int) -> None:
    """``UserError`` where a sheet would span more than ``limit`` cells, or nothing can be read."""
    try:
        stream = _Container(raw).workbook()
    except (ValueError, IndexError, struct.error) as error:
        raise damaged(path) from error
    rows = columns = 0
    for kind, at, length in _records(stream):
        if kind in _BOF:
            rows = columns = 0
        elif kind in _DIMENSIONS and length >= 8:
            wide = length >= 14
            form = "<IIHH" if wide else "<HHHH"
            if length >= struct.calcsize(form):
                _top, bottom, _left, right = struct.unpack_from(form, stream, at)
                rows, columns = max(rows, bottom), max(columns, right)
        elif kind in _CELLS and length >= 4:
            row, column = struct.unpack_from("<HH", stream, at)
            many = max(length // 2, 1) if kind in _MULTIPLE else 1
            rows, columns = max(rows, row + 1), max(columns, column + many)
        if rows * columns > limit:
            raise too_large(path)
