"""The font that ships with the application, for screen, page and tests; never a system font."""

from __future__ import annotations

from pathlib import Path

from monitor_app.core.resources import resource_path

FAMILY = "Noto Sans"
FILES = {
    "regular": "NotoSans-Regular.ttf",
    "bold": "NotoSans-Bold.ttf",
    "italic": "NotoSans-Italic.ttf",
}


def font_path(face: str = "regular") -> Path:
    """File of a face (``regular``, ``bold``, ``italic``); its figures are tabular."""
    return resource_path("fonts", FILES[face])


def font_paths() -> tuple[Path, ...]:
    """All faces, to be registered with Qt or matplotlib by path."""
    return tuple(font_path(face) for face in FILES)
