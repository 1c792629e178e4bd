"""``make reliability``: try to lose somebody's work, count the tries, write docs/reliability.md.

Parts run as processes of their own, two at a time; each leaves its counts in build/reliability.
``--part NAME`` runs one, ``--report`` writes the page from what is there, ``--quick`` tries each
thing a few times.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
BUILD = Path(os.environ.get("RELIABILITY_BUILD", ROOT / "build" / "reliability"))
FUZZ = ROOT / "build" / "fuzz"
KILLS, TRIES, EXAMPLES = 600, 20, 400
LANES = (("kills-1", "resources"), ("kills-2", "properties", "faults"))
_ATTACKS = (
    "tests/app/test_attacks.py", "tests/exchange/test_corpus.py",
    "tests/exchange/test_bad_files.py", "tests/project/test_untrusted.py",
)  # fmt: skip
_PAST = ("tests/project/test_migrations.py", "tests/project/test_after_restart.py")


def run_part(name: str, *, quick: bool) -> None:
    os.environ["MONITOR_APP_HOME"] = tempfile.mkdtemp(prefix="reliability-home-")
    with tempfile.TemporaryDirectory(prefix="reliability-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        if name.startswith("kills"):
            import kills

            total = (24 if quick else KILLS) // 2
            lane = int(name[-1])
            outcomes = kills.run(folder, total, seed=lane * 100_000)
            result: object = {
                "families": {k: dict(v) for k, v in kills.counts(outcomes).items()},
                "problems": [asdict(o) for o in outcomes if o.problems],
            }
        elif name == "faults":
            import faults

            trials = faults.run(folder, 2 if quick else TRIES, seed=1)
            result = [{**asdict(t), "told": dict(t.told)} for t in trials]
        elif name == "resources":
            import resources

            rows: list[object] = []
            for row in resources.run(folder, quick=quick):
                rows.append(row)
                _keep(name, rows)
            result = rows
        else:
            result = properties(folder, quick=quick)
    _keep(name, result)


def _keep(name: str, result: object) -> None:
    (BUILD / f"{name}.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def properties(folder: Path, *, quick: bool) -> dict[str, object]:
    """Property tests with many more examples than in `make test`, and the attack files."""
    found: dict[str, object] = {}
    for key, path, examples in (
        ("session", "tests/app/test_session_machine.py", 4 if quick else EXAMPLES // 5),
        ("numbers", "tests/exchange/test_numbers_never_change.py", 30 if quick else EXAMPLES * 5),
    ):
        _tests, failed = _pytest((path,), folder, examples)
        counts: Counter[str] = Counter()
        for file in folder.glob(f"{key}-*.json"):
            counts.update(json.loads(file.read_text(encoding="utf-8")))
        found[key], found[f"{key}_failed"] = dict(counts), failed
    for key, paths in (("attacks", _ATTACKS), ("past", _PAST)):
        tests, failed = _pytest(paths, folder, 60)
        found[key] = {"tests": tests, "failed": failed}
    return found


def _pytest(paths: tuple[str, ...], folder: Path, examples: int) -> tuple[int, int]:
    """How many tests ran and failed."""
    result = folder / "junit.xml"
    result.unlink(missing_ok=True)
    told = {"RELIABILITY_EXAMPLES": str(examples), "RELIABILITY_COUNTS": str(folder)}
    pytest = (sys.executable, "-m", "pytest", "-q", "-n0", "--timeout=1500")
    subprocess.run(
        [*pytest, f"--junitxml={result}", *paths],
        check=False, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, **told},
    )  # fmt: skip
    suite = ElementTree.parse(result).getroot()[0].attrib
    skipped = int(suite["skipped"])
    return int(suite["tests"]) - skipped, int(suite["failures"]) + int(suite["errors"])


def merge_kills() -> None:
    """One table of both lanes."""
    families: dict[str, Counter[str]] = {}
    problems: list[object] = []
    for path in sorted(BUILD.glob("kills-*.json")):
        part = json.loads(path.read_text(encoding="utf-8"))
        for name, counts in part["families"].items():
            families.setdefault(name, Counter()).update(counts)
        problems += part["problems"]
    if families:
        merged = {"families": {k: dict(v) for k, v in families.items()}, "problems": problems}
        (BUILD / "kills.json").write_text(json.dumps(merged), encoding="utf-8")


def run_all(*, quick: bool) -> None:
    for old in BUILD.glob("*.json"):
        old.unlink()
    lanes = []
    for parts in LANES:
        command = shlex.join([sys.executable, str(Path(__file__).parent)])
        how = " --quick" if quick else ""
        calls = "; ".join(f"{command} --part {part}{how}" for part in parts)
        lanes.append(subprocess.Popen(["sh", "-c", calls]))
    for lane in lanes:
        lane.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "reliability.md")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    if given.part:
        run_part(given.part, quick=given.quick)
        return 0
    stamp = BUILD / "started"
    if not given.report:
        stamp.write_text(str(time.time()), encoding="utf-8")
        run_all(quick=given.quick)
    import report

    merge_kills()
    started = float(stamp.read_text(encoding="utf-8"))
    ended = max(path.stat().st_mtime for path in BUILD.glob("*-*.json"))
    sound = report.write(BUILD, FUZZ, given.output, started, max(ended, started) - started)
    print(given.output.read_text(encoding="utf-8"))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
