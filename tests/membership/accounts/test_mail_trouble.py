"""A mail server that refuses, asks for patience or is away: what the person sees, and what the log has."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as portal_settings

from communities.models import SupportTeam
from membership.emails import sending
from membership.emails.sending import Trouble
from membership.models import SignInCode, User
from tests import builders
from tests.evabc import log_lines
from tests.membership.emails.conftest import send_to
from tests.servers.certificates import certificate
from tests.servers.parts import free_port
from tests.servers.smtp import SmtpServer

pytestmark = [pytest.mark.django_db, pytest.mark.core]

LOGIN = "/accounts/login/"
CONFIRM = "/accounts/confirm/"
SENDER = "programsupport@endingviolence.org"
DANA = "dana@example.org"
TYPED = {"email": DANA, "next": "/my/meetings/"}


@pytest.fixture
def mail(settings, smtp_server):
    send_to(smtp_server, settings)
    return smtp_server


def sent_code(mail, to=DANA):
    return re.search(r"^\d{6}(?=\r?$)", mail.wait_for(to=to).get_body().get_content(), re.M)[0]


@pytest.mark.parametrize(
    ("who", "answer", "trouble", "logged"),
    [
        (DANA, f"550 5.1.1 <{DANA}>: User unknown", Trouble.ADDRESS, "RecipientsRefused 550 5.1.1"),
        (DANA, "552 5.2.2 Mailbox full", Trouble.ADDRESS, "RecipientsRefused 552 5.2.2"),
        (DANA, "550 5.4.1 Access denied", Trouble.ADDRESS, "RecipientsRefused 550 5.4.1"),
        (DANA, "553 no such mailbox", Trouble.ADDRESS, "RecipientsRefused 553"),
        (DANA, "450 4.2.0 Greylisted", Trouble.LATER, "RecipientsRefused 450 4.2.0"),
        (SENDER, "451 4.3.0 Busy", Trouble.LATER, "SenderRefused 451 4.3.0"),
        (SENDER, f"553 5.7.1 <{SENDER}>: not yours", Trouble.AWAY, "SenderRefused 553 5.7.1"),
        # Many servers say only at the recipient what they have against the sender or the portal.
        (DANA, f"553 5.7.1 <{SENDER}>: not yours", Trouble.AWAY, "RecipientsRefused 553 5.7.1"),
        (DANA, "550 5.1.8 Sender’s domain", Trouble.AWAY, "RecipientsRefused 550 5.1.8"),
        (DANA, "554 5.7.1 Relay access denied", Trouble.AWAY, "RecipientsRefused 554 5.7.1"),
        (DANA, "554 no", Trouble.AWAY, "RecipientsRefused 554"),
        (DANA, "504 5.5.2 Need a host name", Trouble.AWAY, "RecipientsRefused 504 5.5.2"),
    ],
)
def test_sign_in_says_why_there_is_no_code_and_keeps_what_was_typed(
    client, mail, who, answer, trouble, logged
):
    mail.refusals = {who: answer.replace("’", "")}

    with log_lines.written() as log:
        page = client.post(LOGIN, TYPED)

    assert page.status_code == 200
    assert trouble.value in page.text
    assert f'value="{DANA}"' in page.text
    assert '<input type="hidden" name="next" value="/my/meetings/">' in page.text
    assert bool(page.context["form"].errors.get("email")) == (trouble is Trouble.ADDRESS)
    assert SignInCode.objects.count() == 0
    assert log_lines.of("membership.emails.sending", log.getvalue()) == [
        {"message": f"An email that someone waits for was not sent: SMTP{logged}"}
    ]
    assert not re.search("dana|programsupport", log.getvalue())

    mail.refusals = {}
    assert client.post(LOGIN, TYPED).url.startswith("/accounts/login/code/confirm/")
    assert client.post("/accounts/login/code/confirm/", {"code": sent_code(mail)}).url == "/my/"


def test_a_mail_server_that_is_away_is_no_crash(client, settings):
    settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert_away(client, "ConnectionRefusedError")


def test_a_mail_server_whose_name_is_unknown_is_no_crash(client, settings):
    settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
    settings.EMAIL_HOST = "no-such-host.invalid"

    assert_away(client, "gaierror")


def test_a_mail_server_without_the_encryption_of_the_settings_gets_no_code(client, settings, mail):
    settings.EMAIL_USE_TLS = True

    assert_away(client, "SMTPNotSupportedError")
    assert mail.messages == []


def test_a_mail_server_with_a_certificate_of_its_own_gets_no_code(client, settings, tmp_path):
    _, context = certificate(tmp_path)
    server = SmtpServer(tls_context=context)
    server.start()
    try:
        send_to(server, settings)
        settings.EMAIL_USE_TLS = True
        assert_away(client, "SSLCertVerificationError")
        assert server.messages == []
    finally:
        server.stop()


def test_a_slow_mail_server_leaves_threads_for_pages(client, mail, monkeypatch):
    monkeypatch.setattr(sending, "PATIENCE", 0.1)
    with ExitStack() as those_who_wait:
        for _ in range(sending.PLACES):
            those_who_wait.enter_context(sending.refused_in_words())
        assert_away(client, "TimeoutError")

    assert client.post(LOGIN, TYPED).status_code == 302


def assert_away(client, logged):
    with log_lines.written() as log:
        page = client.post(LOGIN, TYPED)
    assert (page.status_code, Trouble.AWAY.value in page.text) == (200, True)
    assert f'value="{DANA}"' in page.text
    [line] = log_lines.of("membership.emails.sending", log.getvalue())
    assert line["message"].endswith(f"was not sent: {logged}")


def test_the_page_of_a_closed_account_is_the_same(client, mail):
    builders.worker(DANA)
    open_page = refused(client, mail)
    User.objects.update(is_active=False)

    assert refused(client, mail) == open_page


def refused(client, mail):
    mail.refusals = {DANA: "550 5.1.1 User unknown"}
    client.cookies.clear()
    return re.sub(r'value="[^"]{64}"|nonce="[^"]+"', "", client.post(LOGIN, TYPED).text)


def test_a_code_that_was_sent_before_still_works(client, mail):
    client.post(LOGIN, TYPED)
    mail.refusals = {DANA: "450 4.2.0 Greylisted"}

    client.post(LOGIN, TYPED)

    answer = client.post("/accounts/login/code/confirm/", {"code": sent_code(mail)})
    assert answer.url == "/my/"


def test_a_fresh_code_that_cannot_be_sent_is_reported_on_its_page(client, mail):
    builders.sign_in(client, builders.worker(DANA))
    mail.refusals = {DANA: "450 4.2.0 Greylisted"}

    page = client.post(CONFIRM, {"action": "send", "next": "/my/privacy/"}, follow=True)

    assert Trouble.LATER.value in page.text
    assert 'name="next" value="/my/privacy/"' in page.text
    assert "Send me a code" in page.text


def test_a_code_for_a_new_email_that_is_refused_is_reported_on_its_page(client, mail):
    builders.sign_in(client, builders.worker(DANA), fresh_code=True)
    mail.refusals = {"new@example.org": "550 5.1.1 User unknown"}

    page = client.post("/my/details/email/", {"email": "new@example.org"})

    assert page.status_code == 200
    assert Trouble.ADDRESS.value in page.text
    assert 'value="new@example.org"' in page.text


def set_up_an_app(client):
    builders.sign_in(client, builders.staff(email=DANA), second_factor=False, fresh_code=True)
    page = client.get("/accounts/2fa/totp/activate/").text
    code = builders.totp_code(re.search(r"\b[A-Z2-7]{32}\b", page)[0])
    return client.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)


@pytest.mark.django_db(transaction=True)  # allauth signals a new factor on commit
def test_two_step_sign_in_is_set_up_even_if_its_notice_cannot_be_sent(client, mail):
    mail.refusals = {DANA: "550 5.1.1 User unknown"}

    page = set_up_an_app(client)

    assert page.status_code == 200
    assert "The change is saved, but we couldn’t email you about it." in page.text
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize(
    ("setting", "of_team", "address"),
    [
        ("codes@example.org", "team@example.org", "codes@example.org"),
        ("", "team@example.org", "team@example.org"),
        ("", "", SENDER),
    ],
)
def test_codes_come_from_the_setting_or_from_the_first_team(
    client, settings, mail, setting, of_team, address
):
    settings.DEFAULT_FROM_EMAIL = setting
    SupportTeam.objects.filter(family="program-support").update(sender_email=of_team)

    client.post(LOGIN, TYPED)

    code = mail.wait_for(to=DANA)
    assert code["From"] == f"EVA BC Communities of Practice <{address}>"
    assert code["Auto-Submitted"] == "auto-generated"
    assert code["Message-ID"].endswith("@testserver>")
    assert mail.hosts == {"testserver"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_mailbox_in_an_email_is_the_teams_own(client, mail, is_closed):
    SupportTeam.objects.filter(family="coordination").update(mailbox="new@example.org")

    if is_closed:
        builders.worker(DANA)
        User.objects.update(is_active=False)
        client.post(LOGIN, TYPED)
    else:
        set_up_an_app(client)

    text = mail.wait_for(to=DANA).get_body().get_content()
    assert f"at {SENDER} or new@example.org." in " ".join(text.split())


def test_no_mailbox_is_fixed_in_code_or_templates():
    """Only the catalogue names the mailboxes that a new portal begins with."""
    base = Path(portal_settings.BASE_DIR)
    files = [
        file
        for folder in ("evabc", "communities", "membership", "requests", "templates")
        for kind in ("*.py", "*.html", "*.txt")
        for file in (base / folder).rglob(kind)
    ]
    assert len(files) > 300
    assert [f.name for f in files if "@endingviolence.org" in f.read_text()] == []
