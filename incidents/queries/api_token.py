import hmac

from incidents.lib.tokens import hash_secret
from incidents.models import ApiToken


def find_token(key: str) -> ApiToken | None:
    """The token of a key that counts. Found by the hash of 256 random bits: nothing can be guessed by time."""
    hashed = hash_secret(key)
    token = ApiToken.objects.filter(secret_hash=hashed, revoked_at=None).first()
    return token if token and hmac.compare_digest(token.secret_hash, hashed) else None


def all_tokens() -> list[ApiToken]:
    """Those that count first, the newest on top."""
    return sorted(ApiToken.objects.order_by("-pk"), key=lambda token: token.revoked_at is not None)


def find_named(name: str) -> ApiToken | None:
    return ApiToken.objects.filter(name=name).first()
