"""The first setup: `.env`, mailboxes, lead and imports. It can be repeated and is all or nothing."""

import re
import smtplib
import subprocess
import sys

import environ
import pyrage
import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from communities.models import SupportTeam
from evabc.management.commands import setup_portal
from membership.accounts.teams import is_lead
from membership.emails.sending import Answer
from membership.models import Agency, User
from tests.membership.emails.conftest import send_to
from tests.servers.parts import ROOT

SCRIPT = ROOT / "evabc" / "deploy" / "make_env.py"
ANSWERS = {
    "lead_email": "lou@example.org",
    "lead_name": "Lou Sample",
    "program_support_mailbox": "support@example.org",
    "ccss_mailbox": "ccss@example.org",
    "test_email_to": "lou@example.org",
}


def set_up(**more):
    call_command("setup_portal", no_input=True, **{**ANSWERS, **more})


def mailboxes():
    return dict(SupportTeam.objects.values_list("family", "mailbox"))


@pytest.mark.core
@pytest.mark.django_db
class TestSetupPortal:
    def test_mailboxes_lead_and_test_email(self):
        set_up()

        assert mailboxes() == {
            "program-support": "support@example.org",
            "coordination": "ccss@example.org",
        }
        lead = User.objects.get()
        assert (lead.email, lead.person.name, is_lead(lead)) == (
            "lou@example.org",
            "Lou Sample",
            True,
        )
        assert [(email.from_email, email.to) for email in mail.outbox] == [
            ("support@example.org", ["lou@example.org"]),
            ("ccss@example.org", ["lou@example.org"]),
        ]

    def test_senders_are_options_and_the_portals_own_is_tested_too(self, settings):
        settings.DEFAULT_FROM_EMAIL = "codes@example.org"

        for answers in ({"ccss_sender": "portal@example.org"}, {}):  # a second run keeps it
            mail.outbox.clear()
            set_up(**answers)
            assert [email.from_email for email in mail.outbox] == [
                "support@example.org",
                "portal@example.org",
                "codes@example.org",
            ]
        senders = SupportTeam.objects.values_list("family", "sender_email")
        assert dict(senders) == {"program-support": "", "coordination": "portal@example.org"}

    @pytest.mark.parametrize(
        ("refusals", "sentences"),
        [
            (
                {"ccss@example.org": "553 5.7.1 <ccss@example.org>: may not send as ccss"},
                [
                    "The mail server did not take an email from ccss@example.org to lou@example.org: "
                    "5.7.1 <ccss@example.org>: may not send as ccss. Let the portal send from this "
                    "address, or choose another one with --ccss-sender"
                ],
            ),
            (
                {
                    "support@example.org": "553 5.7.1 not yours",
                    "codes@example.org": "550 5.1.8 no such domain",
                },
                ["with --program-support-sender", "with EVABC_SENDER_EMAIL in .env"],
            ),
            ({"lou@example.org": "550 5.1.1 unknown"}, ["5.1.1 unknown. Correct --test-email-to."]),
            (
                {"lou@example.org": "450 4.2.0 Greylisted"},
                ["4.2.0 Greylisted. Run this command again in a few minutes."],
            ),
        ],
    )
    def test_each_sender_that_is_refused_is_reported_in_the_servers_words(
        self, settings, smtp_server, refusals, sentences
    ):
        send_to(smtp_server, settings)
        settings.DEFAULT_FROM_EMAIL = "codes@example.org"
        smtp_server.refusals = refusals

        with pytest.raises(CommandError) as error:
            set_up()

        for sentence in sentences:
            assert sentence in str(error.value)
        assert "Nothing was changed." in str(error.value)
        assert User.objects.count() == 0
        # Nothing stops at the first refusal.
        refused = 3 if "lou@example.org" in refusals else len(refusals)
        assert len(smtp_server.messages) == 3 - refused

    def test_lists_are_imported(self, tmp_path):
        agencies = tmp_path / "agencies.csv"
        agencies.write_text("agency,city\nSample House,Sampleton\n")

        set_up(list=[["agencies", str(agencies), "the list of members", "2026-04-01"]])

        assert Agency.objects.get().name == "Sample House"

    def test_a_second_run_keeps_earlier_answers(self):
        set_up()

        call_command("setup_portal", no_input=True, ccss_mailbox="new@example.org")

        assert User.objects.count() == 1
        assert mailboxes()["coordination"] == "new@example.org"
        assert mailboxes()["program-support"] == "support@example.org"

    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            (
                {"lead_name": None},
                "--lead-name: Enter the full name of the first lead. Nothing was changed.",
            ),
            (
                {"ccss_mailbox": "ccss"},
                "--ccss-mailbox: Enter an email address like name@example.com. Nothing was changed.",
            ),
            ({"lead_email": "ılse@example.org"}, "--lead-email: The address has the letter “ı”"),
            ({"test_email_to": "lou@exam ple.org"}, "--test-email-to: Enter an email address"),
        ],
    )
    def test_an_invalid_answer_changes_nothing(self, answer, message):
        with pytest.raises(CommandError, match=re.escape(message)):
            set_up(**answer)

        assert User.objects.count() == 0
        assert mail.outbox == []

    def test_an_unreadable_list_rolls_everything_back(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            set_up(list=[["agencies", str(tmp_path / "none.csv"), "a list", "2026-04-01"]])

        assert User.objects.count() == 0

    def test_a_mail_server_that_does_not_answer_changes_nothing(self, settings):
        settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        with pytest.raises(CommandError, match="Correct EMAIL_URL") as error:
            set_up()

        assert str(error.value).count("No test email could be sent") == 1

    def test_a_mail_server_that_turns_the_portal_away_for_now_needs_no_other_settings(self):
        busy = Answer.of(smtplib.SMTPConnectError(421, b"4.7.0 Too many\r\n4.7.0 connections."))

        assert setup_portal._problem(busy, "a@example.org", "b@example.org", "--ccss-sender") == (
            "No test email could be sent: 4.7.0 Too many 4.7.0 connections. Run this command again in a few minutes."
        )

        assert User.objects.count() == 0

    def test_it_shows_keys_for_backups_until_there_is_one(self, settings, capsys):
        set_up()
        shown = capsys.readouterr().out
        public = re.search(r"^EVABC_BACKUP_RECIPIENT=(age1\w+)$", shown, re.M)[1]
        private = re.search(r"^AGE-SECRET-KEY-1\w+$", shown, re.M)[0]
        assert str(pyrage.x25519.Identity.from_str(private).to_public()) == public

        settings.BACKUP_RECIPIENT = public
        set_up()
        assert "AGE-SECRET-KEY" not in capsys.readouterr().out

    def test_asked_at_the_terminal_a_wrong_answer_is_asked_again(self, monkeypatch, capsys):
        typed = iter(["lou", *ANSWERS.values()])
        monkeypatch.setattr("builtins.input", lambda question: next(typed))

        call_command("setup_portal")

        assert "Enter an email address like name@example.com." in capsys.readouterr().err
        assert User.objects.get().email == "lou@example.org"

    def test_an_ended_input_changes_nothing(self, monkeypatch):
        monkeypatch.setattr("builtins.input", ended)

        with pytest.raises(CommandError, match="The input ended before the last question"):
            call_command("setup_portal")
        assert not User.objects.exists()


OFFICER = [
    "EVABC_PRIVACY_OFFICER_NAME=Ola Sample",
    "EVABC_PRIVACY_OFFICER_EMAIL=privacy@example.org",
    "EVABC_HSTS_PRELOAD=0",
]
PORTAL = ["PORTAL_URL=https://cop.example.org", "EMAIL_URL=smtp://mail.example.org"]


def ended(question):
    raise EOFError


def make_env(file, *arguments, typed=""):
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), "--file", str(file), *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def values(file):
    return dict(re.findall(r"^([A-Z_]+)='?([^'\n]*)'?$", file.read_text(), re.M))


