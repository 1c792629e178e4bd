"""Last year's page can be explained: definitions as they were when something was handed on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from commandline import Imported, done, fingerprint, monitor

from monitor_app.app.definitions import store_text
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.app.usedefinitions import (
    KIND,
    keep_used,
    used_definition,
    used_definitions,
    used_text,
)
from monitor_app.core.issues import UserError

OWN = """id: greying_index
name: {de: "Greying-Index", en: "Greying index"}
description: {de: "Jetzt ab 85.", en: "Now from 85."}
topic: demography
unit: percent
formula: 100 * pop(age >= 85) / pop(age 60..84)
"""


@pytest.fixture
def project(sample: Imported, tmp_path: Path) -> Path:
    folder = tmp_path / "projekt"
    folder.mkdir()
    return Path(shutil.copy(sample.project, folder / "stadt.gpkg"))


@pytest.fixture
def session(project: Path) -> Iterator[Session]:
    opened = Session(Settings())
    opened.open(project)
    yield opened
    opened.close(discard=True)


def test_page_leaves_its_definition_in_the_project(project: Path, tmp_path: Path) -> None:
    page = tmp_path / "seite.pdf"
    done("map", project, "-i", "altenquotient", "-l", "stadtviertel", "-d", "2024", "-o", page,
         "--record")  # fmt: skip
    (kept,) = done("definitions", project)["definitions"]
    assert kept["indicator"] == "altenquotient"
    assert not kept["changed"]
    (use,) = kept["uses"]
    assert (use["file"], use["day"]) == ("seite.pdf", "2024-12-31")
    assert use["made"] == date.today().isoformat()
    then = yaml.safe_load(kept["definitions"]["altenquotient"])
    assert then["formula"] == "100 * pop(age >= 65) / pop(age 20..64)"
    # the checksums are those of the files as delivered
    raw = Path(__file__).resolve().parents[2] / "sample_data/bevoelkerung"
    for name, sha in use["sources"]:
        if name.startswith("bevoelkerung_"):
            assert hashlib.sha256((raw / name).read_bytes()).hexdigest() == sha
    assert any(name == "bevoelkerung_2018_2024.csv" for name, _sha in use["sources"])


def test_a_later_change_is_told_and_the_old_text_stays(session: Session) -> None:
    keep_used(session, ["greying_index"], "2024.pdf", "stadtviertel", made=date(2024, 3, 1))
    store_text(session, OWN, "eigene.yaml")
    keep_used(session, ["greying_index"], "2025.pdf", "stadtviertel", made=date(2025, 3, 1))
    newer, older = used_definitions(session)
    assert (newer.changed, older.changed) == (False, True)
    assert newer.sha256 != older.sha256
    assert older.first == older.last == date(2024, 3, 1)
    text = used_text(session, used_definition(session, older.key))
    assert "100 * pop(age >= 80) / pop(age 60..79)" in text
    assert "Heute ist es im Projekt anders definiert" in text
    assert "pop(age 60..84)" in text
    assert "01.03.2024  2024.pdf" in text


def test_equal_definitions_are_kept_once_with_every_use(session: Session) -> None:
    for day, name in ((1, "a.pdf"), (2, "b.xlsx"), (2, "b.xlsx")):
        keep_used(session, ["billeter_mass"], name, "stadtteil", made=date(2025, 1, day))
    (kept,) = used_definitions(session)
    assert [u.file for u in kept.uses] == ["a.pdf", "b.xlsx"]
    assert (kept.first, kept.last) == (date(2025, 1, 1), date(2025, 1, 2))


def test_all_that_a_definition_refers_to_is_kept(session: Session) -> None:
    store_text(
        session, OWN.replace("greying_index", "doppelt").replace(
            "100 * pop(age >= 85) / pop(age 60..84)", "2 * greying_index"), "d.yaml")  # fmt: skip
    keep_used(session, ["doppelt"], "x.pdf", "stadtteil")
    (kept,) = used_definitions(session)
    assert list(kept.texts) == ["doppelt", "greying_index"]
    store_text(session, OWN, "eigene.yaml")
    assert used_definitions(session)[0].changed  # because what it refers to has changed


def test_survives_saving_and_is_undone_as_one_step(session: Session, project: Path) -> None:
    keep_used(session, ["altenquotient", "jugendquotient"], "x.pdf", "stadtteil")
    assert len(used_definitions(session)) == 2
    session.save()
    assert len(done("definitions", project)["definitions"]) == 2
    session.undo()
    assert used_definitions(session) == ()


def test_without_record_the_project_stays_as_it_is(project: Path, tmp_path: Path) -> None:
    before = fingerprint(project)
    done("map", project, "-i", "altenquotient", "-l", "stadtteil", "-o", tmp_path / "s.png")
    assert fingerprint(project) == before
    assert monitor("definitions", project).out.startswith("Es wurde noch keine")


def test_read_only_keeps_nothing_and_says_nothing(project: Path) -> None:
    reader = Session(Settings())
    reader.open(project, "read")
    try:
        assert keep_used(reader, ["altenquotient"], "x.pdf", "stadtteil") is None
    finally:
        reader.close(discard=True)


def test_unknown_key_and_damaged_documents(session: Session) -> None:
    keep_used(session, ["altenquotient"], "x.pdf", "stadtteil")
    session.project.put_document(KIND, "kaputt", "{nicht json", "kaputt")
    session.project.put_document(KIND, "anders", '{"uses": 3}', "anders")
    assert [u.indicator for u in used_definitions(session)] == ["altenquotient"]
    with pytest.raises(UserError, match="gibtsnicht"):
        used_definition(session, "gibtsnicht")
    assert used_definition(session, "altenquotient").indicator == "altenquotient"


@pytest.mark.parametrize(
    ("command", "indicators", "name"),
    [
        (("clusters", "-i", "altenquotient"), {"altenquotient"}, "muster.xlsx"),
        (("values", "-i", "altenquotient"), {"altenquotient"}, "werte.csv"),
        (("chart", "-k", "scatter", "-i", "altenquotient", "--second", "jugendquotient"),
         {"altenquotient", "jugendquotient"}, "wolke.csv"),
        (("series", "-i", "altenquotient", "--from", "2023"), {"altenquotient"}, "reihe.png"),
        (("profile", "-a", "011", "-i", "altenquotient"), {"altenquotient"}, "blatt.png"),
    ],
)  # fmt: skip
def test_whatever_is_handed_on_leaves_its_definitions(
    project: Path, tmp_path: Path, command: tuple[str, ...], indicators: set[str], name: str
) -> None:
    first, *options = command
    done(first, project, "-l", "stadtteil", *options, "-o", tmp_path / name)
    assert done("definitions", project)["definitions"] == []  # only where it is asked for
    done(first, project, "-l", "stadtteil", *options, "-o", tmp_path / name, "--record")
    kept = done("definitions", project)["definitions"]
    assert {k["indicator"] for k in kept} == indicators
    assert {u["file"] for k in kept for u in k["uses"]} == {name}


def test_an_index_leaves_its_weighting_and_all_indicators(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "index.csv"
    weights = ("-i", "altenquotient:2", "-i", "auslaenderanteil:1")
    done("index", project, "-l", "stadtteil", *weights, "-o", out, "--record")
    (kept,) = done("definitions", project)["definitions"]
    assert not kept["changed"]
    first, *others = kept["definitions"]
    assert set(others) >= {"altenquotient", "auslaenderanteil"}
    weighting = yaml.safe_load(kept["definitions"][first])
    found = {c["indicator"]: c.get("weight", 1) for c in weighting["components"]}
    assert found["altenquotient"] == 2 * found["auslaenderanteil"]
    assert kept["uses"][0]["file"] == "index.csv"
    assert {n for n, _sha in kept["uses"][0]["sources"]} >= {"bevoelkerung_2018_2024.csv"}


def test_an_index_tells_which_of_its_indicators_changed(session: Session) -> None:
    from monitor_app.app.usedefinitions import keep_weighting
    from monitor_app.app.weighting import typed_weighting

    made = typed_weighting(["greying_index:1", "altenquotient:1"])
    keep_weighting(session, made, "index.pdf", "stadtviertel")
    (before,) = used_definitions(session)
    assert not before.changed
    store_text(session, OWN, "eigene.yaml")
    (after,) = used_definitions(session)
    assert after.otherwise == ("greying_index",)
    assert used_text(session, after).splitlines()[-1].strip() == "greying_index"
