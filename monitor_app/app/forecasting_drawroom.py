"""Room for the draws of a forecast: in memory, or in a file that goes with its last reader."""

from __future__ import annotations

import os
import tempfile

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.causes import cause
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

#: Bytes of draws that are kept in memory: 400 areas, 25 years, 1,000 draws and 12 age groups.
IN_MEMORY = 600_000_000


def room_for_draws(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array of ``shape``, in a file without a name where it is large.

    Fails where the disk has no room, before anything is computed.
    """
    size = 4 * int(np.prod(shape, dtype=np.int64))
    if size <= IN_MEMORY:
        return np.empty(shape, dtype=np.float32)
    try:
        with tempfile.TemporaryFile(prefix="monitor-app-") as file:
            if hasattr(os, "posix_fallocate"):
                # A file with holes would end the program when the disk is full.
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
    except OSError as error:
        raise fail(
            "draws-room",
            _("The draws of this forecast need {size} GB on the disk: {cause}.").format(
                size=format_number(size / 1e9, 1), cause=cause(error)
            ),
            value=tempfile.gettempdir(),
            repair=_("Free some room there, or choose fewer draws or years."),
        ) from error