def test_the_env_file_has_the_answers_and_new_secrets_and_is_private(tmp_path):
    file = tmp_path / ".env"
    typed = "https://cop.example.org/\nmail.example.org\n\n\nOla Sample\nprivacy@example.org\n\n"

    done = make_env(file, typed=typed)

    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    found = values(file)
    assert found["PORTAL_URL"] == "https://cop.example.org"
    assert found["EMAIL_URL"] == "smtp+tls://mail.example.org:587"
    assert found["EVABC_PRIVACY_OFFICER_EMAIL"] == "privacy@example.org"
    assert found["EVABC_HSTS_PRELOAD"] == "0"
    made = {found[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD")}
    assert {len(secret) for secret in made} == {64}
    assert len(made) == 2
    # It has every setting of the example.
    assert set(found) == set(values(ROOT / ".env.example"))


def test_a_second_run_keeps_secrets_and_what_was_changed_by_hand(tmp_path):
    file = tmp_path / ".env"
    mail_server = ["EMAIL_URL=smtp://mail.example.org"]
    make_env(file, "PORTAL_URL=https://a.example.org", *mail_server, *OFFICER)
    file.write_text(file.read_text().replace("EVABC_QUIET_DAYS=3", "EVABC_QUIET_DAYS=4"))
    before = values(file)

    make_env(file, "PORTAL_URL=https://b.example.org", *OFFICER)

    assert values(file) == {**before, "PORTAL_URL": "https://b.example.org"}
    assert before["EVABC_QUIET_DAYS"] == "4"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PORTAL_URL=cop.example.org", "EMAIL_URL=smtp://m"], "PORTAL_URL must look like"),
        (["PORTAL_URL=https://[cop", "EMAIL_URL=smtp://m"], "PORTAL_URL must look like"),
        (["PORTAL_URL=https://cop example.org", "EMAIL_URL=smtp://m"], "PORTAL_URL must look like"),
        *(
            (["PORTAL_URL=https://cop.example.org", f"EMAIL_URL={url}"], "EMAIL_URL must look like")
            for url in ("m", "smtp://[m", "smtp://m:587:587", "smtp://m:port", "smtp://m..org")
        ),
    ],
)
def test_an_invalid_value_writes_nothing(tmp_path, arguments, message):
    done = make_env(tmp_path / ".env", *OFFICER, *arguments)

    assert done.returncode == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("typed", ["", "https://cop.example.org\nmail.example.org\n"])
