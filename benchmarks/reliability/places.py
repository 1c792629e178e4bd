"""Faults of where a project lies and of who else has it open (see ``faults``)."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path
from unittest import mock

from trials import edit, file_holds, held, make, no_litter, refused

from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project import recovery, workfile
from monitor_app.project.project import Project
from tests.project import project_towns as towns


def unusual_path(folder: Path, rng: random.Random) -> str:
    """Umlauts (composed and not), blanks, signs that mean something in addresses or SQL."""
    pool = "äöüÄÖÜßéñ 'ʼ\"#%&?;+[](){}=@~,^`$€–漢字🏙"
    parts = ["".join(rng.choices(pool + "abc", k=rng.randrange(1, 18))) for _i in range(3)]
    names = [unicodedata.normalize(rng.choice(("NFC", "NFD")), p.strip()) or "ä" for p in parts]
    place = folder.joinpath(*names)
    place.mkdir(parents=True)
    return _round_trip(place / f"{names[0]}.gpkg", folder / "wörk", rng)


def path_of_250_characters(folder: Path, rng: random.Random) -> str:
    place = folder
    while len(str(place)) < 190:
        place = place / ("Amt für Statistik " * 2)[: rng.randrange(12, 36)].strip()
    place.mkdir(parents=True)
    room = max(250 - len(str(place)) - len(".gpkg") - 1, 1)
    return _round_trip(place / ("ü" * room + ".gpkg"), folder / "w", rng)


def longest_name(folder: Path, rng: random.Random) -> str:
    """A name as long as the file system allows, where every side file needs a shorter one."""
    return _round_trip(folder / ("ä" * rng.randrange(110, 124) + "x.gpkg"), folder / "w", rng)


def _round_trip(path: Path, working: Path, rng: random.Random) -> str:
    with Project.create(path, working_dir=working) as project:
        project.apply(towns.whole_town())
        for _round in range(5):
            state = edit(project, rng)
            project.save()
    file_holds(path, working, state)
    with Project.open(path, working_dir=working) as project:
        state = edit(project, rng)
    (left,) = recovery.leftovers(working)
    with left.open() as project:
        held(project, state)
        project.save()
    file_holds(path, working, state)
    no_litter(path)
    assert len(list(path.parent.glob("*.bak*"))) == 3
    return ""


def _hold_in_child(path: Path, working: Path, host: str) -> tuple[int, int, int]:
    """Another process, on a computer of another name, opens the project and changes it."""
    ready, tell = os.pipe()
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with (
                mock.patch.object(locks, "host_name", return_value=host),
                mock.patch.object(workfile, "host_name", return_value=host),
            ):
                project = Project.open(path, working_dir=working)
                project.put_document("view", "v", "theirs", "Ansicht")
                os.write(tell, b"1")
                os.read(wait, 1)
                try:
                    project.save()
                    answer = "saved"
                except UserError as error:
                    answer = error.issues[0].code
                    project.save_as(path.with_name("deren.gpkg"))
                os.write(tell, answer.encode())
                project.close()
        finally:
            os._exit(0)
    os.close(tell)
    os.close(wait)
    os.read(ready, 1)
    return child, ready, go


def opened_twice(folder: Path, rng: random.Random) -> str:
    return _two(folder, rng, locks.host_name())


def opened_on_two_computers(folder: Path, rng: random.Random) -> str:
    return _two(folder, rng, "rathaus-17")


def _two(folder: Path, rng: random.Random, host: str) -> str:
    path = folder / "Stadt.gpkg"
    make(path, folder / "w")
    child, ready, go = _hold_in_child(path, folder / "theirs", host)
    take_over = rng.random() < 0.5
    try:
        code = refused(("locked",), lambda: Project.open(path, working_dir=folder / "w"))
        owner = locks.owner(path)
        assert owner is not None
        assert (owner.host, owner.pid) == (host, child), "the lock names somebody else"
        Project.open(path, "read", working_dir=folder / "w").close()
        if take_over:
            with Project.open(path, "take_over", working_dir=folder / "w") as project:
                state = edit(project, rng)
                project.save()
    finally:
        os.write(go, b"1")
        answer = os.read(ready, 100).decode()
        os.waitpid(child, 0)
        os.close(go)
        os.close(ready)
    if take_over:
        assert answer in ("locked", "target_changed"), f"the other one was told {answer!r}"
        file_holds(path, folder / "w", state)
        theirs = path.with_name("deren.gpkg")
    else:
        assert answer == "saved", answer
        theirs = path
    with Project.open(theirs, "read", working_dir=folder / "w") as project:
        assert project.document("view", "v") == "theirs", "the work of the other one is lost"
    return code
