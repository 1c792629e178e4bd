"""Draws that do not fit in memory lie in a file that vanishes with them."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from monitor_app.app import forecasting_drawroom as rooms
from monitor_app.core.issues import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(rooms, "IN_MEMORY", 100)
    return tmp_path


def test_few_draws_stay_in_memory(folder: Path) -> None:
    assert not isinstance(rooms.room_for_draws((5, 5)), np.memmap)


def test_many_draws_lie_in_a_file_without_a_name(folder: Path) -> None:
    room = rooms.room_for_draws((3, 7, 11))
    assert isinstance(room, np.memmap)
    room[...] = np.arange(231, dtype=np.float32).reshape(3, 7, 11)
    assert room.sum(dtype=np.float64) == 231 * 230 / 2
    assert not list(folder.iterdir())


def test_a_full_disk_is_told_before_anything_is_computed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(UserError) as caught:
        rooms.room_for_draws((1000, 1000))
    (issue,) = caught.value.issues
    assert "0,0 GB" in issue.message
    assert "Datenträger ist voll" in issue.message
    assert issue.repair
    assert not list(folder.iterdir())
