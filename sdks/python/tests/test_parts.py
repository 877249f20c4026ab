"""The pure parts: what an answer means, the context of a process, the spool's folders."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tachograph import Options
from tachograph._answer import Answer, Split, Taken, Wait, judge
from tachograph._context import _git
from tachograph._item import new_id
from tachograph._options import meant
from tachograph._plain import timestamp
from tachograph._spool import Spool, batches, read


def judged(status: int, body: Any = b"", retry_after: str | None = None, lines: int = 2, failures: int = 0) -> Any:
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(Answer(status, body, retry_after), lines, failures, 0.5, 60.0)


def receipt(accepted: Any, duplicates: Any, refused: list[int], count: Any = None) -> dict[str, Any]:
    rejected = [{"line": line, "reason": "no"} for line in refused]
    return {"accepted": accepted, "duplicates": duplicates, "rejected": rejected, "rejected_count": count if count is not None else len(refused)}


def test_a_receipt_that_accounts_for_every_line_is_final() -> None:
    taken = judged(200, receipt(1, 0, [2]))
    assert isinstance(taken, Taken) and taken.refused == {1: "no"}
    assert isinstance(judged(422, receipt(0, 0, [1, 2])), Taken)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"\xff", {}, receipt(1, 0, []), receipt(0, 0, [1], 2), receipt(2, 0, [9]), receipt("2", 0, []), receipt(True, 1, []), receipt(-1, 3, [])],
    ids=repr,
)
def test_a_receipt_that_does_not_is_none(body: Any) -> None:
    assert isinstance(judged(200, body), Wait)
    assert isinstance(judged(422, body), Split)


@pytest.mark.parametrize("status", [0, 301, 401, 403, 404, 405, 407, 408, 425, 429, 500, 502, 503, 507])
def test_these_wait(status: int) -> None:
    assert isinstance(judged(status), Wait)


@pytest.mark.parametrize("status", [400, 406, 413, 415, 431])
def test_these_are_halved(status: int) -> None:
    split = judged(status, {"title": "Too large", "detail": "expected less"})
    assert isinstance(split, Split) and split.reason == f"the server answered {status}: Too large: expected less"


def test_waits_double_up_to_the_longest() -> None:
    for failures, least, most in ((0, 0.5, 0.5), (1, 0.5, 1.0), (3, 2.0, 4.0), (50, 30.0, 60.0)):
        assert least <= judged(503, failures=failures).seconds <= most
    assert judged(429, retry_after="7").seconds == 7 and judged(429, retry_after="7").asked
    assert judged(429, retry_after="999999").seconds == 600 and judged(429, retry_after="0").seconds == 0.5
    assert not judged(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT").asked


def test_ids_are_uuids_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(len(i) == 36 and i[14] == "7" and i[19] in "89ab" for i in ids)
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)


def test_the_commit_of_a_work_tree(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/fix/one\n")
    inside = tmp_path / "a/b"
    inside.mkdir(parents=True)
    assert _git(inside) == (None, "fix/one")
    (git / "packed-refs").write_text("# pack-refs\n" + "a" * 40 + " refs/heads/fix/one\n")
    assert _git(inside) == ("a" * 40, "fix/one")
    (git / "refs/heads/fix").mkdir()
    (git / "refs/heads/fix/one").write_text("b" * 40 + "\n")
    assert _git(inside) == ("b" * 40, "fix/one")
    (git / "HEAD").write_text("c" * 40 + "\n")
    assert _git(inside) == ("c" * 40, None)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text("gitdir: ../.git\n")
    assert _git(tree) == ("c" * 40, None)


def test_an_address_with_a_path_is_taken_as_it_stands() -> None:
    assert Options(url="http://h:1").events_url == Options(url="http://h:1/").events_url == "http://h:1/v1/events"
    assert Options(url="http://h:1/log").events_url == "http://h:1/log"
    assert Options(url="http://h:1/log/").events_url == "http://h:1/log"
    assert Options(url=" h:1/ ").events_url == "http://h:1/v1/events"
    assert Options(url="http://[broken").spool != Options(url="http://h:1").spool


@pytest.mark.parametrize("temporary", ["/var/tmp/mine", None])
def test_without_a_home_events_wait_in_the_temporary_folder(monkeypatch: pytest.MonkeyPatch, temporary: str | None) -> None:
    def nobody(uid: int) -> Any:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    for name in ("HOME", "XDG_STATE_HOME", "AUDIT_LOG_SPOOL", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    if temporary:
        monkeypatch.setenv("TMPDIR", temporary)
    assert Options().spool_dir == Path(temporary or "/tmp") / "tachograph"
    monkeypatch.setenv("HOME", "/home/me")
    assert Options().spool_dir == Path("/home/me/.local/state/tachograph")


@pytest.mark.parametrize("given", ["h.example:7420", " http://h.example:7420 \n", "h.example:7420/", "http://h.example:7420/v1/events"])
def test_an_address_without_a_scheme_or_with_blanks_is_meant(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_LOG_URL", given)
    for options in (Options(), meant(None, {})[0], meant(None, {"url": given})[0]):
        assert options.events_url == "http://h.example:7420/v1/events" and options.base_url == "http://h.example:7420"
        assert options.spool == Options(url="http://h.example:7420").spool
    assert meant(None, {})[1] == []
    assert meant(None, {"url": "[::1]:7420"})[0].events_url == "http://[::1]:7420/v1/events"


@pytest.mark.parametrize(
    "given",
    ["no address: at all", "ftp://h", "http://", "h:port", "h:99999", "http://[broken", "   ", "http://u:hunter2@h:x", "http://" + "a" * 70, "h/\u00e4"],
)
def test_an_address_that_is_none_is_told_and_the_default_is_used(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIT_LOG_URL", raising=False)
    options, wrong = meant(None, {"url": given})
    assert options.url == "http://127.0.0.1:7420"
    assert len(wrong) == 1 and wrong[0].startswith("url: expected an address such as") and "hunter2" not in wrong[0]
    monkeypatch.setenv("AUDIT_LOG_URL", given)
    options, wrong = meant(None, {})
    assert options.url == "http://127.0.0.1:7420" and len(wrong) == 1
    monkeypatch.setenv("AUDIT_LOG_URL", "other:1")
    assert meant(None, {"url": given})[0].url == "http://other:1"


def test_a_line_that_was_cut_off_or_is_none_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "0000000000000001.ndjson"
    path.write_bytes(b'{"a":1}\n\x00\x00\x00\n{"b":\n{"c":3}\n{"torn"')
    assert read(path) == ([b'{"a":1}', b'{"c":3}'], 3)


def dead_pid() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_only_folders_without_an_owner_are_taken_over(tmp_path: Path) -> None:
    mine = Spool(tmp_path, 1000)
    host = mine.folder.name.split("-")[1]
    dead = dead_pid()
    # The last one is from before this process: a container that was started again.
    left = [f"v1-{host}-{dead}-{'a' * 16}", f"v1-00000000-1-{'c' * 16}", f"v1-{host}-{os.getpid()}-{'f' * 16}"]
    kept = [f"v1-{host}-{os.getpid()}-{'b' * 16}", f"v1-ffffffff-1-{'d' * 16}", f"v2-{host}-{dead}-{'e' * 16}", "else"]
    for name in left + kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "0000000000000001.ndjson").write_text("{}\n")
    for name in left[1:]:
        os.utime(tmp_path / name, (0, 0))
    taken = mine.adopt()
    assert len(taken) == 3 and all(batches(folder) for folder in taken)
    assert all(folder.name.startswith(f"v1-{host}-{os.getpid()}-") for folder in taken)
    assert all((tmp_path / name).is_dir() for name in kept) and not any((tmp_path / name).exists() for name in left)
    assert Spool(tmp_path, 1000).adopt() == []


def test_what_finds_no_room_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    path = spool.start(1)
    spool.write(b"12345\n")
    with pytest.raises(OSError, match="at most 10"):
        spool.write(b"12345\n")
    assert path.read_bytes() == b"12345\n" and path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    spool.finish()
    spool.delete(path, 6)
    spool.remove_if_empty()
    assert spool.bytes == 0 and not tmp_path.exists()


class _Datetime64:
    """What numpy's `datetime64` does, as far as it is used."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def astype(self, unit: str) -> _Datetime64:
        assert unit == "datetime64[us]"
        return self

    def item(self) -> Any:
        return self.made

    def __str__(self) -> str:
        return "NaT"


