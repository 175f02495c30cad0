"""What the operator sets: a wrong value is named, a right one arrives."""

import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from statuspage.broker import SOCKET_PATH_LIMIT_BYTES, broker_url, socket_path
from statuspage.environment import (
    BASE_DIR,
    Environment,
    MailServer,
    SmsAccount,
    WrongSettings,
    read_environment,
    read_mail_server,
    read_sms_account,
)
from statuspage.logs import LineFormatter, redact
from statuspage.proxies import trust_proxies
from statuspage.secret import read_or_make_secret

NAMES = {name.upper() for name in Environment.model_fields}
LONG = "k" * 50
EXAMPLE = (BASE_DIR / ".env.example").read_text(encoding="utf-8")


class Read(Protocol):
    def __call__(self, values: Mapping[str, str], *, file: str = "") -> Environment: ...


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    def read_with(values: Mapping[str, str], *, file: str = "") -> Environment:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        env_file = tmp_path / "env"
        env_file.write_text(file)
        return read_environment(env_file)

    return read_with


def test_nothing_need_be_set(read: Read) -> None:
    environment = read({})
    assert environment.site_url == "http://127.0.0.1:8000"
    assert environment.allowed_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert (environment.time_zone, environment.languages) == ("Asia/Tokyo", ("ja", "en"))
    assert environment.default_from_email == "status@localhost"
    assert environment.data_dir == BASE_DIR / "var"


def test_the_address_follows_the_port_and_the_hosts_follow_the_address(read: Read) -> None:
    assert read({"PORT": "9000"}).site_url == "http://127.0.0.1:9000"
    environment = read({"SITE_URL": "https://status.example.com/"})
    assert environment.site_url == "https://status.example.com"
    assert environment.allowed_hosts == ("status.example.com",)
    assert environment.default_from_email == "status@status.example.com"


