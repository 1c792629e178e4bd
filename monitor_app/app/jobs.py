"""Long work in the background, with progress and cancel. Jobs never touch the session:
they get what they need as arguments, and their result is applied by whoever started them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Cancelled, CancelToken, Progress

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """A started job. ``cancel`` returns at once; the job ends at its next progress step."""

    label: str
    token: CancelToken
    future: Future[T | None]

    def cancel(self) -> None:
        self.token.cancel()

    @property
    def running(self) -> bool:
        return not self.future.done()


class JobRunner:
    """Runs jobs one after the other on one worker thread.

    ``post`` hands a function to the thread that owns the session (the window passes a queued
    signal; without a window it is called directly), so callbacks never race with the user.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None] = lambda call: call()) -> None:
        self._post = post
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._jobs: list[Job[Any]] = []

    def start(
        self,
        label: str,
        work: Callable[[Progress], T],
        *,
        done: Callable[[T], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        progress: Callable[[float | None, str], None] | None = None,
    ) -> Job[T]:
        """Start ``work(progress)``; exactly one of done, failed, cancelled is called later."""
        token = CancelToken()

        def report(fraction: float | None, text: str) -> None:
            if progress is not None:
                self._post(lambda: progress(fraction, text))

        def run() -> T | None:
            try:
                result = work(Progress(report, token))
            except Cancelled:
                if cancelled is not None:
                    self._post(cancelled)
            except UserError as error:
                self._tell(failed, error)
            except MemoryError:
                self._tell(failed, fail("memory", _("There is not enough memory for this.")))
            except Exception:
                log.exception("job failed: %s", label)
                self._tell(failed, unexpected(label))
            else:
                if done is not None:
                    self._post(lambda: done(result))
                return result
            return None

        job: Job[T] = Job(label, token, self._pool.submit(run))
        self._jobs = [j for j in self._jobs if j.running]
        self._jobs.append(job)
        return job

    def _tell(self, failed: Callable[[UserError], None] | None, error: UserError) -> None:
        if failed is not None:
            self._post(lambda: failed(error))

    @property
    def busy(self) -> bool:
        return any(j.running for j in self._jobs)

    def shutdown(self) -> None:
        """Cancel everything and wait for the worker to end."""
        for job in self._jobs:
            job.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)


def unexpected(label: str) -> UserError:
    """What a user is told when the program itself is at fault."""
    return fail(
        "unexpected",
        _("“{label}” failed because of an error in the program.").format(label=label),
        repair=_("Your project is unchanged. Please send the diagnostics text (menu Help)."),
    )
