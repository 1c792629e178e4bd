"""Cancelling does not wait for a library that cannot be stopped."""

from __future__ import annotations

import threading

import pytest

from monitor_app.app.detach import run_detached
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Cancelled, CancelToken, Progress


def test_the_result_and_the_errors_come_through() -> None:
    assert run_detached(lambda _progress: 42, Progress()) == 42

    def refuse(_progress: Progress) -> None:
        raise fail("x", "x")

    with pytest.raises(UserError):
        run_detached(refuse, Progress())


def test_cancelling_leaves_work_that_does_not_listen() -> None:
    """Reading 15,000 areas ignored the wish for eleven seconds before."""
    token, release, ended = CancelToken(), threading.Event(), threading.Event()

    def deaf(progress: Progress) -> None:
        token.cancel()
        release.wait(30)  # a library at work
        try:
            progress.step()
        finally:
            ended.set()

    with pytest.raises(Cancelled):
        run_detached(deaf, Progress(token=token))
    assert not ended.is_set(), "the caller goes on before the work has ended"
    release.set()
    assert ended.wait(30)
    for thread in threading.enumerate():
        if thread.name == "detached":
            thread.join(30)