def test_an_empty_value_is_no_value(read: Read) -> None:
    assert read({"PORT": "", "LANGUAGES": "", "DATABASE_URL": ""}) == read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRODUCTION", "maybe"),
        ("SECRET_KEY", "short"),
        ("SITE_URL", "status.example.com"),
        ("SITE_URL", "ftp://status.example.com"),
        ("SITE_URL", "https://status.example.com/page"),
        ("SITE_URL", "http://[::1"),
        ("SITE_URL", "https://user@status.example.com"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "status.example.com:443"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("DATABASE_URL", "mysql://db/status"),
        ("DATABASE_URL", "postgres://db"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis://"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "mail.example.com:587"),
        ("EMAIL_URL", "smtp://mail.example.com?tls=maybe"),
        ("EMAIL_URL", "smtp://mail.example.com?ssl=1"),
        ("EMAIL_URL", "smtp://user:pass@mail.example.com?tls=none"),
        ("DEFAULT_FROM_EMAIL", "Example Status"),
        ("DEFAULT_FROM_EMAIL", "a@example.com\nBcc: b@example.com"),
        ("BOUNCE_DOMAIN", "bounces"),
        ("BOUNCE_DOMAIN", "bounces.example.com>"),
        ("MAIL_WEBHOOK_SECRET", "short"),
        ("MAIL_WEBHOOK_KEY", "-----BEGIN KEY-----"),
        ("MAIL_WEBHOOK_SECRET", "has:colons@and/slashes?"),
        ("DKIM_KEY_FILE", "/nowhere/dkim.pem"),
        ("DKIM_KEY_FILE", "/etc/hostname"),
        ("DKIM_SELECTOR", "Status 2025"),
        ("DKIM_SELECTOR", "a;b"),
        ("TIME_ZONE", "JST"),
        ("LANGUAGES", "ja,fr"),
        ("LANGUAGES", "ja,ja"),
        ("OUTBOUND_ALLOW", "10.0.0.0/33"),
        ("NAMESERVERS", "dns.example.com"),
        ("NAMESERVERS", "192.0.2.53:0"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_the_form_expected(read: Read, name: str, value: str) -> None:
    with pytest.raises(WrongSettings) as refusal:
        read({name: value})
    assert str(refusal.value).startswith(
        f"{name}: expected {Environment.model_fields[name.lower()].description}"
    )
    assert len(str(refusal.value).splitlines()) == 1 or "\n" in value


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_a_key_and_its_selector_are_given_together(read: Read, tmp_path: Path, algorithm: str) -> None:
    key = Ed25519PrivateKey.generate() if algorithm == "ed25519" else generate_private_key(65537, 2048)
    file = tmp_path / "dkim.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    both = {"DKIM_KEY_FILE": str(file), "DKIM_SELECTOR": "status"}
    assert read(both).dkim_key_file == file
    for name in both:
        with pytest.raises(WrongSettings, match=name):
            read({other: value for other, value in both.items() if other != name})


def test_every_wrong_value_is_named_at_once(read: Read) -> None:
    with pytest.raises(WrongSettings) as refusal:
        read({"PORT": "x", "LANGUAGES": "fr", "PRODUCTION": "q"})
    assert {line.partition(":")[0] for line in str(refusal.value).splitlines()} == {
        "PORT",
        "LANGUAGES",
        "PRODUCTION",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_URL", "smtp://user:hunter2#@mail.example.com:587"),
        ("EMAIL_URL", "smtp://user:hunter2/@mail.example.com:587"),
        ("EMAIL_URL", "smtp://user:hunter2\u2100@mail.example.com"),
        ("EMAIL_URL", "smtp://mail.example.com?hunter2"),
        ("REDIS_URL", "redis://user:hunter2#@redis.example.com:6379/0"),
        ("REDIS_URL", "redis://user:hunter2\u2100@redis.example.com"),
        ("DATABASE_URL", "postgres://user:hunter2#@db.example.com:5432/name"),
        ("DATABASE_URL", "postgres://user:hunter2\u2100@db.example.com/name"),
    ],
)
def test_a_password_that_was_not_percent_encoded_is_not_quoted_back(
    read: Read, name: str, value: str
) -> None:
    with pytest.raises(WrongSettings) as refusal:
        read({name: value})
    assert str(refusal.value).startswith(f"{name}: expected ")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"])
def test_a_refusal_does_not_repeat_a_secret(read: Read, name: str) -> None:
    with pytest.raises(WrongSettings) as refusal:
        read({name: "x://user:hunter2@"})
    assert "hunter2" not in str(refusal.value)


def test_production_demands_a_key_and_https(read: Read) -> None:
    with pytest.raises(WrongSettings, match="SECRET_KEY"):
        read({"PRODUCTION": "on", "SITE_URL": "https://status.example.com"})
    with pytest.raises(WrongSettings, match="SITE_URL"):
        read({"PRODUCTION": "on", "SECRET_KEY": LONG})
    assert read({"PRODUCTION": "on", "SECRET_KEY": LONG, "SITE_URL": "https://s.example.com"}).production


def test_the_environment_goes_over_the_file(read: Read) -> None:
    assert read({}, file="PORT=9001\n").port == 9001
    assert read({"PORT": "9002"}, file="PORT=9001\n").port == 9002


def test_a_misspelt_name_in_the_file_is_named(read: Read) -> None:
    with pytest.raises(WrongSettings, match="EMAIL_ULR: no such setting"):
        read({}, file="EMAIL_ULR=smtp://mail.example.com\n")


@pytest.mark.parametrize(
    "line", ['DEFAULT_FROM_EMAIL="Example Status" <status@example.com>', "SITE_URL='", "SITE_URL", "=x"]
)
def test_a_line_that_would_silently_not_count_is_named(read: Read, line: str) -> None:
    with pytest.raises(WrongSettings, match="line 3: expected NAME=value"):
        read({}, file=f"PORT=9001\n\n{line}\n")


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("Example Status <status@example.com>", "Example Status <status@example.com>"),
        ("'\"Status, Example\" <status@example.com>'", '"Status, Example" <status@example.com>'),
    ],
)
def test_a_sender_with_a_name_is_read_from_the_file(read: Read, written: str, sender: str) -> None:
    assert read({}, file=f"# Who writes\n\nDEFAULT_FROM_EMAIL={written}\n").default_from_email == sender


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_bytes("DEFAULT_FROM_EMAIL=稼働状況 <a@example.com>\n".encode("cp932"))
    with pytest.raises(WrongSettings, match="expected text in UTF-8"):
        read_environment(env_file)


def test_lists_take_commas_and_spaces(read: Read) -> None:
    environment = read({"TRUSTED_PROXIES": "10.0.0.5, 2001:db8::/32", "OUTBOUND_ALLOW": "10.0.0.0/8"})
    assert environment.trusted_proxies == (ip_network("10.0.0.5"), ip_network("2001:db8::/32"))
    assert environment.outbound_allow == (ip_network("10.0.0.0/8"),)
    resolvers = read({"NAMESERVERS": "192.0.2.53, [2001:db8::53]:5353 2001:db8::54"})
    assert resolvers.nameservers == ("192.0.2.53", "[2001:db8::53]:5353", "2001:db8::54")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, "", "", "starttls")),
        ("smtps://u%40x:p%3A@mail.example.com", MailServer("mail.example.com", 465, "u@x", "p:", "ssl")),
        ("smtp://127.0.0.1:1025?tls=none", MailServer("127.0.0.1", 1025, "", "", "none")),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    assert read_mail_server(url) == server


def test_the_example_file_and_the_settings_list_the_same_names() -> None:
    assert set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == NAMES


