"""Person-level files: counted in chunks, equal to a count by hand, no row kept."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.batch import ImportContext
from monitor_app.core.issues import Severity, errors
from monitor_app.exchange import persons
from monitor_app.exchange.prepare import prepare_import
from tests.exchange.mapping_tools import only, recipe_of, write

CONTENT = """\
  - kind: persons
    counts: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Viertel}
    date: {fixed: "31.12.2024"}
    sex: {column: Geschlecht}
    group: {column: Staat, map: {"000": national}, other: foreign}
    birth_date: Geburt
    open_from: 90
    only: [{column: Status, equals: ["0", "1"]}]
"""
CONTEXT = ImportContext(
    AreaSystem(
        (Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1)),
        tuple(Area(i, "viertel", k, k) for i, k in enumerate(("011", "012", "013"))),
    )
)


def people(n: int, seed: int) -> list[tuple[str, str, str, date, str]]:
    rng = random.Random(seed)
    day = date(2024, 12, 31)
    return [
        (
            rng.choice(("011", "012", "013")),
            rng.choice("mw"),
            rng.choice(("000", "000", "163")),
            day - timedelta(days=rng.randrange(0, 36_500)),
            rng.choice("012"),
        )
        for _ in range(n)
    ]


def text_of(rows: list[tuple[str, str, str, date, str]]) -> str:
    lines = ["Viertel;Geschlecht;Staat;Geburt;Status"]
    lines += [f"{v};{s};{n};{b:%d.%m.%Y};{w}" for v, s, n, b, w in rows]
    return "\n".join(lines) + "\n"


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@pytest.mark.parametrize("chunk", [7, 1000])
def test_counts_equal_a_count_by_hand_whatever_the_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(persons, "CHUNK_ROWS", chunk)
    rows = people(300, seed=3)
    path = write(tmp_path, "personen.csv", text_of(rows))
    batch = prepare_import(path, recipe_of(CONTENT), CONTEXT)
    assert not errors(batch.issues)
    (fact,) = batch.facts
    expected: Counter[tuple[str, str, str, int]] = Counter()
    for area, sex, state, born, status in rows:
        if status in "01":
            group = "national" if state == "000" else "foreign"
            age = min(90, age_on(born, date(2024, 12, 31)))
            expected[area, {"m": "m", "w": "f"}[sex], group, age] += 1
    cube = fact.cube
    for (area, sex, group, age), count in expected.items():
        index = (
            cube.area_index[area], 0, cube.labels["sex"].index(sex),
            cube.labels["group"].index(group), age,
        )  # fmt: skip
        assert cube.values[index] == count
    assert cube.values.sum() == sum(expected.values())


def test_a_chunk_is_dropped_before_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds one chunk: chunks that were counted are garbage when the next one comes."""
    import gc
    import weakref

    monkeypatch.setattr(persons, "CHUNK_ROWS", 50)
    alive: list[weakref.ref[object]] = []
    most = 0
    real = persons.iter_chunks

    def watched(*args: object, **kwargs: object):  # type: ignore[no-untyped-def]
        nonlocal most
        for chunk in real(*args, **kwargs):  # type: ignore[arg-type]
            alive.append(weakref.ref(chunk))
            yield chunk
            del chunk
            gc.collect()
            most = max(most, sum(r() is not None for r in alive))

    monkeypatch.setattr(persons, "iter_chunks", watched)
    path = write(tmp_path, "personen.csv", text_of(people(1000, seed=5)))
    batch = prepare_import(path, recipe_of(CONTENT), CONTEXT)
    assert len(alive) >= 20
    assert most <= 2
    assert batch.facts[0].cube.values.sum() > 0


def test_unknown_days_of_birth_are_put_into_the_middle(tmp_path: Path) -> None:
    text = (
        "Viertel;Geschlecht;Staat;Geburt;Status\n011;m;000;00.00.1990;0\n011;m;000;00.05.1990;0\n"
    )
    text += "011;w;000;19850000;0\n011;w;000;19850101;0\n"
    batch = prepare_import(write(tmp_path, "p.csv", text), recipe_of(CONTENT), CONTEXT)
    assert not errors(batch.issues)
    ages = batch.facts[0].cube.sum("area", "date", "sex", "group")
    assert {int(i): int(v) for i, v in enumerate(ages.values) if v} == {34: 2, 39: 2}
    assert only(batch.issues, "birth-day-unknown").severity is Severity.INFO


def test_impossible_births_and_unknown_areas_are_named(tmp_path: Path) -> None:
    text = (
        "Viertel;Geschlecht;Staat;Geburt;Status\n011;m;000;01.01.2030;0\n099;w;000;01.01.1990;0\n"
    )
    batch = prepare_import(write(tmp_path, "p.csv", text), recipe_of(CONTENT), CONTEXT)
    assert batch.blocked
    assert only(batch.issues, "birth-after-date").row == 2
    assert only(batch.issues, "area-unknown").row == 3


def test_events_belong_to_the_year_that_ends(tmp_path: Path) -> None:
    content = CONTENT.replace("counts: population", "counts: deaths").replace(
        '{fixed: "31.12.2024"}', "{column: Tag}"
    )
    text = "Viertel;Geschlecht;Staat;Geburt;Status;Tag\n"
    text += "011;m;000;01.07.1950;0;30.06.2023\n011;m;000;01.07.1950;0;01.07.2023\n"
    batch = prepare_import(write(tmp_path, "p.csv", text), recipe_of(content), CONTEXT)
    cube = batch.facts[0].cube
    assert cube.dates == (date(2023, 12, 31),)
    ages = cube.sum("area", "date", "sex", "group").values
    assert np.flatnonzero(ages).tolist() == [72, 73]
