"""What is written, what is left alone, and what happens when something fails."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.snapshots.manifest import read_manifest
from incidents.snapshots.source import File, Source
from incidents.snapshots.store import purge
from tests.snapshots.making import NOW, Clock, broken, data, files, html, publish, read, source

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "published" / "status.example.com"


def heartbeat(directory: Path) -> float:
    return (directory / "heartbeat").stat().st_mtime_ns


def age_heartbeat(directory: Path) -> None:
    os.utime(directory / "heartbeat", (1, 1))


def swap_in_the_stale_twins(directory: Path) -> None:
    """What the watchdog does."""
    for path in (directory / "stale").rglob("*"):
        if path.is_file():
            path.replace(directory / "live" / path.relative_to(directory / "stale"))


def test_a_file_has_twins_and_a_stale_file_of_the_same_kind(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "green", stale="grey")))
    names = {"index.html", "index.html.gz", "index.html.br"}
    assert files(directory) == {f"live/{name}" for name in names} | {f"stale/{name}" for name in names}
    assert read(directory, "live/index.html").startswith("green")
    assert read(directory, "stale/index.html").startswith("grey")


def test_the_manifest_names_each_file_with_what_its_answer_needs(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "green", stale="grey"), data("/api/x.json", "{}")))
    manifest = read_manifest(directory)
    front, api = manifest.files["/"], manifest.files["/api/x.json"]
    assert (front.path, front.content_type, front.language) == (
        "index.html",
        "text/html; charset=utf-8",
        "ja",
    )
    assert (front.encodings, bool(front.stale_digest)) == (("gz", "br"), True)
    assert (api.path, api.encodings, api.stale_digest) == ("api/x.json", (), "")
    assert manifest.is_complete


def test_everyone_may_read_what_is_published_whatever_the_umask(directory: Path) -> None:
    before = os.umask(0o077)
    try:
        publish(directory, source("front", "1", html("/en/", "green", stale="grey")))
    finally:
        os.umask(before)
    made = [directory, *directory.rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in made if path.is_dir()} == {0o755}
    assert {(directory / name).stat().st_mode & 0o777 for name in files(directory)} == {0o644}


def test_a_source_with_the_same_key_is_not_rendered_again(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "one")))
    assert publish(directory, source("front", "1", html("/", "two"))).written == 0
    assert read(directory, "live/index.html").startswith("one")


def test_another_key_or_another_look_renders_it_anew(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "one")))
    publish(directory, source("front", "2", html("/", "two")))
    assert read(directory, "live/index.html").startswith("two")
    publish(directory, source("front", "2", html("/", "three")), look="other")
    assert read(directory, "live/index.html").startswith("three")


def test_only_files_whose_bytes_changed_are_written(directory: Path) -> None:
    publish(directory, source("all", "1", html("/", "one"), html("/en/", "same")))
    before = {name: (directory / name).stat().st_ino for name in files(directory)}
    assert publish(directory, source("all", "2", html("/", "two"), html("/en/", "same"))).written == 1
    changed = {name for name in before if (directory / name).stat().st_ino != before[name]}
    assert changed == {"live/index.html", "live/index.html.gz", "live/index.html.br"}


def test_nothing_new_leaves_even_the_manifest_alone_and_renews_the_heartbeat(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "one")))
    before = (directory / "manifest.json").stat().st_ino
    age_heartbeat(directory)
    publish(directory, source("front", "1", html("/", "one")))
    assert (directory / "manifest.json").stat().st_ino == before
    assert heartbeat(directory) > 10**9


def test_the_modification_time_grows_by_a_second_with_each_version(directory: Path) -> None:
    """nginx makes its ETag of the second and the size."""
    seen: list[int] = []
    for number in range(4):
        publish(directory, source("front", str(number), html("/", str(number), stale="grey")))
        times = {int((directory / f"live/index.html{e}").stat().st_mtime) for e in ("", ".gz", ".br")}
        assert len(times) == 1
        seen += times
    assert seen == sorted(set(seen))


def test_a_stale_twin_never_has_the_time_of_the_file_it_replaces_or_that_replaces_it(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "one", stale="grey")))
    live, stale = (int((directory / f"{name}/index.html").stat().st_mtime) for name in ("live", "stale"))
    swap_in_the_stale_twins(directory)
    publish(directory, source("front", "1", html("/", "one", stale="grey")))
    assert live < stale < int((directory / "live/index.html").stat().st_mtime)


def test_a_source_that_is_gone_takes_its_files_and_folders_with_it(directory: Path) -> None:
    kept = source("front", "1", html("/", "front"))
    publish(directory, kept, source("mail", "1", html("/services/mail", "mail", stale="grey")))
    publish(directory, kept)
    assert files(directory) == {"live/index.html", "live/index.html.gz", "live/index.html.br"}
    assert not (directory / "live/services").exists()
    assert list(read_manifest(directory).files) == ["/"]


def test_an_address_that_a_source_no_longer_makes_is_removed(directory: Path) -> None:
    publish(directory, source("all", "1", html("/", "one"), html("/x", "one")))
    publish(directory, source("all", "2", html("/", "one")))
    assert not (directory / "live/x.html").exists()


def test_a_file_that_became_tiny_keeps_no_twin_of_its_longer_days(directory: Path) -> None:
    publish(directory, source("api", "1", data("/a.json", '["long"]' * 100)))
    assert (directory / "live/a.json.gz").exists()
    publish(directory, source("api", "2", data("/a.json", "[]")))
    assert files(directory) == {"live/a.json"}


def test_what_no_longer_tells_the_present_has_no_stale_twin_left(directory: Path) -> None:
    publish(directory, source("incident", "1", html("/incidents/1", "open", stale="grey")))
    publish(directory, source("incident", "2", html("/incidents/1", "over")))
    assert not list((directory / "stale").rglob("*.html*"))


@pytest.mark.parametrize("tiny", ["live", "stale"])
def test_a_stale_twin_is_compressed_where_the_live_file_is_and_nowhere_else(
    directory: Path, tiny: str
) -> None:
    """Else the watchdog would leave a green twin beside a grey file."""
    long, short = b"x" * 1000, b"x"
    body, stale = (short, long) if tiny == "live" else (long, short)
    publish(directory, source("api", "1", File("/a.json", body, "application/json", stale=stale)))
    found = files(directory)
    assert {n.removeprefix("live/") for n in found if n.startswith("live/")} == {
        n.removeprefix("stale/") for n in found if n.startswith("stale/")
    }


def test_swapped_in_twins_are_replaced_although_nothing_changed(directory: Path) -> None:
    front = source("front", "1", html("/", "green", stale="grey"))
    publish(directory, front, source("past", "1", html("/history", "past")))
    swap_in_the_stale_twins(directory)
    assert read(directory, "live/index.html").startswith("grey")
    assert publish(directory, front, source("past", "1", html("/history", "past"))).written == 1
    assert read(directory, "live/index.html").startswith("green")
    assert read(directory, "stale/index.html").startswith("grey")


def test_a_file_that_somebody_removed_comes_back(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "green")))
    (directory / "live/index.html").unlink()
    publish(directory, source("front", "1", html("/", "green")))
    assert read(directory, "live/index.html").startswith("green")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"seq": 1}'])
def test_a_manifest_that_cannot_be_read_is_made_anew_and_strays_are_cleared(
    directory: Path, damage: str
) -> None:
    front = source("front", "1", html("/", "green"))
    publish(directory, front, source("gone", "1", html("/gone", "gone")))
    (directory / "manifest.json").write_text(damage)
    publish(directory, front)
    assert files(directory) == {"live/index.html", "live/index.html.gz", "live/index.html.br"}
    assert list(read_manifest(directory).files) == ["/"]


def test_a_source_that_fails_keeps_its_old_files_and_stops_no_other(directory: Path) -> None:
    publish(directory, source("past", "1", html("/a", "old"), html("/b", "old")))
    outcome = publish(directory, broken("past", "2", html("/a", "new")), source("x", "1", html("/x", "x")))
    assert outcome.failed == ["past"]
    assert read(directory, "live/a.html").startswith("old")
    assert read(directory, "live/b.html").startswith("old")
    assert read(directory, "live/x.html").startswith("x")
    assert not any(name.startswith("tmp/") for name in files(directory))


def test_a_source_that_failed_is_tried_again_with_the_same_key(directory: Path) -> None:
    publish(directory, source("past", "1", html("/a", "old")))
    publish(directory, broken("past", "2"))
    publish(directory, source("past", "2", html("/a", "new")))
    assert read(directory, "live/a.html").startswith("new")


def test_a_failing_source_stops_the_heartbeat_only_where_it_tells_the_present(directory: Path) -> None:
    front, past = html("/", "green", stale="grey"), html("/history", "past")
    publish(directory, source("front", "1", front), source("past", "1", past))
    age_heartbeat(directory)
    publish(directory, source("front", "1", front), broken("past", "2"))
    assert heartbeat(directory) > 10**9
    age_heartbeat(directory)
    publish(directory, broken("front", "2"), source("past", "1", past))
    assert heartbeat(directory) == 10**9


def test_a_new_source_that_fails_leaves_the_page_incomplete(directory: Path) -> None:
    publish(directory, source("front", "1", html("/", "green")), broken("new", "1", html("/new", "x")))
    assert not read_manifest(directory).is_complete
    publish(directory, source("front", "1", html("/", "green")), source("new", "1", html("/new", "x")))
    assert read_manifest(directory).is_complete


@pytest.mark.parametrize("address", ["/../x", "/a b", "/.lock", "/x.gz"])
def test_an_odd_address_fails_its_source_and_writes_nothing(directory: Path, address: str) -> None:
    outcome = publish(directory, source("odd", "1", data(address, "x")), source("x", "1", html("/x", "x")))
    assert outcome.failed == ["odd"]
    assert {name.partition("/")[2].partition(".")[0] for name in files(directory)} == {"x"}


def test_two_addresses_never_share_a_file(directory: Path) -> None:
    page, file = html("/x", "page"), File("/x.html", b"other", "text/plain")
    outcome = publish(directory, source("page", "1", page), source("file", "1", file))
    assert outcome.failed == ["file"]
    assert read(directory, "live/x.html").startswith("page")


def services(key: str, count: int) -> list[Source]:
    return [source(f"s{n}", key, html(f"/s/{n}", key, stale="grey")) for n in range(count)]


def test_a_long_publish_comes_in_turns_with_what_moves_in_each(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade: everything is due, and the front page was published a minute ago."""
    publish(directory, *services("1", 6), source("front", "1", html("/", "one")), now=NOW - HOUR)
    publish(directory, *services("1", 6), source("front", "2", html("/", "two")), now=NOW - MINUTE)
    monkeypatch.setattr("incidents.snapshots.publish.time", Clock(0.3))
    pending = []
    for turn in range(3):
        front = source("front", f"now {turn}", html("/", f"now {turn}"))
        pending.append(publish(directory, *services("1", 6), front, look="new", now=NOW).pending)
        assert read(directory, "live/index.html").startswith(f"now {turn}")
        assert read_manifest(directory).is_complete
    assert pending == [4, 2, 0]


