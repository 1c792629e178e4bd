"""Settings of the person at this computer (not of a project) and where they are kept.

Light imports only: the window reads its settings before anything heavy is loaded.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

RECENT_LIMIT = 10


def home_folder() -> Path:
    """Folder for settings, logs and working copies; ``MONITOR_APP_HOME`` overrides it."""
    override = os.environ.get("MONITOR_APP_HOME")
    folder = Path(override) if override else Path(platformdirs.user_data_dir("monitor-app", False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Settings:
    """Read at start, written on change. Unknown or damaged entries fall back to the default."""

    language: str = "de"
    theme: str = "system"  # system | light | dark
    office: str = ""  # author office printed on pages
    last_folder: str = ""  # where the last file dialog ended
    recent: list[str] = field(default_factory=list)  # project paths, newest first
    favourites: list[str] = field(default_factory=list)  # indicators, in order of choice
    window: dict[str, str] = field(default_factory=dict)  # geometry and dock state, base64

    @classmethod
    def load(cls, folder: Path | None = None) -> Settings:
        path = (folder or home_folder()) / "settings.json"
        try:
            stored: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls()
        if not isinstance(stored, dict):
            return cls()
        default = cls()
        known = {
            f.name: stored[f.name]
            for f in fields(cls)
            if type(stored.get(f.name)) is type(getattr(default, f.name))
        }
        return cls(**known)

    def save(self, folder: Path | None = None) -> None:
        path = (folder or home_folder()) / "settings.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), "utf-8")
        temporary.replace(path)

    def remember(self, project: Path) -> None:
        """Put a project at the head of the recent ones."""
        path = str(project.resolve())
        self.recent = [path, *(p for p in self.recent if p != path)][:RECENT_LIMIT]

    def forget(self, project: str) -> None:
        self.recent = [p for p in self.recent if p != project]
