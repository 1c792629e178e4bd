"""``monitor-app map``: every kind of map from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor_app.app.mapkinds import type_names
from monitor_app.commands import run
from monitor_app.commands_map import CHANGES, KINDS
from monitor_app.project.project import Project
from tests.app.test_mapkinds import layers_batch
from tests.ui.town import make_project


@pytest.fixture(scope="module")
def town_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("befehl")
    path = make_project(folder)
    with Project.open(path, working_dir=folder / "work2") as project:
        project.apply(layers_batch())
        project.save()
    return path


def draw(project: Path, out: Path, *options: str) -> int:
    return run(["map", str(project), "-i", "altenquotient", "-l", "viertel", "-o", str(out),
                *options])  # fmt: skip


NEEDS = {
    "bivariate": ("--second", "jugendquotient"), "target": ("--target", "30,5"),
    "target-relative": ("--target", "30,5"), "threshold": ("--target", "30,5"),
}  # fmt: skip
SAYS = {
    "bivariate": "Nach rechts", "target": "30,5", "threshold": "30,5", "types": type_names()[0],
    "deviation": "Abweichung von der Stadt", "change": "Veränderung", "change-relative": "%",
}  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, *CHANGES])
def test_every_kind_is_drawn(town_file: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "karte.svg"
    assert draw(town_file, out, "--kind", kind, *NEEDS.get(kind, ())) == 0
    assert SAYS.get(kind, "Altenquotient") in out.read_text(encoding="utf-8")


def test_layers_and_own_limits(town_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "karte.svg"
    options = ("--breaks", "25; 27,5", "--points", "kitas:operator", "--labels", "names",
               "--symbols", "einwohner", "--palette", "blues")  # fmt: skip
    assert draw(town_file, out, *options) == 0
    text = out.read_text(encoding="utf-8")
    for words in ("25,0 bis unter 27,5", "Kirche", "Fluss", "Straßenbahn",
                  "Einwohnerinnen"):  # fmt: skip
        assert words in text
    without, bare = tmp_path / "ohne.svg", tmp_path / "kahl.svg"
    assert draw(town_file, without, *options, "--labels", "") == 0
    # Letters with a rim are drawn as outlines, one for each of the six names at least.
    assert text.count("<path") >= without.read_text(encoding="utf-8").count("<path") + 6
    assert draw(town_file, bare, "--no-background") == 0
    assert "Fluss" not in bare.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--kind", "kreis"), "unknown_kind"),
        (("--kind", "threshold"), "no_target"),
        (("--kind", "target", "--target", "viel"), "target"),
        (("--kind", "bivariate"), "kind.no_second"),
        (("--breaks", "1; zwei"), "breaks"),
        (("--breaks", "1;2;3;4;5;6;7;8"), "classes.too_many"),
        (("--labels", "alle"), "unknown_labels"),
        (("--palette", "bunt"), "unknown_palette"),
        (("--method", "wurf"), "unknown_method"),
        (("--points", "nichts"), "layer.points"),
        (("--kind", "change", "--date", "2020"), "no_change"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    town_file: Path, tmp_path: Path, options, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "karte.png"
    assert draw(town_file, out, *options, "--json") == 1
    assert code in [i["code"] for i in json.loads(capsys.readouterr().out)["issues"]]
    assert not out.exists()


@pytest.mark.parametrize("options", [("map",), ("map", "--kind", "change"), ("series",)])
def test_an_indicator_without_data_says_what_is_missing(
    town_file: Path, tmp_path: Path, options, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "karte.png"
    command, *more = options
    assert run([command, str(town_file), "-i", "haushaltsgroesse", "-l", "viertel", "-o", str(out),
                *more, "--json"]) == 1  # fmt: skip
    [issue] = json.loads(capsys.readouterr().out)["issues"]
    assert issue["code"] == "missing_inputs"
    assert "Personen in Privathaushalten" in issue["repair"]
    assert not out.exists()
