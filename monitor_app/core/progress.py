"""Progress and cancellation of long work. A job checks its token at least every 0.2 s."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Cancelled(Exception):  # noqa: N818 - not an error
    """The user cancelled; nothing of the work is kept."""


class CancelToken:
    """Thread-safe flag, set by the user, read by the job."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()


class Progress:
    """Reports ``(fraction 0..1 or None, text)`` and raises ``Cancelled`` when told to stop."""

    def __init__(
        self,
        report: Callable[[float | None, str], None] | None = None,
        token: CancelToken | None = None,
        span: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self._report = report
        self.token = token or CancelToken()
        self._span = span

    def step(self, fraction: float | None = None, text: str = "") -> None:
        if self.token.cancelled:
            raise Cancelled
        if self._report is not None:
            lo, hi = self._span
            self._report(None if fraction is None else lo + fraction * (hi - lo), text)

    def part(self, lo: float, hi: float) -> Progress:
        """A share of this progress for a sub-task."""
        a, b = self._span
        return Progress(self._report, self.token, (a + lo * (b - a), a + hi * (b - a)))
