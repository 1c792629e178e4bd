"""The command line as a person or a script meets it: arguments in, exit code and texts out."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor_app.commands import run
from monitor_app.core.i18n import LANGUAGE


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as JSON; fails where anything else stands there."""
        return json.loads(self.out)

    @property
    def issues(self) -> list[dict[str, Any]]:
        return list(self.data["issues"])

    def codes(self, severity: str = "error") -> list[str]:
        return [i["code"] for i in self.issues if i["severity"] == severity]

    @property
    def text(self) -> str:
        return self.out + self.err


def monitor(*arguments: object, language: str = "de") -> Answer:
    """Run one command in this process. An exception that is not meant for users passes through
    and fails the test: on a screen it would be a traceback."""
    out, err = io.StringIO(), io.StringIO()
    LANGUAGE.use(language)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(a) for a in arguments])
    finally:
        LANGUAGE.use("de")
    answer = Answer(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in answer.text
    return answer


def done(*arguments: object) -> Any:
    """Run a command with ``--json`` that has to succeed; returns its data."""
    answer = monitor(*arguments, "--json")
    assert answer.code == 0, answer.text[:2000]
    return answer.data


@contextlib.contextmanager
def private_home(folder: Path) -> Any:
    """``MONITOR_APP_HOME`` for fixtures that live longer than one test."""
    before = os.environ.get("MONITOR_APP_HOME")
    os.environ["MONITOR_APP_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MONITOR_APP_HOME"]
        else:
            os.environ["MONITOR_APP_HOME"] = before


def fingerprint(project: Path) -> tuple[str, tuple[str, ...]]:
    """The bytes of a project file, and what lies beside it (locks, half-written files)."""
    digest = hashlib.sha256(project.read_bytes()).hexdigest()
    return digest, tuple(sorted(p.name for p in project.parent.iterdir()))


@dataclass(frozen=True)
class Imported:
    """A project and what the import said."""

    project: Path
    report: dict[str, Any]

    @property
    def issues(self) -> list[dict[str, Any]]:
        return list(self.report["issues"])

    def coded(self, code: str) -> list[dict[str, Any]]:
        return [i for i in self.issues if i["code"] == code]
