"""Wrong inputs: exit code 1, what is wrong, where and how to mend it, and an untouched project."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import deliveries as make
import pytest
import xlsxwriter
from commandline import Answer, done, fingerprint, monitor


def _good() -> str:
    return make.text(make.rows())


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 8
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + bytes(range(256))


def _truncated_xlsx(folder: Path) -> Path:
    path = folder / "bestand.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Bestand")
        for i, line in enumerate(_good().splitlines()):
            for j, cell in enumerate(line.split(";")):
                sheet.write(i, j, cell)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


#: (name, delivery, code of the finding, words its message must have, row it must name)
WRONG_TABLES: list[tuple[str, Callable[[Path], Path], str, str, int | None]] = [
    ("picture", lambda f: _write(f, "bild.csv", PNG), "not-a-table", "bild.csv", None),
    ("pdf", lambda f: _write(f, "bericht.csv", PDF), "not-a-table", "PDF", None),
    ("real pdf name", lambda f: _write(f, "bericht.pdf", PDF), "not-a-table", "PDF", None),
    ("empty", lambda f: _write(f, "leer.csv", b""), "file-empty", "leer", None),
    ("blank", lambda f: _write(f, "leer.csv", b"\n \n\n"), "", "leer", None),
    ("header only", lambda f: _write(f, "kopf.csv", make.HEAD + "\n"), "", "Bevölkerung", None),
    ("separator", lambda f: _write(f, "doppelpunkt.csv", _good().replace(";", ":")), "",
     "doppelpunkt.csv", 1),
    ("odd separator", lambda f: _write(f, "trenner.csv", _good().replace(";", "|#")), "",
     "Viertel", None),
    ("truncated", _truncated_xlsx, "", "bestand.xlsx", None),
    ("unknown key", lambda f: _write(f, "b.csv", _good().replace(";03;", ";99;")), "", "99", 6),
    ("duplicate", lambda f: _write(f, "b.csv", make.text([*make.rows(), make.rows()[0]])), "",
     "Zeile 2", 14),
    ("mixed encodings", lambda f: _write(
        f, "b.csv",
        (_good() + "31.12.2024;01;männlich;5\n").encode() + "31.12.2024;01;weiblich ä;6\n"
        .encode("cp1252")), "", "UTF-8", 15),
    ("negative", lambda f: _write(f, "b.csv", _good().replace(";122\n", ";-122\n")), "",
     "negativ", 2),
    ("no number", lambda f: _write(f, "b.csv", _good().replace(";122\n", ";viele\n")), "",
     "viele", 2),
    ("impossible date", lambda f: _write(f, "b.csv", _good().replace("31.12.2022", "31.02.2022")),
     "", "31.02.2022", 2),
    ("unknown sex", lambda f: _write(f, "b.csv", _good().replace(";w;", ";q;")), "", "q", 3),
    ("ambiguous", lambda f: _write(f, "b.csv", make.text(
        [f"31.12.2022;{k};{s};{i + 1}.23{i}" for i, k in enumerate(make.KEYS) for s in "mw"])), "",
     "1.230", 2),
    ("missing file", lambda f: f / "fort.csv", "file-missing", "fort.csv", None),
]  # fmt: skip


def _refused(answer: Answer) -> list[dict[str, object]]:
    """A refusal: code 1, at least one error, and every error names its place and its repair."""
    assert answer.code == 1
    assert answer.err == ""
    assert answer.data["ok"] is False
    found = [i for i in answer.issues if i["severity"] == "error"]
    assert found
    assert all(i["message"] for i in found)
    assert all(i["repair"] for i in found), found
    return found


@pytest.mark.parametrize(
    ("delivery", "code", "words", "row"),
    [pytest.param(*case[1:], id=case[0]) for case in WRONG_TABLES],
)
def test_wrong_table_is_refused(
    delivery: Callable[[Path], Path], code: str, words: str, row: int | None,
    small: Path, tmp_path: Path,
) -> None:  # fmt: skip
    path = delivery(tmp_path)
    rule = make.recipe(tmp_path, "stock")
    before = fingerprint(small)
    found = _refused(monitor("import", small, path, "--recipe", rule, "--json"))
    assert all(i["file"] for i in found), found
    if code:
        assert code in {i["code"] for i in found}
    told = [i for i in found if words in f"{i['message']} {i['value']} {i['column']}"]
    assert told, [i["message"] for i in found]
    if row is not None:
        assert row in {i["row"] for i in told}
    assert fingerprint(small) == before


@pytest.mark.parametrize("delivery", [pytest.param(c[1], id=c[0]) for c in WRONG_TABLES[::4]])
def test_wrong_table_in_words(
    delivery: Callable[[Path], Path], small: Path, tmp_path: Path
) -> None:
    """The same for people: findings on the error stream, each with an arrow to its repair."""
    path = delivery(tmp_path)
    before = fingerprint(small)
    answer = monitor("import", small, path, "--recipe", make.recipe(tmp_path, "stock"))
    assert answer.code == 1
    assert answer.err.startswith("Fehler: ")
    assert "    → " in answer.err
    assert "Nichts wurde übernommen" in answer.err
    assert path.name in answer.err
    assert fingerprint(small) == before


@pytest.mark.parametrize("delivery", [pytest.param(c[1], id=c[0]) for c in WRONG_TABLES[1::3]])
def test_wrong_table_without_a_recipe(
    delivery: Callable[[Path], Path], small: Path, tmp_path: Path
) -> None:
    """Without a recipe the program proposes one: still no traceback and nothing half stored."""
    path = delivery(tmp_path)
    before = fingerprint(small)
    answer = monitor("import", small, path, "--json")
    assert answer.data["stored"] is (answer.code == 0)
    if answer.code:
        _refused(answer)
        assert fingerprint(small) == before


def test_many_findings_at_once(small: Path, tmp_path: Path) -> None:
    """All errors of a file come together, not one per attempt."""
    wrong = _good().replace(";122\n", ";-122\n").replace(";03;m;322", ";99;m;322")
    path = _write(tmp_path, "b.csv", wrong.replace(";223\n", ";viele\n"))
    answer = monitor("import", small, path, "-r", make.recipe(tmp_path, "stock"), "--json")
    found = _refused(answer)
    assert {i["row"] for i in found} >= {2, 5, 6}


# -- boundaries -------------------------------------------------------------------------------


def test_self_crossing_polygon_is_repaired_and_told(small: Path, tmp_path: Path) -> None:
    shapes = [make.bow_tie(), *make.squares()[1:]]
    path = make.layer(tmp_path / "krumm.gpkg", shapes, "EPSG:25832")
    new = small.with_name("neu.gpkg")
    done("new", new)
    report = done("import", new, path, "-r", make.recipe(tmp_path, "boundaries"))
    told = [i for i in report["issues"] if i["severity"] == "warning" and i["file"] == path.name]
    assert any("01" in i["message"] and i["row"] == 1 for i in told), told
    levels = {lv["key"]: lv["areas"] for lv in done("info", new)["levels"]}
    assert levels["viertel"] == 3


def test_polygon_without_surface_is_refused(small: Path, tmp_path: Path) -> None:
    from shapely.geometry import Polygon

    shapes = [Polygon([(500_000, 5_500_000), (501_000, 5_501_000), (500_000, 5_500_000)])]
    path = make.layer(tmp_path / "strich.gpkg", [*shapes, *make.squares()[1:]], "EPSG:25832")
    before = fingerprint(small)
    rule = make.recipe(tmp_path, "boundaries")
    found = _refused(monitor("import", small, path, "-r", rule, "--json"))
    assert any("01" in str(i["message"]) and i["file"] == path.name for i in found)
    assert fingerprint(small) == before


@pytest.mark.parametrize("name", ["ohne.shp", "ohne.gpkg"])
def test_missing_reference_system_is_refused(name: str, small: Path, tmp_path: Path) -> None:
    path = make.layer(tmp_path / name, make.squares(), None)
    before = fingerprint(small)
    rule = make.recipe(tmp_path, "boundaries")
    found = _refused(monitor("import", small, path, "-r", rule, "--json"))
    assert all(i["file"] == name for i in found)
    assert any("EPSG:25832" in str(i["repair"]) for i in found)
    assert fingerprint(small) == before


def test_metres_declared_as_degrees_are_refused(small: Path, tmp_path: Path) -> None:
    path = make.layer(tmp_path / "falsch.gpkg", make.squares(), "EPSG:4326")
    before = fingerprint(small)
    rule = make.recipe(tmp_path, "boundaries")
    assert _refused(monitor("import", small, path, "-r", rule, "--json"))
    assert fingerprint(small) == before


# -- the project file -------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["info", "compute", "import"])
@pytest.mark.parametrize("kind", ["text", "empty", "foreign", "directory", "absent"])
def test_file_that_is_no_project(kind: str, command: str, tmp_path: Path) -> None:
    path = tmp_path / "stadt.gpkg"
    if kind == "text":
        path.write_text(_good(), encoding="utf-8")
    elif kind == "empty":
        path.touch()
    elif kind == "foreign":
        make.layer(path, make.squares(), "EPSG:25832")
    elif kind == "directory":
        path.mkdir()
    before = path.read_bytes() if path.is_file() else None
    more = [_write(tmp_path, "b.csv", _good())] if command == "import" else []
    found = _refused(monitor(command, path, *more, "--json"))
    assert path.name in str(found[0]["message"])
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not list(tmp_path.glob("~*"))


def test_newer_project_file_is_refused(small: Path, tmp_path: Path) -> None:
    with sqlite3.connect(small) as raw:
        for key, value in (("schema_version", "99"), ("min_reader", "99"),
                           ("min_reader_app", "7.5")):  # fmt: skip
            raw.execute("UPDATE monitor_meta SET value = ? WHERE key = ?", (value, key))
    raw.close()
    before = fingerprint(small)
    found = _refused(monitor("info", small, "--json"))
    assert "7.5" in str(found[0]["repair"])
    delivery = _write(tmp_path, "b.csv", _good())
    _refused(monitor("import", small, delivery, "-r", make.recipe(tmp_path, "stock"), "--json"))
    assert fingerprint(small) == before


def test_damaged_project_file_is_refused(small: Path) -> None:
    content = bytearray(small.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    small.write_bytes(content)
    before = fingerprint(small)
    _refused(monitor("info", small, "--json"))
    assert fingerprint(small) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where others may not")
def test_read_only_target(small: Path, tmp_path: Path) -> None:
    delivery = _write(tmp_path, "b.csv", _good())
    rule = make.recipe(tmp_path, "stock")
    before = fingerprint(small)
    small.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        _refused(monitor("import", small, delivery, "-r", rule, "--json"))
    finally:
        small.parent.chmod(stat.S_IRWXU)
    assert fingerprint(small) == before


@pytest.fixture
def mount(tmp_path: Path) -> object:
    """Mount a small file system for one test: ``mount(options) -> folder``."""
    mounted: list[Path] = []

    def make_one(options: str) -> Path:
        folder = tmp_path / "platte"
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True, check=False,
        )  # fmt: skip
        if made.returncode:
            pytest.skip("a small file system cannot be mounted here (needs root)")
        mounted.append(folder)
        return folder

    yield make_one
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def test_full_disk(small: Path, tmp_path: Path, mount: Callable[[str], Path]) -> None:
    """The project lies on a disk with no room for its next version."""
    room = (small.stat().st_size + 40_000) // 4096 * 4
    disk = mount(f"size={room}k")
    project = disk / "Kleinstadt.gpkg"
    project.write_bytes(small.read_bytes())
    delivery = _write(tmp_path, "b.csv", _good())
    before = fingerprint(project)
    rule = make.recipe(tmp_path, "stock")
    found = _refused(monitor("import", project, delivery, "-r", rule, "--json"))
    assert any("speicherplatz" in str(i["message"]).lower() for i in found), found
    assert fingerprint(project) == before
    assert done("info", project)["datasets"] == []


def test_read_only_disk(small: Path, tmp_path: Path, mount: Callable[[str], Path]) -> None:
    disk = mount("size=8m")
    project = disk / "Kleinstadt.gpkg"
    project.write_bytes(small.read_bytes())
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    before = fingerprint(project)
    delivery = _write(tmp_path, "b.csv", _good())
    rule = make.recipe(tmp_path, "stock")
    _refused(monitor("import", project, delivery, "-r", rule, "--json"))
    assert fingerprint(project) == before
    assert [lv["areas"] for lv in done("info", project)["levels"]] == [3]
    answer = monitor("map", project, "-i", "einwohner", "-l", "viertel", "-o",
                     disk / "karte.pdf", "--json")  # fmt: skip
    _refused(answer)


def test_dry_run_stores_nothing(small: Path, tmp_path: Path) -> None:
    delivery = _write(tmp_path, "b.csv", _good())
    before = fingerprint(small)
    report = done("import", small, delivery, "-r", make.recipe(tmp_path, "stock"), "--dry-run")
    assert report["stored"] is False
    assert [d["dates"] for d in report["datasets"]] == [2]
    assert fingerprint(small) == before
