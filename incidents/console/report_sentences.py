"""What the readers of past reports expect, in sentences of refusals; each follows "expected there:"."""

from django.utils.translation import gettext_noop

SENTENCES = (
    gettext_noop("UTF-8 text"),
    gettext_noop("a date such as %(name)s"),
    gettext_noop("a date that exists"),
    gettext_noop("a year from 1 to 9998"),
    gettext_noop("a time from 00:00 to 23:59"),
    gettext_noop("a time that exists on %(day)s in %(name)s"),
    gettext_noop("the weekday of %(day)s, which is %(name)s"),
    gettext_noop("a revision from 2 on, such as %(name)s"),
    gettext_noop("a date of revision not before the issue date"),
    gettext_noop("a date of withdrawal not before the report's own"),
    gettext_noop("%(name)s as the last line"),
    gettext_noop("the organisation's name"),
    gettext_noop("the service and the subject"),
    gettext_noop("the organisation in at most %(most)s characters"),
    gettext_noop("the service in at most %(most)s characters"),
    gettext_noop("the subject in at most %(most)s characters"),
    gettext_noop("%(name)s2 to 8 capitals, a date as YYYYMMDD and a serial from 01, such as HEA2020100801"),
    gettext_noop("2 to 8 capitals, a date as YYYYMMDD and a serial from 01, such as HEA2020100801"),
    gettext_noop("a number other than %(name)s, which is taken"),
    gettext_noop("one line of period, then the next heading"),
    gettext_noop("an end of the period that is not before its start"),
    gettext_noop("a timeline entry such as %(name)s"),
    gettext_noop("a timeline entry not earlier than the one before it"),
    gettext_noop("the heading %(name)s only once, in its place"),
    gettext_noop("a note that begins %(note)s for the marker %(marker)s"),
    gettext_noop("a marker %(marker)s for the note %(note)s"),
    gettext_noop("one note %(note)s, not two"),
    gettext_noop("expected a report that stands, not one that was withdrawn"),
    gettext_noop("expected a file of at most %(most)s MB"),
    gettext_noop("expected text in UTF-8"),
    gettext_noop("expected at most %(most)s files at once"),
    gettext_noop("expected at most %(most)s characters in all files together"),
    gettext_noop("the form did not arrive whole"),
    gettext_noop("expected a PDF without a password"),
    gettext_noop("expected a PDF that can be read: this one is damaged or harmful"),
    gettext_noop(
        "expected a PDF with the report's text attached, as this system writes it:"
        " printing it anew loses the attachment"
    ),
    gettext_noop("expected a Word file as .docx, without a password"),
    gettext_noop("expected a Word file as .docx"),
    gettext_noop("expected a Word file that can be read: this one is damaged"),
    gettext_noop("expected a Word file that does not unpack to more than a report"),
)
