"""Headings as people write them: each is the right column, or none, by name or by likeness."""

import pytest

from membership.imports.headings import Headings
from membership.imports.kinds import IMPORTERS
from membership.imports.matching import parts_of

# Invented headings, and the column that each is. None of them is among the names of its column.
HEADINGS = {
    "programs": {
        "Contractor Legal Name": "agency",
        "Name of Contractor": "agency",
        "Service Provider Name": "agency",
        "Recipient": "agency",
        "Contracter Name": "agency",
        "1. Name of organization *": "agency",
        "Program Stream": "program_type",
        "Service Type": "program_type",
        "Type of Service": "program_type",
        "Kind of program": "program_type",
        "Program category": "program_type",
        "Community/Communities Served": "community_served",
        "Municipality": "community_served",
        "Town / City": "community_served",
        "Delivery community": "community_served",
        "Revised end date": "funded_until",
        "Amended contract end": "funded_until",
        "Term Start": "funded_from",
        "Start of Contract": "funded_from",
        "Contract Effective Date": "funded_from",
        "Agreement start date": "funded_from",
        "Commencement date": "funded_from",
        "Funding Starts": "funded_from",
        "Organisme": "agency",
        "Société": "agency",
        "Date de début": "funded_from",
        "Term End": "funded_until",
        "Contract Expiry": "funded_until",
        "Expiration Date": "funded_until",
        "Agreement Expires": "funded_until",
        "Funding ends on": "funded_until",
        "End of contract (YYYY-MM-DD)": "funded_until",
        "ContractEndDate": "funded_until",
        "Development Region of BC": "region",
        "Source of Funding": "funder",
        "Status of contract": "status",
    },
    "people": {
        "What is your full name?": "name",
        "Worker’s name": "name",
        "Last Name, First Name": "last_first_name",
        "Which agency do you work for?": "agency",
        "Which program do you work in?": "program_type",
        "Caseload Y/N": "carries_caseload",
        "FirstName": "first_name",
        "Surname": "last_name",
        "What is your email address?": "email",
        "E-Mail Adress": "email",
        "Courriel": "email",
        "Nom": "name",
        "Email (work)": "email",
        "Do you carry a caseload?": "carries_caseload",
        "Carries a case-load (yes/no)": "carries_caseload",
        "Name of Agency": "agency",
        "Employer name": "agency",
        "Q2) Program type": "program_type",
        "Date started": "starts_on",
    },
    "agencies": {
        "Agency (legal)": "agency",
        "City/Town": "city",
        "Joined on": "starts_on",
        "Membership Expiry": "ends_on",
        "Next renewal date": "ends_on",
        "Primary contact e-mail": "contact_email",
        "Contact’s email": "contact_email",
        "Category of membership": "member_type",
    },
    "initiatives": {
        "Name of committee": "initiative",
        "Chairperson": "chair_name",
        "Co-Chair": "co_chair_name",
        "Coordinator’s e-mail": "coordinator_email",
        "Term ends": "ends_on",
    },
    "roster": {"Date of joining": "starts_on"},
}
# Headings of something that no list has. A wrong proposal is worse than none.
NOTHING = {
    "programs": "Contract Number|Contract ID|Agency Phone|Agency Address|Annual Amount|Program Manager|Contact Person|"
    "Contact email|Notes|Postal code|Date Signed|Last updated|Program budget|FTEs|Website|Original end date|"
    "Contract value|Fiscal year|Program code|Community partners|Reports to|Total contract amount|Region code|"
    "Hours of service|Date|Contract|Amendment date|Year end|Start time|Health region",
    "people": "Where do you work?|Email consent|Mailing address|Caseload size|Job title|Departure date|Phone|Supervisor|"
    "Supervisor email|Emergency contact|Pronouns|Agency email|Number of clients",
    "agencies": "Mailing city|Member number|Membership fee|Phone number|Province|Date paid|Renewal due|"
    "Executive director",
    "initiatives": "Meeting dates|Chair phone|Committee members|Frequency of meetings",
    "roster": "Timestamp|Organization|Phone",
}


def proposed(kind: str, headings) -> dict[str, str]:
    columns = IMPORTERS[kind].columns
    names = Headings([*columns, *parts_of(columns)])
    return {
        heading: next((one.column for one in names.candidates([heading])), "")
        for heading in headings
    }


@pytest.mark.parametrize("kind", HEADINGS)
def test_a_heading_in_other_words_is_the_right_column(kind):
    assert proposed(kind, HEADINGS[kind]) == HEADINGS[kind]


@pytest.mark.parametrize("kind", NOTHING)
def test_a_heading_of_something_else_is_no_column(kind):
    assert proposed(kind, NOTHING[kind].split("|")) == dict.fromkeys(NOTHING[kind].split("|"), "")
