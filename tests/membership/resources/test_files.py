"""What people upload, and what comes back: only known formats, never run, never under a name that lies."""

import io
import tracemalloc
import zipfile

import pytest
from django.db import IntegrityError, transaction

from membership.errors import RefusedError
from membership.models import FilePart
from membership.resources import files
from membership.resources.models import PART_BYTES
from tests.membership.resources.offers import PDF, PNG, WORD, office, package, uploaded

JPEG, GIF = b"\xff\xd8\xff\xe0JFIF", b"GIF89a\x01\x00\x01\x00;"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
MACRO_WORD = "application/vnd.ms-word.document.macroEnabled.main+xml"
ODT = "application/vnd.oasis.opendocument.text"


def encrypted(content: bytes) -> bytes:
    """The same zip file, whose parts say that they are encrypted."""
    return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


def crowded() -> bytes:
    """Many empty parts: their list alone would take much memory."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        for number in range(20_000):
            archive.writestr(f"{number}", "")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PDF, "guide.pdf", "guide.pdf"),
        (PNG, "poster.png", "poster.png"),
        (JPEG, "photo.JPEG", "photo.jpg"),
        (GIF, "a.gif", "a.gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "b.webp", "b.webp"),
        (office(), "Guide v1.2.docx", "Guide v1.2.docx"),
        (office(SHEET), "list.xlsx", "list.xlsx"),
        (office(SLIDES, ("ppt/embeddings/chart.xlsx", b"PK")), "talk.pptx", "talk.pptx"),
        (package(("mimetype", ODT), ("content.xml", "<x/>")), "text.odt", "text.odt"),
        # What it is counts, whatever it is called.
        (PDF, "guide.docx", "guide.pdf"),
        (PDF, "guide.pdf.exe", "guide.pdf"),
        (PDF, "../../etc/passwd", "passwd.pdf"),
        (PDF, "C:\\Users\\Dana\\guide.pdf", "guide.pdf"),
        (PDF, 'a"; filename="x.exe', "a filename x.pdf"),
        (PDF, "gu\u202efdp.exe\r\nSet-Cookie: x.pdf", "gufdp.exe Set-Cookie x.pdf"),
        (PDF, "<script>alert(1)<.pdf", "script alert(1).pdf"),
        (PDF, "...", "file.pdf"),
        (PDF, f"{'long ' * 60}.pdf", f"{'long ' * 16}".strip() + ".pdf"),
        (PDF, "Politique d’accès ʔamaʔ.pdf", "Politique d’accès ʔamaʔ.pdf"),
        # Two things at once: it is given back as what it begins with, as a download.
        (b"GIF89a=1;alert(document.cookie)//", "x.gif", "x.gif"),
        (PDF + office(MACRO_WORD), "x.docm", "x.pdf"),
        (PDF + b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", "js.pdf", "js.pdf"),
    ],
)
def test_a_file_gets_the_format_that_it_has_and_a_name_that_says_so(content, name, expected):
    upload = uploaded(content, "x")
    upload._name = name  # Django cleans it too, but not everywhere

    assert files.check(upload).name == expected


PROGRAM = "has macros or other programs"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.pdf", "is empty"),
        (PDF + b"x" * files.MAX_BYTES, "large.pdf", "larger than 10 MB"),
        (b"MZ\x90\x00\x03", "guide.pdf", "not a PDF"),
        (b"MZ\x90\x00\x03" + office(), "guide.docx", "not a PDF"),
        (b"\x7fELF", "guide.png", "not a PDF"),
        (b"#!/bin/sh\nrm -rf /", "guide.pdf", "not a PDF"),
        (b"Some plain text.", "notes.txt", "not a PDF"),
        (b"\n" + PDF, "guide.pdf", "not a PDF"),
        (b"<!DOCTYPE html><script>1</script>", "guide.pdf", "Web pages and SVG"),
        (b"\xef\xbb\xbf <svg onload='alert(1)'/>", "picture.png", "Web pages and SVG"),
        (b"<?xml version='1.0'?><svg/>", "picture.svg", "Web pages and SVG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc", "older Office file"),
        (encrypted(office()), "locked.docx", "older Office file"),
        (package(("a.exe", b"MZ")), "tool.docx", "damaged"),
        (package(("mimetype", "application/epub+zip")), "book.odt", "not a PDF"),
        (b"PK\x03\x04 and no more", "cut.docx", "damaged"),
        (office()[:-30], "cut.docx", "damaged"),
        (office(MACRO_WORD), "form.docx", PROGRAM),
        (office(WORD, ("word/vbaProject.bin", b"x")), "form.docx", PROGRAM),
        (office(WORD, ("word/embeddings/oleObject1.bin", b"x")), "form.docx", PROGRAM),
        (office(SHEET, ("xl/macrosheets/sheet1.xml", b"x")), "form.xlsx", PROGRAM),
        (office(WORD, ("word/activeX/activeX1.xml", b"x")), "form.docx", PROGRAM),
        (package(("mimetype", ODT), ("Basic/script.xml", "x")), "form.odt", PROGRAM),
        # The content type of a macro, written with a character reference.
        (office("application/vnd.ms-office.vbaPr&#111;ject"), "form.docx", PROGRAM),
        (office(WORD, ("zeros", b"\0" * (files._MAX_UNPACKED + 1))), "bomb.docx", "too large once"),
        (package(("[Content_Types].xml", b" " * 2_000_000)), "bomb.docx", "too large once"),
        (crowded(), "crowd.docx", "too large once"),
        (
            package(("[Content_Types].xml", '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>')),
            "entity.docx",
            "damaged",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_other_files_are_refused_with_a_sentence(content, name, said):
    with pytest.raises(RefusedError, match=said):
        files.check(uploaded(content, name))


@pytest.mark.django_db
@pytest.mark.core
def test_a_large_file_is_kept_and_given_back_in_small_parts():
    content = PDF + bytes(range(256)) * 20_000
    upload = files.check(uploaded(content))
    tracemalloc.start()
    file = upload.save()
    got = bytearray(len(content))
    at = 0
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for part in files.download(file).streaming_content:
        got[at : at + len(part)] = part
        at += len(part)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()

    assert bytes(got) == content
    sizes = [len(part.content) for part in file.parts.all()]
    assert max(sizes) == PART_BYTES
    assert sum(sizes) == file.size == len(content)
    assert peak < 6 * PART_BYTES
    with pytest.raises(IntegrityError, match="part_of_a_file_is_small"), transaction.atomic():
        FilePart.objects.create(file=file, number=99, content=b"x" * (PART_BYTES + 1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PDF + b"x" * (PART_BYTES - len(PDF) - 4) + b"Dana Sample", True),
        (PDF + b"/Author (\xfe\xff" + "Dana Sample".encode("utf-16-be") + b")", True),
        (office(WORD, ("docProps/core.xml", "<creator>DANA SAMPLE</creator>")), True),
        (office(WORD, ("docProps/core.xml", "<creator>Someone</creator>")), False),
        (office(WORD, ("a.xml", b"Someone " * 99)).replace(b"a.xml", b"b.xml", 1), True),
        (PDF, False),
    ],
)
def test_a_name_in_a_file_is_found_and_a_damaged_one_may_have_it(content, found):
    file = files.check(uploaded(content)).save()

    assert files.mentions(file, {"Dana Sample"}) is found
