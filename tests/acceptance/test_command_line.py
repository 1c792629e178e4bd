"""Every command: exit codes, JSON and nothing else on standard output, both languages."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import deliveries as make
import pytest
from commandline import Answer, done, fingerprint, monitor, private_home

import monitor_app
from monitor_app import commands
from monitor_app.core.i18n import LANGUAGE


@pytest.fixture(scope="module")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gefuellt")
    with private_home(folder / "home"):
        project = folder / "Kleinstadt.gpkg"
        done("new", project)
        stock = folder / "bestand.csv"
        stock.write_text(make.text(make.rows((2021, 2022, 2023))), encoding="utf-8")
        rules = [make.recipe(folder, n) for n in ("boundaries", "stock")]
        done("import", project, make.boundaries(folder), stock, "-r", rules[0], "-r", rules[1])
    return project


@pytest.fixture
def town(_filled: Path, tmp_path: Path) -> Path:
    """Three quarters with population of three years."""
    folder = tmp_path / "projekt"
    folder.mkdir()
    return Path(shutil.copy(_filled, folder / "Kleinstadt.gpkg"))


#: Arguments after the project; every command of the issue that needs no display.
GOOD: dict[str, Sequence[str]] = {
    "info": (),
    "compute": (),
    "compute one": ("-i", "einwohner"),
    "values": ("-i", "einwohner", "-l", "viertel"),
    "values of a day": ("-i", "einwohner", "-l", "viertel", "-d", "31.12.2022"),
    "map": ("-i", "einwohner", "-l", "viertel", "-d", "2023", "-o", "{out}/karte.pdf"),
    "map portrait": ("-i", "einwohner", "-l", "viertel", "-o", "{out}/karte.svg", "--portrait"),
    "map change": ("-i", "einwohner", "-l", "viertel", "-o", "{out}/k.png", "--compare", "2021"),
    "values to file": ("-i", "einwohner", "-l", "viertel", "-o", "{out}/werte.xlsx"),
}

#: Arguments that are refused, and a word that the German finding has.
REFUSED: dict[str, tuple[Sequence[str], str]] = {
    "values: unknown indicator": (("-i", "gibtsnicht", "-l", "viertel"), "gibtsnicht"),
    "values: unknown level": (("-i", "einwohner", "-l", "kiez"), "kiez"),
    "values: unknown date": (("-i", "einwohner", "-l", "viertel", "-d", "1999"), "1999"),
    "values: unknown format": (
        ("-i", "einwohner", "-l", "viertel", "--format", "xml"), "xml"),
    "values: unknown ending": (
        ("-i", "einwohner", "-l", "viertel", "-o", "{out}/w.docx"), "w.docx"),
    "values: missing folder": (
        ("-i", "einwohner", "-l", "viertel", "-o", "{out}/fort/w.csv"), "fort"),
    "values: no data": (("-i", "altenquotient", "-l", "viertel"), "Altenquotient"),
    "map: unknown indicator": (
        ("-i", "gibtsnicht", "-l", "viertel", "-o", "{out}/k.pdf"), "gibtsnicht"),
    "map: unknown level": (("-i", "einwohner", "-l", "kiez", "-o", "{out}/k.pdf"), "kiez"),
    "map: unknown date": (
        ("-i", "einwohner", "-l", "viertel", "-d", "2030", "-o", "{out}/k.pdf"), "2030"),
    "map: unknown ending": (("-i", "einwohner", "-l", "viertel", "-o", "{out}/k.docx"), "k.docx"),
    "map: no ending": (("-i", "einwohner", "-l", "viertel", "-o", "{out}/karte"), "karte"),
    "map: missing folder": (
        ("-i", "einwohner", "-l", "viertel", "-o", "{out}/fort/k.pdf"), "k.pdf"),
    "map: unknown method": (
        ("-i", "einwohner", "-l", "viertel", "-o", "{out}/k.pdf", "--method", "raten"), "raten"),
    "map: level without boundaries": (
        ("-i", "einwohner", "-l", "city", "-o", "{out}/k.pdf"), "city"),
    "map: no data": (("-i", "altenquotient", "-l", "viertel", "-o", "{out}/k.pdf"), ""),
    "compute: unknown indicator": (("-i", "gibtsnicht"), "gibtsnicht"),
    "import: unknown recipe": (("{out}/x.csv", "-r", "gibtsnicht"), "gibtsnicht"),
    "import: missing recipe file": (("{out}/x.csv", "-r", "{out}/fort.yaml"), "fort.yaml"),
    "import: broken recipe": (("{out}/x.csv", "-r", "{out}/kaputt.yaml"), "kaputt.yaml"),
    "import: recipe with a wrong field": (
        ("{out}/x.csv", "-r", "{out}/falsch.yaml"), "falsch.yaml"),
    "import: missing file": (("{out}/fort.csv",), "fort.csv"),
    "import: a folder": (("{out}",), ""),
    "new: there already": ((), "Kleinstadt.gpkg"),
}  # fmt: skip


def _arguments(case: str, project: Path, more: Sequence[str], out: Path) -> list[str]:
    command = re.split(r"[ :]", case)[0]
    return [command, str(project), *(m.format(out=out) for m in more)]


def _prepare(out: Path) -> None:
    (out / "x.csv").write_text(make.text(make.rows()), encoding="utf-8")
    (out / "kaputt.yaml").write_text("id: [offen\nname: x\n", encoding="utf-8")
    wrong = make.RECIPES["stock"].replace("level: viertel", "ebene: viertel")
    (out / "falsch.yaml").write_text(wrong, encoding="utf-8")


@pytest.mark.parametrize("case", GOOD)
def test_json_alone_on_standard_output(case: str, town: Path, tmp_path: Path) -> None:
    before = fingerprint(town)
    answer = monitor(*_arguments(case, town, GOOD[case], tmp_path), "--json")
    assert answer.code == 0, answer.text
    assert isinstance(answer.data, dict)
    assert answer.err == ""
    if "-o" in GOOD[case]:
        path = Path(answer.data["file"])
        assert path.stat().st_size > 500
    assert fingerprint(town) == before


@pytest.mark.parametrize("case", ["info", "compute", "values", "map", "values to file"])
def test_the_same_for_people(case: str, town: Path, tmp_path: Path) -> None:
    before = fingerprint(town)
    answer = monitor(*_arguments(case, town, GOOD[case], tmp_path))
    assert answer.code == 0
    assert answer.out.strip()
    assert not answer.out.lstrip().startswith("{")
    assert fingerprint(town) == before


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str, town: Path, tmp_path: Path) -> None:
    """Code 1, JSON alone, the culprit named, German without English, nothing changed."""
    _prepare(tmp_path)
    more, word = REFUSED[case]
    before = fingerprint(town)
    answer = monitor(*_arguments(case, town, more, tmp_path), "--json")
    assert answer.code == 1, answer.text
    assert answer.err == ""
    assert answer.data["ok"] is False
    assert any(word in f"{i['message']}{i['file']}{i['value']}" for i in answer.issues), (
        answer.issues
    )
    for issue in answer.issues:
        for part in ("message", "repair"):
            assert _speaks("de", issue[part] or ""), issue[part]
    assert fingerprint(town) == before
    assert not list(tmp_path.glob("k.*"))


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_in_words_and_in_english(case: str, town: Path, tmp_path: Path) -> None:
    _prepare(tmp_path)
    more, word = REFUSED[case]
    answer = monitor(*_arguments(case, town, more, tmp_path), language="en")
    assert answer.code == 1
    assert answer.out == "" or case.startswith("import")
    assert answer.err.startswith("Error: ")
    assert word in answer.err or word == "Altenquotient"
    assert _speaks("en", answer.err), answer.err


ENGLISH = re.compile(
    r"\b(the|is|are|was|were|cannot|file|there|no|of|please|choose|another|and|with|column|"
    r"such|directory|check)\b", re.IGNORECASE,
)  # fmt: skip
GERMAN = re.compile(
    r"\b(der|die|das|ist|sind|wurde|nicht|keine?n?|bitte|oder|mit|Sie|und|eine?)\b|[äöüß]",
    re.IGNORECASE,
)


def _speaks(language: str, text: str) -> bool:
    """Names of the town's own things stay as they are; function words tell the language."""
    for name in (*make.NAMES, "Altenquotient", "Bevölkerung", "–", "…"):
        text = text.replace(name, "")
    text = re.sub(r"[“„\"][^”“\"]*[”“\"]|\S*[/\\]\S*|\S+\.\w+", "", text)
    return not (ENGLISH if language == "de" else GERMAN).search(text)