def test_every_setting_is_in_the_documentation() -> None:
    documented = set(
        re.findall(
            r"^\| `([A-Z_]+)` \|", (BASE_DIR / "docs/running.md").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert documented == NAMES


def test_the_example_file_is_a_right_file(read: Read) -> None:
    assert read({}, file=EXAMPLE) == read({})


def run_manage(**values: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(
        command, cwd=BASE_DIR, env=kept | values, capture_output=True, text=True, check=False
    )


def test_a_command_with_a_wrong_setting_ends_in_one_line_and_not_in_a_traceback(tmp_path: Path) -> None:
    ended = run_manage(PORT="x", DATA_DIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "PORT: expected a number from 1 to 65535, not 'x'\n"


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run_manage(DATA_DIR=str(tmp_path / "file"))
    assert ended.returncode == 1
    assert ended.stderr.startswith("DATA_DIR: expected a directory that can be written")


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    made = read_or_make_secret(path)
    assert len(made) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_make_secret(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_celery_gets_redis_in_its_own_spelling(tmp_path: Path) -> None:
    assert broker_url(redis_url="rediss://:p@r:6380/2", data_dir=tmp_path) == "rediss://:p@r:6380/2"
    unix = broker_url(redis_url="unix:///run/redis.sock?db=3", data_dir=tmp_path)
    assert unix == "redis+socket:///run/redis.sock?virtual_host=3"


def test_the_broker_s_socket_path_is_never_too_long_for_the_kernel() -> None:
    deep = Path("/" + "d" * 120)
    assert len(str(socket_path(deep))) <= SOCKET_PATH_LIMIT_BYTES
    assert socket_path(deep) != socket_path(deep / "other")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.9", "203.0.113.1", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "203.0.113.66, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
    ],
)
def test_only_trusted_proxies_say_who_asks(peer: str, forwarded: str, client: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    with override_settings(TRUSTED_PROXIES=(ip_network("10.0.0.0/8"),)):
        answer = trust_proxies(lambda asked: HttpResponse(asked.META["REMOTE_ADDR"]))(request)
    assert answer.content.decode() == client


@pytest.mark.parametrize(("peer", "secure"), [("10.0.0.1", True), ("198.51.100.9", False)])
def test_only_trusted_proxies_say_that_the_visitor_came_by_https(peer: str, secure: bool) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https")
    with override_settings(TRUSTED_PROXIES=(ip_network("10.0.0.0/8"),)):
        answer = trust_proxies(lambda asked: HttpResponse(str(asked.is_secure())))(request)
    assert answer.content.decode() == str(secure)


def test_log_lines_carry_neither_passwords_nor_tokens() -> None:
    token = "a1B2" * 8
    assert redact("redis://:hunter2@host/0") == "redis://:***@host/0"
    assert redact(f"Not Found: /confirm/{token}") == "Not Found: /confirm/***"
    assert redact(f"/en/unsubscribe/{token}?x=1") == "/en/unsubscribe/***?x=1"
    source = "/hooks/pingdom/0b6ab1f4-5f1c-4d0f-9f0e-8f6f5a6a7b8c"
    assert redact(f"Unauthorized: {source}") == "Unauthorized: /hooks/pingdom/***"
    assert redact(f"Unauthorized: {source}/a+b%2F!c?x=1") == "Unauthorized: /hooks/pingdom/***?x=1"
    assert redact("/hooks/mail/postmark/") == "/hooks/mail/postmark/"
    assert redact("/incidents/INC-20200904-01") == "/incidents/INC-20200904-01"


def test_a_log_line_is_one_line_that_moves_no_terminal() -> None:
    odd = "a\r\nb\x1b[2Jc\x9b2Jd\x85e\u2028f"
    record = logging.makeLogRecord(
        {"msg": "Not Found: %s", "args": (odd,), "levelname": "WARNING", "name": "x"}
    )
    line = LineFormatter().format(record)
    assert line.endswith("a\\r\\nb\\x1b[2Jc\\x9b2Jd\\x85e\\u2028f")
    assert len(line.splitlines()) == 1


def test_an_account_for_text_messages_is_read_from_its_address(read: Read) -> None:
    environment = read({"SMS_URL": "twilio://AC0123456789:to%2Fken@+15550100"})
    assert environment.sms_url is not None
    assert read_sms_account(environment.sms_url) == SmsAccount("AC0123456789", "to/ken", "+15550100")


@pytest.mark.parametrize(
    "value",
    [
        "nexmo://AC0123456789:token@+15550100",
        "twilio://AC0123456789@+15550100",
        "twilio://AC0123456789:token@15550100",
        "twilio://AC0123456789:token@",
        "twilio://AC0123456789:token@+15550100/path",
        "twilio://../x:token@+15550100",
    ],
)
def test_a_wrong_account_is_named_and_its_token_is_not(read: Read, value: str) -> None:
    with pytest.raises(WrongSettings) as wrong:
        read({"SMS_URL": value})
    assert str(wrong.value).startswith("SMS_URL: expected twilio://account:token@+15550100")
    assert value not in str(wrong.value)


@pytest.mark.parametrize("value", ["hc-ping.com/abc", "ftp://example.com/", "https:///x", "https://a b/"])
def test_a_watcher_s_address_must_be_one_and_is_not_shown(read: Read, value: str) -> None:
    with pytest.raises(WrongSettings) as wrong:
        read({"ALIVE_URL": value})
    assert str(wrong.value).startswith("ALIVE_URL: expected a web address")
    assert value not in str(wrong.value)
