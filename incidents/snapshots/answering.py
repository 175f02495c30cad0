"""The headers that belong to what is published, whoever answers. Knows neither Django nor tables."""

from incidents.snapshots.source import HTML, JSON, SVG

PAGE_CACHE_CONTROL = "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
API_CACHE_CONTROL = "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
"""As Statuspage's own API answers; its clients know it."""

API_PREFIX = "/api/v2/"
API_VERSION_HEADER = ("X-Statuspage-Version", "2")
"""By its name tools recognise the API; its value says nothing to them."""

CORS_HEADER = ("Access-Control-Allow-Origin", "*")
READING = ("GET", "HEAD")
READ_ONLY = "This address can only be read."
FRAMED = "embed"
_ACTIVE_TYPES = (HTML, SVG)


def headers_of(address: str, content_type: str, language: str) -> list[tuple[str, str]]:
    """Apart from those of one version of it, and from those that say what a browser may do with it."""
    headers = [("Content-Type", content_type), *lasting_headers(address, content_type)]
    return [*headers, ("Content-Language", language)] if content_type == HTML else headers


def lasting_headers(address: str, content_type: str) -> list[tuple[str, str]]:
    """Those that a 304, a 404 and a 405 have too."""
    is_api = address.startswith(API_PREFIX)
    headers = [("Cache-Control", API_CACHE_CONTROL if is_api else PAGE_CACHE_CONTROL)]
    if content_type == JSON:
        headers.append(CORS_HEADER)
    if is_api:
        headers.append(API_VERSION_HEADER)
    return headers


def is_data(address: str) -> bool:
    """Whoever asks for it reads JSON, whatever the answer is."""
    return address.startswith("/api/") or address.endswith(".json")


def is_framed(address: str) -> bool:
    """May other sites show it in a frame?"""
    return address.rpartition("/")[2] == FRAMED


def is_active(content_type: str) -> bool:
    """Could a browser run something in it?"""
    return content_type in _ACTIVE_TYPES or "xml" in content_type
