"""What the window asks and says around the project file, and what happens when we are at fault."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor_app.app import crash, diagnostics, offers
from monitor_app.app.crash import CrashHandler, CrashReport
from monitor_app.app.logs import start_logging
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project.project import Project
from tests.project import project_towns as towns


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = Session(Settings(), tmp_path / "w")
    opened.create(tmp_path / "Geheimstadt.gpkg")
    opened.apply(towns.whole_town())
    yield opened
    opened.close(discard=True)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    start_logging(tmp_path)
    yield tmp_path
    for handler in logging.getLogger("monitor_app").handlers[:]:
        logging.getLogger("monitor_app").removeHandler(handler)
        handler.close()


def test_a_lock_elsewhere_is_told_with_name_and_place(session: Session) -> None:
    path = session.project.path
    mine = locks.owner(path)
    assert mine is not None
    theirs = replace(mine, user="schmidt", host="rathaus-17", time=datetime(2026, 3, 5, tzinfo=UTC))
    locks.lock_path(path).write_text(theirs.to_text(), encoding="utf-8")
    question = offers.locked(path)
    assert question is not None
    assert "schmidt" in question.text
    assert "rathaus-17" in question.text
    assert [c.answer for c in question.choices] == ["read", "copy", "take_over"]
    assert [c.dangerous for c in question.choices] == [False, False, True]
    locks.lock_path(path).write_text(mine.to_text(), encoding="utf-8")


def test_no_question_where_nothing_is_wrong(session: Session) -> None:
    assert offers.changed_outside(session) is None
    assert offers.read_only_text(session) == ""


def test_a_file_changed_by_others_is_noticed_and_told(session: Session, tmp_path: Path) -> None:
    session.save()
    path = session.project.path
    with Project.open(path, "take_over", working_dir=tmp_path / "other") as other:
        other.put_document("view", "v", "theirs", "Ansicht der Kollegin")
        other.save()
    session.project.put_document("view", "v", "mine", "Meine Ansicht")
    question = offers.changed_outside(session)
    assert question is not None
    assert question.choices[0].answer == "save_as"
    assert any("Ansicht der Kollegin" in line for line in question.details)
    assert not any("Meine Ansicht" in line for line in question.details)
    assert not any("Import" in line for line in question.details), "known to both"


def test_a_file_that_only_got_another_time_is_the_same(session: Session) -> None:
    session.save()
    session.project.path.touch()
    assert offers.changed_outside(session) is None


def test_a_missing_file_is_noticed(session: Session, tmp_path: Path) -> None:
    session.project.path.rename(tmp_path / "weg.gpkg")
    question = offers.changed_outside(session)
    assert question is not None
    assert question.details == ()


def test_read_only_is_told_in_plain_words(session: Session, tmp_path: Path) -> None:
    session.save()
    reader = Session(Settings(), tmp_path / "w2")
    reader.open(session.project.path, "read")
    text = offers.read_only_text(reader)
    assert locks.owner(session.project.path).user in text  # type: ignore[union-attr]
    session.close()
    assert offers.read_only_text(reader) != text
    reader.close()


def test_recovery_lists_what_would_come_back(session: Session) -> None:
    session.project.put_document("weighting", "w", "{}", "Gewichte")
    session.close()
    (left,) = session.leftovers()
    question = offers.recovery(left)
    assert "2" in question.text
    assert len(question.details) == 2
    assert "bevoelkerung_2024.csv" in question.details[0]
    assert [c.answer for c in question.choices] == ["restore", "later", "discard"]
    left.discard()


def test_diagnostics_hold_versions_but_no_value_and_no_folder(
    session: Session, folder: Path
) -> None:
    log = logging.getLogger("monitor_app.test")
    try:
        int("Erika Mustermann")
    except ValueError:
        log.exception("could not read %s", session.project.path)
    text = diagnostics.diagnostics_text(session, folder)
    for wanted in (
        "monitor-app",
        "Python",
        "SQLite",
        "numpy",
        "unsaved changes: True",
        "data sets",
    ):
        assert wanted in text
    for secret in ("Mustermann", str(folder), "Musterstadt", "Bevölkerung", "24500", "Viertel Süd"):
        assert secret not in text
    assert "builtins.ValueError" in text
    assert diagnostics.diagnostics_text(None, folder)


@pytest.mark.parametrize(
    "path", ["/home/erika/Amt/Stadt.gpkg", "C:\\Users\\erika\\Amt\\Stadt.gpkg", "//srv/amt/a.csv"]
)
def test_folders_are_taken_out(path: str) -> None:
    text = diagnostics.without_names(f"could not open {path}: denied")
    assert "erika" not in text
    assert "amt" not in text.lower()
    assert text.endswith("denied")


def test_a_crash_is_logged_without_values_and_told_once(session: Session, folder: Path) -> None:
    told: list[CrashReport] = []

    def tell(report: CrashReport) -> None:
        told.append(report)
        handler.handle(RuntimeError("inside"))  # the dialog itself fails

    handler = CrashHandler(lambda: session, tell, folder)
    handler.install()
    try:

        def fail() -> None:
            raise ZeroDivisionError("Erika Mustermann")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    finally:
        handler.uninstall()
    (report,) = told
    assert report.place.startswith("ZeroDivisionError · ")
    assert "Mustermann" not in report.message + report.place + report.diagnostics
    assert report.suggested is not None
    assert "Mustermann" not in (folder / "logs" / "monitor-app.log").read_text(encoding="utf-8")
    assert sys.excepthook is not handler._main


def test_the_copy_holds_everything_and_the_project_stays(session: Session, tmp_path: Path) -> None:
    path, before = session.project.path, session.project.path.read_bytes()
    state = session.project.content_hash()
    copy = crash.copy_name(path)
    crash.save_copy(session, copy)
    assert session.project.path == path
    assert session.project.dirty
    assert path.read_bytes() == before
    with Project.open(copy, "read", working_dir=tmp_path / "w3") as project:
        assert project.content_hash() == state
        assert project.check() == ()
    assert crash.copy_name(path) != copy or not copy.exists()
    with pytest.raises(UserError):
        crash.save_copy(session, copy)
    (note,) = [json.loads(n.read_text()) for n in (tmp_path / "w").glob("*.json")]
    assert note["pending"] is None
    session.save()
    assert not session.project.dirty
