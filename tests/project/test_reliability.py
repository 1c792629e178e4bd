"""A small share of ``make reliability``: a few kills, and each fault twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


def _part(name: str, build: Path) -> object:
    command = [sys.executable, str(ROOT / "benchmarks" / "reliability"), "--quick", "--part", name]
    environment = {**os.environ, "RELIABILITY_BUILD": str(build)}
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    return json.loads((build / f"{name}.json").read_text(encoding="utf-8"))


def test_kills_lose_nothing(tmp_path: Path) -> None:
    found = _part("kills-1", tmp_path)
    assert isinstance(found, dict)
    assert found["problems"] == []
    assert sum(c["killed"] for c in found["families"].values()) >= 6


def test_faults_lose_nothing(tmp_path: Path) -> None:
    found = _part("faults", tmp_path)
    assert isinstance(found, list)
    assert {t["name"]: t["broken"] for t in found if t["broken"]} == {}
    assert sum(t["tried"] for t in found) >= 2 * (len(found) - 2)  # two need the right to mount
