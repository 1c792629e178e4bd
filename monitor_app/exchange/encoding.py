"""Which encoding a text file has, decided from all of its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity

#: Decodes bytes that are not UTF-8 as Windows-1252, one by one (files of mixed encodings).
FALLBACK = "monitor-cp1252"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _members(codes: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=np.bool_)
    table[list(codes)] = True
    return table


# German letters beside an ASCII letter: the same bytes are rare signs in the other code page.
_LETTERS = _members(bytes(range(65, 91)) + bytes(range(97, 123)))
_CP1252 = _members(b"\xe4\xf6\xfc\xdf\xe9\xe8\xc4\xd6\xdc")
_CP850 = _members(b"\x84\x94\x81\xe1\x82\x8a\x8e\x99\x9a")
# What may be a letter in UTF-8.
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_MOJIBAKE = re.compile("Ã[¤¶¼Ÿ„–œ]|â‚¬|Â[ §°²]")
LISTED = 20
LONGEST_LINE = 1 << 25


def _fallback(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(single_byte(bytes([b])) for b in bad), error.end


def single_byte(raw: bytes) -> str:
    """Windows-1252, and Latin-1 for the five bytes that Windows-1252 leaves undefined."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


codecs.register_error(FALLBACK, _fallback)


@dataclass(frozen=True)
class Encoding:
    """``name`` and ``errors`` go to ``open``; ``mixed`` are lines that are not UTF-8."""

    name: str
    errors: str = "strict"
    mixed: tuple[int, ...] = ()
    mixed_count: int = 0
    lossy: tuple[int, ...] = ()  # lines with U+FFFD: letters lost before the delivery
    twice: tuple[int, ...] = ()  # lines encoded twice (Ã¤ for ä)
    issues: tuple[Issue, ...] = field(default=())


class _Scan:
    """Looks at all lines once: which are UTF-8, which are not, what the other bytes look like."""

    def __init__(self) -> None:
        self.line = 0
        self.utf8 = 0
        self.bad: list[int] = []
        self.bad_count = 0
        self.cp1252 = self.cp850 = 0
        self.lossy: list[int] = []
        self.twice: list[int] = []

    def block(self, raw: bytes) -> None:
        """``raw`` holds whole lines; what can be told from all of them at once is told so."""
        count = raw.count(b"\n") or raw.count(b"\r") or 1
        if raw.isascii():
            self.line += count
            return
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            plain = len(self.bad) == LISTED and not _SEQUENCE.search(raw)
            plain = plain and b"\n" in raw
            if plain:
                high, ends = self._weigh(raw)
                self.bad_count += len(np.unique(np.searchsorted(ends, high)))
        else:
            plain = "\ufffd" not in text and not _MOJIBAKE.search(text)
            self.utf8 += plain
        if plain:
            self.line += count
            return
        lines = raw.split(b"\n") if b"\n" in raw else raw.splitlines()
        if lines and not lines[-1]:
            lines.pop()
        for line in lines:
            self.line += 1
            if not line.isascii():
                self._text(line)

    def _weigh(self, raw: bytes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Evidence for both code pages; positions of the bytes beyond ASCII and of line ends."""
        codes = np.frombuffer(raw, dtype=np.uint8)
        high = np.flatnonzero(codes > 127)
        found = codes[high]
        letter = _LETTERS[codes]
        beside = letter[np.maximum(high - 1, 0)] | letter[np.minimum(high + 1, len(codes) - 1)]
        self.cp1252 += int((_CP1252[found] & beside).sum())
        self.cp850 += int((_CP850[found] & beside).sum())
        return high, np.flatnonzero(codes == 10)

    def _text(self, line: bytes) -> None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self.bad_count += 1
            if len(self.bad) < LISTED:
                self.bad.append(self.line)
            self._weigh(line)
            return
        self.utf8 += 1
        if "\ufffd" in text and len(self.lossy) < LISTED:
            self.lossy.append(self.line)
        if len(self.twice) < LISTED and _MOJIBAKE.search(text):
            self.twice.append(self.line)


def detect_encoding(blocks: Iterable[bytes]) -> Encoding:
    """From all bytes: byte order mark, UTF-16 without one, UTF-8, else Windows-1252 or DOS 850.

    Where some lines are UTF-8 and others are not, ``mixed`` names the latter and the result
    decodes each byte sequence by what it is.
    """
    scan = _Scan()
    rest = b""
    bom: str | None = None
    start = True
    for block in blocks:
        if start:
            start = False
            bom = next((name for mark, name in _BOMS if block.startswith(mark)), None)
            if bom not in (None, "utf-8-sig"):
                return Encoding(bom or "")
            if bom is None and (wide := _wide(block)) is not None:
                return Encoding(wide)
            if bom:
                block = block[3:]
        rest += block
        cut = max(rest.rfind(b"\n"), rest.rfind(b"\r") if b"\n" not in rest else -1) + 1
        if cut or len(rest) > LONGEST_LINE:
            cut = cut or len(rest)
            scan.block(rest[:cut])
            rest = rest[cut:]
    if rest:
        scan.block(rest)
    return _verdict(scan, bom)


def _verdict(scan: _Scan, bom: str | None) -> Encoding:
    lossy, twice = tuple(scan.lossy), tuple(scan.twice)
    if not scan.bad_count:
        return Encoding(bom or "utf-8", lossy=lossy, twice=twice)
    if bom or scan.utf8:
        return Encoding(
            bom or "utf-8", FALLBACK, tuple(scan.bad), scan.bad_count, lossy=lossy, twice=twice
        )
    if scan.cp850 > scan.cp1252:
        return Encoding("cp850")
    return Encoding("cp1252", FALLBACK)


def _wide(block: bytes) -> str | None:
    """UTF-16 without a byte order mark: every other byte of Western text is zero."""
    sample = block[:4096]
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) * 0.35 and even < len(sample) * 0.05:
        return "utf-16-le"
    if even > len(sample) * 0.35 and odd < len(sample) * 0.05:
        return "utf-16-be"
    return None


def encoding_issues(encoding: Encoding, file: str) -> list[Issue]:
    """What the user must know about the encoding, with line numbers."""
    found = []
    if encoding.mixed:
        found.append(Issue(
            "encoding-mixed", Severity.ERROR,
            _("The file mixes encodings: most letters are UTF-8, line {line} and {count} in all are"
              " not (lines {lines}).").format(
                line=encoding.mixed[0], count=encoding.mixed_count, lines=_lines(encoding.mixed)),
            file, row=encoding.mixed[0], count=encoding.mixed_count,
            repair=_("Save all parts in one encoding (UTF-8) before joining them."),
        ))  # fmt: skip
    if encoding.lossy:
        found.append(Issue(
            "encoding-lossy", Severity.WARNING,
            _("Letters were lost before the delivery (“�” in lines {lines}).").format(
                lines=_lines(encoding.lossy)),
            file, row=encoding.lossy[0], count=len(encoding.lossy),
            repair=_("Ask for the delivery in UTF-8."),
        ))  # fmt: skip
    if encoding.twice:
        found.append(Issue(
            "encoding-twice", Severity.WARNING,
            _("Text was encoded twice (“Ã¤” for “ä” in lines {lines}).").format(
                lines=_lines(encoding.twice)),
            file, row=encoding.twice[0], count=len(encoding.twice),
            repair=_("Ask for the delivery in UTF-8."),
        ))  # fmt: skip
    return found


def _lines(lines: tuple[int, ...]) -> str:
    shown = ", ".join(str(n) for n in lines[:5])
    return f"{shown} …" if len(lines) > 5 else shown
