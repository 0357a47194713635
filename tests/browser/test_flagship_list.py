"""From a new edition of the ministry's list to emails to the few members it affects, in Chromium, by real processes."""

import re
import time
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.styles import Font
from playwright.sync_api import Page, expect

from communities.rules.vocabulary import Evidence, ProgramType
from membership.imports.uploads import import_at_once, new_import
from membership.models import (
    Agency,
    AgencyAlias,
    Enrolment,
    EvaMembership,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from tests import builders
from tests.browser.test_accessibility import WIDTHS, problems
from tests.servers.smtp import SmtpServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]

NAME = "the ministry’s contract list"
TODAY = timezone.localdate()
LAST_YEAR, LAST_MONTH = TODAY - timedelta(days=365), TODAY - timedelta(days=30)
FAR = TODAY + timedelta(days=200)
TYPES = [ProgramType.STVC, ProgramType.CBVS, ProgramType.SAS, ProgramType.MORS, ProgramType.STV_ORS]
# As the ministry writes the types of programs.
MINISTRY = {
    ProgramType.STVC: "Stopping the Violence Counselling",
    ProgramType.CBVS: "CBVS - Community Based Victim Services",
    ProgramType.SAS: "Sexual Assault Services",
    ProgramType.MORS: "Multicultural Outreach Services",
    ProgramType.STV_ORS: "STV Outreach",
}
OTHERS = ["PBVS", "PEACE", "Transition House"]
PLACES = [
    "Alderbrook",
    "Birchmont",
    "Cedarvale",
    "Dogwood",
    "Elkhorn",
    "Firhaven",
    "Gorsefield",
    "Hazelton-on-Sea",
    "Ironmere",
    "Juniper",
    "Kelpshore",
    "Larchford",
    "Mapleton",
    "Nettle",
    "Oakridge",
    "Pinecrest",
    "Quillby",
    "Rosemarsh",
    "Sorrel",
    "Thistledown",
    "Umberland",
    "Violetgrove",
    "Willowmead",
    "Yarrowdale",
    "Zinnia",
    "Amberlea",
    "Bramblewick",
    "Cloverly",
    "Driftwood",
    "Emberton",
    "Foxglove",
    "Glimmerstone",
    "Heatherfold",
    "Indigo",
    "Jasperwell",
    "Kestrelcombe",
    "Lavenderhill",
    "Marigold",
    "Northwind",
    "Orchard",
    "Peregrine",
    "Quartzite",
    "Ravensong",
    "Saltspray",
    "Tamarack",
    "Underhill",
    "Vesperfield",
    "Wintergreen",
    "Yellowcedar",
    "Zephyr",
    "Auroraview",
    "Bluebell",
    "Cinderpath",
    "Dewberry",
    "Evermoss",
    "Fernleigh",
    "Goldenrod",
    "Hollyhock",
    "Ivorycove",
    "Jadewater",
]
KINDS = ["Women’s Resource Society", "Family Services", "Counselling and Outreach Centre", "House"]
AGENCIES = [f"{place} {KINDS[n % 4]}" for n, place in enumerate(PLACES)]
# How the ministry writes the names of some of them.
SPELLED = {
    AGENCIES[0]: "Alderbrook Womens Resource Soc.",
    AGENCIES[2]: "Cedarvale Counselling & Outreach Ctr.",
    AGENCIES[6]: "Gorsefield Counselling & Outreach Centre",
    AGENCIES[12]: "MAPLETON WOMEN’S RESOURCE SOCIETY",
}
GONE, ENDED = AGENCIES[10:15], AGENCIES[20:24]
GONE_NEXT, ENDED_NEXT = AGENCIES[30:32], AGENCIES[40:41]
MEMBER = {agency: f"Member{n} Sample" for n, agency in enumerate(AGENCIES)}


def last_years_list() -> bytes:
    """300 programs under the portal's own headings."""
    lines = ["Agency,Program type,Community served,Funder,Funded from,Funded until"]
    lines += [
        f"{agency},{kind},{place},PSSG,{LAST_YEAR},{FAR}"
        for agency, place in zip(AGENCIES, PLACES, strict=True)
        for kind in TYPES
    ]
    return "\r\n".join(lines).encode()


