"""Documents that hold everything a printed edition can show, and what stands on the pages of a PDF."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from PIL import Image
from pypdf import PdfReader

from incidents.reports.document import Document, Line, Signed
from incidents.reports.figures import LOGO, Picture
from incidents.reports.phrases import PHRASES, UpdateKind
from incidents.reports.words import show_withdrawal
from tests.reports.make_document import instant, make_document

SCOPE = """次の**全員**のお客様に影響がありました。[手順](https://status.example.jp/a?b=1&c=2)をご覧ください。

1. 一つ目(*1)
2. *二つ目*

- 点
- もう一つ

(*1) 注の文です。

注の続きです。

![検索画面](figure:screen "図1 検索画面")

| サービス | 件数 |
|---|---:|
| Minato Mail Vault | 1,234 |

### 補足

> 引用の文です。

`retries: 3` を ~~3~~ から 5 に変更。
"""


def picture(width: int = 60, height: int = 40) -> Picture:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(target, "PNG")
    return Picture(target.getvalue(), "image/png", width, height)


FIGURES = {"screen": picture(800, 400), LOGO: picture(200, 50)}


def full_document() -> Document:
    return make_document(
        revision=2,
        revised_on=date(2020, 10, 20),
        opening="お客様各位\n\n深くお詫び申し上げます。",
        scope=SCOPE,
        letterhead=("〒100-0000 東京都千代田区一番町1", "電話 03-0000-0000"),
        signatures=(
            Signed("approved", "鈴木 一郎", date(2020, 10, 8)),
            Signed("written", "山田 花子", date(2020, 10, 6)),
        ),
    )


def english_document() -> Document:
    update = Line(instant("2020-09-04 12:46"), PHRASES["en"][UpdateKind.FIRST], update=UpdateKind.FIRST)
    return replace(
        full_document(),
        language="en",
        edition="interim",
        period_until=None,
        period_until_approximate=False,
        withdrawn_on=date(2020, 10, 22),
        timeline=(Line(instant("2020-09-04 12:20"), "Judged a failure."), update),
    )


def edge_documents() -> dict[str, Document]:
    """Those in which something is at its end."""
    notes = "\n\n".join(f"語(*{number})\n\n(*{number}) 注{number}" for number in range(1, 41))
    start = instant("2024-12-31 23:59")
    return {
        "new_year": make_document(
            period_from=start,
            timeline=(Line(start, "年末"), Line(instant("2025-01-01 00:00"), "年始")),
            period_until=instant("2025-01-02 10:00"),
        ),
        "leap_day": make_document(
            period_from=instant("2024-02-29 00:00"),
            period_until=instant("2024-02-29 23:59"),
            timeline=(Line(instant("2024-02-29 12:00"), "閏日"),),
        ),
        "no_timeline": make_document(timeline=()),
        "no_texts": make_document(what_happened="", scope="", cause="", measures=""),
        "forty_notes": make_document(cause=notes),
        "joined": make_document(
            timeline=(
                Line(instant("2020-09-04 12:46"), "対応しました。"),
                Line(
                    instant("2020-09-04 12:46"),
                    PHRASES["ja"][UpdateKind.OTHER],
                    joined=True,
                    update=UpdateKind.OTHER,
                ),
            )
        ),
        "one_minute": make_document(period_until=instant("2020-09-01 09:00")),
        "english": replace(english_document(), signatures=(), scope="All of them"),
    }


def show_pages(data: bytes, document: Document) -> list[str]:
    """The lines of a PDF as a reader of its text finds them, without what repeats on each page."""
    pages = PdfReader(io.BytesIO(data)).pages
    return [
        line
        for place, page in enumerate(pages, 1)
        for line in _without_margins(page.extract_text(), document, place=place, of=len(pages))
    ]


def _without_margins(text: str, document: Document, *, place: int, of: int) -> Iterator[str]:
    running = show_withdrawal(document) or f"{document.organisation}{document.number}"
    for line in text.split("\n"):
        is_running = place > 1 and "".join(line.split()) and "".join(line.split()) in "".join(running.split())
        if line.strip() != f"{place} / {of}" and not is_running:
            yield line
