"""Draws on several cores: threads for compiled code, processes for numpy.

A draw of numpy is some ten thousand short calls; between them the interpreter's lock passes from
thread to thread, and two threads are slower than one. Processes have a lock each. They are started
afresh ("spawn", on every system), because a window has threads that a fork would leave behind.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.progress import Progress

Float32 = NDArray[np.float32]
#: Draws one position, the result of which has a known shape; can be pickled.
Draw = Callable[[int], Float32]
#: Seconds between two looks at the progress' token while no draw is finished.
_PATIENCE = 0.1


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def by_threads(
    draw: Draw, positions: int, workers: int, progress: Progress
) -> Generator[tuple[int, Float32]]:
    """(position, result) of positions 0 … n - 1 in order; ``Cancelled`` by way of ``progress``."""

    def one(position: int) -> Float32:
        # A worker that waits its turn after a cancellation does not start another draw.
        progress.step()
        return draw(position)

    with ThreadPoolExecutor(workers) as pool:
        yield from enumerate(pool.map(one, range(positions)))


def by_processes(
    draw: Draw, positions: int, workers: int, progress: Progress
) -> Generator[tuple[int, Float32]]:
    """(position, result) of positions 0 … n - 1 in any order; ``Cancelled`` as in ``by_threads``.

    What a process leaves undone, because it could not be started or was ended by the system, is
    done here.
    """
    shares = [range(first, positions, workers) for first in range(min(workers, positions))]
    undone: list[int] = []
    with _started(draw, shares) as waiting:
        left: dict[Any, list[int]] = {pipe: list(share) for pipe, share in waiting}
        undone += sorted(set(range(positions)).difference(*left.values()))
        while left:
            progress.step()
            pipes: list[Any] = connection.wait(list(left), _PATIENCE)
            for pipe in pipes:
                try:
                    found = pipe.recv()
                except (EOFError, OSError):
                    undone += left.pop(pipe)
                    continue
                if isinstance(found, BaseException):
                    raise found
                yield left[pipe].pop(0), found
                if not left[pipe]:
                    del left[pipe]
    for position in undone:
        progress.step()
        yield position, draw(position)


@contextmanager
def _started(draw: Draw, shares: Sequence[range]) -> Iterator[list[tuple[Any, range]]]:
    """A process for each share and the end of the pipe where its results come in, in order."""
    context = get_context("spawn")
    pipes: list[tuple[Any, range]] = []
    processes = []
    try:
        for share in shares:
            here, there = context.Pipe()
            pipes.append((here, share))
            process = context.Process(target=_serve, args=(there,), daemon=True)
            try:
                process.start()
            except OSError:
                pipes.pop()
                here.close()
                break
            finally:
                # Only the process may hold this end, or its end would never be noticed.
                there.close()
            processes.append(process)
        ready = []
        for here, share in pipes:
            # Not as arguments of the process: to write those for one that has died is to wait
            # for ever.
            with suppress(OSError):
                here.send((draw, share))
                ready.append((here, share))
        yield ready
    finally:
        for process in processes:
            process.terminate()
            process.join()
            process.close()
        for here, _share in pipes:
            here.close()


def _serve(there: Any) -> None:
    """What a process does: its share of the draws, one after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    try:
        draw, share = there.recv()
        for position in share:
            try:
                found: Any = draw(position)
            except Exception as error:  # raised again where the draws are wanted
                there.send(error)
                return
            there.send(found)
    except (EOFError, OSError):
        return  # nobody is there any more
    finally:
        there.close()
