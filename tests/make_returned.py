"""Messages as they come back from other servers."""


def dsn(status: str, diagnostic: str, *, action: str = "failed", to: str = "bounces@example.com") -> bytes:
    return f"""\
From: MAILER-DAEMON@mx.example.jp (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.jp.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp
Arrival-Date: Fri,  4 Sep 2020 12:46:00 +0900 (JST)

Final-Recipient: rfc822; kato@example.jp
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.jp
Diagnostic-Code: {diagnostic}

--part
Content-Type: message/rfc822

From: status@example.com
To: kato@example.jp
Subject: [5.7.1] notice

--part--
""".encode()


def complaint(sender: str, *, kind: str = "abuse", to: str = "fbl@example.com") -> bytes:
    return f"""\
From: <staff@hotmail.example>
To: {to}
Subject: complaint about message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part"

--part
Content-Type: text/plain

This is an email abuse report.

--part
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: ExampleReporter/1.0
Version: 1
Original-Mail-From: <{sender}>

--part
Content-Type: message/rfc822

From: status@example.com
Subject: notice

Hello
--part--
""".encode()


def text_bounce(text: str, *, to: str = "bounces@example.com") -> bytes:
    return f"From: MAILER-DAEMON@old.example.jp\nTo: {to}\nSubject: failure notice\n\n{text}\n".encode()


def auto_reply(*, to: str = "bounces@example.com") -> bytes:
    head = "Auto-Submitted: auto-replied\nSubject: Out of office: 5.1.1"
    return f"From: kato@example.jp\nTo: {to}\n{head}\n\nI am away until 5.1.1.\n".encode()
