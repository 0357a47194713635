"""Email addresses: one normal form, whatever the spelling, and a sentence for what has none."""

import re

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from communities.email_addresses import NORMAL_FORM, normalize_email, unicode_spelling


@pytest.mark.parametrize(
    "typed",
    [
        "dana@xn--bcher-kva.example",
        "  DANA@BÜCHER.example\n",
        "dana@bu\u0308cher.example",
        "dana@XN--BCHER-KVA.example.",
        "dana＠bücher。example",
        "dana@ｂücher.example",
        "\u202adana@bücher.example\u202c",
        "da\u200bna@bü\u00adcher.example\ufeff",
    ],
)
def test_spellings_of_an_address_have_one_normal_form(typed):
    assert normalize_email(typed) == "dana@xn--bcher-kva.example"
    assert unicode_spelling(normalize_email(typed)) == "dana@bücher.example"


def test_domains_are_encoded_as_idna_2008():
    assert normalize_email("dana@faß.example") == "dana@xn--fa-hia.example"
    assert normalize_email("dana@bc--services.example") == "dana@bc--services.example"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("ırene@shine.example", "the letter “ı” before the @"),
        ("iriſ@shine.example", "the letter “ſ” before the @"),
        ("\u212aim@shine.example", "the letter “\u212a” before the @"),
        ("ｉris@shine.example", "the letter “ｉ” before the @"),
        ("irísa@shine.example", "the letter “í” before the @"),
        ("iris\u200d@shine.example", "an invisible character before the @"),
        ("iris@sh☃ne.example", "The part after the @"),
        ("iris@sh\u200dine.example", "The part after the @"),
        ("iris@xn--zzzz.example", "The part after the @"),
        ("x" * 250 + "@shine.example", "too long"),
        ("d" * 60 + "@" + "bücher." * 14 + "example", "too long"),
        *(
            (typed, "like name@example.com")
            for typed in (
                "",
                "iris",
                "@shine.example",
                "iris@",
                "iris@.",
                "a@b@shine.example",
                "iris@shine",
                "iris@-shine.example",
                "iris@shine.example, kim@shine.example",
                "Iris <iris@shine.example>",
                '"iris s"@shine.example',
                "iris@[127.0.0.1]",
                "iris\x00@shine.example",
                "iris@shine.exam\nple",
            )
        ),
    ],
)
def test_an_address_without_a_normal_form_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(ValidationError) as refused:
        normalize_email(typed)
    assert sentence in refused.value.message


LABEL = st.text(max_size=8)


@given(LABEL, st.one_of(LABEL, LABEL.map(lambda label: f"{label}.example")))
def test_whatever_is_typed_is_refused_or_is_normal_and_stays_so(local, domain):
    try:
        address = normalize_email(f"{local}@{domain}")
    except ValidationError:
        return
    assert re.fullmatch(NORMAL_FORM, address)
    assert normalize_email(address) == address
    unicode_spelling(address)
