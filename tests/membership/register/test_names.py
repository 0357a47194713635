"""Cleaning and comparing names: kept as typed, equal in other spellings, harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.register.names import MAX_KEY_LENGTH, clean_paragraphs, clean_text, name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sample Society", "SAMPLE society"),
        ("Sample Society", "  Sample \t Society "),
        ("Sample Society", "Sample\u00a0Society"),
        ("Sample Society", "Sample\u200bSociety"),
        ("Sample Society", "\u202eSample Society\u202c"),
        ("Maison d’accueil L’Échantillon", "maison d'accueil l'echantillon"),
        ("Échantillon", "E\u0301chantillon"),
        ("Y.W.C.A. of Sampleton", "YWCA of Sampleton"),
        ("St. Sample’s Society", "St Samples Society"),
        ("St. Sample’s Society", "St Sample's Society."),
        ("Friends & Family", "Friends, Family"),
        ("Sample-Example House", "Sample Example House"),
        ("Straße", "STRASSE"),
        ("ﬁrst Society", "First Society"),
        ("ℋouse", "house"),
        ("ᐊᐧᐱᐢᑭ Sample Nation Health", "ᐊᐧᐱᐢᑭ  sample nation health"),
        ("xʷməθkʷəy̓əm", "XʷMəθKʷəy̓əM"),
    ],
)
def test_spellings_of_one_name_have_the_same_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sample Society", "Sample Society 2"),
        ("Sample Society", "Example Society"),
        ("ᐊᐧᐱᐢᑭ", "ᐊᐱᐢᑭ"),
        ("ᐊᐧᐱᐢᑭ", "ᐊᐧᐱᐢᑲ"),
        ("की", "के"),
        ("!!!", "???"),
    ],
)
def test_different_names_have_different_keys(one, other):
    assert name_key(one) != name_key(other)


@given(st.text())
def test_the_key_of_a_key_is_the_key(name):
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(max_size=200))
def test_a_key_fits_its_column(name):
    assert len(name_key(name)) <= MAX_KEY_LENGTH


def test_a_key_longer_than_its_name_still_fits():
    assert name_key("ﷺ" * 160) == ("صلىاللهعليهوسلم" * 160)[:MAX_KEY_LENGTH]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Dana \t Sample\r\n", "Dana Sample"),
        ("Dana\rSample", "Dana Sample"),
        ("Siobha\u0301n O’Sample", "Siobhán O’Sample"),
        ("O'Sample", "O'Sample"),
        ("ᐊᐧᐱᐢᑭ", "ᐊᐧᐱᐢᑭ"),
        ("דנה", "דנה"),
        ("\u202eelpmaS anaD", "elpmaS anaD"),
        ("e\u200e\u0301", "é"),
        ("a\x00b\x07c", "abc"),
        ("a\ud800b", "ab"),
        ("\u200b\u2060\ufeff", ""),
        ("نمی‌خواهم", "نمی‌خواهم"),
        ("<b>Dana</b>", "<b>Dana</b>"),
        ("", ""),
    ],
)
def test_a_line_is_kept_as_typed_without_invisible_marks(typed, kept):
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("One.\r\n\r\nTwo.  \rThree.\n", "One.\n\nTwo.\nThree."),
        ("One\ttwo", "One two"),
        ("\x00One\u202e\n", "One"),
        ("  \n \n", ""),
    ],
)
def test_paragraphs_keep_their_lines(typed, kept):
    assert clean_paragraphs(typed) == kept


@given(st.text())
def test_clean_text_stays_as_it_is(text):
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_paragraphs(clean_paragraphs(text)) == clean_paragraphs(text)
