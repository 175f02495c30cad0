import re
from datetime import date

from incidents.lib.markdown import render, render_with_figures
from incidents.reports.document import Line
from incidents.reports.figures import Picture
from incidents.reports.html import write
from tests.reports.make_document import instant, make_document

HOSTILE = "<script>alert(1)</script>\"'&"


def test_times_carry_their_instants() -> None:
    html = write(make_document(), render_markdown=render)
    assert '<dt><time datetime="2020-09-04T03:46Z">9月04日(金) 12:46</time></dt>' in html
    assert '<time datetime="2020-09-01T00:00Z">2020年9月1日（火）9時00分頃</time> から' in html
    assert '<time datetime="2020-10-08">2020年10月8日</time>' in html


def test_an_open_period_has_no_end_instant() -> None:
    html = write(make_document(period_until=None), render_markdown=render)
    assert "9時00分頃</time> から現在も継続中</p>" in html


def test_a_revision_is_shown_with_its_date() -> None:
    html = write(make_document(revision=2, revised_on=date(2020, 10, 20)), render_markdown=render)
    assert '<p><time datetime="2020-10-20">第2版 2020年10月20日改訂</time></p>' in html


def test_everything_that_is_not_rendered_is_escaped() -> None:
    document = make_document(
        organisation=HOSTILE,
        service=HOSTILE,
        subject=HOSTILE,
        timeline=(Line(instant("2020-09-04 12:20"), HOSTILE),),
        scope=HOSTILE,
    )
    html = write(document, render_markdown=render)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 5


def test_the_article_says_its_language_and_has_no_style() -> None:
    html = write(make_document(), render_markdown=render)
    assert html.startswith('<article class="report" lang="ja">')
    assert "style" not in html
    assert re.findall("<h[12]>(.*?)</h[12]>", html)[:2] == ["Post-Incident Report", "発生事象"]


def test_markers_stay_in_the_flow_and_link_with_their_notes() -> None:
    html = write(make_document(scope="語(*1)と(*1)\n\n(*1) 注"), render_markdown=render)
    assert '語<a id="marker-1" href="#note-1">(*1)</a>と<a href="#note-1">(*1)</a>' in html
    assert '<p><a id="note-1" href="#marker-1">(*1)</a> 注</p>' in html


def test_a_marker_in_another_section_links_to_the_one_note() -> None:
    html = write(make_document(scope="語(*1)\n\n(*1) 注", cause="原因(*1)"), render_markdown=render)
    assert html.count('id="note-1"') == html.count('id="marker-1"') == 1
    assert '原因<a href="#note-1">(*1)</a>' in html


def test_markers_inside_links_code_and_attributes_are_left_alone() -> None:
    scope = '[語(*1)](https://a.test "(*1)") `(*1)`'
    html = write(make_document(scope=scope), render_markdown=render)
    assert "#note-1" not in html
    assert html.count("(*1)") == 3


PICTURE = Picture(b"\x89PNG", "image/png", 640, 480)


def test_a_figure_stands_with_its_caption_where_its_file_is() -> None:
    html = write(
        make_document(scope='![<検索> "画面"](figure:one "図の題")'),
        render_markdown=render_with_figures,
        figures={"one": PICTURE},
        address=lambda name: f"/reports/{name}.png",
    )
    assert (
        '<figure>\n<img src="/reports/one.png" alt="&lt;検索&gt; &quot;画面&quot;" width="640" height="480">\n'
        "<figcaption>図の題</figcaption>\n</figure>" in html
    )


def test_a_figure_inside_a_line_stays_in_it() -> None:
    html = write(
        make_document(scope='1. 画面 ![a](figure:one "題")\n2. 次'),
        render_markdown=render_with_figures,
        figures={"one": PICTURE},
    )
    assert "<figure>" not in html
    assert 'src="data:image/png;base64,iVBORw=="' in html
    assert '<span class="caption">題</span></li>\n<li>次</li>' in html


def test_a_figure_that_is_not_there_shows_nothing() -> None:
    scope = "前\n\n![a](figure:none)\n\n![x](https://a.test/x.png)\n\n後"
    html = write(make_document(scope=scope), render_markdown=render_with_figures)
    assert "img" not in html
    assert "<p>前</p>" in html and "<p>後</p>" in html


def test_a_withdrawn_report_says_so_before_anything_else() -> None:
    html = write(make_document(withdrawn_on=date(2020, 10, 22)), render_markdown=render)
    assert html.index("取り下げ") < html.index("2020年10月8日")


def test_the_opening_stands_under_the_title() -> None:
    html = write(make_document(opening="お客様各位"), render_markdown=render)
    assert html.index("検索の遅延") < html.index("お客様各位") < html.index("発生事象")
