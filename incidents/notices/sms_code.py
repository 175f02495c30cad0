"""The text message that carries a code. It is made when it is sent, so that no row ever holds the code itself."""

from incidents.lib import tokens
from incidents.lib.errors import Refused
from incidents.models import Delivery, PhoneCode
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.endpoint_words import endpoint_words_for
from incidents.notices.subject import one_line


class CodeWriter:
    def letter(self, delivery: Delivery) -> Letter:
        """Refused where a newer code has taken the place of this one."""
        subscriber = delivery.reader
        known = PhoneCode.objects.filter(subscriber=subscriber).first()
        if known is None or known.nonce != delivery.thread:
            raise Refused("A newer code was asked for.")
        words = endpoint_words_for(subscriber.language)
        text = (words.leave_code if known.is_to_leave else words.code).format(
            page=one_line(subscriber.page.name),
            code=code_of(subscriber.public_id, known.nonce),
            url=links.page_url(subscriber.page, "/subscribe/sms/code", language=subscriber.language),
        )
        return Letter(name=delivery.public_id, sender="", recipient=subscriber.endpoint, data=text.encode())


def code_of(public_id: str, nonce: str) -> str:
    """Six digits, derived from our key and a nonce: a copy of the database tells nobody the code."""
    return f"{tokens.number('phone code', f'{public_id} {nonce}') % 1_000_000:06}"
