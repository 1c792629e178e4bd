"""Codes of open data that repeat the name of their list: ``C11-1``, ``A10-2024``, ``GEM-10101``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from monitor_app.exchange.table import RawTable

_CODE = re.compile(r"([A-Za-z][A-Za-z0-9_]*-)[0-9A-Za-z]+")


def find_prefixes(table: RawTable) -> dict[str, str]:
    """Columns of which every filled cell begins with the same name of a code list."""
    found = {}
    for header, cells in zip(table.header, table.columns, strict=True):
        texts = {c.strip() for c in cells} - {""}
        starts = {m[1] if (m := _CODE.fullmatch(t)) else "" for t in texts}
        if len(starts) == 1 and "" not in starts:
            found[header] = starts.pop()
    return found


def without_prefixes(table: RawTable, prefixes: Mapping[str, str]) -> RawTable:
    """The table with bare codes in these columns."""
    columns = tuple(
        tuple(c.strip().removeprefix(prefixes[h]) for c in cells) if prefixes.get(h) else cells
        for h, cells in zip(table.header, table.columns, strict=True)
    )
    return replace(table, columns=columns) if prefixes else table
