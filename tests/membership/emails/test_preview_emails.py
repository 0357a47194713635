"""One command writes every email, with sample data, to a page for a person to read."""

from html import unescape

import pytest
from django.core.management import call_command

from membership.emails.kinds import KINDS
from membership.management.commands.preview_emails import SIGN_IN_EMAILS

pytestmark = pytest.mark.django_db


def test_every_email_is_on_the_page_as_text_and_html_with_its_headers(tmp_path, capsys):
    file = tmp_path / "emails.html"

    call_command("preview_emails", to=file)

    page = file.read_text()
    count = len(KINDS) + len(SIGN_IN_EMAILS)
    assert capsys.readouterr().out == f"{count} emails written to {file}.\n"
    assert page.count("<section") == page.count("<dt>Auto-Submitted</dt>") == count
    assert [kind.title for kind in KINDS.values() if f"<h2>{kind.title}</h2>" not in page] == []
    assert "<dd>Your EVA BC sign-in code</dd>" in page
    assert "<pre>Hello Dana," in page
    assert ">Join Slack</a>" in unescape(page)
    assert not {"<link", "<script", " src="} & set(page.split())
