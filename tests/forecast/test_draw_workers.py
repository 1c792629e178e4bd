"""Draws by threads and by processes: each position once, errors and cancellation come through."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import closing
from multiprocessing import context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.forecast.draw_workers import by_processes, by_threads, cores


def squares(position: int) -> Any:
    return np.full(3, position**2, dtype=np.float32)


def dies_elsewhere(position: int) -> Any:
    """The system ends a process, as it does where memory is short."""
    if position == 5 and multiprocessing.parent_process() is not None:
        os._exit(9)
    return squares(position)


def fails(position: int) -> Any:
    if position == 4:
        raise ArithmeticError("position 4")
    return squares(position)


@pytest.mark.parametrize("spread", [by_processes, by_threads])
@pytest.mark.parametrize("positions", [0, 1, 9])
def test_each_position_is_drawn_once(spread: Any, positions: int) -> None:
    found = dict(spread(squares, positions, 2, Progress()))
    assert sorted(found) == list(range(positions))
    for position, values in found.items():
        np.testing.assert_array_equal(values, position**2)
    assert not multiprocessing.active_children()


def test_what_a_process_leaves_undone_is_done_here() -> None:
    found = [position for position, _values in by_processes(dies_elsewhere, 9, 2, Progress())]
    assert sorted(found) == list(range(9))


class Large:
    """More than a pipe holds."""

    def __init__(self) -> None:
        self.ballast = np.zeros(1_000_000)

    def __call__(self, position: int) -> Any:
        return squares(position)


def test_a_process_that_dies_as_it_starts_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process begins by reading the program's main file; this one ends it there.
    main = tmp_path / "main.py"
    main.write_text("import os\nos._exit(3)\n", encoding="utf-8")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(main), raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    found = dict(by_processes(Large(), 5, 2, Progress()))
    assert sorted(found) == [0, 1, 2, 3, 4]


def test_a_system_without_processes_draws_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_process: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(context.SpawnProcess, "start", refuse)
    found = dict(by_processes(squares, 5, 2, Progress()))
    assert sorted(found) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("spread", [by_processes, by_threads])
def test_an_error_of_a_draw_reaches_the_caller(spread: Any) -> None:
    with pytest.raises(ArithmeticError, match="position 4"):
        list(spread(fails, 9, 2, Progress()))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("spread", [by_processes, by_threads])
def test_workers_end_with_a_cancelled_run(spread: Any) -> None:
    token = CancelToken()
    with closing(spread(squares, 2_000, 2, Progress(token=token))) as results:
        next(results)
        token.cancel()
        with pytest.raises(Cancelled):
            list(results)
    assert not multiprocessing.active_children()


def test_there_is_a_core_to_work_on() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
