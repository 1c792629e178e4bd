"""Work without side effects, left behind the moment the user cancels.

Long calls into libraries (reading a layer, comparing shapes) cannot be stopped. Work that changes
nothing need not be: it runs in a thread of its own, and on cancel the caller goes on at once. The
thread ends by itself at its next progress step and its result is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from monitor_app.core.progress import Cancelled, Progress

T = TypeVar("T")
#: Seconds between two looks at the cancel token.
LOOK_EVERY = 0.05
THREAD_NAME = "detached"


def run_detached(work: Callable[[Progress], T], progress: Progress) -> T:
    """The result of ``work(progress)``; ``Cancelled`` within ``LOOK_EVERY`` of the user's wish.

    Only for work that changes nothing, in the project or on the disk.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(progress))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name=THREAD_NAME, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY)
        if progress.token.cancelled and thread.is_alive():
            raise Cancelled
    if errors:
        raise errors[0]
    return results[0]
