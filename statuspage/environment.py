"""What the operator may set: names, forms and defaults, read from the environment and from `.env`.

A wrong value raises `WrongSettings`, one line for each: the name, the form expected, and what was
given (never for a secret).
"""

import ipaddress
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

import dj_database_url
from dotenv.parser import Binding, Original, parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from incidents.lib.dkim import read_key
from incidents.lib.hosts import read_place

BASE_DIR = Path(__file__).resolve().parent.parent
LANGUAGE_NAMES = {"ja": "日本語", "en": "English"}
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
SECRETS = frozenset(
    {
        "secret_key",
        "mail_webhook_secret",
        "mail_webhook_key",
        "database_url",
        "redis_url",
        "email_url",
        "sms_url",
        "alive_url",
    }
)
TLS_MODES = ("starttls", "ssl", "none")
# Mailbox providers that turn a sender away who is too fast: mails a second, and senders at once.
USUAL_MAIL_RATES: dict[str, tuple[float | None, int | None]] = {
    **dict.fromkeys(
        ("gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "yahoo.co.jp", "icloud.com"), (20, 2)
    ),
    **dict.fromkeys(("docomo.ne.jp", "au.com", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp"), (5, 1)),
}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class WrongSettings(Exception):
    """`str()` is for people: one line for each wrong setting."""


class Unfit(ValueError):
    """Says in words of ours what is wrong; those of libraries may quote the value, and with it a password."""


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    user: str
    password: str
    tls: str
    """One of `TLS_MODES`; `ssl` speaks TLS from the first byte."""


@dataclass(frozen=True)
class SmsAccount:
    """At Twilio; `sender` is a number as E.164 writes it, `api` the address of its API."""

    sid: str
    token: str
    sender: str
    api: str = "https://api.twilio.com"


def _site_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("not an http or https address")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("an address without path")
    if parts.port == 0:
        raise ValueError("port 0 is none")
    return f"{parts.scheme}://{parts.netloc}"


def _database_url(value: str) -> str:
    scheme = urlsplit(value).scheme
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise Unfit("neither SQLite nor PostgreSQL")
    if not dj_database_url.parse(value)["NAME"]:
        raise Unfit("no database named")
    return value


def _redis_url(value: str) -> str:
    parts = urlsplit(value)
    named = parts.path.strip("/") if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in ("redis", "rediss", "unix") or not named or parts.port == 0:
        raise Unfit("not a Redis address")
    return value


def read_mail_server(value: str) -> MailServer:
    """From `smtp://user:password@host:port?tls=…` or `smtps://…`; user and password percent-encoded."""
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise Unfit("not an SMTP address")
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    tls = options.pop("tls", "ssl" if parts.scheme == "smtps" else "starttls")
    if tls not in TLS_MODES or options:
        raise Unfit("the only option is tls, with the value starttls, ssl or none")
    if parts.username and tls == "none" and parts.hostname not in LOOPBACK_HOSTS:
        raise Unfit("a password must not travel without TLS")
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if tls == "ssl" else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
    )


def read_sms_account(value: str) -> SmsAccount:
    """From `twilio://account:token@+15550100`; the token percent-encoded."""
    parts = urlsplit(value)
    sender = parts.netloc.rpartition("@")[2]
    if parts.scheme != "twilio" or parts.path not in ("", "/") or parts.query:
        raise Unfit("not an account at Twilio")
    if not re.fullmatch(r"[A-Za-z0-9]{10,64}", parts.username or "") or not parts.password:
        raise Unfit("an account and its token before the @")
    if not re.fullmatch(r"\+[1-9]\d{6,14}", sender):
        raise Unfit("the sender's number after the @, with its country code")
    return SmsAccount(sid=parts.username or "", token=unquote(parts.password), sender=sender)


def _sms_url(value: str) -> str:
    read_sms_account(value)
    return value


def _mail_url(value: str) -> str:
    read_mail_server(value)
    return value


def _alive_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\\\x00-\x1f]", value):
        raise Unfit("a web address")
    return value


def _sender(value: str) -> str:
    _, address = parseaddr(value)
    local, _, domain = address.rpartition("@")
    if not local or not domain or re.search(r"[\s\x00-\x1f]", address) or "\n" in value:
        raise ValueError("no mail address in it")
    return value


def _mail_domain(value: str) -> str:
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", value.lower()):
        raise ValueError("not a domain")
    return value.lower()


def _url_word(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise ValueError("other characters would not survive in an address")
    return value


def _signing_key(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9+/=_-]*", value):
        raise ValueError("one line of letters, digits and +/=_-")
    return value


def _selector(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", value):
        raise ValueError("lower-case letters, digits, hyphens and dots only")
    return value


def _dkim_key_file(value: Path) -> Path:
    path = BASE_DIR / value.expanduser()
    try:
        read_key(path.read_bytes())
    except OSError as error:
        raise ValueError(error.strerror) from None
    return path


def _mail_rates(value: Any) -> Any:
    """`gmail.com=20/2` is 20 mails a second by 2 senders at most; `*` is the mail server as a whole; 0: no limit."""
    if not isinstance(value, str):
        return value
    rates: dict[str, tuple[float | None, int | None]] = {}
    for word in _split(value):
        found = re.fullmatch(r"(\*|[a-z0-9.-]+\.[a-z0-9-]+)=(\d+(?:\.\d+)?)(?:/(\d+))?", word.lower())
        if found is None:
            raise ValueError(f"{word!r} is no rate")
        domain, rate, connections = found.groups()
        rates[domain] = (float(rate) or None, int(connections or 0) or None)
    return rates


def _host(value: str) -> str:
    if not re.fullmatch(r"\.?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]", value):
        raise ValueError(f"{value!r} is not a host name")
    return value.lower()


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("no such zone")
    return value


def _location(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
        raise ValueError(f"{value!r} is no such name")
    return value


def _languages(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or len(set(value)) < len(value) or not set(value) <= set(LANGUAGE_NAMES):
        raise ValueError("unknown or repeated language")
    return value


def _split(value: Any) -> Any:
    return tuple(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value


def _network(value: Any) -> Any:
    return ipaddress.ip_network(value) if isinstance(value, str) else value


def _nameserver(value: str) -> str:
    """An address, with a port where it is not 53; an IPv6 address with a port stands in brackets."""
    host, _ = read_place(value, port=53)
    ipaddress.ip_address(host)
    return value


def _words(check: Callable[[str], Any]) -> Any:
    return BeforeValidator(lambda value: tuple(map(check, _split(value))))


Hosts = Annotated[tuple[str, ...], NoDecode, _words(_host)]
Networks = Annotated[tuple[Network, ...], NoDecode, _words(_network)]
Nameservers = Annotated[tuple[str, ...], NoDecode, _words(_nameserver)]
Rates = Annotated[dict[str, tuple[float | None, int | None]], NoDecode, BeforeValidator(_mail_rates)]
Locations = Annotated[tuple[str, ...], NoDecode, _words(_location)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_languages)]


class Environment(BaseSettings):
    """Each field is the variable of the same name in capitals; its description is the form expected."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, env_file_encoding="utf-8", validate_default=False
    )

    production: bool = Field(False, description="on or off")
    secret_key: str | None = Field(None, min_length=32, description="at least 32 random characters")
    site_url: Annotated[str, AfterValidator(_site_url)] = Field(
        "", description="the page's address without a path, such as https://status.example.com"
    )
    port: int = Field(8000, ge=1, le=65535, description="a number from 1 to 65535")
    allowed_hosts: Hosts = Field((), description="host names separated by commas, without ports; no *")
    trusted_proxies: Networks = Field(
        (), description="addresses or networks separated by commas, such as 10.0.0.5,192.0.2.0/24"
    )
    data_dir: Path = Field(Path("var"), description="a directory that can be written")
    database_url: Annotated[str, AfterValidator(_database_url)] | None = Field(
        None, description="postgres://user:password@host:5432/name or sqlite:////absolute/path"
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(
        None, description="redis://:password@host:6379/0, rediss://… or unix:///path/to/socket?db=0"
    )
    email_url: Annotated[str, AfterValidator(_mail_url)] | None = Field(
        None, description="smtp://user:password@host:587?tls=starttls (tls: starttls, ssl or none)"
    )
    default_from_email: Annotated[str, AfterValidator(_sender)] | None = Field(
        None, description="an address such as status@example.com or Example Status <status@example.com>"
    )
    sms_url: Annotated[str, AfterValidator(_sms_url)] | None = Field(
        None, description="twilio://account:token@+15550100, the number that text messages come from"
    )
    bounce_domain: Annotated[str, AfterValidator(_mail_domain)] = Field(
        "", description="a domain whose mail reaches `manage.py receive_mail`, such as bounces.example.com"
    )
    mail_webhook_secret: Annotated[str, AfterValidator(_url_word)] = Field(
        "", min_length=20, description="at least 20 letters, digits, hyphens and underscores"
    )
    mail_webhook_key: Annotated[str, AfterValidator(_signing_key)] = Field(
        "", description="the key by which Mailgun or SendGrid signs its reports, as its console shows it"
    )
    dkim_key_file: Annotated[Path, AfterValidator(_dkim_key_file)] | None = Field(
        None, description="a file that holds a private key in PEM, RSA of 2048 bits or Ed25519"
    )
    dkim_selector: Annotated[str, AfterValidator(_selector)] = Field(
        "", description="a name such as status2025, under which the key's record stands in DNS"
    )
    mail_rates: Rates = Field(
        {},
        description="mails a second (and senders) for domains, such as gmail.com=20/2,*=14; 0 for no limit",
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Tokyo", description="a zone of the IANA database, such as Asia/Tokyo"
    )
    languages: Words = Field(("ja", "en"), description="ja, en or both separated by a comma, the first first")
    location: Annotated[str, AfterValidator(_location)] = Field(
        "main", description="a name in small letters, digits and hyphens, such as osaka; main runs everything"
    )
    locations: Locations = Field(
        (), description="the names of all locations that monitors are checked from, such as main,osaka"
    )
    outbound_allow: Networks = Field(
        (), description="networks separated by commas, such as 10.0.0.0/8,192.0.2.7/32"
    )
    alive_url: Annotated[str, AfterValidator(_alive_url)] = Field(
        "", description="a web address such as https://hc-ping.com/…, asked once a minute while all works"
    )
    nameservers: Nameservers = Field(
        (), description="addresses separated by commas, such as 192.0.2.53,192.0.2.54:5353"
    )

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Derives what follows from another setting, and holds what PRODUCTION demands."""
        if self.production and not self.secret_key:
            raise ValueError("SECRET_KEY: expected at least 32 random characters, since PRODUCTION is on")
        if self.production and not self.site_url.startswith("https://"):
            raise ValueError("SITE_URL: expected an https address, since PRODUCTION is on")
        if bool(self.dkim_key_file) != bool(self.dkim_selector):
            missing = "DKIM_SELECTOR" if self.dkim_key_file else "DKIM_KEY_FILE"
            raise ValueError(f"{missing}: expected beside the other of DKIM_KEY_FILE and DKIM_SELECTOR")
        self.site_url = self.site_url or f"http://127.0.0.1:{self.port}"
        self.data_dir = BASE_DIR / self.data_dir.expanduser()
        host = self.site_host
        self.allowed_hosts = self.allowed_hosts or self._own_hosts(host)
        domain = "localhost" if host in LOOPBACK_HOSTS else host
        self.mail_rates = USUAL_MAIL_RATES | self.mail_rates
        self.default_from_email = self.default_from_email or f"status@{domain}"
        return self

    def make_data_dir(self) -> Path:
        """DATA_DIR, made (for its owner alone) where it was missing; raises WrongSettings."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data_dir):
                pass
        except OSError as error:
            form = Environment.model_fields["data_dir"].description
            given = f"not '{self.data_dir}' ({error.strerror})"
            raise WrongSettings(f"DATA_DIR: expected {form}, {given}") from None
        return self.data_dir

    @property
    def all_locations(self) -> tuple[str, ...]:
        """The main one first, each once."""
        return tuple(dict.fromkeys(("main", *self.locations, self.location)))

    @property
    def site_host(self) -> str:
        return urlsplit(self.site_url).hostname or ""

    def _own_hosts(self, host: str) -> tuple[str, ...]:
        if host in LOOPBACK_HOSTS:
            return ("127.0.0.1", "localhost", "[::1]")
        return (f"[{host}]" if ":" in host else host,)


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        field = Environment.model_fields.get(name)
        cause = item.get("ctx", {}).get("error", "")
        reason = "" if name in SECRETS and not isinstance(cause, Unfit) else str(cause)
        if field is None:
            lines.append(reason or f"{name.upper()}: no such setting; .env.example lists them all")
            continue
        given = "" if name in SECRETS else f", not {item['input']!r}"
        why = f" ({reason})" if reason else ""
        lines.append(f"{name.upper()}: expected {field.description}{given}{why}")
    return "\n".join(lines)


def read_environment(env_file: Path | None = None) -> Environment:
    """From the process environment, over `env_file` (default: `$ENV_FILE`, else `.env` beside manage.py).

    Raises WrongSettings; a name in the file that is no setting is wrong too, and so is a line that cannot be read.
    """
    file = env_file or Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
    _check_lines(file)
    build: Callable[..., Environment] = Environment
    try:
        return build(_env_file=file)
    except ValidationError as error:
        raise WrongSettings(_explain(error)) from None


def _check_lines(file: Path) -> None:
    """A line that the reader of such files would skip with a warning: what it sets would silently not count."""
    try:
        with file.open(encoding="utf-8") as lines:
            wrong = [_line_of(each.original) for each in parse_stream(lines) if _is_wrong(each)]
    except UnicodeDecodeError:
        raise WrongSettings(f"{file}: expected text in UTF-8") from None
    except OSError:
        return
    if wrong:
        form = "NAME=value, with '…' around a value that holds quotation marks"
        raise WrongSettings("\n".join(f"{file}, line {line}: expected {form}" for line in wrong))


def _is_wrong(binding: Binding) -> bool:
    return binding.error or (binding.key is not None and binding.value is None)


def _line_of(original: Original) -> int:
    """Empty lines before it belong to it."""
    before = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + before.count("\n")
