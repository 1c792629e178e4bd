"""Kill a working process hundreds of times; afterwards nothing confirmed may be missing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import deliveries
from worker import Death, Worker, steps, warm

from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project import recovery
from monitor_app.project.project import Project
from tests.project import project_towns as towns


@dataclass
class Outcome:
    """What was found after one kill. ``problems`` is empty where every promise was kept."""

    family: str
    confirmed: int = 0  # changes that the process reported before it died
    file: str = ""  # old, new
    work: str = ""  # recovered, nothing to recover
    problems: list[str] = field(default_factory=list)
    killed: bool = True


def make_town(path: Path, working: Path) -> None:
    """A saved project with areas, numbers and facilities."""
    with Project.create(path, name="Musterstadt", working_dir=working) as project:
        project.apply(towns.whole_town())
        project.save()


def plan(total: int, seed: int) -> list[tuple[str, Death]]:
    """Half of the deaths at named places, half at random ones; every step several times."""
    rng = random.Random(seed)
    names = steps()
    plans: list[tuple[str, Death]] = []
    for i in range(total):
        quarter = i % 4
        if quarter == 0:
            name = names[(i // 4) % len(names)]
            plans.append((f"step: {name}", Death("step", name, rng.choice((1, 1, 2, 3)))))
        elif quarter == 1:
            plans.append(("file operation", Death("file", count=rng.randrange(1, 250))))
        elif quarter == 2:
            plans.append(("SQL statement", Death("statement", count=rng.randrange(1, 900))))
        else:
            plans.append(("random moment", Death("moment")))
    return plans


def _start(folder: Path, death: Death, seed: int) -> tuple[int, int]:
    """A forked child: everything is loaded already, so hundreds of them are affordable."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    try:
        os.close(reader)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        Worker(
            folder / "Müsterstadt.gpkg", folder / "working", folder / "in", writer, death, seed
        ).run()
    except BaseException as error:
        os.write(writer, f"broken 0 {type(error).__name__}:{str(error)[:200]}\n".encode())
    finally:
        os._exit(9)


def _listen(child: int, reader: int, death: Death, rng: random.Random) -> tuple[list[str], int]:
    """The lines that arrived until the process was dead."""
    with os.fdopen(reader, "r", encoding="utf-8") as source:
        lines = [source.readline()]
        if death.how == "moment":
            lines.extend(source.readline() for _line in range(rng.randrange(0, 12)))
            time.sleep(rng.random() * 0.08)
            os.kill(child, signal.SIGKILL)
        lines.extend(source)
    _pid, status = os.waitpid(child, 0)
    return [line for line in lines if line.endswith("\n")], status


def one(pristine: Path, folder: Path, family: str, death: Death, seed: int) -> Outcome:
    """Copy, work, die, look."""
    folder.mkdir()
    for name in ("working", "in"):
        (folder / name).mkdir()
    shutil.copy(pristine, folder / "Müsterstadt.gpkg")
    child, reader = _start(folder, death, seed)
    lines, status = _listen(child, reader, death, random.Random(seed))
    outcome = Outcome(family, killed=os.WIFSIGNALED(status))
    try:
        _look(folder, [line.split(maxsplit=2) for line in lines], outcome)
    except UserError as error:
        outcome.problems.append("refused afterwards: " + ", ".join(i.code for i in error.issues))
    except AssertionError as error:
        outcome.problems.append(str(error))
    if not outcome.problems:
        shutil.rmtree(folder)
    return outcome


