"""German collation (DIN 5007-1) of whole columns: folded once, sorted and searched as arrays.

``collation_key`` of one text costs a microsecond; a table of 100,000 names sorted by it would
stutter. Here all texts of a column are folded as one long text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.formats import collation_key

#: Between texts; no text of a table holds it, and sorting never sees it.
_BETWEEN = "\x00"
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_KEPT = 32  # columns remembered


@lru_cache(maxsize=_KEPT)
def folded(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each text without case and accents, as ``collation_key(text)[0]`` gives it."""
    joined = _BETWEEN.join(texts)
    if joined.isascii():
        plain = joined.lower()
    else:
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", joined.casefold()))
        if any(unicodedata.combining(c) for c in set(plain)):
            return tuple(collation_key(text)[0] for text in texts)  # marks of rare scripts
    found = tuple(plain.split(_BETWEEN)) if texts else ()
    if len(found) != len(texts):
        return tuple(collation_key(text)[0] for text in texts)
    return found


@lru_cache(maxsize=_KEPT)
def collation_ranks(texts: tuple[str, ...]) -> NDArray[np.intp]:
    """Place of each text in German order: equal numbers for equal texts, accents break ties."""
    plain = folded(texts)
    order = sorted(range(len(texts)), key=texts.__getitem__)
    order.sort(key=plain.__getitem__)  # stable: the text itself breaks ties
    sorted_texts = np.array([texts[i] for i in order], dtype=object)
    new = np.ones(len(texts), dtype=np.intp)
    if len(texts):
        new[0] = 0
        new[1:] = sorted_texts[1:] != sorted_texts[:-1]
    ranks = np.empty(len(texts), dtype=np.intp)
    ranks[np.array(order, dtype=np.intp)] = np.cumsum(new)
    ranks.flags.writeable = False
    return ranks


class Haystack:
    """Several text columns in which words are looked for row by row."""

    def __init__(self, columns: tuple[tuple[str, ...], ...]) -> None:
        self._count = len(columns[0]) if columns else 0
        self._texts: list[str] = []
        self._starts: list[NDArray[np.intp]] = []
        for texts in columns:
            plain = folded(texts)
            lengths = np.fromiter(map(len, plain), dtype=np.intp, count=len(plain))
            self._texts.append(_BETWEEN.join(plain))
            self._starts.append(np.concatenate([[0], np.cumsum(lengths + 1)[:-1]]).astype(np.intp))

    def rows_with(self, word: str, *, at_start: bool = False) -> NDArray[np.bool_]:
        """Rows in which a folded word occurs in some column (``at_start``: begins one)."""
        found = np.zeros(self._count, dtype=bool)
        if not self._count:
            return found
        if not word:
            return ~found
        pattern = re.compile(re.escape(word))
        for text, starts in zip(self._texts, self._starts, strict=True):
            places = np.fromiter((m.start() for m in pattern.finditer(text)), dtype=np.intp)
            rows = np.searchsorted(starts, places, side="right") - 1
            if at_start:
                rows = rows[starts[rows] == places]
            found[rows] = True
        return found