def test_what_waits_longest_comes_first(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(directory, *services("1", 4), now=NOW - HOUR)
    monkeypatch.setattr("incidents.snapshots.publish.time", Clock(9.0))  # one a turn
    assert publish(directory, *services("2", 2), *services("1", 4)[2:], now=NOW - MINUTE).pending == 1
    assert publish(directory, *services("3", 4), now=NOW + HOUR).pending == 3
    keys = [read(directory, f"live/s/{n}.html")[0] for n in range(4)]
    assert keys == ["2", "3", "1", "1"]


def test_something_new_does_not_wait_for_what_is_only_older(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(directory, *services("1", 4), now=NOW - HOUR)
    monkeypatch.setattr("incidents.snapshots.publish.time", Clock(9.0))
    new = [source(f"new{n}", "1", html(f"/new/{n}", "new")) for n in range(3)]
    assert publish(directory, *services("2", 4), *new).pending == 3
    assert read_manifest(directory).is_complete


def test_a_page_that_waits_too_long_to_say_how_things_are_stops_the_heartbeat(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(directory, *services("1", 9), now=NOW - HOUR)
    monkeypatch.setattr("incidents.snapshots.publish.time", Clock(9.0))
    for seconds, is_alive in ((0, True), (59, True), (61, False)):
        age_heartbeat(directory)
        publish(directory, *services("2", 9), now=NOW + timedelta(seconds=seconds))
        assert (heartbeat(directory) > 10**9) is is_alive


def test_the_first_publish_of_a_long_history_says_that_it_is_incomplete(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incidents.snapshots.publish.time", Clock(0.4))
    all_of_it = services("1", 6)
    turns = 1
    while publish(directory, *all_of_it).pending:
        turns += 1
        assert not read_manifest(directory).is_complete
    assert turns == 3
    assert read_manifest(directory).is_complete


def test_hosts_that_are_published_no_more_are_purged_and_others_left(tmp_path: Path) -> None:
    root = tmp_path / "published"
    for host in ("a.example", "b.example", "c.example"):
        publish(root / host, source("front", "1", html("/", host)))
    assert purge(root, keep=["b.example"]) == ["a.example", "c.example"]
    assert {path.name for path in root.iterdir()} == {"b.example", ".lock"}


def test_a_purge_that_was_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    root = tmp_path / "published"
    publish(root / "a.example", source("front", "1", html("/", "a")))
    (root / "a.example").rename(root / ".a.example")
    purge(root, keep=[])
    assert {path.name for path in root.iterdir()} == {".lock"}


@pytest.mark.parametrize("fails_at", ["first", "last"])
def test_a_disk_without_room_leaves_the_old_page_whole_and_without_litter(
    fails_at: str, small_disk: Path
) -> None:
    here = small_disk / "published" / "status.example.com"
    publish(here, source("front", "1", html("/", "old", stale="grey")))
    before = {name: (here / name).read_bytes() for name in files(here)}
    age_heartbeat(here)
    huge = File("/huge.json", os.urandom(2 * 2**20), "application/pdf")
    new = [source("front", "2", html("/", "new", stale="grey")), source("huge", "1", huge)]
    with pytest.raises(OSError, match="No space left"):
        publish(here, *(new if fails_at == "last" else reversed(new)))
    assert {name: (here / name).read_bytes() for name in files(here)} == before
    assert heartbeat(here) == 10**9
    publish(here, new[0])
    assert read(here, "live/index.html").startswith("new")
    assert heartbeat(here) > 10**9
