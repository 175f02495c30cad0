"""The sentences with which actions refuse, in the reader's language and at the field they name."""

import re

from django import forms
from django.utils.translation import gettext, gettext_noop

from incidents.lib.errors import Refused

SENTENCES = (
    gettext_noop("the start must not lie in the future"),
    gettext_noop("the start must not lie after the first update, the recovery or the end"),
    gettext_noop("an update needs a text"),
    gettext_noop("an update cannot have happened in the future"),
    gettext_noop("an update cannot lie before the incident's start"),
    gettext_noop("the recovery must lie between the start and this update"),
    gettext_noop("the next update must be promised for later than this one"),
    gettext_noop("the estimated recovery must lie after this update"),
    gettext_noop("the estimated recovery ends before it begins"),
    gettext_noop("an estimated recovery needs its time"),
    gettext_noop("the report must be promised for today or a later day"),
    gettext_noop("someone else corrected this update meanwhile; nothing was overwritten"),
    gettext_noop("%(name)s is not one of the page's other languages"),
    gettext_noop("expected at most %(name)s characters"),
    gettext_noop("the first update cannot already resolve the incident"),
    gettext_noop("a title is one line of 1 to 150 characters"),
    gettext_noop("an update cannot lie before the one before it"),
    gettext_noop("the maintenance must end after it begins"),
    gettext_noop("the maintenance must not begin in the past"),
    gettext_noop("the new end must lie after the present one and in the future"),
    gettext_noop("this is the window that was announced already"),
    gettext_noop("a maintenance names at least one service"),
    gettext_noop("this maintenance has not started yet"),
    gettext_noop("this maintenance has started already"),
    gettext_noop("this maintenance is being verified already"),
    gettext_noop("this maintenance is over"),
    gettext_noop("this maintenance was cancelled"),
    gettext_noop("only a subscribed mailbox can be locked"),
    gettext_noop("a log entry cannot have happened in the future"),
    gettext_noop("the line of a public update follows the update itself"),
    gettext_noop("someone else saved this report meanwhile; nothing was overwritten"),
    gettext_noop("the period ends before it begins"),
    gettext_noop("a final report names the end of the period"),
    gettext_noop("this part of the report is empty"),
    gettext_noop("expected one line of text without space around it"),
    gettext_noop("expected every entry to be one line of text"),
    gettext_noop("expected no line that reads as a heading of the report: %(line)s"),
    gettext_noop("expected no heading of the report: %(line)s"),
    gettext_noop("expected a name that does not read as a line of revision"),
    gettext_noop("expected a subject that does not end in the name of an edition"),
    gettext_noop("expected a note that begins %(note)s for the marker %(marker)s"),
    gettext_noop("expected a marker %(marker)s for the note %(note)s"),
    gettext_noop("expected one note %(note)s, not two"),
    gettext_noop("%(stem)s: a day has at most %(most)s report numbers, and all are taken"),
    gettext_noop("the timeline has no line"),
    gettext_noop("a line can only join one of the same minute"),
    gettext_noop("%(name)s is not a draft any more"),
    gettext_noop("%(name)s was closed without publication"),
    gettext_noop("%(name)s is not public: there is nothing to report of it"),
    gettext_noop("%(name)s already has its report"),
    gettext_noop("%(name)s is issued; its text can no longer be changed"),
    gettext_noop("%(name)s is already issued"),
    gettext_noop("%(name)s names no affected service, so a report has no number to take"),
    gettext_noop("%(name)s is taken by another service"),
    gettext_noop("%(name)s is taken by another group"),
    gettext_noop("%(name)s is not a group of this page"),
    gettext_noop("a group needs a name"),
    gettext_noop("a group cannot stand in itself or in a group that stands in it"),
    gettext_noop("groups stand at most %(name)s levels below one at the top"),
    gettext_noop("an announcement needs a text"),
    gettext_noop("an announcement must end in the future"),
    gettext_noop("%(name)s is taken by another monitor of this service"),
    gettext_noop("%(name)s: a report code is 2 to 8 capitals, such as HEA"),
    gettext_noop("expected %(least)s to %(most)s minutes before publication"),
    gettext_noop("expected at least %(name)s seconds"),
    gettext_noop("expected at most %(name)s bytes of text"),
    gettext_noop("expected at most %(name)s opening brackets ["),
    gettext_noop("expected fewer opening brackets [ in one long paragraph"),
    gettext_noop("expected at most %(name)s cells in a table"),
    gettext_noop("expected no word of thousands of letters and dots"),
    gettext_noop("expected at most %(name)s levels of lists and quotations"),
    gettext_noop("a log entry has %(least)s to %(most)s characters"),
    gettext_noop("expected a URL that begins with %(one)s or %(other)s"),
    gettext_noop("expected a URL that begins with %(name)s"),
    gettext_noop("expected a URL of at most %(name)s characters"),
    gettext_noop("expected a URL without a user name or password in it"),
    gettext_noop("expected a URL without spaces, control characters or backslashes"),
    gettext_noop("expected a URL such as https://www.example.com/"),
    gettext_noop("expected a host name that exists in DNS's letters"),
    gettext_noop("expected a host name or an address after ://"),
    gettext_noop("expected a port between 1 and 65535"),
    gettext_noop("expected a port that web servers use, not %(name)s"),
    gettext_noop("expected a whole number from %(least)s to %(most)s"),
    gettext_noop("expected one line of %(least)s to %(most)s characters"),
    gettext_noop("%(name)s is not an IANA time zone such as Asia/Tokyo"),
    gettext_noop("expected a host name such as status.example.com"),
    gettext_noop("%(name)s is the host of another page"),
    gettext_noop("the first language stays once the page has services or incidents"),
    gettext_noop("expected a password of %(least)s to %(most)s characters"),
    gettext_noop("%(name)s: expected a network such as 192.0.2.0/24 or 2001:db8::/32"),
    gettext_noop("%(name)s: this network is everybody"),
    gettext_noop("expected at most %(most)s networks"),
    gettext_noop("expected services of other pages that are public"),
    gettext_noop("%(name)s is the address of another service here"),
    gettext_noop("expected a colour such as #1d4f91"),
    gettext_noop("%(name)s has a contrast of %(reached)s:1 there; expected at least %(least)s:1"),
    gettext_noop("expected a name of 1 to %(most)s characters for each link, in the first language"),
    gettext_noop("expected a text without control characters"),
    gettext_noop("expected a picture of at most %(most)s MB"),
    gettext_noop("expected a picture of at most 20 million pixels"),
    gettext_noop("expected a picture in PNG, JPEG, WebP or GIF"),
    gettext_noop("%(name)s is taken by another customer"),
    gettext_noop("a subject is one line"),
    gettext_noop("a subject needs one of %(name)s"),
    gettext_noop("%(name)s is no placeholder of this text; expected one of %(most)s"),
    gettext_noop("a brace stands alone; a placeholder is one of %(name)s"),
    gettext_noop("%(name)s is the name of another key"),
    gettext_noop("expected text in UTF-8 or CP932 (Shift_JIS)"),
    gettext_noop("expected a header with %(names)s"),
    gettext_noop("expected only the columns %(names)s"),
    gettext_noop("expected this column once"),
    gettext_noop("expected this column in the header"),
    gettext_noop("expected a row of CSV: %(words)s"),
    gettext_noop("expected %(wanted)s cells as in the header, not %(found)s"),
    gettext_noop("expected each address once; this one is in line %(line)s too"),
    gettext_noop("expected names or slugs of this page, not %(name)s"),
    gettext_noop("expected one of %(names)s, not %(name)s"),
    gettext_noop("expected an IANA time zone such as Asia/Tokyo, not %(name)s"),
    gettext_noop("expected the day on which they agreed, such as 2024-04-01, not %(name)s"),
    gettext_noop("expected a day that is not in the future, not %(name)s"),
    gettext_noop("expected one line of at most %(most)s characters"),
    gettext_noop("the first step is told at once"),
    gettext_noop("each step needs contacts of this page"),
    gettext_noop("expected each step later than the one before it, within %(name)s minutes"),
    gettext_noop("expected %(least)s to %(most)s minutes, or 0"),
    gettext_noop("this contact is there already"),
    gettext_noop("%(name)s depends on %(other)s itself"),
    gettext_noop("nothing of this notice has failed"),
    gettext_noop("a mail to one person is asked for again by that person"),
    gettext_noop("this notice is past its life: say that it is still worth sending"),
    gettext_noop("all of them have left, may not be written to or know a later update already"),
    gettext_noop("expected true or false"),
    gettext_noop("expected at most %(most)s lines"),
    gettext_noop("expected one of %(names)s"),
    gettext_noop("expected a mail address such as check@example.com"),
    gettext_noop("expected a host and a port, such as mail.example.com:25"),
    gettext_noop("expected a port that services are offered at, not %(name)s"),
    gettext_noop("%(name)s: expected a header such as Accept: text/html"),
    gettext_noop("%(name)s is a header that this service sets itself"),
    gettext_noop("expected certificates in PEM, each from BEGIN CERTIFICATE to END CERTIFICATE"),
    gettext_noop("expected a JSON path such as $.status or $.checks[*].status"),
    gettext_noop(
        "expected a JSON path with one selector in each bracket, one .. at most, and filters on @ alone"
    ),
    gettext_noop("expected a regular expression of RE2: no look-around, no references back"),
    gettext_noop("expected a host that may be reached; OUTBOUND_ALLOW names private ones"),
    gettext_noop("expected no body beside GET or HEAD"),
    gettext_noop("expected a token or a user, not both"),
    gettext_noop("expected letters, digits and signs of ASCII"),
    gettext_noop("expected HTTP statuses such as 200-299, 401"),
    gettext_noop("expected nothing to be sent to port %(name)s, where a line is a command"),
    gettext_noop("expected answers where they are compared, and only there"),
    gettext_noop("expected a name such as www.example.com"),
    gettext_noop("%(name)s: expected a record of the type %(kind)s"),
    gettext_noop("expected a mail server, since none is set up for this system"),
    gettext_noop("expected the mailbox's user"),
    gettext_noop("expected TLS where a password is sent"),
    gettext_noop(
        "expected seconds that divide a day, from a minute to a day, such as 300, 900, 3600 or 86400"
    ),
    gettext_noop("expected the code of a country, such as JP, or none"),
    gettext_noop("expected days such as 08-13..08-16, 06-01"),
    gettext_noop("its counts are usual"),
    gettext_noop("this system lets the service send no pings; see %(name)s"),
    gettext_noop("expected a domain such as _spf.example.com"),
    gettext_noop("expected a JSON path such as $.alert.id"),
    gettext_noop("expected at most %(most)s labels, each with a JSON path"),
    gettext_noop("expected the words that stand there, such as firing"),
    gettext_noop("expected a text or a number"),
    gettext_noop("expected a JSON object"),
    gettext_noop("expected a list"),
    gettext_noop("expected at most %(most)s alerts"),
    gettext_noop("expected JSON nested at most %(most)s deep"),
    gettext_noop("expected JSON in UTF-8"),
    gettext_noop("expected a line such as host = $.host"),
    gettext_noop("expected the name of a label"),
    gettext_noop("expected a text of %(least)s to %(most)s characters"),
    gettext_noop("expected minor, major, critical or nothing"),
    gettext_noop("expected a name of %(least)s to %(most)s characters"),
    gettext_noop("expected %(least)s to %(most)s characters"),
    gettext_noop("%(name)s is taken by another source of this page"),
    gettext_noop("this source is switched off"),
)
_HOLE = re.compile(r"%\\\((\w+)\\\)s")


def sentence_of(refused: ValueError) -> str:
    """The refusal in the active language; one that is not in the list stays as it was said."""
    said = str(refused)
    for sentence in SENTENCES:
        found = _match(sentence, said)
        if found is not None:
            return gettext(sentence) % found if found else gettext(sentence)
    return said


def words_of_refusal(said: str) -> str:
    """One as it is told to programs, `<field>: <sentence>`, in the active language."""
    field, colon, sentence = said.rpartition(": ")
    return f"{field}{colon}{sentence_of(Refused(sentence))}"


def refuse_into(form: forms.BaseForm, refused: Refused) -> None:
    """Puts a refusal at the field that it names, or over the whole form."""
    name = refused.field if refused.field in form.fields else None
    form.add_error(name, sentence_of(refused))


def _match(sentence: str, said: str) -> dict[str, str] | None:
    """What stands in the sentence's places; None where this sentence was not said."""
    pattern = _HOLE.sub(r"(?P<\1>.+)", re.escape(sentence))
    found = re.fullmatch(pattern, said, re.DOTALL)
    return found.groupdict() if found else None
