"""Areas by key and name, for messages."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

#: Areas that a message has room for.
SHOWN = 6


def some_areas(wrong: str, keys: Sequence[str], names: Mapping[str, str]) -> str:
    """Areas whose keys are like a wrong one first, then others, as "key (name)"."""
    near = difflib.get_close_matches(wrong, keys, n=3, cutoff=0.5)
    shown = tuple(dict.fromkeys((*near, *keys)))[:SHOWN]
    more = ", …" if len(keys) > len(shown) else ""
    return ", ".join(f"{k} ({names.get(k, k)})" for k in shown) + more
