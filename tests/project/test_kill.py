"""A process that dies at any moment leaves the old or the new file and every confirmed step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import project_towns as towns
import pytest
from numpy.typing import NDArray

from monitor_app.project import publish, recovery
from monitor_app.project.project import Project

SCRIPT = Path(__file__).with_name("killed.py")
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")


def _start(town: Path, working: Path, step: str, occurrence: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(town), str(working), step, str(occurrence)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _values(seed: int) -> NDArray[np.float64]:
    return towns.population((2024,), seed=seed).cube.values[:, 0]


def _check_aftermath(town: Path, working: Path, output: str, initial: str, *, exact: bool) -> None:
    """The file is a version that was saved or being saved; the work is what was confirmed."""
    lines = [line.split() for line in output.splitlines() if len(line.split()) == 3]
    confirmed = [digest for word, _n, digest in lines if word == "confirmed"]
    saved = [digest for word, _n, digest in lines if word == "saved"]
    with Project.open(town, "read", working_dir=working) as project:
        in_file = project.content_hash()
        assert project.check() == ()
    after_save = saved[-1] if saved else initial
    assert in_file in (after_save, confirmed[-1] if confirmed else initial)

    left = recovery.leftovers(working)
    if confirmed and confirmed[-1] != in_file:
        assert len(left) == 1, "confirmed work must be offered"
    if left:
        (found,) = left
        assert found.target == town
        assert found.revisions
        with found.open() as project:
            if exact:
                assert project.content_hash() == confirmed[-1]
            if confirmed:
                # The change after the last printed line may have been committed, too.
                last = int(lines[-1][1])
                assert int(project.document("setting", "number") or 0) in (last, last + 1)
                latest = project.cube("population").values[:, 1]
                assert any(
                    np.array_equal(latest, _values(n), equal_nan=True) for n in (last, last + 1)
                )
            assert project.check() == ()
            project.save()
            recovered = project.content_hash()
        with Project.open(town, working_dir=working) as project:
            assert project.content_hash() == recovered
    with Project.open(town, working_dir=working):
        assert not list(town.parent.glob("~*.tmp"))
    assert list(working.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("occurrence", [1, 2])
@pytest.mark.parametrize("step", publish.STEPS)
def test_killed_at_each_step(town: Path, working: Path, step: str, occurrence: int) -> None:
    with Project.open(town, "read", working_dir=working) as project:
        initial = project.content_hash()
    process = _start(town, working, step, occurrence)
    output, _err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    _check_aftermath(town, working, output, initial, exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.03, 0.1])
def test_killed_at_some_moment(town: Path, working: Path, delay: float) -> None:
    with Project.open(town, "read", working_dir=working) as project:
        initial = project.content_hash()
    process = _start(town, working, "none", 0)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(delay)
    process.kill()
    rest, _err = process.communicate(timeout=60)
    _check_aftermath(town, working, first + rest, initial, exact=False)


@pytest.mark.slow
def test_killed_while_opening(town: Path, working: Path) -> None:
    """A copy that was never worked on is cleared away without a question."""
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from monitor_app.project import opening; from monitor_app.project.project import Project;"
        "opening.check_and_migrate = lambda *a: os.kill(os.getpid(), signal.SIGKILL);"
        "Project.open(Path(sys.argv[1]), working_dir=Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(town), str(working)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert recovery.leftovers(working) == ()
    Project.open(town, working_dir=working).close()
    assert list(working.iterdir()) == []
