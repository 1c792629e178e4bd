"""SQLite works on copies only: no connection is ever made to the user's file itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
target, working = Path(sys.argv[1]), Path(sys.argv[2])
seen = []
sys.addaudithook(lambda e, a: seen.append((e, str(a[0]), a[1] if e == "open" else ""))
                 if e in ("open", "sqlite3.connect") else None)
from monitor_app.project.project import Project
with Project.open(target, working_dir=working) as project:
    project.put_document("view", "v", "1", "Ansicht")
    project.save()
    project.undo()
    project.save_as(target.with_name("Andere.gpkg"))
    project.save()
names = {str(target), str(target.with_name("Andere.gpkg"))}
for event, name, mode in seen:
    if name.removeprefix("file://").partition("?")[0] in names:
        assert event == "open", (event, name)
        assert mode in ("r", "rb"), (name, mode)
assert any(event == "sqlite3.connect" for event, _name, _mode in seen)
assert any(name in names for _event, name, _mode in seen)
"""


def test_the_file_is_read_and_replaced_as_bytes_only(town: Path, working: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(town), str(working)],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
