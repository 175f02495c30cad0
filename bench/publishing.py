"""How long publishing takes, and how much memory: all of a page, one update of it, and from a click to a reader.

Run as a program it is the one publisher that is measured: `python -m bench.publishing` publishes all of the
page in DATA_DIR, then an update at a time, and prints what each took as JSON.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import django

from bench.record import Size, fill
from bench.report import Report
from bench.serving import granian, running_beside
from tests.waiting import wait_until

LARGE, HALF = Size(services=500, incidents=5_000), Size(services=250, incidents=2_500)
UPDATES = 5
MOST_SECONDS = 1.0
MOST_MEMORY_MB = 300
VISIBLE_SECONDS = 2.0
MOST_TIMES_FOR_TWICE = 2.6
"""Twice as much may take twice as long, and what noise adds."""


@dataclass(frozen=True)
class Publishing:
    whole_seconds: float
    files: int
    update_seconds: float
    memory_mb: float


def measure_publishing(report: Report, home: Path) -> None:
    half = publish(HALF, home / "half")
    large = publish(LARGE, home / "large")
    ratio = large.whole_seconds / half.whole_seconds
    told = f"as long for all of {LARGE} ({large.whole_seconds:.1f} s for {large.files:,} files) as for half of it"
    report.line(
        f"{ratio:.1f} times", f"{told} (at most {MOST_TIMES_FOR_TWICE})", kept=ratio <= MOST_TIMES_FOR_TWICE
    )
    told = f"to publish one update there (under {MOST_SECONDS:g})"
    report.line(f"{large.update_seconds:.2f} s", told, kept=large.update_seconds < MOST_SECONDS)
    told = f"of memory for it, at most (under {MOST_MEMORY_MB})"
    report.line(f"{large.memory_mb:.0f} MB", told, kept=large.memory_mb < MOST_MEMORY_MB)
    seconds = visible_seconds(home / "large")
    told = f"from a click to a reader there (under {VISIBLE_SECONDS:g})"
    report.line(f"{seconds:.2f} s", told, kept=seconds < VISIBLE_SECONDS)


def environment(data_dir: Path) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "ENV_FILE": os.devnull,
        "DATA_DIR": str(data_dir),
    }


def publish(size: Size, data_dir: Path) -> Publishing:
    command = [sys.executable, "-m", "bench.publishing", str(size.services), str(size.incidents)]
    done = subprocess.run(command, env=environment(data_dir), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Publishing(**json.loads(done.stdout.splitlines()[-1]))


def visible_seconds(data_dir: Path) -> float:
    """With the publisher and the web server as they run, and the click in a third process."""
    publisher = [sys.executable, "manage.py", "publish_page", "--forever"]
    with granian(data_dir) as port, running_beside(publisher, environment(data_dir)):
        wait_until(lambda: "Still open" in front_page(port), seconds=60, waiting_for="published page")
        time.sleep(3)
        return statistics.median(click(data_dir, port, number) for number in range(UPDATES))


def click(data_dir: Path, port: int, number: int) -> float:
    """Seconds from the commit until a visitor reads it."""
    body = f"click {number} {time.time()}"
    done = subprocess.run(
        [sys.executable, "-m", "bench.publishing", "click", body],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        check=True,
    )
    clicked_at = float(done.stdout.splitlines()[-1])
    wait_until(lambda: body in front_page(port), seconds=60, waiting_for="the update")
    return time.time() - clicked_at


def front_page(port: int) -> str:
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/")
    text = client.getresponse().read().decode()
    client.close()
    return text


def main(words: list[str]) -> None:
    django.setup()
    if words[0] == "click":
        print(tell(words[1]))
        return
    if words[0] == "measure":
        print(json.dumps(measure()))
        return
    from django.core.management import call_command

    from statuspage.static import collect_static

    call_command("migrate", verbosity=0)
    collect_static()
    fill(Size(int(words[0]), int(words[1])), host="127.0.0.1")
    print(json.dumps(run_publisher()))


def tell(body: str) -> float:
    """An update of the open incident; answers when its transaction was over."""
    from incidents.models import Incident
    from tests import make

    make.update(Incident.objects.get(title="Still open"), body=body)
    return time.time()


def run_publisher() -> dict[str, float]:
    """In a process of its own: a forked one would begin with the memory of the filling."""
    command = [sys.executable, "-m", "bench.publishing", "measure"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measure() -> dict[str, float]:
    from incidents.lib import times
    from incidents.models import Page
    from incidents.snapshots.kept import Kept
    from incidents.snapshots.manifest import read_manifest
    from incidents.snapshots.places import host_directory
    from incidents.snapshots.publish import publish_page, publish_turn, root_of

    started_at = time.monotonic()
    publish_page(Page.objects.get(), now=times.now())
    whole = time.monotonic() - started_at
    kept, seconds = Kept(), []
    publish_turn(Page.objects.get(), now=times.now(), kept=kept)
    for number in range(UPDATES):
        tell(f"update {number}")
        page = Page.objects.get()
        started_at = time.monotonic()
        publish_turn(page, now=times.now(), kept=kept)
        seconds.append(time.monotonic() - started_at)
    files = read_manifest(host_directory(root_of(page), page.host)).files
    return {
        "whole_seconds": whole,
        "files": len(files),
        "update_seconds": statistics.median(seconds),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
