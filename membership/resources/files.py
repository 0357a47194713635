"""Files that people upload: what they really are, keeping them in parts, and giving them back as downloads.

What is in a file counts, not the ending of its name. The portal never opens a file to show it, and a browser never runs
one: it is a download with the content type of its format, and a policy that allows nothing.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from defusedxml import ElementTree
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header

from membership.errors import RefusedError
from membership.models import FilePart, StoredFile
from membership.register.names import clean_text
from membership.resources.models import FORMATS, PART_BYTES

MAX_BYTES = 10_000_000
_MAX_UNPACKED, _MAX_ENTRIES, _MAX_DIRECTORY = 300_000_000, 5_000, 1_000_000
_PACKAGES = ("application/vnd.openxmlformats", "application/vnd.oasis")
ACCEPT = ",".join(f".{ending}" for ending in (*FORMATS, "jpeg"))
_STARTS = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
}
_UNKNOWN = "This is not a PDF, a Word, Excel, PowerPoint or OpenDocument file, or a picture (PNG, JPEG, GIF or WebP). Save it as one of these, or share a link."
_WEB_PAGE = "Web pages and SVG pictures can contain programs, so we don’t take them. Save it as a PDF, or share a link."
_OLD_OFFICE = "This is an older Office file, or one with a password. Open it, remove the password, and save it as .docx, .xlsx or .pptx, or as a PDF."
_MACROS = "This file has macros or other programs in it, so we don’t take it. Save it without them, for example as a PDF."
_DAMAGED = "This file is damaged or not complete. Open it in its program, save it again, and choose the new file."
_TOO_LARGE_UNPACKED = (
    "This file is too large once it is unpacked. Save it as a PDF, or share a link."
)
# Parts of an Office file that are programs, wherever they are in it.
_PROGRAMS = re.compile(
    r"vbaproject|macrosheets/|activex|(^|/)embeddings/.*\.bin$|^(basic|scripts)/", re.IGNORECASE
)


@dataclass(frozen=True)
class Upload:
    """An uploaded file that has been checked, with the name and format that it will have."""

    content: UploadedFile
    name: str
    format: str

    def save(self) -> StoredFile:
        """Keep it, part by part. Runs inside the caller's transaction."""
        size = self.content.size or 0
        file = StoredFile.objects.create(name=self.name, format=self.format, size=size)
        self.content.seek(0)
        for number, part in enumerate(iter(lambda: self.content.read(PART_BYTES), b"")):
            FilePart.objects.create(file=file, number=number, content=part)
        return file


def check(content: UploadedFile) -> Upload:
    """The file with what it really is. Raises ``RefusedError`` with a sentence for the person who chose it."""
    if not content.size:
        raise RefusedError("This file is empty. Choose another one.")
    if content.size > MAX_BYTES:
        raise RefusedError("This file is larger than 10 MB. Make it smaller, or share a link.")
    found = _format_of(content)
    return Upload(content, clean_name(content.name or "", found), found)


def clean_name(name: str, ending: str) -> str:
    """The name without folders and odd signs, and with the ending of what the file is."""
    stem = PurePosixPath(clean_text(name).replace("\\", "/")).stem
    stem = " ".join(re.sub(r"[^\w(),&+.’-]", " ", stem).split()).strip(". ")
    return f"{stem.removesuffix(f'.{ending}')[:80].strip('. ') or 'file'}.{ending}"


def _format_of(content: UploadedFile) -> str:
    content.seek(0)
    start = content.read(512)
    for sign, ending in _STARTS.items():
        if start.startswith(sign):
            return ending
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith(b"PK\x03\x04"):
        return _format_of_package(content)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusedError(_OLD_OFFICE)
    is_web_page = re.match(rb"[\s\xef\xbb\xbf]*<(!doctype|html|svg|\?xml|!--|script)", start, re.I)
    raise RefusedError(_WEB_PAGE if is_web_page else _UNKNOWN)


