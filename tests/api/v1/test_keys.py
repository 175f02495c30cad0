import pytest
from django.test import Client

from incidents.actions.api_token import create_token, revoke_token
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret
from incidents.models import ApiToken, AuditEntry, Page
from statuspage.logs import redact
from tests import make
from tests.api.v1.conftest import Program
from tests.api.v1.described import check_answer

pytestmark = pytest.mark.django_db

READ = ("/v1/notices", "/v1/subscribers")


@pytest.fixture(autouse=True)
def page() -> Page:
    return make.page()


def test_a_key_is_kept_as_its_hash_alone() -> None:
    token, key = create_token("monitoring", scope="read")
    assert key.startswith("sp_live_") and len(key) > 50
    assert token.secret_hash == hash_secret(key)
    assert key not in str(AuditEntry.objects.values_list("after", flat=True))


@pytest.mark.parametrize(
    ("name", "scope", "field"),
    [("", "read", "name"), ("a\nb", "read", "name"), ("x" * 101, "read", "name"), ("a", "all", "scope")],
)
def test_a_key_needs_a_name_and_a_scope(name: str, scope: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        create_token(name, scope=scope)
    assert refused.value.field == field


def test_two_keys_have_two_names() -> None:
    create_token("a", scope="read")
    with pytest.raises(Refused, match="another key"):
        create_token("a", scope="read")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5", "bearer sp_live_" + "a" * 43]
)
def test_without_a_key_that_counts_nothing_is_told(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in (
        *READ,
        "/v1/customers",
        "/v1/subscribers.csv",
        "/v1/notices/1",
        "/v1/subscribers/x/deliveries",
    ):
        response = Client().get(path, headers=headers)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert response.json()["field"] == "Authorization"


def test_staff_who_are_signed_in_need_a_key_too() -> None:
    client = Client()
    client.force_login(make.staff())
    response = client.get("/v1/notices")
    assert response.status_code == 401
    assert not response.cookies


def test_a_revoked_key_is_no_key_any_more(reader: Program) -> None:
    assert reader.get("/v1/notices").status_code == 200
    revoke_token(ApiToken.objects.get())
    response = reader.get("/v1/notices")
    assert response.status_code == 401
    check_answer(response, "/v1/notices")


def test_readers_read_writers_write_and_only_administrators_take_everything_away(
    reader: Program, writer: Program, admin: Program
) -> None:
    for path in READ:
        assert {program.get(path).status_code for program in (reader, writer, admin)} == {200}
    retry = "/v1/notices/1/retry"
    assert [program.post(retry).status_code for program in (reader, writer, admin)] == [403, 404, 404]
    export = "/v1/subscribers.csv"
    assert [program.get(export).status_code for program in (reader, writer, admin)] == [403, 403, 200]
    refused = reader.post(retry)
    check_answer(refused, "/v1/notices/{notice_id}/retry", "post")
    assert refused.json()["error"] == "this key has the scope read; expected one with write"


def test_other_methods_are_refused_by_name(writer: Program) -> None:
    assert writer.post("/v1/notices").headers["Allow"] == "GET, HEAD"
    assert writer.get("/v1/notices/1/retry").headers["Allow"] == "POST"
    assert writer.post("/v1/notices").status_code == 405


def test_guesses_are_limited_and_right_keys_are_not(reader: Program) -> None:
    wrong = Program("sp_live_wrong")
    answers = [wrong.get("/v1/notices") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert answers[-1]["Retry-After"] == "300"
    check_answer(answers[-1], "/v1/notices")
    assert reader.get("/v1/notices").status_code == 200


def test_the_last_use_is_known(reader: Program) -> None:
    assert ApiToken.objects.get().last_used_at is None
    reader.get("/v1/notices")
    used_at = ApiToken.objects.get().last_used_at
    assert used_at is not None
    reader.get("/v1/notices")
    assert ApiToken.objects.get().last_used_at == used_at


def test_nothing_is_kept_by_caches_and_no_cookie_is_set(reader: Program) -> None:
    response = reader.get("/v1/notices")
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_a_private_page_keeps_no_key_out(reader: Program) -> None:
    Page.objects.update(visibility="private")
    assert reader.get("/v1/notices").status_code == 200


def test_no_key_is_written_to_a_log() -> None:
    _, key = create_token("a", scope="read")
    assert redact(f"GET /?key={key} {key}") == "GET /?key=sp_live_*** sp_live_***"
