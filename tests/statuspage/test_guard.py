"""Django behind its guard: few at once, few waiting, and bodies read before either."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from typing import Any

import pytest

from statuspage import guard
from statuspage.guard import BODY_LIMIT_BYTES, MOST_BODIES, MOST_WAITING, Guard
from tests.statuspage.asking import Answered, ask
from tests.waiting import wait_until


class Response(list[bytes]):
    """As Django's, which is closed when it was sent."""

    streaming = False

    def __init__(self, *parts: bytes) -> None:
        super().__init__(parts)
        self.closed_in: str | None = None

    def close(self) -> None:
        self.closed_in = threading.current_thread().name


class Application:
    """Answers with what it was sent; holds each request until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = self.most = 0
        self.threads: set[str] = set()
        self.response = Response()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Response:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.threads.add(threading.current_thread().name)
        self.go.wait(20)
        with self._lock:
            self.running -= 1
        start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
        self.response = Response(b"sent: ", environ["wsgi.input"].read())
        return self.response


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.go.set()


@pytest.fixture
def free(application: Application) -> Application:
    application.go.set()
    return application


def post(guarded: Guard, body: bytes, **headers: Any) -> Answered:
    sent: dict[str, Any] = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return ask(guarded, "/subscribe", "POST", **sent | headers)


def test_a_request_is_answered_and_closed_by_a_thread_of_djangos_own(free: Application) -> None:
    answered = ask(Guard(free))
    assert (answered.status, answered.body) == (200, b"sent: ")
    assert free.threads == {"django_0"}
    assert free.response.closed_in == "django_0"


def test_a_stream_is_handed_on_as_it_is() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    assert ask(Guard(application)).body == b"ab"


def test_an_error_of_the_application_is_the_callers_and_blocks_nobody() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ZeroDivisionError

    guarded = Guard(application)
    for _ in range(MOST_WAITING + 1):
        with pytest.raises(ZeroDivisionError):
            ask(guarded)


@pytest.mark.parametrize("size", [1, 70_000, 300_000, BODY_LIMIT_BYTES])
def test_a_body_arrives_whole(free: Application, size: int) -> None:
    answered = post(Guard(free), b"x" * size)
    assert answered.headers == {"X-Length": str(size)}
    assert answered.body == b"sent: " + b"x" * size


def test_a_body_without_a_length_arrives_with_one(free: Application) -> None:
    headers = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert post(Guard(free), b"hello", **headers).headers == {"X-Length": "5"}


@pytest.mark.parametrize("declared", [str(BODY_LIMIT_BYTES + 1), "9" * 40, ""])
def test_a_body_that_is_too_long_is_refused(free: Application, declared: str) -> None:
    body = b"x" * (BODY_LIMIT_BYTES + 1)
    answered = post(Guard(free), body, CONTENT_LENGTH=declared, HTTP_TRANSFER_ENCODING="chunked")
    assert answered.status == 413
    assert free.threads == set()


@pytest.mark.parametrize("declared", ["10", "-1", "x"])
def test_a_body_that_is_not_as_long_as_it_says_never_reaches_django(free: Application, declared: str) -> None:
    """Half of a text must not be published as the whole."""
    assert post(Guard(free), b"12345", CONTENT_LENGTH=declared).status == 400
    assert free.threads == set()


def test_so_many_run_at_once_and_the_others_wait(application: Application) -> None:
    guarded = Guard(application, running_at_once=2)
    with ThreadPoolExecutor(10) as clients:
        answers = [clients.submit(ask, guarded) for _ in range(10)]
        wait_until(lambda: application.running == 2, seconds=5, waiting_for="two requests")
        application.go.set()
        assert {answer.result().status for answer in answers} == {200}
    assert application.most == 2


def is_refused(guarded: Guard) -> bool:
    """Asks from a thread of its own, which would wait where there is still a place."""
    one = ThreadPoolExecutor(1)
    answer = one.submit(ask, guarded)
    one.shutdown(wait=False)
    wait([answer], timeout=0.5)
    return answer.done() and (answer.result().status, answer.result().headers["Retry-After"]) == (503, "2")


def test_beyond_so_many_waiting_the_next_is_told_to_come_back(application: Application) -> None:
    guarded = Guard(application, running_at_once=1)
    with ThreadPoolExecutor(MOST_WAITING) as clients:
        answers = [clients.submit(ask, guarded) for _ in range(MOST_WAITING)]
        wait_until(lambda: is_refused(guarded), seconds=5, waiting_for="full queue")
        application.go.set()
        assert {answer.result().status for answer in answers} == {200}
    assert ask(guarded).status == 200


class Dripping:
    """A body that does not come until it may."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.readers = 0

    def read(self, size: int) -> bytes:
        self.readers += 1
        self.go.wait(20)
        return b""


def test_slow_senders_keep_nobody_from_being_answered(free: Application) -> None:
    guarded, body = Guard(free), Dripping()
    sent: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": "9"}
    with ThreadPoolExecutor(MOST_BODIES) as clients:
        slow = [clients.submit(ask, guarded, "/", "POST", **sent) for _ in range(MOST_BODIES)]
        wait_until(lambda: body.readers == MOST_BODIES, seconds=5, waiting_for="slow senders")
        assert ask(guarded).status == 200
        assert post(guarded, b"x").status == 503
        body.go.set()
        assert {answer.result().status for answer in slow} == {400}
    assert post(guarded, b"x").status == 200


def test_there_are_threads_left_for_the_page_whatever_waits() -> None:
    assert MOST_WAITING + MOST_BODIES < guard.SERVER_THREADS
