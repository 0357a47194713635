"""Files and offers for tests. All of it is invented."""

import io
import uuid
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from membership.models import Person, Resource, User
from membership.resources import files, verbs
from membership.resources.verbs import Details
from tests import builders

NOW = builders.NOW
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/main.xml" ContentType="{}"/></Types>'
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def package(*parts: tuple[str, str | bytes]) -> bytes:
    """A zip file with these parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts:
            archive.writestr(name, text)
    return content.getvalue()


def office(kind: str = WORD, *parts: tuple[str, str | bytes]) -> bytes:
    """An Office file whose main part is of this kind."""
    return package(("[Content_Types].xml", _TYPES.format(kind)), *parts)


def uploaded(content: bytes = PDF, name: str = "guide.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def details(**more: Any) -> Details:
    fields: dict[str, Any] = {
        "title": "Safety planning checklist",
        "kind": "tool",
        "link": "https://example.org/checklist",
    }
    return Details(**{**fields, **more})


def with_file(content: bytes = PDF, name: str = "guide.pdf", **more: Any) -> Details:
    return details(link="", file=files.check(uploaded(content, name)), **more)


def offered(
    person: Person, slug: str = "stvc", what: Details | None = None, **more: Any
) -> Resource:
    return verbs.offer(
        person=person,
        community=builders.community(slug),
        details=what or details(),
        shows_name=more.get("shows_name", False),
        uid=more.get("uid") or uuid.uuid4(),
        now=more.get("now", NOW),
    )


def published(by: User, *slugs: str, what: Details | None = None, **more: Any) -> Resource:
    """A resource that staff have added."""
    return verbs.add(
        details=what or details(),
        communities=[builders.community(slug) for slug in slugs or ["stvc"]],
        uid=more.get("uid") or uuid.uuid4(),
        by=by,
        now=more.get("now", NOW),
    )