def test_every_message_has_a_german_text() -> None:
    """All texts marked for translation, in every room, against the compiled catalogues."""
    LANGUAGE.use("de")
    known: dict[Any, str] = {}
    for catalogue in LANGUAGE._catalogues:
        known.update(getattr(catalogue, "_catalog", {}))
    texts = {m[0] if isinstance(m, tuple) else m for m, text in known.items() if text}
    missing: dict[str, list[str]] = {}
    package = Path(monitor_app.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "ngettext")
            ):
                first = node.args[0]
                assert isinstance(first, ast.Constant), f"{path.name}:{node.lineno} not literal"
                if first.value not in texts:
                    missing.setdefault(str(path.relative_to(package)), []).append(first.value)
    assert missing == {}


def test_every_command_of_the_issue_is_there() -> None:
    answer = monitor("--help")
    assert answer.code == 0
    for name in ("new", "import", "info", "compute", "values", "map", "recipes",
                 "check-catalogue", "self-test", "demo"):  # fmt: skip
        assert re.search(rf"\b{name}\b", answer.out), name
        described = monitor(name, "--help")
        assert described.code == 0
        assert "--json" in described.out, name


@pytest.mark.parametrize(
    "arguments",
    [("gibtsnicht",), ("info",), ("import", "x.gpkg"), ("map", "x.gpkg"), ("info", "--quatsch"),
     ("values", "x.gpkg", "-i", "einwohner"), ("map", "x", "-i", "a", "-l", "b", "-o", "c",
     "--classes", "99")],
)  # fmt: skip
def test_wrong_usage_is_code_2(arguments: tuple[str, ...]) -> None:
    answer = monitor(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err


def test_recipes_list_and_text(tmp_path: Path) -> None:
    found = monitor("recipes", "--json").data
    ids = {r["id"] for r in found}
    assert {"wien_bevoelkerung", "konstanz_pyramide", "beispielstadt_bevoelkerung"} <= ids
    text = monitor("recipes", "wien_bevoelkerung").out
    path = tmp_path / "meins.yaml"
    path.write_text(text, encoding="utf-8")
    assert monitor("recipes", path).out == text
    assert monitor("recipes", "wien_bevoelkerung", "--json").data["id"] == "wien_bevoelkerung"
    refused = monitor("recipes", "gibtsnicht", "--json")
    assert (refused.code, refused.data["ok"]) == (1, False)


def test_check_catalogue(tmp_path: Path) -> None:
    shipped = monitor("check-catalogue", "--json")
    assert (shipped.code, shipped.data["ok"]) == (0, True)
    assert shipped.data["indicators"] >= 20
    assert monitor("check-catalogue", tmp_path, "--json").code == 1
    (tmp_path / "eigene.yaml").write_text(
        'id: quatsch\nname: {de: Quatsch, en: Nonsense}\nformula: "pop( +"\nunit: persons\n',
        encoding="utf-8",
    )
    wrong = monitor("check-catalogue", tmp_path, "--json")
    assert (wrong.code, wrong.data["ok"]) == (1, False)
    assert any("eigene.yaml" in f"{i['file']}" for i in wrong.issues)


def test_an_error_of_the_program_is_no_traceback(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("of a secret cell 4711")

    monkeypatch.setattr(commands.overview, "overview", broken)
    answer = monitor("info", town, "--json")
    assert answer.code == 3
    assert answer.data["issues"][0]["code"] == "internal"
    assert "4711" not in answer.text
    log = Path(os.environ["MONITOR_APP_HOME"]) / "logs" / "monitor-app.log"
    told = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in told
    assert "4711" not in told


def _process(*arguments: object, home: Path, **more: str) -> Answer:
    done_ = subprocess.run(
        [sys.executable, "-m", "monitor_app", *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False, timeout=120,
        env={**os.environ, "MONITOR_APP_HOME": str(home), "PYTHONIOENCODING": "utf-8", **more},
    )  # fmt: skip
    return Answer(done_.returncode, done_.stdout, done_.stderr)


def test_as_a_program(town: Path, tmp_path: Path) -> None:
    """Once through the real entry point: JSON, refusal, English."""
    good = _process("info", town, "--json", home=tmp_path / "h")
    assert good.code == 0, good.err
    assert [lv["areas"] for lv in json.loads(good.out)["levels"]] == [3]
    bad = _process(
        "values", town, "-i", "gibtsnicht", "-l", "viertel", home=tmp_path / "h",
        MONITOR_APP_LANGUAGE="en",
    )  # fmt: skip
    assert bad.code == 1
    assert bad.out == ""
    assert bad.err.startswith("Error: ")
    assert "Traceback" not in bad.err


def test_window_without_a_display_says_so(tmp_path: Path) -> None:
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display")
    answer = _process(
        "open", tmp_path / "x.gpkg", home=tmp_path / "h", DISPLAY="", WAYLAND_DISPLAY="",
        QT_QPA_PLATFORM="",
    )  # fmt: skip
    assert answer.code == 1
    assert "Bildschirm" in answer.err
