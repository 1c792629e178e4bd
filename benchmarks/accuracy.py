"""How good forecasts of real towns would have been: writes docs/accuracy.md.

    python benchmarks/accuracy.py DIR [--out FILE]

DIR holds open data of towns (folders ``wien`` and ``konstanz`` as described in their README files).
The figures come from the command ``monitor-app backtest``; nothing here is known to the program.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from monitor_app.app import forecasting, imports
from monitor_app.app import forecasting_report as reports
from monitor_app.app.session import Session
from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.issues import errors
from monitor_app.core.progress import Progress
from monitor_app.forecast.spec import make_spec

#: Name, files, level.
TOWNS = (
    ("Wien", ("wien/raw/*.csv", "wien/raw/shp/*.shp"), "bezirk"),
    ("Konstanz", ("konstanz/raw/bevoelkerung/pyramiden/*.csv",), "city"),
)

#: The document is for German offices, as the reports are.
HEAD = (
    "Erzeugt mit `make accuracy DATA=…` (`benchmarks/accuracy.py`); dieselben Zahlen für jedes"
    " Projekt: `monitor-app backtest PROJEKT --level EBENE -o bericht.md`. Spalten: Jahre voraus;"
    " Zellen: Median / Mittel der Fehlerbeträge in Prozent des gezählten Werts; fett: das Beste"
    " einer Spalte. Altersgruppen sind die, die die Daten der Stadt hergeben.\n\n"
    "**Wie weit die Zahlen tragen.** Jede Prognose kennt nur die Zahlen bis zu ihrem Startjahr, und"
    " nichts über diese Städte steht im Programm. Seine Voreinstellungen (10 Stützjahre, 3 für"
    " Geburten, Steuerung der Gebiete über Anteile am Wachstum) gelten für alle Städte gleich; sie"
    " wurden aber festgelegt, als diese Städte zum Ausprobieren vorlagen, darunter die hier"
    " bewerteten Jahre. Der strengere Test ist eine Stadt, die das Programm noch nicht gesehen hat."
    " Standardraten für Sterbefälle und Fruchtbarkeit stammen aus der Ausgabe 2024 der"
    " UN-Vorausschätzung: verwendet werden nur Zeiträume vor dem Startjahr, aber in der heutigen"
    " Fassung."
)


def town(folder: Path, work: Path, name: str, patterns: tuple[str, ...], level: str) -> str:
    """The report of one town as Markdown."""
    files = [p for pattern in patterns for p in sorted(folder.glob(pattern))]
    if not files:
        raise SystemExit(f"no files of {name} below {folder}")
    session = Session(working_dir=work / "copies")
    session.create(work / f"{name}.gpkg", name)
    try:
        batch = imports.prepare(session, files, [], Progress())
        if errors(batch.issues):
            raise SystemExit(f"{name}: {errors(batch.issues)[0].message}")
        session.apply(batch)
        test, others = forecasting.backtest(session, make_spec({"level": level}))
        return reports.report(test, f"{name} ({level})", others, level=2)
    finally:
        session.close(discard=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy.md"))
    options = parser.parse_args()
    LANGUAGE.use("de")
    with tempfile.TemporaryDirectory() as work:
        os.environ["MONITOR_APP_HOME"] = work
        parts = [town(options.folder, Path(work), *entry) for entry in TOWNS]
    head = [
        "# Wie gut Prognosen gewesen wären",
        "",
        HEAD,
        "",
    ]  # fmt: skip
    options.out.write_text("\n".join([*head, *parts]) + "\n", encoding="utf-8")
    print(f"written: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
