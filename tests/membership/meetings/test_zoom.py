"""Zoom's lists of participants in their usual forms: read, or refused with an error."""

import pytest

from membership.errors import RefusedError
from membership.meetings import zoom
from membership.meetings.zoom import match_participants, read_file, read_pasted
from membership.models import Person
from tests.membership.imports.lists import csv_file, xlsx_file

PEOPLE = [
    Person(pk=1, name="Dana Sample", email="dana@example.org"),
    Person(pk=2, name="Amélie Exemple", email="amelie@example.org"),
    Person(pk=3, name="Robin Placeholder", email="robin@example.org"),
    Person(pk=4, name="Kai Example", email="kai@example.org"),
    Person(pk=5, name="Kai Example", email="other.kai@example.org"),
    Person(pk=6, name="", email="nameless@example.org"),
]


def found(report):
    """The matches: (by email, by name, near, not on the roster)."""
    matches = match_participants(report, PEOPLE, {person.email: person for person in PEOPLE})
    return (
        [person.pk for person in matches.by_email],
        [person.pk for person in matches.by_name],
        [(name, [near.key for near in people]) for name, people in matches.near],
        matches.unknown,
    )


def refusal(content: bytes, file_name: str = "zoom.csv") -> str:
    with pytest.raises(RefusedError) as refused:
        read_file(content, file_name)
    return str(refused.value)


OF_A_MEETING = csv_file(
    "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants",
    "123 4567 8901,Quarterly,06/16/2026 10:00:00 AM,06/16/2026 11:30:00 AM,kai@example.org,90,3",
    "",
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room",
    "Dana S (Dana Sample),DANA@example.org,06/16/2026 09:58:00 AM,06/16/2026 09:59:00 AM,1,Yes,Yes",
    "Dana S (Dana Sample),DANA@example.org,06/16/2026 09:59:00 AM,06/16/2026 10:30:00 AM,31,Yes,No",
    "Dana S (Dana Sample),DANA@example.org,06/16/2026 10:35:00 AM,06/16/2026 11:30:00 AM,55,Yes,No",
    "AMELIE EXEMPLE,,06/16/2026 10:00:00 AM,06/16/2026 11:30:00 AM,90,Yes,No",
    "Robin Placeholder,robin@example.org,06/16/2026 10:00:00 AM,06/16/2026 10:01:00 AM,1,Yes,Yes",
)


def test_emails_match_in_any_spelling_of_the_domain_and_an_odd_one_is_only_a_name():
    people = [Person(pk=1, name="Dana Sample", email="dana@xn--bcher-kva.example")]
    report = read_pasted("Name,Email\nGuest,Dana@BÜCHER.example\nKim Invented,kím@example.org\n")

    matches = match_participants(report, people, {people[0].email: people[0]})

    assert (matches.by_email, matches.unknown) == (people, ["Kim Invented"])


def test_a_list_with_a_meeting_part_repeated_rows_and_a_waiting_room():
    assert found(read_file(OF_A_MEETING, "participants_123.csv")) == ([1], [2], [], [])


@pytest.mark.parametrize(
    "headings",
    [
        "Name (Original Name),User Email,Total Duration (Minutes),Guest",
        "Name (original name);Email;Duration (minutes);Guest",
        "User Name (Original Name)\tEmail Address\tJoin time\tGuest",
        "name,e_mail,anything,At all",
        "Participant,Participant Email,x,y",
    ],
)
def test_headings_of_other_versions_of_zoom(headings):
    mark = next(m for m in "\t;," if m in headings)
    row = mark.join(["Somebody", "dana@example.org", "90", "Yes"])
    assert found(read_file(csv_file(headings, row), "zoom.csv")) == ([1], [], [], [])


def test_a_spreadsheet():
    content = xlsx_file(["Name", "User Email"], ["Dana Sample", None], [None, "robin@example.org"])
    assert found(read_file(content, "zoom.xlsx")) == ([3], [1], [], [])


