"""What the address of a customer's link names."""

from dataclasses import dataclass
from datetime import datetime

from incidents.lib import tokens
from incidents.models import IssuedEdition, ReportLink
from incidents.queries.report import newest_edition

PURPOSE = "report-link"


@dataclass(frozen=True)
class Shared:
    """A link and what it leads to; `edition` None where nothing is shown by it any more, or not yet."""

    link: ReportLink
    edition: IssuedEdition | None
    is_expired: bool
    is_revoked: bool


def link_token(link: ReportLink) -> str:
    return tokens.sign(PURPOSE, link.nonce)


def find_shared(token: str, *, now: datetime) -> Shared | None:
    """None for what is no link of ours, or one that is gone with its report or customer."""
    nonce = tokens.read(PURPOSE, token)
    links = ReportLink.objects.select_related("customer", "report__incident__page", "report__service")
    link = links.filter(nonce=nonce).first() if nonce else None
    if link is None:
        return None
    is_expired, is_revoked = link.expires_at <= now, link.revoked_at is not None
    edition = None if is_expired or is_revoked else newest_edition(link.report)
    return Shared(link, edition, is_expired=is_expired, is_revoked=is_revoked)
