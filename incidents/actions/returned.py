"""Takes in a message that came back: whose mail it is about is told by our signed return path alone."""

import logging
from collections.abc import Iterable
from enum import StrEnum

from incidents.actions.bounce import Heard, hear_of_delivery, kind_of
from incidents.lib.returned_mail import Kind, Returned, pick_failure, read_returned
from incidents.models import Delivery, MailEventKind
from incidents.notices.links import find_returned

REPORT, FEEDBACK = "report", "feedback"

log = logging.getLogger(__name__)


class Taken(StrEnum):
    COUNTED = "counted"
    KNOWN = "known already"
    AUTOMATIC = "an automatic reply, or no failure"
    PERSONAL = "a reply, which nobody reads here"
    UNSIGNED = "not to a return path of ours"


def take_returned(raw: bytes, recipients: Iterable[str]) -> Taken:
    """`recipients` are where the message was addressed, as the mail server knows it; its own headers are asked
    as well: none of them can be forged without the signature."""
    returned = read_returned(raw)
    public_id = find_returned(" ".join([*recipients, *returned.delivered_to, *returned.about]))
    if public_id is None:
        return Taken.UNSIGNED
    if returned.kind is Kind.AUTOMATIC:
        return Taken.AUTOMATIC
    if returned.kind is Kind.PERSONAL:
        log.info("somebody answered the return path of %s", public_id)
        return Taken.PERSONAL
    is_news = hear_of_delivery(public_id, _heard(returned, public_id))
    return Taken.COUNTED if is_news else Taken.KNOWN


def _heard(returned: Returned, public_id: str) -> Heard:
    if returned.kind is Kind.COMPLAINT:
        return Heard(MailEventKind.COMPLAINT, FEEDBACK)
    told = Delivery.objects.filter(public_id=public_id).values_list("subscriber__email", flat=True)
    failure = pick_failure(returned.failures, told.first() or "")
    if failure is None:
        return Heard(MailEventKind.SOFT, REPORT)
    return Heard(kind_of(failure.verdict), REPORT, code=failure.code, words=failure.words)
