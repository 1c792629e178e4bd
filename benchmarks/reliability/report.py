"""``docs/reliability.md`` from the results of a run; nothing in it is typed by hand.

The notes on defects name the test that failed before each was mended; the report refuses to be
written where such a test is not there any more.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import monitor_app
from monitor_app.project import publish

ROOT = Path(__file__).resolve().parents[2]
TITLE = "# Reliability: what was tried, how often, and what came of it"

#: What this work found: the defect, what it cost, what keeps it from coming back.
DEFECTS: tuple[tuple[str, str], ...] = (
    (
        "After a restart of the computer the number of the killed process often belongs to some "
        "service. Unsaved work was then not offered, and the project seemed to be open. Locks and "
        "working copies now know when their process began.",
        "tests/project/test_after_restart.py::"
        "test_a_number_that_another_process_has_now_hides_no_work",
    ),
    (
        "A power cut soon after opening could take confirmed changes: each commit was synced to "
        "the disk, but not the copied file below the log. The copy is now on the disk before "
        "anything counts as confirmed.",
        "tests/project/test_after_restart.py::"
        "test_the_copy_is_on_the_disk_before_work_counts_as_confirmed",
    ),
    (
        "With the disk of the working folder full, closing failed half-way and left the user's "
        "file locked. Closing now lets go of the file and keeps the work on offer.",
        "tests/project/test_after_restart.py::"
        "test_closing_on_a_full_disk_lets_go_of_the_file_and_keeps_the_work",
    ),
    (
        "Killed between replacing the file and writing that down, the program offered changes for "
        "recovery that were in the file already.",
        "tests/project/test_after_restart.py::test_a_save_that_arrived_is_not_offered_again",
    ),
    (
        "Killed at the moment of taking the lock, the program left an empty lock file that kept "
        "everybody out for a day. The lock now comes into being with all it says.",
        "tests/project/test_after_restart.py::"
        "test_a_process_killed_while_it_takes_the_lock_locks_nobody_out",
    ),
    (
        "A project whose name is as long as the file system allows could be created, but saving it "
        "ended in an error of ours (the name of a log beside it was too long to ask for).",
        "tests/project/test_save.py::test_long_and_unusual_names",
    ),
    (
        "An old workbook (.xls) whose header names sectors that it does not have, or a list of "
        "sectors that goes round in a circle, filled the memory and ended the program inside a "
        "library. Found by fuzzing; refused now.",
        "tests/exchange/test_reader_xls.py::"
        "test_a_container_that_names_more_than_it_has_is_refused",
    ),
    (
        "A GeoPackage with a view that repeats itself was read for ever.",
        "tests/app/test_attacks.py::test_a_view_without_end_is_refused",
    ),
    (
        "Cancelling while a library was reading a layer took up to eleven seconds. Work without "
        "side effects is now left behind at once.",
        "tests/app/test_detach.py::test_cancelling_leaves_work_that_does_not_listen",
    ),
    (
        "A damaged FlatGeobuf made GDAL hand over texts of negative length; a zero byte in the "
        "encoding of a shapefile was an error of ours. Found by fuzzing; such arrays are checked "
        "before use.",
        "tests/exchange/test_corpus.py::test_what_broke_a_reader_once_is_harmless",
    ),
    (
        "Random bytes in the header of a project that name another file format ended in an error "
        "of SQLite; it is a damaged file now.",
        "tests/project/test_untrusted.py::test_a_header_of_another_file_format_is_a_damaged_file",
    ),
)

Row = tuple[str, str, str, str]


def check_tests() -> None:
    for _text, test in DEFECTS:
        file, _colons, name = test.partition("::")
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"):
            raise SystemExit(f"the report names a test that does not exist: {test}")


def _load(folder: Path, part: str) -> Any:
    path = folder / f"{part}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def kill_rows(found: dict[str, dict[str, int]]) -> list[Row]:
    rows: list[Row] = []
    order = [f"step: {name}" for name in publish.STEPS]
    order += [name for name in found if name not in order]
    for family in order:
        c = found.get(family)
        if c is None:
            continue
        name = family.replace("step: ", "killed at the step of saving ‘") + (
            "’" if family.startswith("step: ") else ""
        )
        name = {
            "file operation": "killed before a file operation, counted off at random",
            "SQL statement": "killed before an SQL statement, counted off at random",
            "random moment": "killed at a random moment",
        }.get(family, name)
        outcome = (
            f"file: {c.get('file old', 0)} old version, {c.get('file new', 0)} new version; "
            f"work: {c.get('recovered', 0)} recovered, "
            f"{c.get('nothing to recover', 0)} nothing unsaved; "
            f"{c.get('confirmed', 0)} confirmed changes, "
            + (f"{c['lost']} CASES WITH A LOSS" if c.get("lost") else "all held")
        )
        rows.append((name, str(c["killed"]), outcome, str(c.get("lost", 0))))
    return rows


def fault_rows(found: list[dict[str, Any]]) -> list[Row]:
    words = {"": "went through, content right", "cancelled": "cancelled, nothing changed"}
    rows: list[Row] = []
    for trial in found:
        if trial["skipped"] and not trial["tried"]:
            rows.append((trial["name"], "0", f"not tried: {trial['skipped']}", "–"))
            continue
        told = ", ".join(
            f"{n} × {words.get(code, f'refused in words ({code}), old file and work intact')}"
            for code, n in sorted(trial["told"].items())
        )
        rows.append((trial["name"], str(trial["tried"]), told, str(len(trial["broken"]))))
    return rows


def property_rows(found: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    session, numbers = found.get("session", {}), found.get("numbers", {})
    if session:
        commands = {k: v for k, v in session.items() if k != "checks"}
        rows.append((
            "random sequences of commands of a session (state machine)",
            str(sum(commands.values())),
            ", ".join(f"{v} {k}" for k, v in sorted(commands.items()))
            + f"; {session['checks']} times: totals equal to those of the delivered texts, content "
            "as modelled, no orphan rows", str(found["session_failed"]),
        ))  # fmt: skip
    if numbers:
        rows.append((
            "files in random dialects and layouts against a decimal parser",
            str(numbers["files"] + numbers.get("odd columns", 0)),
            f"{numbers.get('numbers read', 0)} numbers read as they stand; "
            f"{numbers.get('columns refused as ambiguous', 0)} of {numbers.get('columns', 0)} "
            f"columns refused as ambiguous, {numbers.get('files refused', 0)} files refused",
            str(found["numbers_failed"]),
        ))  # fmt: skip
    for key, name in (
        ("attacks", "attack files (bombs, entities, paths, SQL, tags, views, formulas)"),
        ("past", "files of every past schema version, newer files, damaged files"),
    ):
        if key in found:
            rows.append((name, str(found[key]["tests"]), "harmless, told in words",
                         str(found[key]["failed"])))  # fmt: skip
    return rows


def fuzz_rows(folder: Path) -> list[Row]:
    merged: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*-*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        own = merged.setdefault(
            one["target"], {"runs": 0, "refused": 0, "seconds": 0.0, "slowest": 0.0, "kinds": set()}
        )
        own["runs"] += one["runs"]
        own["refused"] += one["refused"]
        own["seconds"] += one.get("seconds", 0.0)
        own["slowest"] = max(own["slowest"], one["slowest_s"])
        own["kinds"] |= set(one["findings"])
    rows: list[Row] = []
    for target, own in merged.items():
        native = len(list((folder / "findings").glob(f"{target}-native-*")))
        outcome = (
            f"{own['seconds'] / 60:.1f} min, {own['refused']} refused in words, the others read; "
            f"slowest {own['slowest']:.2f} s"
        )
        found = len(own["kinds"]) + native
        if found:
            outcome += f"; {found} kinds of finding, mended and kept as tests"
        rows.append((f"fuzzing guided by coverage: {target}", str(own["runs"]), outcome, "0"))
    if merged:
        minutes = sum(own["seconds"] for own in merged.values()) / 60
        runs = sum(own["runs"] for own in merged.values())
        rows.append(("fuzzing, all readers", str(runs), f"{minutes:.0f} min in all", "0"))
    return rows


def _table(head: tuple[str, ...], rows: list[Row]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows]


#: Section -> the file whose time says when its part ended.
PARTS = {
    "Killed while importing, editing and saving": "kills-1.json",
    "Faults around the file": "faults.json",
    "Sequences of commands, numbers, hostile files": "properties.json",
    "Memory and time": "resources.json",
}


def _ended(folder: Path, fuzz: Path, section: str) -> str:
    if section in PARTS:
        path = folder / PARTS[section]
        files = [path] if path.exists() else []
    else:
        files = list(fuzz.rglob("*.json"))
    if not files:
        return "When this part ended is not known."
    last = datetime.fromtimestamp(max(f.stat().st_mtime for f in files), UTC)
    return f"Counted until {last:%Y-%m-%d %H:%M} UTC."


def write(folder: Path, fuzz: Path, target: Path, started: float, seconds: float) -> bool:
    """Write the page; returns whether no promise was broken."""
    check_tests()
    head = ("what was done", "tried", "outcome", "promises broken")
    sections: list[tuple[str, list[Row]]] = []
    kills, faults = _load(folder, "kills"), _load(folder, "faults")
    properties, resources = _load(folder, "properties"), _load(folder, "resources")
    if kills:
        rows = kill_rows(kills["families"])
        total = sum(int(row[1]) for row in rows)
        broken = sum(int(row[3]) for row in rows)
        confirmed = sum(c.get("confirmed", 0) for c in kills["families"].values())
        rows.append((
            "all kills (SIGKILL)", str(total),
            f"{confirmed} confirmed changes, "
            + ("SOME LOST" if broken else "each held; every file opened, balanced and sound"),
            str(broken),
        ))  # fmt: skip
        sections.append(("Killed while importing, editing and saving", rows))
    if faults:
        sections.append(("Faults around the file", fault_rows(faults)))
    if properties:
        sections.append(
            ("Sequences of commands, numbers, hostile files", property_rows(properties))
        )
    fuzzed = fuzz_rows(fuzz)
    if fuzzed:
        sections.append(("Random changes to files", fuzzed))
    if resources:
        measured = [
            (r["name"], str(r["tried"]), r["outcome"], "0" if r["holds"] else "1")
            for r in resources
        ]
        sections.append(("Memory and time", measured))
    broken = sum(int(row[3]) for _name, rows in sections for row in rows if row[3].isdigit())
    when = datetime.fromtimestamp(started, UTC)
    verdict = "No promise was broken." if not broken else f"Promises broken: {broken}."
    lines = [
        TITLE, "",
        "Written from the counts that the parts of `make reliability` left (begun "
        f"{when:%Y-%m-%d %H:%M} UTC, {seconds / 60:.0f} minutes). A part can be run again by "
        "itself, so each section says when its part ended. Version "
        f"{monitor_app.__version__}, Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, {platform.system()}. Do not edit.", "",
        f"**{verdict}**", "",
        "The promise: whatever happens, the file is the old version or the new one, every "
        "confirmed step survives, and no number changes in silence. After each kill and each fault "
        "the project is opened, checked for integrity (SQLite, rows that belong to nothing) and "
        "balance (totals against cells, and against the delivered texts), and held against every "
        "step that was confirmed before.", "",
    ]  # fmt: skip
    for name, rows in sections:
        lines += [f"## {name}", "", _ended(folder, fuzz, name), "", *_table(head, rows), ""]
    for name, broken_list in _failures(kills, faults):
        lines += [f"- {name}: {text}" for text in broken_list]
    lines += ["## Defects that this work found and mended", ""]
    lines += [f"{i}. {text} (`{test}`)" for i, (text, test) in enumerate(DEFECTS, 1)]
    lines += [
        "", "## What this does not show", "",
        "- A killed process leaves its written pages to the system. A power cut is only "
        "approached: the order of syncing is tested, the loss of unsynced pages is not simulated.",
        "- What was undone or can be redone is kept in the working copy; where undoing led back to "
        "what the file holds, nothing is offered after a crash.",
        "- Windows (sharing violations, processes and their birth) is imitated, not run.",
        "- Two computers are two processes with two host names on one drive; no network drive was "
        "used.",
    ]  # fmt: skip
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return not broken


def _failures(kills: Any, faults: Any) -> list[tuple[str, list[str]]]:
    found = [("kill", [str(p) for p in (kills or {}).get("problems", [])])]
    found += [(t["name"], t["broken"]) for t in faults or [] if t["broken"]]
    return [(name, [text[:300] for text in texts]) for name, texts in found if texts]
