"""Between Markdown and plain words: `plain` takes the markup off, `escape` disarms it.

`plain(escape(text)) == text` for every text whose lines are stripped and whose blocks are
one blank line apart; both read lists as the renderer does, so numbers agree in all editions.
"""

import html
import re
from collections.abc import Iterator
from itertools import groupby

MARKER = r"\(\*[1-9][0-9]{0,2}\)"
# Addresses that the renderer links whole, so that nothing in them needs disarming.
_URL = (
    r"(?<!\w)https?://[A-Za-z0-9](?:[-A-Za-z0-9_.?,!'()/+@%$#=:;]|&(?=[A-Za-z0-9_]+=)|~(?!~))*"
    r"(?<=[A-Za-z0-9/])"
)
_ENTITY = r"&(?:\#[0-9]+|\#x[0-9a-fA-F]+|[0-9a-zA-Z]+);"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ITEM = re.compile(r"(?P<mark>[-*+]|(?P<number>\d+)\.)(?P<space>[ \t]+)(?=[^ \t])")
_RULE = re.compile(r"(?:-[ ]*){3,}|(?:\*[ ]*){3,}|(?:_[ ]*){3,}")
_COLUMNS = re.compile(r"[-|: ]+")
_RULE_LIKE = re.compile(r"[-=|:+ ]+")

_TOKEN = re.compile(
    rf"(?P<verbatim>{MARKER}|{_URL})"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    rf"|(?P<entity>{_ENTITY})"
    r"|(?<!`)(?P<ticks>`+)(?P<code>[^`]+)(?P=ticks)(?!`)"
    r'|!\[[^\[\]]*\]\([^()\s]*(?:[ ]+"[^"\n]*")?\)'
    r"|\[(?P<label>(?:[^\[\]\\]|\\.)*)\]"
    r'\([ ]*<?(?P<target>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)?)>?(?:[ ]+"[^"\n]*")?[ ]*\)'
    r"|<(?P<auto>(?:https?|ftps?|mailto):[^\s<>]+|[^\s<>@]+@[^\s<>@]+)>"
    r"|(?P<run>\*{1,3}|_{1,3}|~~)",
    re.DOTALL,
)
_SPECIAL = re.compile(
    rf"(?P<verbatim>{MARKER}|{_URL})"
    r"|(?P<backslash>\\(?=[!-/:-@\[-`{-~]|$))"
    rf"|(?P<entity>&(?={_ENTITY[1:]}))"
    r"|(?<![^\W_])_|_(?![^\W_])|[`*\[<]|~(?=~)|(?<=~)~"
)


