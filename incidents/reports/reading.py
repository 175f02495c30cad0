"""A report's file, whichever edition it is, as the text that hea.read takes."""

from incidents.reports.docx_read import read_docx
from incidents.reports.hea import ReportSyntaxError
from incidents.reports.pdf_read import read_pdf

_OLE = b"\xd0\xcf\x11\xe0"


def read_words(data: bytes) -> str:
    """Told apart by how the file begins, not by its name. Refused says what is wrong with the file."""
    if data.startswith(b"%PDF-"):
        return read_pdf(data)
    if data.startswith((b"PK", _OLE)):
        return read_docx(data)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ReportSyntaxError(data.count(b"\n", 0, error.start) + 1, "UTF-8 text") from None
