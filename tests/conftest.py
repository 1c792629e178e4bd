"""Fixtures for all rooms."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Where a change is judged, the same examples every time; new ones are looked for while working
# and by `make reliability`.
settings.register_profile("judge", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("judge")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["MONITOR_APP_LANGUAGE"] = "de"

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of real open data; it lies beside the checkout and is never part of it."""
    folder = SHARED / "realdata"
    if not folder.is_dir():
        pytest.skip("real open data are not at hand (expected in ../shared/realdata)")
    return folder


@pytest.fixture(scope="session")
def validation() -> Path:
    """Folder of numeric anchors; it lies beside the checkout and is never part of it."""
    folder = SHARED / "validation"
    if not folder.is_dir():
        pytest.skip("numeric anchors are not at hand (expected in ../shared/validation)")
    return folder


@pytest.fixture(scope="session")
def sample_town() -> Path:
    return ROOT / "sample_data"


@pytest.fixture(autouse=True)
def _private_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, logs and working copies of a test never touch those of the user."""
    monkeypatch.setenv("MONITOR_APP_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread of its own running."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in left:
        thread.join(timeout=2.0)
    left = [t.name for t in left if t.is_alive() and not t.name.startswith("pydevd")]
    if left:
        pytest.fail(f"threads left running: {left}")
