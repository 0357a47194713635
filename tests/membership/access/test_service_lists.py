"""Slack's and Zoom's lists of who is there, in their forms: read, or refused with an error."""

import pytest

from membership.access.service_lists import read_export, read_pasted, read_registrations
from membership.errors import RefusedError
from tests.membership.imports.lists import csv_file, xlsx_file

HEADINGS = (
    "username,email,status,billing-active,has-2fa,has-sso,userid,fullname,displayname,"
    "expiration-timestamp"
)


def slack_row(email: str, name: str = "", status: str = "Member", shown: str = "") -> str:
    return f"{email.split('@')[0]},{email},{status},1,0,0,U01,{name},{shown},"


# -- Slack -----------------------------------------------------------------------------------------


def test_slacks_export_is_read_and_what_is_left_out_has_a_number():
    export = read_export(
        csv_file(
            HEADINGS,
            slack_row("Dana@Example.org", "Dana Sample"),
            slack_row("ari@example.org", "", "Workspace Admin", "Ari S"),
            slack_row("owner@example.org", "Ow Ner", "Primary Owner"),
            slack_row("guest@example.org", "Gu Est", "Single-Channel Guest"),
            slack_row("gone@example.org", "Gone Sample", "Deactivated"),
            slack_row("odd at example", "Gone Odd", "Deactivated Member"),
            slack_row("off@example.org", "Off Sample", "Suspended"),
            slack_row("soon@example.org", "", "Invited Member"),
            slack_row("", "Helper", "Bot"),
            slack_row("", "Nobody"),
            slack_row("dana@example.org", "Dana Again"),
        ),
        "slack-members.csv",
    )
    assert export.people == {
        "dana@example.org": "Dana Sample",
        "ari@example.org": "Ari S",
        "owner@example.org": "Ow Ner",
        "guest@example.org": "Gu Est",
    }
    assert export.left_out == {"deactivated": 3, "invited": 1, "bot": 1, "no-email": 1}
    assert export.problems == []


def test_slacks_export_with_kinds_of_accounts_and_the_day_they_were_closed():
    export = read_export(
        csv_file(
            "Slack members of the workspace",
            "",
            "Name,What I do,Account type,Deactivated date (UTC),User ID,Email,Days active",
            '"Sample, Dana",Worker,Member,,U1,dana@example.org,40',
            "Gone Sample,,Member,2026-01-05,U2,gone@example.org,3",
            "Robo,,Bot,,U3,,",
            "Kai Example,Lead,Workspace Owner,,U4,kai@example.org,300",
        ),
        "analytics.csv",
    )
    assert export.people == {
        "dana@example.org": "Sample, Dana",
        "kai@example.org": "Kai Example",
    }
    assert export.left_out == {"deactivated": 1, "bot": 1}


def test_slacks_export_for_several_workspaces():
    export = read_export(
        csv_file(
            "Username,Email,Status,Billing-active,Has-2fa,Has-sso,Userid,Fullname,Displayname,Workspaces",
            "dana,dana@example.org,Org Owner,true,true,true,W1,Dana Sample,,2",
            "gone,gone@example.org,Inactive,false,false,false,W2,Gone Sample,,0",
            "ari,ari@example.org,Multi-Channel Guest,true,false,false,W3,Ari Lee,,1",
        ),
        "members.csv",
    )
    assert export.people == {"dana@example.org": "Dana Sample", "ari@example.org": "Ari Lee"}
    assert (export.left_out, export.problems) == ({"deactivated": 1}, [])


def test_two_lists_beside_each_other_are_refused():
    with pytest.raises(RefusedError, match="a second table beside the first"):
        read_export(csv_file("Email,Name,Email,Name", "a@example.org,A,b@example.org,B"), "x.csv")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (csv_file("Mail;Odd column;Real name", "dana@example.org;?;Dana Sample"), "list.csv"),
        (
            csv_file("Members", "First name,Last name,Their email", "Dana,Sample,dana@example.org"),
            "list.csv",
        ),
        (
            "Email\tFull name\r\ndana@example.org\tDana Sample\r\n".encode("utf-16"),
            "list.txt",
        ),
        (xlsx_file(["Email", "Full name"], ["dana@example.org", "Dana Sample"]), "list.xlsx"),
    ],
)
def test_other_lists_are_read_by_their_headings(content, name):
    assert read_export(content, name).people == {"dana@example.org": "Dana Sample"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (csv_file("Name,Status", "Dana,Member"), "no “Email” column"),
        (csv_file("dana@example.org,Dana", "kai@example.org,Kai"), "no “Email” column"),
        (csv_file("email,name", "not an address,D"), "any email addresses"),
        (b"%PDF-1.7 email", "is a PDF"),
    ],
)
def test_a_list_that_cannot_be_read_gets_an_error(content, why):
    with pytest.raises(RefusedError, match=why):
        read_export(content, "members.csv")


