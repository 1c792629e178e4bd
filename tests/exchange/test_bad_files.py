"""Files that are no tables: each a clear message with place and repair."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.exchange import source
from monitor_app.exchange.readers import iter_chunks, read_tables, sniff


def refused(path: Path, code: str) -> str:
    with pytest.raises(UserError) as caught:
        read_tables(path)
    (issue,) = caught.value.issues
    assert issue.code == code
    assert issue.file == path.name
    assert issue.repair
    return issue.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\n\n  \n", "file-empty"),
        (b"\xef\xbb\xbf", "file-empty"),
        (b"Sehr geehrte Damen und Herren\nanbei die Daten\nMit Gruss\n", "no-separator"),
        (b"a:b:c\n1:2:3\n4:5:6\n", "no-separator"),
        (b"%PDF-1.7\n...", "not-a-table"),
        (b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "not-a-table"),
        (b"<html><body><table><tr><td>1;2</td></tr></table>", "not-a-table"),
        (b'<?xml version="1.0"?><a><b>1;2</b></a>', "not-a-table"),
        (b'{"a": 1, "b": [1, 2, 3]}', "not-a-table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "not-a-table"),
        (b"PK\x03\x04 and then nothing", "file-damaged"),
        (b"\x1f\x8b\x08\x00garbage", "file-damaged"),
        (b'a;b\n1;"2\n3;4\n5;6\n', "quote-open"),
    ],
)
def test_what_is_no_table(tmp_path, content, code):
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    refused(path, code)


def test_an_open_quotation_mark_is_named_with_its_line(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text('a;b\n1;2\n1;2\n3;"4\n5;6\n' * 1 + "7;8\n")
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].row == 4
    with pytest.raises(UserError):
        list(iter_chunks(path))


def test_missing_files_and_folders(tmp_path):
    refused(tmp_path / "gone.csv", "file-missing")
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(folder, "is-folder")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n1;2\n")

    def forbid(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(source, "open_bytes", forbid)
    refused(path, "file-forbidden")


def test_a_file_that_vanishes_while_it_is_read(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n" + "1;2\n" * 100)
    chunks = iter_chunks(path, rows=10)
    next(chunks)
    path.unlink()
    with pytest.raises(UserError) as caught:
        list(chunks)
    assert caught.value.issues[0].code == "file-missing"


def test_a_file_that_grows_while_it_is_read(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n" + "1;2\n" * 100)
    chunks = iter_chunks(path, rows=10)
    next(chunks)
    with path.open("a") as stream:
        stream.write("3;4\n")
    with pytest.raises(UserError) as caught:
        list(chunks)
    assert caught.value.issues[0].code == "file-changed"


def test_reading_can_be_cancelled(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n" + "1;2\n" * 1000)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        read_tables(path, Progress(token=token))


def test_progress_rises_to_the_end(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("a;b\n" + "1;2\n" * 1000)
    seen: list[float] = []
    read_tables(path, Progress(lambda f, _t: seen.append(f) if f is not None else None))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_the_name_says_nothing_the_content_decides(tmp_path):
    path = tmp_path / "f.xlsx"
    path.write_text("a;b\n1;2\n")
    assert sniff(path) == "csv"
    assert len(read_tables(path)[0]) == 1
