"""``python -m monitor_app``: the same as ``monitor-app``, for systems where that is not found."""

from __future__ import annotations

import sys

from monitor_app.cli import main

if __name__ == "__main__":
    sys.exit(main())
