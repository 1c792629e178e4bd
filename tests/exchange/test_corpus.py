"""Files that fuzzing found to break a reader: each is read or refused with a clear message."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor_app.core.issues import Issue, UserError
from monitor_app.exchange.readers import read_tables

FILES = sorted(Path(__file__).with_name("corpus").iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_what_broke_a_reader_once_is_harmless(tmp_path: Path, path: Path) -> None:
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    refused: tuple[Issue, ...] = ()
    try:
        tables = read_tables(copy)
    except UserError as error:
        tables, refused = (), error.issues
    assert tables or refused
    assert all(issue.message and issue.file for issue in refused)
