"""An incident's state is the fold of its updates."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.models.estimate import UNDECIDED, UNSAID, RecoveryEstimate, known
from incidents.models.fold import Change, Stretch, Told, change_of, fold, standing_estimates

HEA, LOG = 1, 2
ONSET = datetime(2020, 9, 1, 0, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2020, 9, day, hour, minute, tzinfo=UTC)


def told(when: datetime, stage: str = "investigating", **values: object) -> Told:
    return Told(**{"at": when, "stage": stage, "severity": "major", "scope": {HEA: "degraded"}, **values})  # type: ignore[arg-type]


def test_the_last_update_decides_the_state() -> None:
    folded = fold(
        [
            told(at(4, 3), next_update_at=at(4, 4)),
            told(at(4, 6), "identified", severity="minor", concerned="G Suite"),
        ],
        started_at=ONSET,
    )
    assert (folded.stage, folded.severity, folded.concerned) == ("identified", "minor", "G Suite")
    assert (folded.published_at, folded.next_update_at, folded.resolved_at) == (at(4, 3), None, None)


def test_a_service_of_the_first_update_suffers_from_the_onset_and_a_later_one_from_its_update() -> None:
    first = told(at(4, 3))
    second = told(at(4, 6), scope={HEA: "degraded", LOG: "partial_outage"})
    assert fold([first, second], started_at=ONSET).impacts == (
        Stretch(HEA, "degraded", ONSET, None),
        Stretch(LOG, "partial_outage", at(4, 6), None),
    )


def test_a_changed_status_ends_one_stretch_and_begins_the_next() -> None:
    folded = fold([told(at(4, 3)), told(at(4, 6), scope={HEA: "major_outage"})], started_at=ONSET)
    assert folded.impacts == (
        Stretch(HEA, "degraded", ONSET, at(4, 6)),
        Stretch(HEA, "major_outage", at(4, 6), None),
    )


def test_a_service_left_out_of_an_update_has_recovered() -> None:
    folded = fold([told(at(4, 3)), told(at(4, 6), scope={})], started_at=ONSET)
    assert folded.impacts == (Stretch(HEA, "degraded", ONSET, at(4, 6)),)


def test_a_resolution_ends_the_impacts_when_it_was_really_over() -> None:
    resolved = told(at(8, 1, 55), "resolved", recovered_at=at(7, 23))
    folded = fold([told(at(4, 3)), resolved], started_at=ONSET)
    assert folded.resolved_at == at(8, 1, 55)
    assert folded.impacts == (Stretch(HEA, "degraded", ONSET, at(7, 23)),)


def test_what_updates_told_after_it_was_really_over_is_no_impact() -> None:
    resolved = told(at(8, 2), "resolved", recovered_at=at(7, 0))
    worse = told(at(7, 5), scope={HEA: "major_outage", LOG: "degraded"})
    folded = fold([told(at(4, 3)), worse, resolved], started_at=ONSET)
    assert folded.impacts == (Stretch(HEA, "degraded", ONSET, at(7, 0)),)


def test_a_reopened_incident_is_not_over() -> None:
    folded = fold([told(at(4, 3)), told(at(4, 6), "resolved"), told(at(4, 7))], started_at=ONSET)
    assert folded.resolved_at is None
    assert folded.impacts == (
        Stretch(HEA, "degraded", ONSET, at(4, 6)),
        Stretch(HEA, "degraded", at(4, 7), None),
    )


def test_the_report_s_publication_keeps_the_end() -> None:
    folded = fold(
        [told(at(4, 3)), told(at(4, 6), "resolved"), told(at(9, 1), "postmortem")], started_at=ONSET
    )
    assert (folded.stage, folded.resolved_at) == ("postmortem", at(4, 6))
    assert folded.impacts == (Stretch(HEA, "degraded", ONSET, at(4, 6)),)


def test_two_updates_of_one_instant_leave_no_empty_stretch() -> None:
    folded = fold(
        [told(at(4, 3)), told(at(4, 6), scope={HEA: "partial_outage"}), told(at(4, 6))], started_at=ONSET
    )
    assert folded.impacts == (
        Stretch(HEA, "degraded", ONSET, at(4, 6)),
        Stretch(HEA, "degraded", at(4, 6), None),
    )


def test_a_past_incident_without_a_told_end_is_over_when_it_is_known_to_have_ended() -> None:
    folded = fold([told(at(4, 3))], started_at=ONSET, ended_untold_at=at(5, 0))
    assert (folded.stage, folded.resolved_at) == ("resolved", at(5, 0))
    assert folded.impacts == (Stretch(HEA, "degraded", ONSET, at(5, 0)),)


@pytest.mark.parametrize(
    ("updates", "standing"),
    [
        ([("investigating", UNSAID)], [UNSAID]),
        ([("investigating", known(at(4, 9))), ("identified", UNSAID)], [known(at(4, 9))] * 2),
        (
            [("investigating", known(at(4, 9))), ("identified", known(at(4, 9), at(4, 11)))],
            [known(at(4, 9)), known(at(4, 9), at(4, 11))],
        ),
        ([("investigating", known(at(4, 9))), ("identified", UNDECIDED)], [known(at(4, 9)), UNDECIDED]),
        ([("investigating", UNDECIDED), ("resolved", UNSAID)], [UNDECIDED, UNSAID]),
        ([("investigating", known(at(4, 9))), ("resolved", known(at(4, 9)))], [known(at(4, 9)), UNSAID]),
        (
            [("investigating", known(at(4, 9))), ("resolved", UNSAID), ("investigating", UNSAID)],
            [known(at(4, 9)), UNSAID, UNSAID],
        ),
    ],
)
def test_an_estimate_stands_until_another_is_told_or_it_is_over(
    updates: list[tuple[str, RecoveryEstimate]], standing: list[RecoveryEstimate]
) -> None:
    tellings = [told(at(4, 3 + i), stage, recovery=said) for i, (stage, said) in enumerate(updates)]
    assert standing_estimates(tellings) == standing
    assert fold(tellings, started_at=ONSET).recovery == standing[-1]


def test_the_last_update_decides_the_texts_in_other_languages() -> None:
    first = told(at(4, 3), concerned="SAML", texts={"en": {"concerned": "Users of SAML"}})
    assert fold([first], started_at=ONSET).texts == {"en": {"concerned": "Users of SAML"}}
    assert fold([first, told(at(4, 6))], started_at=ONSET).texts == {}


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (None, told(at(4, 3)), Change.FIRST),
        (told(at(4, 3)), told(at(4, 6)), Change.OTHER),
        (told(at(4, 3)), told(at(4, 6), "identified"), Change.OTHER),
        (told(at(4, 3)), told(at(4, 6), scope={HEA: "major_outage"}), Change.OTHER),
        (told(at(4, 3)), told(at(4, 6), scope={HEA: "degraded", LOG: "degraded"}), Change.SCOPE),
        (told(at(4, 3)), told(at(4, 6), severity="critical"), Change.SCOPE),
        (told(at(4, 3)), told(at(4, 6), concerned="G Suite"), Change.SCOPE),
        (told(at(4, 3)), told(at(4, 6), recovery=known(at(4, 9))), Change.OTHER),
        (told(at(4, 3)), told(at(4, 6), texts={"en": {"concerned": "G Suite"}}), Change.OTHER),
        (told(at(4, 3)), told(at(4, 6), "resolved"), Change.RESOLVED),
        (told(at(4, 3)), told(at(4, 6), "resolved", severity="minor"), Change.RESOLVED),
        (told(at(4, 3), "resolved"), told(at(4, 6), "postmortem"), Change.OTHER),
    ],
)
def test_an_update_s_line_follows_from_what_it_changed(
    before: Told | None, now: Told, change: Change
) -> None:
    assert change_of(now, before=before) == change


SAID = st.sampled_from([UNSAID, UNDECIDED, known(at(10, 0)), known(at(10, 0), at(11, 0))])
STAGE = st.sampled_from(["investigating", "identified", "monitoring", "resolved", "postmortem"])


@given(st.lists(st.tuples(STAGE, SAID), min_size=1, max_size=8))
def test_what_stands_of_the_recovery_is_the_last_that_was_said_since_it_was_last_over(
    course: list[tuple[str, RecoveryEstimate]],
) -> None:
    folded = fold(
        [told(at(4, hour), stage, recovery=said) for hour, (stage, said) in enumerate(course)],
        started_at=ONSET,
    )
    over = [index for index, (stage, _) in enumerate(course) if stage in ("resolved", "postmortem")]
    since = course[over[-1] + 1 :] if over else course
    said = [estimate for _, estimate in since if estimate]
    assert folded.recovery == (said[-1] if said else UNSAID)
