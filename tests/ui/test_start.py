"""Something is on screen before anything heavy is loaded; a Qt that aborts is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PySide6.QtWidgets import QLabel

from monitor_app.ui.guard import none_references_lost, unsafe_reason

FIRST_PAINT = """
import json, sys
from PySide6.QtCore import QEvent, QObject
from monitor_app.app.settings import Settings
from monitor_app.ui.main import application, open_window

class Watch(QObject):
    painted = False
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.painted = True
        return False

app = application([])
watch = Watch()
app.installEventFilter(watch)
window = open_window(app, Settings.load())
for _round in range(20):
    app.processEvents()
    if watch.painted:
        break
loaded = sorted({name.partition(".")[0] for name in sys.modules})
window.close()
print(json.dumps([watch.painted, loaded]))
"""

HEAVY = {"numpy", "pandas", "geopandas", "shapely", "matplotlib", "sqlalchemy", "sklearn", "scipy",
         "pydantic", "pyproj", "pyogrio", "mapclassify"}  # fmt: skip


def test_nothing_heavy_is_loaded_at_first_paint():
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, timeout=60, check=True
    )
    painted, loaded = json.loads(done.stdout.strip().splitlines()[-1])
    assert painted
    assert "PySide6" in loaded  # the list is what we think it is
    assert not HEAVY & set(loaded)


def test_qt_here_keeps_its_references_to_none(qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    assert none_references_lost(lambda: label.setText("x")) < 100
    assert unsafe_reason(label.update) is None


def test_a_qt_that_loses_references_is_named(monkeypatch):
    counts = iter([10_000, 9_500])
    monkeypatch.setattr(sys, "getrefcount", lambda _thing: next(counts))
    reason = unsafe_reason(lambda: None)
    assert reason is not None
    assert "PySide6" in reason
    assert "6.12" in reason


@pytest.mark.parametrize("stored", ["", "not json", '{"window": {"geometry": "AAAA"}}'])
def test_damaged_settings_do_not_keep_the_window_away(stored: str, tmp_path, monkeypatch):
    (tmp_path / "settings.json").write_text(stored, encoding="utf-8")
    monkeypatch.setenv("MONITOR_APP_HOME", str(tmp_path))
    subprocess.run([sys.executable, "-c", FIRST_PAINT], timeout=60, check=True, capture_output=True)