@pytest.mark.parametrize("name", ["=1+1", "+Ari", "-Ari-", "@ari", "=HYPERLINK(x)", "#N/A"])
def test_a_name_is_a_name_whatever_it_begins_with(name):
    export = read_export(csv_file(HEADINGS, slack_row("ari@example.org", name)), "list.csv")
    assert (export.people, export.problems) == ({"ari@example.org": name}, [])


def test_rows_with_a_bad_email_are_listed_and_the_rest_is_read():
    export = read_export(
        csv_file(
            "email,fullname",
            '=HYPERLINK("http://evil.example"),Evil',
            "dana@example,Dana",
            "kai@example.org,Kai,Example",
            "ari@example.org,Ari",
            "jo@example.org,Jo",
            "ash@example.org,Ash",
        ),
        "list.csv",
    )
    assert [*export.people] == ["ari@example.org", "jo@example.org", "ash@example.org"]
    assert [p.split(":")[0] for p in export.problems] == ["Row 2", "Row 3", "Row 4"]
    assert "“dana@example” is not an email address" in export.problems[1]
    assert "3 cells, but there are 2 headings" in export.problems[2]


def test_pasted_emails_are_found_in_any_format():
    export = read_pasted(
        "Email\nDana Sample <Dana@example.org>, kai@example.org; 'ari@example.org'.\n\nbroken@\n"
    )
    assert list(export.people) == ["dana@example.org", "kai@example.org", "ari@example.org"]
    assert export.problems == ["“broken@” is not an email address."]
    with pytest.raises(RefusedError, match="any email addresses"):
        read_pasted("nobody here")


# -- Zoom ------------------------------------------------------------------------------------------

REGISTRATIONS = csv_file(
    "Registration Report,",
    'Report Generated:,"Nov 09, 2026 8:50 PM"',
    "Topic,Meeting ID,Scheduled Time,Scheduled Duration (minutes),# Registered,# Cancelled",
    '"STVC, quarterly",123 4567 8901,"Dec 03, 2026 10:00 AM",90,6,1',
    "Attendee Details,",
    "First Name,Last Name,Email,Organization,Registration Time,Approval Status",
    'Dana,Sample,Dana@example.org,Sample House,"Nov 01, 2026 09:00:00",approved,',
    '=Ari,Lee,ari@example.org,,"Nov 01, 2026 09:10:00",approved,',
    'Kai,Example,kai@example.org,,"Nov 02, 2026 09:00:00",denied,',
    'Uma,Example,uma@example.org,,"Nov 02, 2026 09:00:00",declined,',
    'Jo,Example,jo@example.org,,"Nov 02, 2026 09:00:00",pending approval,',
    'Ash,Example,ash@example.org,,"Nov 03, 2026 09:00:00",cancelled by self,',
    'Lee,Example,lee@example.org,,"Nov 03, 2026 09:00:00",cancelled by host,',
)


def test_zooms_registration_report_is_read_below_its_part_about_the_meeting():
    found = read_registrations(REGISTRATIONS, "registration.csv")
    assert found.people == {"dana@example.org": "Dana Sample", "ari@example.org": "=Ari Lee"}
    assert found.left_out == {"denied": 2, "pending": 1, "cancelled": 2}
    assert found.problems == []


def test_any_list_of_emails_is_a_zoom_list():
    content = xlsx_file(["STVC Zoom"], ["E-mail", "Name"], ["dana@example.org", "-Dana"])
    assert read_registrations(content, "x.xlsx").people == {"dana@example.org": "-Dana"}


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["Name (Original Name),User Email,Join Time,Guest", "D,d@example.org,1,Yes"], "attended"),
        (["Poll Report", "#,User Name,User Email,Submitted Date/Time", "1,D,d@e.org,x"], "poll"),
    ],
)
def test_zooms_other_reports_are_refused_by_name(lines, what):
    with pytest.raises(RefusedError, match=f"This is Zoom’s report o.* {what}.*Registration"):
        read_registrations(csv_file(*lines), "zoom.csv")
