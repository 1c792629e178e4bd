"""Refuses to start on a PySide6 that would abort the program after some minutes.

PySide6 6.12.0 gives away a reference to None with every void call on Python 3.10 and 3.11; the
interpreter dies after some thousand calls. pyproject.toml excludes it, but an environment made
by hand may hold it. Standard library and PySide6 only: this module is on the start-up path.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from monitor_app.core.i18n import _

_CALLS = 500
_TOLERATED = 100


def none_references_lost(call: Callable[[], object], calls: int = _CALLS) -> int:
    """How many references to None ``calls`` calls lose; about 0 where all is well."""
    before = sys.getrefcount(None)
    for _call in range(calls):
        call()
    return before - sys.getrefcount(None)


def unsafe_reason(call: Callable[[], object]) -> str | None:
    """What to tell the user where Qt cannot be trusted here, else None. ``call`` is any void
    call into Qt, such as ``label.update``."""
    if none_references_lost(call) < _TOLERATED:
        return None
    import PySide6

    return _(
        "PySide6 {version} does not work with this Python and would end the program without "
        "warning. Please install a version below 6.12."
    ).format(version=PySide6.__version__)
