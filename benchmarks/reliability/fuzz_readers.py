"""Random changes to files of every format, guided by the paths they reach in our code.

``fuzz_readers.py FORMAT SECONDS --folder F`` runs one target; without arguments all targets run one
after the other for a share of ``--minutes``. Needs ``pip install atheris`` (not everywhere to be
had, therefore no dependency). Only ``UserError`` may leave a reader, and it must answer within two
seconds per begun megabyte. Findings are kept once per kind in ``FOLDER/findings``, counts in
``FOLDER/FORMAT.json``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import time
import traceback
import zipfile
from pathlib import Path
from typing import Any

ZIPPED = ("xlsx", "ods", "shp-zip")
TARGETS = (
    "csv", "xlsx", "xls", "ods", "gpkg", "shp-zip", "shp", "geojson", "fgb", "parquet",
    "mapping", "recipe",
)  # fmt: skip
_MEMORY = 4 << 30
_SLOW = 2.0


def endings(target: str) -> str:
    return {"shp-zip": "zip", "mapping": "csv", "recipe": "yaml"}.get(target, target)


class Zipped:
    """One part of an archive is exchanged; the archive around it stays sound, so that changes
    reach the code behind the checksums. Part 255: the bytes are the whole file."""

    def __init__(self, seed: Path) -> None:
        with zipfile.ZipFile(seed) as archive:
            self.parts = [(i.filename, archive.read(i)) for i in archive.infolist()]
        self.whole = seed.read_bytes()

    def corpus(self) -> list[bytes]:
        return [bytes([i]) + data for i, (_name, data) in enumerate(self.parts)] + [
            b"\xff" + self.whole
        ]

    def build(self, data: bytes) -> bytes:
        if not data or data[0] == 255:
            return data[1:]
        chosen = data[0] % len(self.parts)
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for i, (name, content) in enumerate(self.parts):
                archive.writestr(name, data[1:] if i == chosen else content)
        return sink.getvalue()


class Target:
    """What is called with each input, and what is remembered of it."""

    def __init__(self, name: str, seed: Path, folder: Path) -> None:
        from monitor_app.core.issues import UserError

        self.name, self.folder = name, folder
        self.allowed = UserError
        self.zipped = Zipped(seed) if name in ZIPPED else None
        self.seed = seed
        self.place = Path("/dev/shm" if Path("/dev/shm").is_dir() else folder)
        self.file = self.place / f"fuzz-{os.getpid()}.{endings(name)}"
        self.stats: dict[str, Any] = {"target": name, "runs": 0, "refused": 0, "read": 0,
                                      "slowest_s": 0.0, "findings": {}}  # fmt: skip
        self.started = time.monotonic()

    def corpus(self) -> list[bytes]:
        return self.zipped.corpus() if self.zipped else [self.seed.read_bytes()]

    def one(self, data: bytes) -> None:
        content = self.zipped.build(data) if self.zipped else data
        self.file.write_bytes(content)
        before = time.monotonic()
        try:
            self.call()
            self.stats["read"] += 1
        except self.allowed:
            self.stats["refused"] += 1
        except BaseException as error:
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f for f in frames if "monitor_app" in f.filename] or list(frames)
            mark = f"{type(error).__name__}-{Path(ours[-1].filename).stem}-{ours[-1].lineno}"
            self.found(mark, content, "".join(traceback.format_exception(error))[-3000:])
        spent = time.monotonic() - before
        self.stats["slowest_s"] = max(self.stats["slowest_s"], round(spent, 3))
        if spent > _SLOW * max(1, len(content) / 1e6) * 3:  # three times: others use the processor
            self.found("slow", content, f"{spent:.1f} s for {len(content)} bytes")
        self.stats["runs"] += 1
        if self.stats["runs"] % 50 == 0:
            self.write()

    def call(self) -> None:
        if self.name == "recipe":
            from monitor_app.exchange.recipe import load_recipe

            load_recipe(self.file)
        elif self.name == "mapping":
            from monitor_app.exchange.prepare import prepare_import

            prepare_import(self.file, None)
        else:
            from monitor_app.exchange.readers import read_tables

            read_tables(self.file)

    def found(self, mark: str, content: bytes, text: str) -> None:
        count = self.stats["findings"].get(mark, 0)
        self.stats["findings"][mark] = count + 1
        if count == 0:
            folder = self.folder / "findings"
            folder.mkdir(exist_ok=True)
            base = folder / f"{self.name}-{mark}"
            base.with_suffix(f".{endings(self.name)}").write_bytes(content)
            base.with_suffix(".txt").write_text(text, encoding="utf-8")

    def write(self) -> None:
        self.stats["seconds"] = round(time.monotonic() - self.started, 1)
        path = self.folder / f"{self.name}-{os.getpid()}.json"
        path.write_text(json.dumps(self.stats), encoding="utf-8")


def run_one(name: str, seconds: int, folder: Path) -> None:
    import atheris

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with atheris.instrument_imports(include=["monitor_app.exchange"]):
        import monitor_app.exchange.prepare
        import monitor_app.exchange.reader_layers
        import monitor_app.exchange.reader_parquet
        import monitor_app.exchange.reader_sheets  # noqa: F401
    import seeds

    files = seeds.write_all(folder / "seeds")
    files.update(shp=folder / "seeds" / "probe.shp", mapping=files["csv"])
    files["recipe"] = folder / "seeds" / "probe.yaml"
    files["recipe"].write_text(seeds.RECIPE, encoding="utf-8")
    files["xls"] = folder / "seeds" / "probe.xls"
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.exchange import test_reader_xls as xls

    cells = xls.label(0, 0, "Viertel") + xls.label(1, 0, "0101") + xls.number(1, 1, 12.5)
    files["xls"].write_bytes(xls.compound_file(xls.workbook_stream("Blatt", cells)))
    target = Target(name, files[name], folder)
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(target.corpus()):
        (corpus / f"seed{i}").write_bytes(data)
    arguments = [
        "fuzz", f"-max_total_time={seconds}", "-max_len=200000", "-rss_limit_mb=6000",
        "-timeout=60", "-print_final_stats=0", "-verbosity=0", "-close_fd_mask=3",
        f"-artifact_prefix={folder / 'findings'}/{name}-native-", str(corpus),
    ]  # fmt: skip
    (folder / "findings").mkdir(exist_ok=True)
    atheris.Setup(arguments, target.one)
    try:
        atheris.Fuzz()
    finally:
        target.write()
        target.file.unlink(missing_ok=True)


def run_all(minutes: float, folder: Path, targets: tuple[str, ...]) -> None:
    share = int(minutes * 60 / len(targets))
    for name in targets:
        ends = time.monotonic() + share
        while (left := int(ends - time.monotonic())) > 5:  # a native crash ends the process
            subprocess.run(
                [sys.executable, __file__, name, str(left), "--folder", str(folder)],
                check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            for rest in Path("/dev/shm").glob("fuzz-*"):
                if not Path(f"/proc/{rest.stem.removeprefix('fuzz-')}").exists():
                    rest.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?")
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--minutes", type=float, default=20.0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.target:
        run_one(given.target, given.seconds, given.folder)
    else:
        run_all(given.minutes, given.folder, TARGETS)


if __name__ == "__main__":
    main()
