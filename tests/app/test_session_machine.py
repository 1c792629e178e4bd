"""Whatever a user does in whatever order: totals balance, undo is exact, all comes back.

The model holds the state after each change still in force: the content hash, and which delivery
each date shows. Totals are held against the sums of the delivered texts, counted apart.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import shutil
import tempfile
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from monitor_app.app import imports
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.exchange.recipe import load_recipe
from tests.project import project_towns as towns

EXAMPLES = int(os.environ.get("RELIABILITY_EXAMPLES", "6"))
COUNTS: Counter[str] = Counter()
RECIPE = """\
id: lieferung
name: Bevölkerung
source: Musterstadt
numbers: {decimal: ","}
contents:
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Schlüssel}
    date: {file: "(\\\\d{8})"}
    sex: {column: Geschlecht}
    values: [{pattern: "(unter 18|18 .+|65 .+)", age: "{1}"}]
"""
DEFINITION = """\
id: eigene_kennzahl
name: {{de: "Eigene Kennzahl", en: "Own indicator"}}
description: {{de: "Anteil", en: "Share"}}
interpretation: {{de: "Anteil", en: "Share"}}
unit: percent
formula: {factor} * pop(age=65..) / pop()
precision: 1
"""


@atexit.register
def _write_counts() -> None:
    place = os.environ.get("RELIABILITY_COUNTS")
    if place and COUNTS:
        (Path(place) / f"session-{os.getpid()}.json").write_text(json.dumps(COUNTS))


def delivery(year: int, seed: int) -> str:
    rng = random.Random(seed * 100 + year)
    lines = ["Schlüssel;Geschlecht;unter 18;18 bis unter 65;65 und älter"]
    for area in range(8):
        for sex in ("männlich", "weiblich"):
            counts = (f"{rng.randrange(5000):,}".replace(",", ".") for _age in range(3))
            lines.append(";".join((f"{area:03d}", sex, *counts)))
    return "\n".join(lines) + "\n"


def total(year: int, seed: int) -> Decimal:
    cells = [c for line in delivery(year, seed).splitlines()[1:] for c in line.split(";")[2:]]
    return sum((Decimal(c.replace(".", "")) for c in cells), Decimal(0))


State = tuple[str, dict[int, int]]  # content hash; year -> seed of the delivery that it shows


class SessionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.working = self.folder / "w"
        self.session = Session(Settings(), self.working)
        self.session.create(self.folder / "Stadt.gpkg")
        self.session.apply(towns.batch(towns.districts(), towns.quarters()))
        self.recipe = load_recipe(RECIPE)
        self.done: list[State] = [(self._hash(), {})]
        self.undone: list[State] = []
        self.copies = 0

    def _hash(self) -> str:
        return self.session.project.content_hash()

    def _grew(self, shown: dict[int, int]) -> None:
        self.done.append((self._hash(), shown))
        self.undone.clear()

    def _prepare(self, year: int, seed: int, progress: Progress | None = None) -> object:
        path = self.folder / f"bevoelkerung_{year}1231.csv"
        path.write_text(delivery(year, seed), encoding="utf-8")
        return imports.prepare(self.session, [path], [self.recipe], progress)

    @initialize(year=st.integers(2015, 2024), seed=st.integers(0, 99))
    def first_delivery(self, year: int, seed: int) -> None:
        self.import_delivery(year, seed)

    @rule(year=st.integers(2015, 2024), seed=st.integers(0, 99))
    def import_delivery(self, year: int, seed: int) -> None:
        COUNTS["import"] += 1
        before = self._hash()
        self.session.apply(self._prepare(year, seed))  # type: ignore[arg-type]
        self._grew({**self.done[-1][1], year: seed})
        after = self._hash()
        self.session.undo()
        assert self._hash() == before, "undo after do is not the identity"
        self.session.redo()
        assert self._hash() == after

    @rule(year=st.integers(2015, 2024), seed=st.integers(0, 99))
    def cancel_an_import(self, year: int, seed: int) -> None:
        COUNTS["cancelled import"] += 1
        batch = self._prepare(year, seed)
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            self.session.apply(batch, Progress(token=token))  # type: ignore[arg-type]

    @rule(factor=st.integers(1, 1000))
    def edit_a_definition(self, factor: int) -> None:
        COUNTS["edit definition"] += 1
        text = DEFINITION.format(factor=factor)
        project = self.session.project
        if project.put_document("indicator", "eigene_kennzahl", text, "Bearbeitet") is not None:
            self._grew(self.done[-1][1])

    @rule(kind=st.sampled_from(["weighting", "forecast", "view"]), text=st.text(max_size=30))
    def change_a_document(self, kind: str, text: str) -> None:
        COUNTS[f"change {kind}"] += 1
        if self.session.project.put_document(kind, "a", text, "Geändert") is not None:
            self._grew(self.done[-1][1])

    @rule(data=st.data())
    def show_something_else(self, data: st.DataObject) -> None:
        COUNTS["view"] += 1
        days = self.session.dates()
        if days:
            self.session.set_view(day=data.draw(st.sampled_from(days)))

    @rule()
    @precondition(lambda self: len(self.done) > 1)
    def undo(self) -> None:
        COUNTS["undo"] += 1
        self.session.undo()
        self.undone.append(self.done.pop())

    @rule()
    @precondition(lambda self: self.undone)
    def redo(self) -> None:
        COUNTS["redo"] += 1
        self.session.redo()
        self.done.append(self.undone.pop())

    @rule()
    def save(self) -> None:
        COUNTS["save"] += 1
        self.session.save()
        assert not self.session.project.dirty

    @rule()
    def save_as(self) -> None:
        COUNTS["save as"] += 1
        self.copies += 1
        self.session.save_as(self.folder / f"Köpie {self.copies}.gpkg")

    @rule()
    def save_and_reopen(self) -> None:
        COUNTS["reopen"] += 1
        self.session.save()
        path, view, table = self.session.project.path, self.session.view, self.session.table()
        self.session.close()
        self.session = Session(Settings(), self.working)
        self.session.open(path)
        assert self.session.view == view, "what was shown is not shown again"
        again = self.session.table()
        assert (table is None) == (again is None)
        if table is not None and again is not None:
            assert again.areas == table.areas
            assert again.dates == table.dates
            np.testing.assert_array_equal(again.values, table.values)
            np.testing.assert_array_equal(again.status, table.status)

    @rule()
    def crash_and_recover(self) -> None:
        COUNTS["recover"] += 1
        dirty, path = self.session.project.dirty, self.session.project.path
        if not dirty:
            return
        self.session.close()
        self.session = Session(Settings(), self.working)
        (left,) = self.session.leftovers()
        assert left.target == path
        self.session.recover(left)

    @invariant()
    def the_content_is_that_of_the_model(self) -> None:
        COUNTS["checks"] += 1
        assert self._hash() == self.done[-1][0]

    @invariant()
    def totals_balance_and_nothing_is_orphaned(self) -> None:
        assert self.session.project.check() == ()
        found = {
            day: value
            for info in self.session.project.datasets()
            for day, value in info.totals.items()
        }
        wanted = {date(y, 12, 31): float(total(y, s)) for y, s in self.done[-1][1].items()}
        assert found == wanted

    def teardown(self) -> None:
        self.session.close(discard=True)
        assert list(self.working.iterdir()) == []
        shutil.rmtree(self.folder)


TestSessionMachine = pytest.mark.slow(SessionMachine.TestCase)
TestSessionMachine.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=20, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