def test_people_who_registered_but_did_not_attend_are_left_out():
    content = csv_file(
        "Attended,User Name (Original Name),Email",
        "Yes,D,dana@example.org",
        "No,R,robin@example.org",
    )
    assert found(read_file(content, "zoom.csv")) == ([1], [], [], [])


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Dana Sampel", [1]),
        ("Dana S.", [1]),
        ("dana", [1]),
        ("Robyn Placeholder", [3]),
        # Two people have this name: staff choose.
        ("Kai Example", [4, 5]),
    ],
)
def test_near_names_are_left_for_staff(name, near):
    assert found(read_pasted(name)) == ([], [], [(name, near)], [])


def test_no_one_is_matched_twice_and_unknown_names_are_listed():
    pasted = (
        "Name,Email\nDana Sample,dana@example.org\nDana S,\nStranger Danger,s@elsewhere.example"
    )
    assert found(read_pasted(pasted)) == ([1], [], [], ["Dana S", "Stranger Danger"])


@pytest.mark.parametrize(
    "line",
    [
        "dana@example.org",
        "Dana <DANA@example.org>",
        "  dana@example.org ; ",
    ],
)
def test_a_pasted_line_can_be_an_email(line):
    assert found(read_pasted(f"{line}\n\nRobin Placeholder (Host, me)\n")) == ([1], [3], [], [])


def test_what_people_call_themselves_is_a_name_and_never_a_formula():
    content = csv_file(
        "Name,Email",
        "=cmd|' /C calc'!A0,",
        "@SUM(1),",
        "+1 604 555 0100,",
        "Dana Sample,",
        "-,",
        "Total,",
    )
    report = read_file(content, "zoom.csv")
    assert report.problems == []
    unknown = ["=cmd|' /C calc'!A0", "@SUM / 1", "+1 604 555 0100", "-", "Total"]
    assert found(report) == ([], [1], [], unknown)


OF_A_WEBINAR = csv_file(
    "Attendee Report,",
    'Report Generated:,"Nov 09, 2026 8:50 PM"',
    "Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered,# Cancelled,Unique Viewers,"
    "Total Users,Max Concurrent Views,Enable Registration",
    'Quarterly,328-972-509,"Nov 09, 2026 8:07 AM",90,4,0,3,9,2,Yes',
    "Host Details,",
    "Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest,"
    "Country/Region Name",
    'Yes,Ev A,host@evabc.example,"Nov 09, 2026 08:07:27","Nov 09, 2026 09:37:45",90,No,Canada,',
    "Panelist Details,",
    "Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest,"
    "Country/Region Name",
    'Yes,Amélie Exemple,amelie@example.org,"Nov 09, 2026 08:07:27","Nov 09, 2026 08:37:45",30,Yes,Canada,',
    'Yes,Amélie Exemple,amelie@example.org,"Nov 09, 2026 08:47:27","Nov 09, 2026 09:37:45",50,Yes,Canada,',
    "Attendee Details,",
    "Attended,User Name (Original Name),First Name,Last Name,Email,Phone,Registration Time,Approval Status,"
    "Join Time,Leave Time,Time in Session (minutes),Is Guest,Country/Region Name",
    'No,Robin Placeholder,Robin,Placeholder,robin@example.org,,"Oct 15, 2026 11:23:29",approved,--,--,--,--,',
    'Yes,D,Dana,Sample,dana@example.org,,"Oct 15, 2026 11:23:29",approved,"Nov 09, 2026 08:07:27",'
    '"Nov 09, 2026 08:37:45",30,Yes,Canada',
    'No,D,Dana,Sample,dana@example.org,,"Oct 15, 2026 11:23:29",approved,--,--,--,--,',
    "Other Attended,",
    "User Name,Join Time,Leave Time,Time in Session (minutes),Country/Region Name",
    '16045550100,"Nov 09, 2026 08:07:27","Nov 09, 2026 08:37:45",30,Canada',
)


def test_all_lists_of_a_webinars_report_are_read():
    report = read_file(OF_A_WEBINAR, "attendee_328972509_2026_11_09.csv")
    assert found(report) == ([2, 1], [], [], ["Ev A", "16045550100"])
    assert (report.only_registered, report.only_waited, report.problems) == (1, 0, [])


