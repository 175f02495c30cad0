"""The Word file as bytes: the same document is always the same file."""

import io
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx.document import Document as File
from docx.opc.constants import RELATIONSHIP_TYPE


def pack(file: File, *, at: datetime) -> bytes:
    _drop_thumbnail(file)
    saved, packed = io.BytesIO(), io.BytesIO()
    file.save(saved)
    with ZipFile(saved) as before, ZipFile(packed, "w", ZIP_DEFLATED) as after:
        for part in before.infolist():
            entry = ZipInfo(part.filename, at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            after.writestr(entry, before.read(part))
    return packed.getvalue()


def _drop_thumbnail(file: File) -> None:
    """The picture that the library's own template comes with."""
    relations = file.part.package.rels
    for key in [
        key for key, relation in relations.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL
    ]:
        relations.pop(key)
