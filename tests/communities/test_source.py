"""Every sentence of EVA BC's questions and answers, in ``source.txt``, stands on the public pages."""

import re
from pathlib import Path

import pytest

from tests.english import blocks

pytestmark = pytest.mark.django_db

SOURCE = Path(__file__).with_name("source.txt").read_text()


def plain(words: str) -> str:
    """Without what differs only in typing: quotes, dashes, capitals, a full stop at the end."""
    words = words.replace("’", "'").replace("–", "-")
    return re.sub(r"\s+", " ", words).strip(" .").lower()


def source_sentences() -> list[str]:
    """One for each line, without what numbers it; what stands around an address is looked for apart."""
    lines = [re.sub(r"^\s*(Q\.|-|\d\))*\s*(\d\)\s*)?", "", line) for line in SOURCE.splitlines()]
    sentences = [part for line in lines for part in re.split(r"(?<=[a-z”]\.) |: ", line) if part]
    return sentences[1:]  # the first line is the title of the document


def test_every_sentence_of_the_source_stands_on_the_page_of_questions(client):
    page = plain(" ".join(blocks(client.get("/questions/").content.decode())))
    sentences = source_sentences()

    assert len(sentences) > 45
    assert [one for one in sentences if plain(one).removesuffix(":") not in page] == []