def test_lists_without_anyone_in_a_webinars_report_are_no_rows():
    lines = OF_A_WEBINAR.decode().split("\n")
    without_panelists = lines[:8] + lines[11:-2]
    report = read_file("\n".join(without_panelists).encode(), "zoom.csv")
    assert found(report) == ([1], [], [], ["Ev A"])
    assert report.problems == []


def test_someone_may_call_themselves_by_their_email():
    content = csv_file(
        "Name (Original Name),User Email,Join Time", "dana@example.org,,x", "@robin,,x"
    )
    assert found(read_file(content, "zoom.csv")) == ([1], [], [("@robin", [3])], [])


def test_those_who_did_not_get_past_the_waiting_room_are_counted():
    report = read_file(OF_A_MEETING, "participants_123.csv")
    assert (report.only_waited, report.only_registered) == (1, 0)


def test_a_list_with_one_row_for_each_person_below_the_part_about_the_meeting():
    content = csv_file(
        "Topic,ID,Host name,Host email,Duration (minutes),Start time,End time,Participants",
        "Quarterly,123,Kai Example,kai@example.org,90,x,y,2",
        "",
        "Name (original name),Email,Total duration (minutes)",
        "D,dana@example.org,90",
        "Robin Placeholder,,31",
    )
    assert found(read_file(content, "zoom.csv")) == ([1], [3], [], [])


def test_a_list_with_the_meeting_in_each_row_is_of_the_participants_not_of_the_host():
    content = csv_file(
        "Topic,Meeting ID,User Name,User Email,Department,Start Time,Participants,Name (Original Name),User Email,"
        "Join Time,Guest",
        "Quarterly,1,Kai Example,kai@example.org,,x,2,D,dana@example.org,x,Yes",
        "Quarterly,1,Kai Example,kai@example.org,,x,2,Robin Placeholder,,x,Yes",
    )
    assert found(read_file(content, "zoom.csv")) == ([1], [3], [], [])


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (
            [
                "Poll Report,",
                "Topic,Meeting ID",
                "Q,1",
                "#,User Name,User Email,Submitted Date/Time",
                "1,D,d@e.org,x",
            ],
            "report of poll answers",
        ),
        (
            ["#,User Name,User Email,Submitted Date/Time,", "1,D,d@e.org,x,Q?,Yes"],
            "report of poll answers",
        ),
        (
            ["Q&A Report,", "#,Question,Asker Name,Asker Email", "1,Why?,D,d@e.org"],
            "report of questions and answers",
        ),
        (["Survey Report,", "#,User Name,User Email", "1,D,d@e.org"], "report of survey answers"),
        (
            [
                "Registration Report",
                "First Name,Last Name,Email,Registration Time,Approval Status",
                "D,S,d@e.org,x,approved",
            ],
            "report on who registered",
        ),
        (
            ["Topic,Meeting ID,User Name,User Email,Start Time,Participants", "Q,1,D,d@e.org,x,9"],
            "list of meetings, without the people",
        ),
    ],
)
def test_reports_that_do_not_say_who_attended_are_refused_by_name(lines, what):
    sentence = refusal(csv_file(*lines))
    assert sentence.startswith(f"This is Zoom’s {what}.")
    assert "choose Export" in sentence


@pytest.mark.parametrize(
    ("content", "file_name", "words"),
    [
        (
            b"Topic,Minutes\nQuarterly,90",
            "zoom.csv",
            "The file has no “Name (original name)” or “Email” column.",
        ),
        (b"%PDF-1.7", "zoom.csv", "The file is a PDF. "),
        (
            b"Name,In waiting room\nDana,Yes",
            "zoom.csv",
            "We could not find anyone on the list who attended the meeting.",
        ),
    ],
)
def test_a_list_that_cannot_be_read_gets_an_error(content, file_name, words):
    assert refusal(content, file_name).startswith(words)


def test_near_matches_are_limited(monkeypatch):
    monkeypatch.setattr(zoom, "MAX_NEAR_NAMES", 2)
    pasted = "Somebody Else\nDana S\nRobin P"
    assert found(read_pasted(pasted)) == (
        [],
        [],
        [("Dana S", [1])],
        ["Somebody Else", "Robin P"],
    )