def ministrys_list(as_of: date, gone: list[str], ended: list[str]) -> bytes:
    """The ministry's own workbook: titles, its own headings and spellings, a hidden column, other programs, a total."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Contracts"
    sheet.append(["Victim Services and Violence Against Women Programs"])
    sheet.append([f"Contracts as of {as_of:%B} {as_of.day}, {as_of.year}"])
    sheet.append([])
    sheet.append(
        ["Contract No.", "Contractor Name", "Program Type", "Community", "Contract Start Date", "Contract End Date", "Annual Amount"]
    )  # fmt: skip
    for cell in (*sheet[1], *sheet[4]):
        cell.font = Font(bold=True)
    number = 1000
    for n, (place, agency) in enumerate(zip(PLACES, AGENCIES, strict=True)):
        if agency in gone:
            continue
        others = OTHERS[n % 4 :][:1]
        for kind in [*(MINISTRY[kind] for kind in TYPES), *others]:
            number += 1
            until = as_of - timedelta(days=10) if agency in ended else FAR
            sheet.append([f"VS-{number}", SPELLED.get(agency, agency), kind, place, LAST_YEAR, until, 81_250.5])  # fmt: skip
    sheet.append(["Total", "", "", "", "", "", (number - 1000) * 81_250.5])
    sheet.append(["Printed by the ministry"])
    sheet.column_dimensions["A"].hidden = True
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def last_year() -> None:
    """The list of last year, and one member in the counselling program of each agency. All meet the rules."""
    plan = import_at_once(
        new_import(
            kind=ListKind.PROGRAMS,
            list_name=NAME,
            as_of=LAST_YEAR,
            content=last_years_list(),
            file_name="programs.csv",
            now=timezone.now(),
        )
    )
    assert (plan.errors, Program.objects.count(), Agency.objects.count()) == ([], 300, 60)
    listed = {"evidence": Evidence.LISTED, "list_name": "members", "list_as_of": LAST_YEAR}
    community = builders.community("stvc")
    for program in Program.objects.filter(type=ProgramType.STVC).select_related("agency"):
        name = MEMBER[program.agency.name]
        person = Person.objects.create(name=name, email=f"{name.split()[0].lower()}@example.org")
        ProgramPosition.objects.create(
            person=person, program=program, carries_caseload=True, **listed
        )
        EvaMembership.objects.create(
            agency=program.agency, starts_on=LAST_YEAR, ends_on=FAR, **listed
        )
        Enrolment.objects.create(person=person, community=community, started_on=LAST_YEAR)


class Hand:
    """Someone's hand on a page. Counts what it clicks, chooses and types, and the seconds."""

    def __init__(self, page: Page, portal: str, found: dict[str, list[str]]) -> None:
        self.page, self.portal, self.count, self.began = page, portal, 0, time.monotonic()
        self.found = found

    def click(self, role: Any, name: str, **options: Any) -> None:
        self.count += 1
        self.page.get_by_role(role, name=name, **options).click()

    def choose(self, label: str, option: str) -> None:
        self.count += 1
        self.page.get_by_label(label, exact=True).select_option(option)

    def fill(self, label: str, value: date | bytes) -> None:
        self.count += 1
        field = self.page.get_by_label(label, exact=True)
        if isinstance(value, bytes):
            mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            field.set_input_files({"name": "Contracts.xlsx", "mimeType": mime, "buffer": value})
        else:
            field.fill(str(value))

    def sees(self, heading: str) -> None:
        """A page with this heading comes, however long the worker takes."""
        expect(self.page.get_by_role("heading", name=heading).first).to_be_visible(timeout=60_000)
        if heading not in self.found:  # a page that comes again is like the first
            self.found[heading] = problems(self.page)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def upload(hand: Hand, as_of: date, content: bytes, *, drawer: bool) -> None:
    """From the first page of the staff desk to the file, as an edition of the list of last year."""
    hand.page.goto(hand.portal + "/admin/")
    if drawer:
        hand.click("button", "Menu")
    hand.click("link", "Import a list")
    label = "Which list is it?"
    option = hand.page.get_by_label(label).locator("option", has_text=f"{NAME}, last edition")
    hand.choose(label, str(option.get_attribute("value")))
    hand.fill("List date", as_of)
    hand.fill("File", content)
    hand.click("button", "Upload and check")


