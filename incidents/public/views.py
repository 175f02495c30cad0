"""What a page's visitors read where the published files may not be handed out by themselves: those of a private
page, to whom its door has let in; and where nothing has been published yet the same files, rendered now."""

from django.core.exceptions import DisallowedHost
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
)
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import bad_request

from incidents.lib import times
from incidents.public.door import answer_door, is_admitted, seal
from incidents.public.framing import allow_framing
from incidents.public.visit import find_page, forget_visitor, language_of, misdirected
from incidents.snapshots.answering import CORS_HEADER, READ_ONLY, READING, headers_of, is_data, is_framed
from incidents.snapshots.catalogue import find_file
from incidents.snapshots.html import NOT_FOUND
from incidents.snapshots.places import host_directory
from incidents.snapshots.publish import root_of
from incidents.snapshots.reading import read_file
from incidents.snapshots.site import Site
from incidents.snapshots.source import JSON, TEXT, File
from incidents.snapshots.v2 import documents


@csrf_exempt
def show(request: HttpRequest, address: str = "") -> HttpResponseBase:
    """GET and HEAD only; no cookie, no session. A host that has no page here is 421."""
    if request.method not in READING:
        return _refuse_method(request.path)
    return _answer(request, f"/{address}")


def show_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Django's handler404, in the language that the address begins with.

    Staff's own addresses have it too, so that it asks by itself who may read a private page.
    """
    page = find_page(request)
    if page is None and request.path.startswith("/console/"):
        return HttpResponse("Not found.\n", status=404, content_type=TEXT)
    if page is None or not page.is_private:
        return _answer(request, request.path)
    may_read = is_admitted(request, page)
    return seal(_answer(request, request.path) if may_read else answer_door(request, page))


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler400: middleware finds a foreign host before any view does."""
    return misdirected() if isinstance(exception, DisallowedHost) else bad_request(request, exception)


def _answer(request: HttpRequest, address: str) -> HttpResponse:
    page = find_page(request)
    if page is None:
        return misdirected()
    site = Site(page, times.now())
    file = find_published(site, address)
    if file is None and find_published(site, f"{address}/"):
        return HttpResponsePermanentRedirect(f"{address}/")
    file = file or _not_found(site, address)
    response = HttpResponse(file.body, status=file.status)
    forget_visitor(request)
    for name, value in headers_of(file.address, file.content_type, file.language):
        response.headers[name] = value
    if is_framed(file.address):
        allow_framing(response)
    return response


def find_published(site: Site, address: str) -> File | None:
    """Whoever asks knows who reads: the files of a private page are handed out here."""
    page = site.page
    kept = read_file(host_directory(root_of(page), page.host), address) if page.is_private else None
    return kept or find_file(site, address)


def _refuse_method(address: str) -> HttpResponse:
    if not is_data(address):
        return HttpResponseNotAllowed(READING)
    told = documents.dump({"error": READ_ONLY})
    return HttpResponseNotAllowed(READING, told, content_type=JSON, headers=dict([CORS_HEADER]))


def _not_found(site: Site, address: str) -> File:
    if is_data(address) and (told := find_file(site, documents.NOT_FOUND)):
        return told
    language = language_of(site.page, address)
    edition = next(edition for edition in site.editions if edition.language == language)
    file = find_file(site, edition.path(NOT_FOUND))
    assert file is not None
    return file
