"""``monitor-app diagnostics``: a text for whoever helps, with nothing of the data in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor_app.commands import run
from monitor_app.project.project import Project
from tests.project import project_towns as towns


def test_the_text_names_versions_and_no_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Geheimstadt.gpkg"
    with Project.create(path, working_dir=tmp_path / "w") as project:
        project.apply(towns.whole_town())
        project.save()
    before = path.read_bytes()
    assert run(["diagnostics", str(path)]) == 0
    text = capsys.readouterr().out
    assert "SQLite" in text
    assert "read-only: True" in text
    for secret in ("Geheimstadt", "Viertel", "24500", str(tmp_path)):
        assert secret not in text
    assert path.read_bytes() == before
    assert run(["diagnostics", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"]