def _format_of_package(content: UploadedFile) -> str:
    """What an Office file is, of which only the list of its parts and what it says about itself are read."""
    _refuse_large_directory(content)
    try:
        with zipfile.ZipFile(content) as package:
            parts = package.infolist()
            names = [part.filename for part in parts]
            if any(part.flag_bits & 1 for part in parts):
                raise RefusedError(_OLD_OFFICE)
            if sum(part.file_size for part in parts) > _MAX_UNPACKED or len(parts) > _MAX_ENTRIES:
                raise RefusedError(_TOO_LARGE_UNPACKED)
            if len(set(names)) < len(names):
                raise RefusedError(_DAMAGED)
            if any(map(_PROGRAMS.search, names)):
                raise RefusedError(_MACROS)
            types = _types_in(package, names)
    except RefusedError:
        raise
    except Exception as error:  # a damaged file can fail in many ways
        raise RefusedError(_DAMAGED) from error
    if any("macroenabled" in one or "vbaproject" in one for one in types):
        raise RefusedError(_MACROS)
    for ending, known in FORMATS.items():
        if {known.content_type, f"{known.content_type}.main+xml"} & types:
            return ending
    raise RefusedError(_UNKNOWN)


def _refuse_large_directory(content: UploadedFile) -> None:
    """Python reads the whole list of parts at once, so its length is looked at before."""
    content.seek(max((content.size or 0) - 65_557, 0))
    end = content.read()
    at = end.rfind(b"PK\x05\x06")
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    if at < 0 or length > _MAX_DIRECTORY or b"PK\x06\x07" in end[max(at - 20, 0) : at]:
        raise RefusedError(_TOO_LARGE_UNPACKED if at >= 0 else _DAMAGED)


def _types_in(package: zipfile.ZipFile, names: list[str]) -> set[str]:
    """The content types that an Office file names, or the one of an OpenDocument file, in lower case."""
    if names[0] == "mimetype":
        return {_read(package, "mimetype").decode("ascii").strip().lower()}
    root = ElementTree.fromstring(_read(package, "[Content_Types].xml"))
    return {part.get("ContentType", "").lower() for part in root}


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    with package.open(name) as part:
        content = part.read(_MAX_DIRECTORY + 1)
    if len(content) > _MAX_DIRECTORY:
        raise RefusedError(_TOO_LARGE_UNPACKED)
    return content


def download(file: StoredFile | None) -> StreamingHttpResponse:
    """The file of a resource as a download, which no browser shows or runs; 404 if the resource is a link."""
    if file is None:
        raise Http404("This resource is a link.")
    headers = {
        "Content-Disposition": content_disposition_header(True, file.name) or "attachment",
        "Content-Length": str(file.size),
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    kind = FORMATS[file.format].content_type
    return StreamingHttpResponse(parts_of(file), content_type=kind, headers=headers)


def parts_of(file: StoredFile) -> Iterator[bytes]:
    """The content, read part by part. If the file is deleted meanwhile, the download breaks off."""
    for number in range(-(-file.size // PART_BYTES)):
        yield bytes(file.parts.values_list("content", flat=True).get(number=number))


def mentions(file: StoredFile, words: set[str]) -> bool:
    """Whether one of the words is somewhere in the file, or in a part of an Office file.

    A damaged Office file cannot be searched, so it counts as having one.
    """
    with tempfile.TemporaryFile() as copy:
        for part in parts_of(file):
            copy.write(part)
        copy.seek(0)
        if FORMATS[file.format].content_type.startswith(_PACKAGES):
            try:
                with zipfile.ZipFile(copy) as package:
                    return any(_has(package.open(part), words) for part in package.infolist())
            except Exception:  # a damaged file can fail in many ways
                return True
        return _has(copy, words)


def _has(stream: IO[bytes], words: set[str]) -> bool:
    wanted = {word.lower() for word in words}
    before = b""
    while chunk := stream.read(PART_BYTES):
        both = before + chunk
        texts = both.decode(errors="ignore").lower(), both.decode("utf-16-be", "ignore").lower()
        if any(word in text for word in wanted for text in texts):
            return True
        # An even number of bytes, for texts in UTF-16.
        before = both[-1_000:]
    return False


def delete(file_ids: list[int]) -> None:
    """Delete files that nothing refers to any more."""
    with transaction.atomic():
        FilePart.objects.filter(file__in=file_ids).delete()
        StoredFile.objects.filter(pk__in=file_ids).delete()
