from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

from monitor_app.app.jobs import JobRunner
from monitor_app.app.logs import start_logging
from monitor_app.app.settings import RECENT_LIMIT, Settings
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.shutdown()


def wait(job):
    job.future.result(timeout=5)


def test_job_hands_its_result_over(runner):
    seen: list[object] = []
    steps: list[tuple[float | None, str]] = []

    def work(progress: Progress) -> int:
        progress.part(0.5, 1.0).step(0.5, "half")
        return 42

    wait(runner.start("count", work, done=seen.append, progress=lambda f, t: steps.append((f, t))))
    assert seen == [42]
    assert steps == [(0.75, "half")]


def test_cancelled_job_calls_only_cancelled(runner):
    calls: list[str] = []
    started = threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        while True:
            progress.step()
            time.sleep(0.005)

    job = runner.start(
        "endless", work, done=lambda _: calls.append("done"), cancelled=lambda: calls.append("off")
    )
    assert started.wait(5)
    job.cancel()
    wait(job)
    assert calls == ["off"]


def test_user_error_and_defect_both_arrive_as_issues(runner):
    seen: list[UserError] = []

    def bad_input(progress: Progress) -> None:
        raise fail("empty", "The file is empty.", file="a.csv")

    def defect(progress: Progress) -> None:
        raise ZeroDivisionError

    wait(runner.start("a", bad_input, failed=seen.append))
    wait(runner.start("b", defect, failed=seen.append))
    assert [e.issues[0].code for e in seen] == ["empty", "unexpected"]


def test_settings_survive_and_damage_is_harmless(tmp_path: Path):
    settings = Settings(language="en", office="Amt für Statistik")
    for i in range(RECENT_LIMIT + 3):
        settings.remember(tmp_path / f"{i}.gpkg")
    settings.remember(tmp_path / "5.gpkg")
    settings.save(tmp_path)
    again = Settings.load(tmp_path)
    assert again == settings
    assert len(again.recent) == RECENT_LIMIT
    assert Path(again.recent[0]).name == "5.gpkg"
    (tmp_path / "settings.json").write_text('{"language": 3, "office": "Amt", "x": 1}')
    assert Settings.load(tmp_path) == Settings(office="Amt")
    (tmp_path / "settings.json").write_text("{broken")
    assert Settings.load(tmp_path) == Settings()


def test_log_never_quotes_a_value(tmp_path: Path):
    path = start_logging(tmp_path)
    log = logging.getLogger("monitor_app.test")
    try:
        try:
            int("Erika Mustermann 1970")
        except ValueError as error:
            raise RuntimeError("while reading Mustermann") from error
    except RuntimeError:
        log.exception("job failed: %s", "import")
    text = path.read_text(encoding="utf-8")
    assert "job failed: import" in text
    assert "builtins.ValueError" in text
    assert "test_jobs_settings_logs.py" in text
    assert "Mustermann" not in text
    for handler in logging.getLogger("monitor_app").handlers[:]:
        logging.getLogger("monitor_app").removeHandler(handler)
        handler.close()
