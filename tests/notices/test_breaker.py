from incidents.notices.breaker import FAILURES, Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert not breaker.is_open
    breaker.failed()
    assert breaker.is_open


def test_each_failed_probe_doubles_the_pause_up_to_ten_minutes() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES - 1):
        breaker.failed()
    pauses = []
    for _ in range(7):
        breaker.failed()
        opened_at = clock.now
        while breaker.is_open:
            clock.now += 1
        pauses.append(clock.now - opened_at)
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    breaker.succeeded()
    breaker.failed()
    assert not breaker.is_open


def test_refused_recipients_of_one_domain_count_once() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES * 2):
        breaker.failed(domain="refused.example")
    assert not breaker.is_open
    for number in range(FAILURES - 1):
        breaker.failed(domain=f"refused{number}.example")
    assert breaker.is_open
