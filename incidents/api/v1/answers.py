"""How every address of the management API answers: JSON, to whoever shows a key, without cookie or session."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from incidents.actions.api_token import note_use
from incidents.api.answers import error
from incidents.lib.credentials import bearer_token
from incidents.lib.errors import Refused
from incidents.lib.guesses import may_guess
from incidents.models import ApiToken, Scope
from incidents.queries.api_token import find_token

P = ParamSpec("P")

MOST_GUESSES = 30
GUESSES_SECONDS = 300
LARGEST_BODY_BYTES = 20_000
LEVELS = (Scope.READ, Scope.WRITE, Scope.ADMIN)


class Conflict(Refused):
    """What was asked for is understood, and cannot be done now."""


@dataclass(frozen=True)
class Call:
    """A request by the bearer of a key."""

    request: HttpRequest
    token: ApiToken

    @property
    def actor_name(self) -> str:
        """How the audit names it."""
        return f"API key {self.token.name}"


def answering(
    scope: Scope, *, method: str = "GET"
) -> Callable[[Callable[Concatenate[Call, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Answers keys that may do what `scope` says or more. No other site's form can act: it shows no key."""
    methods = (method, "HEAD") if method == "GET" else (method,)

    def wrap(view: Callable[Concatenate[Call, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if hasattr(request, "session"):
                del request.session  # else a signed-in reader's cookie is renewed
            with translation.override("en"):
                response = _admit(request, scope, methods)
                if isinstance(response, ApiToken):
                    response = _answer(view, Call(request, response), *args, **kwargs)
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return wrap


@csrf_exempt
def show_nothing(request: HttpRequest) -> HttpResponseBase:
    """Programs read JSON, also where they mistyped the address."""
    if hasattr(request, "session"):
        del request.session  # else a signed-in reader's cookie is renewed
    response = error(404, "there is no such address; /v1/openapi.json describes them all")
    response.headers["Cache-Control"] = "no-store"
    return response


def _admit(request: HttpRequest, scope: Scope, methods: tuple[str, ...]) -> ApiToken | HttpResponseBase:
    token = find_token(bearer_token(request.headers.get("Authorization", "")))
    if token is None:
        return _refuse_key(request)
    note_use(token)
    if LEVELS.index(Scope(token.scope)) < LEVELS.index(scope):
        return error(403, f"this key has the scope {token.scope}; expected one with {scope}")
    if request.method not in methods:
        response = error(405, f"expected {' or '.join(methods)}")
        response.headers["Allow"] = ", ".join(methods)
        return response
    told = request.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > LARGEST_BODY_BYTES:
        return error(413, f"expected at most {LARGEST_BODY_BYTES} bytes")
    return token


def _refuse_key(request: HttpRequest) -> JsonResponse:
    """The same for no key, a wrong one and one that was revoked; guesses are counted, right keys are not."""
    address = request.META.get("REMOTE_ADDR", "")
    if not may_guess(address, what="api-key", most=MOST_GUESSES, seconds=GUESSES_SECONDS):
        response = error(429, "too many requests without a key that counts; try again in five minutes")
        response.headers["Retry-After"] = str(GUESSES_SECONDS)
        return response
    response = error(401, "expected a key as Authorization: Bearer …", field="Authorization")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _answer(view: Callable[..., HttpResponseBase], call: Call, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        return view(call, *args, **kwargs)
    except Conflict as refused:
        return error(409, str(refused), field=refused.field)
    except Refused as refused:
        return error(422, str(refused), field=refused.field)
    except Http404:
        return error(404, "there is nothing by this id")