def _look(folder: Path, lines: list[list[str]], outcome: Outcome) -> None:
    target, working = folder / "Müsterstadt.gpkg", folder / "working"
    told = [line for line in lines if line[0] in ("opened", "did", "saving", "saved")]
    assert not [x for x in lines if x[0] == "broken"], [x for x in lines if x[0] == "broken"]
    outcome.confirmed = sum(line[0] == "did" for line in told)
    with Project.open(target, "read", working_dir=working) as project:
        in_file = project.content_hash()
        assert project.check() == (), "file: " + str([i.code for i in project.check()])
    if not told:  # killed while opening
        outcome.file, outcome.work = "old", _cleared(target, working)
        return
    state = told[-1][2].strip()
    durable = next((x for x in reversed(told) if x[0] in ("saved", "opened")), told[0])[2].strip()
    pending = told[-1][2].strip() if told[-1][0] == "saving" else None
    assert in_file in (durable, pending), "the file is neither the old nor the new version"
    outcome.file = "new" if in_file == pending and pending != durable else "old"
    left = recovery.leftovers(working)
    assert len(left) <= 1, "more than one leftover"
    if not left:
        if lines[-1][0] == "moved":  # undone back to what the file holds; nobody heard of it
            earlier = [line[2].strip() for line in told]
            assert in_file in earlier, "confirmed work is gone"
        else:
            assert in_file == state, "confirmed work is gone"
        outcome.work = _cleared(target, working)
        return
    assert left[0].target == target
    with left[0].open() as project:
        _hold(project, state, lines)
        project.save()
        recovered = project.content_hash()
    with Project.open(target, "read", working_dir=working) as project:
        assert project.content_hash() == recovered, "recovered work was not saved"
        assert project.check() == ()
    outcome.work = "recovered"
    _cleared(target, working)


def _hold(project: Project, state: str, lines: list[list[str]]) -> None:
    """The recovered work is what was confirmed, or that and the one change whose confirmation did
    not arrive; the numbers are those of the delivered files."""
    assert project.check() == (), "work: " + str([i.code for i in project.check()])
    if project.content_hash() == state:
        _hold_numbers(project, lines)
        return
    if project.undo_label is not None:
        project.undo()
        if project.content_hash() == state:
            _hold_numbers(project, lines)
            project.redo()
            return
        project.redo()
    assert project.redo_label is not None, "confirmed work is gone"
    project.redo()
    assert project.content_hash() == state, "confirmed work is gone"
    project.undo()


def _hold_numbers(project: Project, lines: list[list[str]]) -> None:
    shown: dict[str, int] = {}
    for line in lines:
        if line[0] == "moved":
            shown.clear()
        elif line[0] == "data":
            shown[line[1]] = int(line[2])
    totals = {
        day.isoformat(): total
        for info in project.datasets()
        if info.spec.key == deliveries.DATASET
        for day, total in info.totals.items()
    }
    for day, number in shown.items():
        assert totals.get(day) == float(deliveries.total(number)), f"total of {day}"
        cube = project.cube(deliveries.DATASET)
        cells = cube.values[:, [d.isoformat() for d in cube.dates].index(day)]
        assert float(cells.sum()) == float(deliveries.total(number)), f"cells of {day}"


def _nameless(path: Path) -> bool:
    return path.name.endswith(".json.tmp") and not path.read_text(encoding="utf-8").endswith("}")


def _cleared(target: Path, working: Path) -> str:
    """Opening once more leaves no litter."""
    Project.open(target, working_dir=working).close()
    rest = [p.name for p in working.iterdir()]
    # A note killed before its first byte names nobody; it goes when it is a day old.
    rest = [name for name in rest if not _nameless(working / name)]
    assert not rest, f"left in the working folder: {rest}"
    assert not list(target.parent.glob("~*")), "litter beside the file"
    assert locks.owner(target) is None
    return "nothing to recover"


def run(folder: Path, total: int, seed: int) -> list[Outcome]:
    """All kills, in two processes side by side."""
    pristine = folder / "pristine.gpkg"
    make_town(pristine, folder / "pristine-working")
    warm()
    plans = plan(total, seed)
    outcomes = []
    for i, (family, death) in enumerate(plans):
        outcomes.append(one(pristine, folder / f"kill{i:04d}", family, death, seed + i))
    return outcomes


def counts(outcomes: list[Outcome]) -> dict[str, Counter[str]]:
    """Per family: how often tried, what was found."""
    found: dict[str, Counter[str]] = {}
    for o in outcomes:
        own = found.setdefault(o.family, Counter())
        own["tried"] += 1
        own["killed"] += o.killed
        own["confirmed"] += o.confirmed
        own[f"file {o.file}"] += 1
        own[o.work] += 1
        own["lost"] += bool(o.problems)
    return found
