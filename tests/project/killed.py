"""Run by the kill tests in a process of its own: works on a project until it is killed.

``killed.py TARGET WORKING STEP OCCURRENCE`` edits and saves in a loop and kills itself with
SIGKILL when STEP of the save protocol comes for the OCCURRENCE-th time (STEP ``none``: never).
It prints a line for each thing that it was promised to keep.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import project_towns as towns

from monitor_app.project.project import Project


def main(target: str, working: str, step: str, occurrence: int) -> None:
    seen = 0

    def steps(name: str) -> None:
        nonlocal seen
        if name == step:
            seen += 1
            if seen == occurrence:
                os.kill(os.getpid(), signal.SIGKILL)

    project = Project.open(Path(target), working_dir=Path(working))
    for number in range(1, 1000):
        project.apply(towns.batch(towns.population((2024,), seed=number)))
        project.put_document("setting", "number", str(number), "Zähler")
        print("confirmed", number, project.content_hash(), flush=True)
        project.save(steps=steps)
        print("saved", number, project.content_hash(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
