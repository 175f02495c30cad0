import re

from incidents.lib.tokens import hash_secret
from incidents.models import ApiToken, AuditEntry
from tests.console.conftest import Desk


def test_a_key_is_made_and_shown_once(desk: Desk) -> None:
    html = desk.client.post("/console/keys/", {"name": "monitoring", "scope": "read"}).content.decode()
    key = re.search(r"sp_live_[\w-]+", html)
    assert key and ApiToken.objects.get().secret_hash == hash_secret(key[0])
    assert "sp_live_" not in desk.client.get("/console/keys/").content.decode()
    assert AuditEntry.objects.get(action="create_api_token").actor == desk.staff


def test_a_key_is_revoked(desk: Desk) -> None:
    desk.client.post("/console/keys/", {"name": "monitoring", "scope": "read"})
    token = ApiToken.objects.get()
    response = desk.client.post(f"/console/keys/{token.pk}/revoke/", follow=True)
    assert "monitoring is revoked." in response.content.decode()
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEntry.objects.get(action="revoke_api_token").actor == desk.staff


def test_two_keys_have_two_names(desk: Desk) -> None:
    for _ in range(2):
        response = desk.client.post("/console/keys/", {"name": "monitoring", "scope": "read"})
    assert response.status_code == 422
    assert "is the name of another key" in response.content.decode()
    assert ApiToken.objects.count() == 1