_Datetime64.__name__ = "datetime64"


class _Int64:
    def __init__(self, value: int) -> None:
        self.value = value

    def item(self) -> int:
        return self.value


@pytest.mark.parametrize(
    "given, told",
    [
        (datetime.date(2026, 1, 2), "2026-01-02T00:00:00.000000Z"),
        (_Datetime64(datetime.datetime(2026, 1, 2, 3, 4, 5)), "2026-01-02T03:04:05.000000Z"),
        (_Datetime64(None), "NaT"),
        (_Int64(1_767_323_045), "2026-01-02T03:04:05.000000Z"),
        (_Int64(1_767_323_045_250), "2026-01-02T03:04:05.250000Z"),
        (1_767_323_045, "2026-01-02T03:04:05.000000Z"),
        (1_767_323_045_250, "2026-01-02T03:04:05.250000Z"),
        (decimal.Decimal("1767323045.5"), "2026-01-02T03:04:05.500000Z"),
        (float("nan"), "nan"),
        ([1, 2], "[1, 2]"),
        ("yesterday", "yesterday"),
    ],
)
def test_moments(given: Any, told: str) -> None:
    assert timestamp(given) == told


def test_moments_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    for given in (numpy.datetime64("2026-01-02T03:04:05"), numpy.datetime64("2026-01-02T03:04:05", "ns"), numpy.int64(1_767_323_045)):
        assert timestamp(given) == "2026-01-02T03:04:05.000000Z"
    assert timestamp(numpy.datetime64("2026-01-02")) == "2026-01-02T00:00:00.000000Z"
    assert timestamp(numpy.datetime64("NaT")) == "NaT"