def clean(text: str) -> str:
    """The text with LF line ends and without control characters; nothing that is read is lost."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def plain(text: str) -> str:
    """The words of a Markdown text: links as `text (url)`, list numbers as rendered, no images."""
    lists = _Lists()
    shown = (_show_block(block, lists) for block in _split_blocks(text))
    return "\n\n".join(block for block in shown if block)


def escape(text: str) -> str:
    """Markdown that shows exactly these words; lists stay lists where their numbers can be kept."""
    lists = _Lists()
    return "\n\n".join("\n".join(_escape_lines(block, lists)) for block in _split_blocks(text))


def _split_blocks(text: str) -> list[list[str]]:
    lines = (line.strip() for line in clean(text).split("\n"))
    return [list(block) for filled, block in groupby(lines, bool) if filled]


class _Lists:
    """Which list a block goes on with: one of the same kind that ended right before it."""

    def __init__(self) -> None:
        self.kind = ""
        self.next_number = 0

    def begin_block(self, item: re.Match[str] | None) -> None:
        kind = _kind(item)
        if item and kind == "1" and self.kind != "1":
            self.next_number = int(item["number"])
        self.kind = kind

    def holds(self, item: re.Match[str] | None) -> bool:
        return item is not None and _kind(item) == self.kind

    def take_number(self) -> int:
        self.next_number += 1
        return self.next_number - 1


def _kind(item: re.Match[str] | None) -> str:
    if item is None:
        return ""
    return "1" if item["number"] else "-"


def _show_block(lines: list[str], lists: _Lists) -> str:
    opened = [_open_line(line) for line in lines]
    lists.begin_block(_ITEM.match(opened[0]))
    shown = []
    for position, line in enumerate(opened):
        if _RULE.fullmatch(line) or (position == 1 and "|" in opened[0] and _COLUMNS.fullmatch(line)):
            continue
        item = _ITEM.match(line)
        if item and lists.holds(item):
            mark = f"{lists.take_number()}." if item["number"] else "-"
            line = mark + item["space"] + line[item.end() :]
        shown.append(line)
    words = (line.strip() for line in _show_inline("\n".join(shown)).split("\n"))
    return "\n".join(line for line in words if line)


def _open_line(line: str) -> str:
    """The line behind its quotation and heading marks."""
    line = re.sub(r"^(?:>[ ]?)+", "", line).lstrip()
    return re.sub(r"^#{1,6}[ ]*(.*?)[ ]*#*$", r"\1", line)


def _show_inline(text: str) -> str:
    pieces: list[str] = []
    opened: dict[str, int] = {}
    end = 0
    for token in _TOKEN.finditer(text):
        pieces += [text[end : token.start()], _show_token(token)]
        if token["run"]:
            _pair_run(token, pieces=pieces, opened=opened)
        end = token.end()
    return "".join(pieces) + text[end:]


def _show_token(token: re.Match[str]) -> str:
    if token["label"] is not None:
        return _show_link(_show_inline(token["label"]), token["target"])
    if token["entity"]:
        return html.unescape(token["entity"])
    if token["code"]:
        return token["code"].strip()
    return token["verbatim"] or token["escaped"] or token["auto"] or token["run"] or ""


def _show_link(label: str, target: str) -> str:
    if not re.match(r"(?i)https?:|mailto:", target) or label in (target, target.removeprefix("mailto:")):
        return label
    return f"{label} ({target})"


def _pair_run(token: re.Match[str], *, pieces: list[str], opened: dict[str, int]) -> None:
    """Blank out a closing run of `*`, `_` or `~~` and the one it closes."""
    run, text = token["run"], token.string
    before, after = text[token.start() - 1 : token.start()], text[token.end() : token.end() + 1]
    word_bound = run[0] == "_"
    if run in opened and before.strip() and not (word_bound and after.isalnum()):
        start = opened.pop(run)
        pieces[start] = pieces[-1] = ""
        for inner in [other for other, place in opened.items() if place > start]:
            del opened[inner]
    elif after.strip() and not (word_bound and before.isalnum()):
        opened[run] = len(pieces) - 1


def _escape_lines(lines: list[str], lists: _Lists) -> Iterator[str]:
    lists.begin_block(_find_item(lines[0], lists))
    for position, line in enumerate(lines):
        item = _find_item(line, lists)
        if item and lists.holds(item):
            if item["number"]:
                lists.take_number()
            rest = line[item.end() :]
            yield item[0] + _escape_start(rest, _escape_inline(rest), inside=True)
        else:
            yield _escape_start(line, _escape_inline(line), inside=position == 0 or lists.kind == "1")


def _find_item(line: str, lists: _Lists) -> re.Match[str] | None:
    """The list item that begins the line, if rendering it keeps its mark and number."""
    item = _ITEM.match(line)
    if item is None or _RULE_LIKE.fullmatch(line):
        return None
    if not item["number"]:
        return item if item["mark"] == "-" else None
    kept = re.fullmatch(r"[1-9][0-9]{0,2}", item["number"]) is not None
    follows = lists.kind != "1" or int(item["number"]) == lists.next_number
    return item if kept and follows else None


def _escape_start(line: str, escaped: str, *, inside: bool) -> str:
    """Disarm what means something at a line's start; `inside`: where list marks do, too."""
    if _RULE_LIKE.fullmatch(line) or line[0] in "#>" or re.match(r"\+[ \t]", line):
        return "\\" + escaped
    item = _ITEM.match(line) if inside else None
    if item and item["number"]:
        return f"{item['number']}\\{escaped[len(item['number']) :]}"
    return "\\" + escaped if item and item["mark"] == "-" else escaped


def _escape_inline(line: str) -> str:
    return _SPECIAL.sub(_disarm, line)


def _disarm(special: re.Match[str]) -> str:
    if special["verbatim"]:
        return special["verbatim"]
    return "&amp;" if special["entity"] else "\\" + special[0]
