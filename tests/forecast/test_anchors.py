"""Published and hand-checked results, reproduced by the engine; one test per anchor."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def _load() -> ModuleType:
    """The script, with the modules beside it, as if it had been started."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("anchors")
    finally:
        sys.path.remove(str(BENCHMARKS))


anchors = _load()


@pytest.mark.realdata
@pytest.mark.parametrize("name", sorted(anchors.ANCHORS))
def test_anchor_is_reproduced_within_its_tolerance(
    name: str, validation: Path, realdata: Path
) -> None:
    rows = anchors.run_anchor(name, anchors.Folders(validation, realdata))
    assert rows
    assert [f"{r.check}: {r.error} > {r.tolerance}" for r in rows if not r.ok] == []


def test_every_folder_of_anchors_is_checked(validation: Path) -> None:
    folders = {p.name for p in validation.iterdir() if p.is_dir()}
    assert folders - set(anchors.ANCHORS) == set()


def test_a_missing_file_is_a_miss(tmp_path: Path) -> None:
    rows = anchors.run_anchor("a0_rules", anchors.Folders(tmp_path, tmp_path))
    assert [row.ok for row in rows] == [False]


def test_an_error_that_is_not_a_number_is_a_miss() -> None:
    assert not anchors.Row("x", "y", float("nan"), 1.0).ok
