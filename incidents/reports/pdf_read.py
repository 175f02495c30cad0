"""The text edition that a PDF of ours carries as an attachment."""

import io
import re

from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import FileNotDecryptedError

from incidents.lib.errors import Refused
from incidents.reports.document import NUMBER

MAX_BYTES = 30 * 1024 * 1024
MAX_TEXT_BYTES = 1024 * 1024
MAX_ATTACHMENTS = 20
_LIMITS = Configuration(
    array_based_stream_maximum_output_length=10 * MAX_TEXT_BYTES,
    lzw_maximum_output_length=10 * MAX_TEXT_BYTES,
    run_length_maximum_output_length=10 * MAX_TEXT_BYTES,
    zlib_maximum_output_length=10 * MAX_TEXT_BYTES,
    stream_decoding_work_maximum_length=10 * MAX_TEXT_BYTES,
)
_NAME = re.compile(rf"{NUMBER.pattern}\.txt")


def read_pdf(data: bytes) -> str:
    """The words of the attachment, for hea.read. Refused for a file that is no PDF of ours, and for one that
    is locked or would unpack to more than a report.
    """
    if len(data) > MAX_BYTES:
        raise Refused(f"expected a PDF of at most {MAX_BYTES // 1024 // 1024} MB")
    try:
        with apply_configuration(_LIMITS):
            attached = _find_attachment(data)
    except FileNotDecryptedError:
        raise Refused("expected a PDF without a password") from None
    except Exception:  # the parser raises whatever it stumbles over
        raise Refused("expected a PDF that can be read: this one is damaged or harmful") from None
    if attached is None:
        raise Refused(
            "expected a PDF with the report's text attached, as this system writes it:"
            " printing it anew loses the attachment"
        )
    return _decode(attached)


def _find_attachment(data: bytes) -> bytes | None:
    reader = PdfReader(io.BytesIO(data))
    for place, file in enumerate(reader.attachment_list):
        if place >= MAX_ATTACHMENTS:
            break
        if _NAME.fullmatch(str(file.name)):
            return file.content
    return None


def _decode(attached: bytes) -> str:
    if len(attached) > MAX_TEXT_BYTES:
        raise Refused("expected an attached text of at most 1 MB")
    try:
        return attached.decode()
    except UnicodeDecodeError:
        raise Refused("expected an attached text in UTF-8") from None
