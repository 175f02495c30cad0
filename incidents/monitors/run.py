"""The hands of the monitors: takes what is due at this location, checks it, and settles what comes of it.

Checks go on side by side. What has ended is settled several times a second while others still wait for their
targets, so a slow target keeps no other one from being checked or judged.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import DataError, IntegrityError
from django.utils import timezone

from incidents.actions import checks, location
from incidents.actions.checks import Claim
from incidents.actions.monitor import park_monitor
from incidents.lib.clock import DatabaseClock, JumpDetector
from incidents.lib.commits import not_waiting_for_disk
from incidents.lib.errors import Refused
from incidents.lib.owner import new_owner
from incidents.models import Monitor, MonitorKind
from incidents.monitors.beat import next_check
from incidents.monitors.canaries import Canaries
from incidents.monitors.network import Network
from incidents.monitors.prober import Prober, readable
from incidents.monitors.probes import check_settings, outbound_guard, probe_of
from incidents.monitors.results import Result
from incidents.monitors.settling import Done, is_frozen, settle_together, take_result

MOST_UNDER_WAY = 400
"""The others wait in the database: each is an open file and some memory."""
CLAIM_SECONDS = 0.5
SETTLE_SECONDS = 0.25
SETTLED_AT_ONCE = 400
CHANGES_SECONDS = 0.2
"""So long at a time for those that change a verdict, then others have their turn."""
MOST_CHANGES = 2000
"""More could not be taken before their leases end; what is due waits until there are fewer."""
NOTE_SECONDS = 10.0
SUSPECTS_SECONDS = 5.0
TURN_SECONDS = 0.05

log = logging.getLogger(__name__)


def check_due() -> int:
    """Checks what is due now; answers how many were settled."""
    return check_for(0)


def check_for(seconds: float, *, jumps: JumpDetector | None = None) -> int:
    """Checks what is or becomes due within so many seconds, and ends what is under way then.

    `jumps` is the caller's who comes again: the clock may be set in between.
    """
    prober = Prober(guard=outbound_guard())
    with Canaries() as canaries, not_waiting_for_disk():
        round_ = Round(settings.LOCATION, prober=prober, find_fault=canaries.find_fault, jumps=jumps)
        try:
            round_.run(seconds)
        finally:
            prober.close()
            round_.give_back()
    return round_.settled


class Round:
    """One worker's turn at a location."""

    def __init__(
        self,
        place: str,
        *,
        prober: Prober,
        find_fault: Callable[[], str],
        jumps: JumpDetector | None = None,
    ) -> None:
        self.settled = 0
        self._place = place
        self._owner = new_owner()
        self._prober = prober
        self._find_fault = find_fault
        self._clock = DatabaseClock()
        self._jumps = jumps or JumpDetector()
        self._network = Network(place)
        self._under_way: dict[int, Claim] = {}
        self._done: list[Done] = []
        self._changes: deque[Done] = deque()
        self._claimed_at = self._settled_at = self._noted_at = float("-inf")
        self._may_be_more = True
        self._jumped_at: datetime | None = None
        self._canary_is_wrong = False

    def run(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        checks.take_over(self._owner, self._place)
        self._note_seen()
        self._park_worn_out()
        self._check_suspects()
        while True:
            if time.monotonic() < ends_at or (not seconds and self._may_be_more):
                self._claim()
            elif self._is_idle():
                return
            self._turn()

    def give_back(self) -> None:
        """What is not settled, as if it had never been claimed."""
        if not self._is_idle():
            checks.give_back(self._owner)

    def _is_idle(self) -> bool:
        return not (self._under_way or self._done or self._changes)

    def _claim(self) -> None:
        """Half a second after the last time, or as soon as there is room for what was left over then."""
        room = MOST_UNDER_WAY - len(self._under_way)
        pause = 0.0 if self._may_be_more and room >= MOST_UNDER_WAY / 2 else CLAIM_SECONDS
        is_behind = len(self._changes) > MOST_CHANGES
        if not room or is_behind or time.monotonic() - self._claimed_at < pause:
            return
        self._claimed_at = time.monotonic()
        claims = checks.claim_due(self._owner, self._place, wanted=room, now=self._clock.sync())
        self._may_be_more = len(claims) == room
        for claim in claims:
            self._start(claim)

    def _check_suspects(self) -> None:
        """Alone with those that were being checked when somebody died, so that the culprit takes nobody along."""
        ends_at = time.monotonic() + SUSPECTS_SECONDS
        while time.monotonic() < ends_at:
            claims = checks.claim_suspects(self._owner, self._place, now=self._clock.sync())
            if not claims:
                return
            for claim in claims:
                self._start(claim)
            while not self._is_idle():
                self._turn()

    def _park_worn_out(self) -> None:
        for monitor_id, error in checks.worn_out(self._place, now=self._clock.now()):
            reason = error or f"its check ended {checks.TRIES_UNTIL_PARKED} times the process that made it"
            park(monitor_id, reason)

    def _start(self, claim: Claim) -> None:
        try:
            if claim.kind == MonitorKind.HEARTBEAT:
                check_settings(claim.kind, target=claim.target, stored=claim.settings)
                self._done.append(Done(claim, None))
                return
            probe = probe_of(claim)
        except Refused as refused:
            park(claim.monitor_id, f"{refused.field}: {refused}")
        except Exception as error:
            self._give_up(claim, error)
        else:
            self._under_way[claim.watch_id] = claim
            self._prober.start(claim.watch_id, probe)

    def _end(self, claim: Claim, outcome: Result | Exception) -> None:
        if isinstance(outcome, Exception):
            self._give_up(claim, outcome)
        else:
            self._done.append(Done(claim, outcome))

    def _turn(self) -> None:
        for watch_id, outcome in self._prober.turn(self._most_wait()):
            self._end(self._under_way.pop(watch_id), outcome)
        waited = time.monotonic() - self._settled_at >= SETTLE_SECONDS
        if self._done and (waited or not self._under_way or len(self._done) >= SETTLED_AT_ONCE):
            self._settle()
        self._take_changes()
        if time.monotonic() - self._noted_at >= NOTE_SECONDS:
            self._note_seen()
        if self._is_idle() and not self._may_be_more:
            time.sleep(max(0.0, min(TURN_SECONDS, self._claimed_at + CLAIM_SECONDS - time.monotonic())))

    def _most_wait(self) -> float:
        """Seconds until something else than a check wants to be seen to."""
        if self._changes:
            return 0.0
        waiting = self._settled_at + SETTLE_SECONDS - time.monotonic() if self._done else TURN_SECONDS
        return max(0.0, min(TURN_SECONDS, waiting))

    def _settle(self) -> None:
        done, self._done = self._done, []
        if not self._can_be_believed():
            self._let_go(done)
            return
        self._settled_at = time.monotonic()
        changes = self._settle_together(done)
        self.settled += len(done) - len(changes)
        self._changes.extend(changes)
        lost = [one.result.at for one in done if one.result and not one.result.is_reached]
        if lost:
            self._network.ask_others(since=min(lost))

    def _settle_together(self, done: list[Done]) -> list[Done]:
        """One that cannot be settled keeps no other from it."""
        try:
            return settle_together(self._owner, done)
        except (LookupError, TypeError, ValueError, DataError, IntegrityError) as error:
            if len(done) == 1:
                self._give_up(done[0].claim, error)
                self.settled -= 1
                return []
        return [change for one in done for change in self._settle_together([one])]

    def _take_changes(self) -> None:
        ends_at = time.monotonic() + CHANGES_SECONDS
        while self._changes and time.monotonic() < ends_at:
            self._take(self._changes.popleft())

    def _take(self, change: Done) -> None:
        claim = change.claim
        if is_frozen(claim, self._jumped_at, now=timezone.now()):
            self._let_go([change])
            return
        try:
            take_result(
                claim.monitor_id,
                change.result,
                location=self._place,
                owner=self._owner,
                is_suspect=self._network.is_suspect,
            )
            self.settled += 1
        except Monitor.DoesNotExist:
            log.info("monitor %s was deleted while it was checked", claim.monitor_id)
        except (LookupError, TypeError, ValueError, DataError, IntegrityError) as error:
            self._give_up(claim, error)

    def _give_up(self, claim: Claim, error: Exception) -> None:
        """This time; who cannot be checked three times in a row is parked."""
        log.error("monitor %s cannot be checked", claim.monitor_id, exc_info=error)
        at = _next_time(claim)
        why = readable(f"{type(error).__name__}: {error}")
        checks.let_go(self._owner, {claim.watch_id: at}, error=why)

    def _let_go(self, done: list[Done]) -> None:
        """What was seen is not used; there is a next time."""
        checks.let_go(self._owner, {one.claim.watch_id: _next_time(one.claim) for one in done})

    def _can_be_believed(self) -> bool:
        """Whether what was just seen may be used: neither is our clock just set nor a canary wrong."""
        if self._has_jumped():
            return False
        if why := self._find_fault():
            location.suspect_canary(self._place, why=why, at=timezone.now())
            self._canary_is_wrong = True
        elif self._canary_is_wrong:
            location.trust_canary(self._place)
            self._canary_is_wrong = False
        return not why

    def _has_jumped(self) -> bool:
        jump = self._jumps.jump_seconds()
        if jump:
            self._jumped_at = timezone.now()
            location.note_clock_jump(self._place, seconds=jump, at=self._jumped_at)
        return bool(jump)

    def _note_seen(self) -> None:
        self._noted_at = time.monotonic()
        self._has_jumped()
        noted = location.note_seen(self._place, at=timezone.now())
        self._jumped_at = noted.clock_jumped_at
        self._canary_is_wrong = noted.canary_wrong_since is not None
        self._network.reconsider(noted)


def _next_time(claim: Claim) -> datetime:
    now = timezone.now()
    return next_check(
        claim.watch_id, claim.interval_seconds, began_at=claim.claimed_at, now=now, is_doubtful=False
    )


def park(monitor_id: int, reason: str) -> None:
    monitor = Monitor.objects.filter(pk=monitor_id).select_related("service").first()
    if monitor is not None:
        park_monitor(monitor, reason=reason)