def write_and_email(hand: Hand, affected: list[str], smtp_server: SmtpServer) -> None:
    """From the check of the list to an email in the mailbox of each member whom it affects."""
    members = [MEMBER[agency] for agency in affected]
    hand.sees("What this import will change")
    shown = hand.page.get_by_role("region", name="What it means for members")
    assert re.findall(r"Member\d+ Sample", shown.inner_text()) == sorted(members)
    hand.click("button", "Import all rows")
    hand.sees("Imported")
    hand.click("link", f"Write to these {len(affected)}")
    hand.sees(f"{len(affected)} roster checks")
    expect(hand.page.get_by_text(f"Email 1 of {len(affected)}: to Member")).to_be_visible()
    hand.click("button", "Next email", exact=False)
    expect(hand.page.get_by_text(f"Email 2 of {len(affected)}: to Member")).to_be_visible()
    hand.click("button", "Email selected members")
    expect(hand.page.get_by_text(f"{len(affected)} emails go out in 30 seconds.")).to_be_visible()
    builders.send_now("roster-check-rules")
    for member in members:
        smtp_server.wait_for(to=f"{member.split()[0].lower()}@example.org")
    assert len(smtp_server.messages) == len(members)
    smtp_server.clear()


def in_register(as_of: date) -> tuple[int, int]:
    """How many programs the list of this date names, and how many of them have ended before it."""
    listed = Program.objects.filter(list_as_of=as_of, list_name=NAME, funder="PSSG")
    return listed.count(), listed.filter(funded_until=as_of - timedelta(days=10)).count()


@pytest.mark.parametrize("width", WIDTHS)
def test_from_a_new_edition_to_the_emails(portal, open_page, smtp_server, last_year, width):
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, builders.staff())
    drawer = width < 1024  # the menu takes one click more where it is a drawer

    found: dict[str, list[str]] = {}
    first = Hand(page, portal.url, found)
    upload(first, LAST_MONTH, ministrys_list(LAST_MONTH, GONE, ENDED), drawer=drawer)
    first.sees("Sheet and headings: ")
    expect(page.get_by_label(re.compile(r"^Row \d+: Total"))).to_be_checked()
    first.click("button", "Save and continue")
    first.sees("Columns: ")
    expect(page.get_by_text("Not used: “Contract No.” and “Annual Amount”.")).to_be_visible()
    first.choose("Funder, for all rows", "PSSG")
    first.click("button", "Save and continue")
    first.sees("Values: ")
    for name in OTHERS:
        asked = page.get_by_label(re.compile(f"“Program Type” is “{name}” in \\d+ rows"))
        expect(asked).to_have_value("skip")
    first.click("button", "Save and continue")
    write_and_email(first, [*GONE, *ENDED], smtp_server)
    assert first.count <= 13 + drawer
    assert first.seconds <= 300
    assert (Program.objects.count(), Agency.objects.count()) == (300, 60)
    assert (in_register(LAST_MONTH), in_register(LAST_YEAR)) == ((275, 20), (25, 0))
    assert {a.name: a.agency.name for a in AgencyAlias.objects.select_related("agency")} == {
        SPELLED[agency]: agency for agency in (AGENCIES[0], AGENCIES[2], AGENCIES[6])
    }

    following = Hand(page, portal.url, found)
    content = ministrys_list(TODAY, [*GONE, *GONE_NEXT], [*ENDED, *ENDED_NEXT])
    upload(following, TODAY, content, drawer=drawer)
    write_and_email(following, [*GONE_NEXT, *ENDED_NEXT], smtp_server)
    assert following.count <= 9 + drawer
    assert following.seconds <= 120
    assert (in_register(TODAY), in_register(LAST_MONTH)) == ((265, 25), (10, 0))
    assert not any(found.values()), found
