"""The page about map performance, written from the figures of a run."""

from __future__ import annotations

from typing import Any

CASES = {
    "value": "one changed value",
    "weight": "changed weight (8 indicators, new quantiles)",
    "classes": "other number of classes",
    "year": "another year",
    "view": "new view with smooth borders",
    "hover": "which area is under the pointer",
    "hover with outline": "the same with its outline",
    "slider frame": "one frame while a slider moves",
}


def merged(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows of later runs replace the same rows of earlier ones; a row without a peer does not
    replace one with a peer."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for run in runs:
        for row in run["rows"]:
            rows[row["city"], row["case"], row["peer"]] = row
    compared = {(city, case) for city, case, peer in rows if peer}
    kept = [
        row
        for (city, case, peer), row in rows.items()
        if peer or case == "hover" or (city, case) not in compared
    ]
    about = {**runs[-1]["about"]}
    about["qgis"] = next((r["about"]["qgis"] for r in runs if r["about"]["qgis"]), None)
    about["runs"] = len(runs)
    about["load"] = max(r["about"]["load"] for r in runs)
    return {"about": about, "skipped": [], "rows": kept}


def report(runs: list[dict[str, Any]]) -> str:
    """Markdown with one table per city."""
    found = runs[0] if len(runs) == 1 else merged(runs)
    about = found["about"]
    lines = [
        "# How fast the map is",
        "",
        "Written by `python benchmarks/map.py --report RUN.json … --to"
        " docs/performance.md`; do not edit.",
        "",
        f"Medians of at least 7 pictures of 1,600 × 1,000 pixels, engines in turns, "
        f"{about['cores']} cores without a graphics card (load {about['load']} at the end: other "
        f"programs were running), Python {about['python']}, numpy {about['numpy']}, "
        f"QGIS {about['qgis'] or 'absent'} with a memory layer, graduated renderer, white borders "
        "and the parallel job of its canvas; matplotlib with one collection whose values are set "
        "anew; geopandas with a new figure. Ours: the buffers of the engine, drawn into a "
        "picture as the widget does. Area borders fade out where areas are smaller than 25 "
        "square pixels (100,000 areas and more in this picture); QGIS draws them."
        + (
            f" Put together from {about['runs']} runs, the newest figure of each row; rows of"
            " different runs met different load, so only the ratios compare."
            if about.get("runs", 1) > 1
            else ""
        ),
        "",
    ]
    cities = {row["city"]: row["areas"] for row in found["rows"]}
    for city in sorted(cities, key=lambda name: cities[name]):
        rows = [row for row in found["rows"] if row["city"] == city]
        lines += [
            f"## {rows[0]['areas']:,} areas" + ("" if city[0].isdigit() else f" ({city}, real)"),
            "",
            "| | ours, ms | peer | peer, ms | times faster | goal |",
            "|---|---:|---|---:|---:|---|",
        ]
        lines += [_line(row) for row in rows]
        lines.append("")
    lines += [f"- {text}" for text in found["skipped"]]
    return "\n".join(lines).rstrip() + "\n"


def _line(row: dict[str, Any]) -> str:
    peer_ms = "" if row["peer_ms"] is None else _number(row["peer_ms"])
    ratio = "" if row["ratio"] is None else _number(row["ratio"])
    goal = ""
    if row["goal"] is not None:
        target = f"< {row['goal']:g} ms" if row["ratio"] is None else f"≥ {row['goal']:g}"
        goal = f"{target}: {'held' if row['ok'] else '**missed**'}"
    return (
        f"| {CASES[row['case']]} | {_number(row['ms'])} | {row['peer']} | {peer_ms} | {ratio} "
        f"| {goal} |"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3g}"
