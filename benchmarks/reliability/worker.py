"""What a user does all day, in a loop, until the process is killed.

Each promise is written to a pipe before the next thing is done: ``did N HASH`` after a confirmed
change, ``saving N HASH`` before and ``saved N HASH`` after a save, ``data DAY N`` for the delivery
that a date shows. The parent holds what it finds against the lines that arrived.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deliveries

from monitor_app.app import imports
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.exchange.recipe import load_recipe
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.project import publish, store

#: Things that Python reports before the system does them.
_FILE_EVENTS = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "sqlite3.connect")


@dataclass(frozen=True)
class Death:
    """When to die. ``how``: step (of saving), file (operation), statement (of SQL), moment (the
    parent kills); ``count``: at which occurrence."""

    how: str
    what: str = ""
    count: int = 0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Worker:
    target: Path
    working: Path
    inbox: Path
    pipe: int
    death: Death
    seed: int
    seen: int = 0
    armed: bool = False

    def tell(self, *words: object) -> None:
        os.write(self.pipe, (" ".join(map(str, words)) + "\n").encode())

    def count(self) -> None:
        if self.armed:
            self.seen += 1
            if self.seen == self.death.count:
                _die()

    def steps(self, name: str) -> None:
        if self.death.how == "step" and name == self.death.what:
            self.count()

    def arm(self) -> None:
        if self.death.how == "file":
            sys.addaudithook(lambda event, _args: self.count() if event in _FILE_EVENTS else None)
        elif self.death.how == "statement":
            connect = store._connect

            def traced(path: Path) -> Any:
                raw = connect(path)
                raw.set_trace_callback(lambda _sql: self.count())
                return raw

            store._connect = traced
        self.armed = True

    def run(self, rounds: int = 400) -> None:
        rng = random.Random(self.seed)
        session = Session(Settings(), self.working)
        self.tell("start")
        self.arm()
        session.open(self.target)
        recipe = load_recipe(deliveries.RECIPE)
        self.tell("opened", 0, session.project.content_hash())
        for number in range(self.seed * 1000, self.seed * 1000 + rounds):
            choice = rng.choices(
                ("import", "edit", "weights", "undo", "redo", "save", "reopen"),
                (30, 15, 15, 12, 8, 30, 6),
            )[0]
            before: Callable[[], object] = getattr(self, f"_{choice}")
            before(session, number, recipe)  # type: ignore[call-arg]

    def _did(self, session: Session, number: int) -> None:
        self.tell("did", number, session.project.content_hash())

    def _import(self, session: Session, number: int, recipe: Any) -> None:
        path = deliveries.write(self.inbox, number)
        batch = imports.prepare(session, [path], [recipe])
        session.apply(batch)
        state = session.project.content_hash()
        self.tell("did", number, f"{state}\ndata {deliveries.day(number)} {number}")

    def _edit(self, session: Session, number: int, _recipe: Any) -> None:
        text = deliveries.definition(number)
        session.project.put_document("indicator", "eigener_anteil", text, "Kennzahl bearbeitet")
        self._did(session, number)

    def _weights(self, session: Session, number: int, _recipe: Any) -> None:
        text = deliveries.weights(number)
        session.project.put_document("weighting", "sozialindex", text, "Gewichte geändert")
        self._did(session, number)

    def _undo(self, session: Session, number: int, _recipe: Any) -> None:
        # The first change brought the areas that every delivery needs.
        if sum(not r.undone for r in session.project.revisions()) > 1:
            self.tell("moved")  # what a date shows is not known to the parent any more
            session.undo()
            self._did(session, number)

    def _redo(self, session: Session, number: int, _recipe: Any) -> None:
        if session.project.redo_label is not None:
            self.tell("moved")
            session.redo()
            self._did(session, number)

    def _save(self, session: Session, number: int, _recipe: Any) -> None:
        self.tell("saving", number, session.project.content_hash())
        if self.death.how == "step":
            session.project.save(steps=self.steps)
        else:
            session.save()
        self.tell("saved", number, session.project.content_hash())

    def _reopen(self, session: Session, number: int, recipe: Any) -> None:
        self._save(session, number, recipe)
        before = session.project.content_hash()
        session.close()
        session.open(self.target)
        if session.project.content_hash() != before:
            self.tell("broken", number, "reopening changed the content")


def steps() -> tuple[str, ...]:
    return publish.STEPS


def warm() -> None:
    """Read the shipped catalogue once, in the parent: hundreds of children need not."""
    shipped = Catalogue.shipped()
    Catalogue.shipped = staticmethod(lambda: shipped)  # type: ignore[method-assign]
    load_recipe(deliveries.RECIPE)
