"""Where the files shipped with the application are."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Path of a shipped file or folder below ``resources/``.

    A checkout keeps ``resources/`` beside the package; an installed wheel carries it inside.
    """
    beside = Path(__file__).resolve().parents[2] / "resources"
    root = beside if beside.is_dir() else Path(str(resources.files("monitor_app") / "resources"))
    return root.joinpath(*parts)