def test_an_ended_input_writes_nothing_and_says_so(tmp_path, typed):
    done = make_env(tmp_path / ".env", typed=typed)

    assert done.returncode == 1
    assert done.stderr == "\nThe input ended before the last question. Nothing was written.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_setting_without_a_value_is_refused(tmp_path):
    done = make_env(tmp_path / ".env", "PORTAL_URL")

    assert done.returncode == 2
    assert "write settings as NAME=VALUE, not PORTAL_URL" in done.stderr


def test_a_script_need_not_answer_what_is_not_required(tmp_path):
    done = make_env(tmp_path / ".env", *PORTAL, *OFFICER[:2])

    assert done.returncode == 0, done.stderr
    assert values(tmp_path / ".env")["EVABC_HSTS_PRELOAD"] == "0"


def test_a_setting_that_there_is_not_is_refused(tmp_path):
    done = make_env(tmp_path / ".env", "PORTAL_ADDRESS=https://cop.example.org")

    assert done.returncode == 2
    assert "no setting is called PORTAL_ADDRESS" in done.stderr


def test_a_setting_is_emptied_by_an_empty_value(tmp_path):
    file, server = tmp_path / ".env", ["PORTAL_URL=https://a.example.org", "EMAIL_URL=smtp://m"]
    make_env(file, *server, *OFFICER, "EVABC_SENDER_EMAIL=codes@example.org")

    done = make_env(file, *server, *OFFICER, "EVABC_SENDER_EMAIL=")

    assert done.returncode == 0, done.stderr
    assert values(file)["EVABC_SENDER_EMAIL"] == ""


def test_the_preload_list_of_browsers_is_asked_about_once(tmp_path):
    file = tmp_path / ".env"
    make_env(file, *PORTAL, *OFFICER[:2], typed="yes\n")
    assert values(file)["EVABC_HSTS_PRELOAD"] == "1"

    assert make_env(file, *PORTAL, *OFFICER[:2]).returncode == 0
    assert values(file)["EVABC_HSTS_PRELOAD"] == "1"


# As docker-compose 2.26 reads them, which tests/slow/test_env_file.py tries with the installed one.
WRITTEN = {
    "Zoë Sample": "'Zoë Sample'",
    "Maeve O'Brien": '"Maeve O\'Brien"',
    "Maeve O’Brien": "'Maeve O’Brien'",
    'a $HOME #1 "b" `ls`': "'a $HOME #1 \"b\" `ls`'",
    'it\'s "$5" #1 \\ é': r'''"it's \"\$5\" #1 \\ é"''',
    "ends\\": r'"ends\\"',
}


@pytest.mark.parametrize(("value", "written"), WRITTEN.items())
def test_every_name_is_taken_and_kept(tmp_path, monkeypatch, value, written):
    file = tmp_path / ".env"
    given = [*PORTAL, f"EVABC_PRIVACY_OFFICER_NAME={value}", *OFFICER[1:]]
    assert make_env(file, *given).returncode == 0
    assert f"\nEVABC_PRIVACY_OFFICER_NAME={written}\n" in file.read_text()

    assert make_env(file, *PORTAL, *OFFICER[1:], typed="\n").returncode == 0
    assert f"\nEVABC_PRIVACY_OFFICER_NAME={written}\n" in file.read_text()
    read: dict[str, str] = {}
    monkeypatch.setattr(environ.Env, "ENVIRON", read)
    environ.Env.read_env(str(file))
    assert read["EVABC_PRIVACY_OFFICER_NAME"] == value
