"""Small maps of recent projects, kept beside the settings."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from monitor_app.app.settings import home_folder

_SIZE = QSize(288, 192)


def thumbnail_path(project: str) -> Path:
    """Where the small map of a project is kept; it need not exist."""
    name = sha256(project.encode()).hexdigest()[:24]
    return home_folder() / "thumbnails" / f"{name}.png"


def keep_thumbnail(project: str, picture: QImage) -> None:
    """Store a picture of the map as it is; a full disk is no reason to complain here."""
    path = thumbnail_path(project)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    small = picture.scaled(
        _SIZE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    small.setDevicePixelRatio(1.0)
    small.save(str(path))
