"""The permission table: every URL × every kind of visitor × every method.

The URLs come from the resolver, and each needs a row. A row has the result for each visitor, in the order
of VISITORS: a status, or where they are redirected ("sign in", "home", "2fa", "code", "elsewhere"). All of
them signed in some time ago, so a page that needs a new code redirects to it.
"""

import copy
from collections.abc import Iterator

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver

VISITORS = ["nobody", "deactivated", "worker", "other", "program", "ccss", "lead", "no factor"]

IN, HOME, FACTOR, CODE, ON = "sign in", "home", "2fa", "code", "elsewhere"
ALL = [200] * 8
NOT_THAT_WAY = [405] * 8
SIGNED_IN = [IN, IN, *[200] * 6]
OWN = [IN, IN, 200, *[404] * 5]
# Members of a program-support community are redirected to the page of their work there.
NEW_WORK = [IN, IN, ON, *[200] * 5]
OWN_NOT_THAT_WAY = [IN, IN, *[405] * 6]
LED_ON = [IN, IN, *[HOME] * 6]
FRESH_CODE = [IN, IN, *[CODE] * 6]
# Only staff set up a second factor.
STAFF_SIGNED_IN = [IN, IN, 404, 404, *[200] * 4]
STAFF_NOT_THAT_WAY = [IN, IN, 404, 404, *[405] * 4]
STAFF_CODE = [IN, IN, 404, 404, *[CODE] * 4]


def desk(program, ccss, lead):
    """A page of the admin: others are redirected, and staff without two-step sign-in go to it."""
    return [IN, IN, IN, IN, program, ccss, lead, FACTOR]


TEAMS = desk(200, 200, 200)
THIS_TEAM = desk(200, 404, 200)
LEADS = desk(403, 403, 200)
NOBODY = desk(403, 403, 403)
LED = desk(ON, ON, ON)
GET_ONLY = desk(405, 405, 405)


def rows_of(model, *, look, add, change, delete, save=None):
    """Django's pages for a model: GET and POST of each."""
    name = f"admin:{model}"
    return {
        f"{name}_changelist": (look if look != THIS_TEAM else TEAMS,) * 2,
        f"{name}_add": (add, add),
        f"{name}_change": (change, save or change),
        f"{name}_delete": (delete, delete),
        f"{name}_history": (look, look),
        f"{name}_old_address": (LED, LED),
    }


def fixed_rows(model):
    """Content of the public pages: leads change it, and no one adds or deletes any."""
    return rows_of(model, look=LEADS, add=NOBODY, change=LEADS, delete=NOBODY)


def register_rows(model, delete=LEADS):
    return rows_of(model, look=TEAMS, add=TEAMS, change=TEAMS, delete=delete)


def teams_rows(model):
    """Rows of one team: visible to the team and to leads, changed by verbs only."""
    return rows_of(model, look=THIS_TEAM, add=NOBODY, change=THIS_TEAM, delete=NOBODY, save=NOBODY)


def pages_rows(model, this_team=THIS_TEAM):
    """Rows of one team with custom pages, which accept no POST."""
    name = f"admin:{model}"
    return teams_rows(model) | {
        f"{name}_change": (this_team, GET_ONLY),
        f"{name}_history": (this_team, GET_ONLY),
    }


# For each URL name: the results of GET and HEAD, and of POST.
TABLE = {
    "home": (ALL, NOT_THAT_WAY),
    "communities": (ALL, NOT_THAT_WAY),
    "community": (ALL, NOT_THAT_WAY),
    "questions": (ALL, NOT_THAT_WAY),
    "search": (ALL, NOT_THAT_WAY),
    "accessibility": (ALL, NOT_THAT_WAY),
    "privacy": (ALL, NOT_THAT_WAY),
    "healthz": (ALL, NOT_THAT_WAY),
    # No worker runs beside the tests.
    "readyz": ([503] * 8, NOT_THAT_WAY),
    "too-large": ([413] * 8, NOT_THAT_WAY),
    # It does not exist without its token.
    "metrics": ([404] * 8, NOT_THAT_WAY),
    # The applicant has an open request there and is redirected to it; the others see the form.
    "join": ([IN, IN, ON, *[200] * 5], [IN, IN, ON, *[200] * 5]),
    "join-check": ([IN, IN, *[ON] * 6], [IN, IN, *[ON] * 6]),
    # Without a session, no names.
    "agencies": (NOT_THAT_WAY, [200] * 8),
    "join-several": (SIGNED_IN, OWN_NOT_THAT_WAY),
    # Without communities, the first is the page to choose them; the others redirect.
    "join-several-answers": (SIGNED_IN, SIGNED_IN),
    "join-several-check": ([IN, IN, *[ON] * 6],) * 2,
    "join-discard": (LED_ON, LED_ON),
    "join-several-sent": ([IN, IN, *[ON] * 6], OWN_NOT_THAT_WAY),
    "my:home": (SIGNED_IN, OWN_NOT_THAT_WAY),
    "my:details": (SIGNED_IN, SIGNED_IN),
    # Staff enter a fresh code first.
    "my:new-email": ([IN, IN, 200, 200, *[CODE] * 4],) * 2,
    # Without a code that waits, it leads to the page that asks for the email.
    "my:new-email-code": ([IN, IN, *[ON] * 6],) * 2,
    "my:new-work": (NEW_WORK, NEW_WORK),
    "my:correction": (SIGNED_IN, SIGNED_IN),
    "my:agree": (OWN_NOT_THAT_WAY, LED_ON),
    "my:download": (FRESH_CODE, OWN_NOT_THAT_WAY),
    "my:delete": (FRESH_CODE, FRESH_CODE),
    "my:preferences": (SIGNED_IN, SIGNED_IN),
    "my:confirm": (OWN, OWN),
    "my:new-job": (OWN, OWN),
    "my:leave": (OWN, [IN, IN, HOME, *[404] * 5]),
    "my:request": (OWN, OWN_NOT_THAT_WAY),
    "my:sent": (OWN, OWN_NOT_THAT_WAY),
    "my:reply": ([IN, IN, ON, *[404] * 5], OWN),
    "my:meetings": (SIGNED_IN, OWN_NOT_THAT_WAY),
    "my:meeting": (OWN, OWN_NOT_THAT_WAY),
    "my:meeting-answer": (OWN_NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:meeting-join": ([IN, IN, ON, *[404] * 5], NOT_THAT_WAY),
    "my:meeting-recording": ([IN, IN, ON, *[404] * 5], NOT_THAT_WAY),
    "my:trainings": (SIGNED_IN, OWN_NOT_THAT_WAY),
    "my:meeting-calendar": (OWN, OWN_NOT_THAT_WAY),
    "my:calendar": (SIGNED_IN, [IN, IN, *[ON] * 6]),
    "calendar-feed": (ALL, NOT_THAT_WAY),  # by its secret address
    "my:withdraw": (OWN, [IN, IN, ON, *[404] * 5]),
    # Only the member is in this community.
    "my:community": (OWN, NOT_THAT_WAY),
    "my:community-meetings": (OWN, NOT_THAT_WAY),
    "my:announcements": (OWN, NOT_THAT_WAY),
    "my:resources": (OWN, NOT_THAT_WAY),
    "my:offer-resource": (OWN, OWN),
    "my:resource-file": (OWN, NOT_THAT_WAY),
    "my:resource-name": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:withdraw-resource": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:offer-resource-again": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:members": (OWN, NOT_THAT_WAY),
    "my:introduction": (OWN, [IN, IN, ON, *[404] * 5]),
    "my:hide-introduction": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:topics": (OWN, NOT_THAT_WAY),
    "my:new-topic": (OWN, OWN),
    "my:topic": (OWN, NOT_THAT_WAY),
    "my:topic-support": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:topic-withdraw": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:topic-name": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:slack": (OWN, NOT_THAT_WAY),
    "my:slack-link": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "my:slack-joined": (NOT_THAT_WAY, [IN, IN, ON, *[404] * 5]),
    "account_login": ([200, 200, *[HOME] * 6], [200, 200, *[HOME] * 6]),
    "account_request_login_code": ([IN] * 8, [IN] * 8),
    "account_signup": ([IN] * 8, [IN] * 8),
    "account_confirm_login_code": (LED_ON, LED_ON),
    "account_logout": ([ON, ON, *[200] * 6], [ON] * 8),
    "account_inactive": (ALL, NOT_THAT_WAY),
    "account_reauthenticate": (FRESH_CODE, FRESH_CODE),
    "account_confirm_it_is_you": (SIGNED_IN, SIGNED_IN),
    "account_active": ([204] * 8, NOT_THAT_WAY),
    "usersessions_list": (SIGNED_IN, [IN, IN, *[ON] * 6]),
    "mfa_index": (STAFF_SIGNED_IN, STAFF_NOT_THAT_WAY),
    # Workers are redirected to two-step sign-in, which only the staff desk requires.
    "account_first_factor": ([IN, IN, FACTOR, FACTOR, *[200] * 4], OWN_NOT_THAT_WAY),
    "mfa_authenticate": (LED_ON, LED_ON),
    "mfa_reauthenticate": (FRESH_CODE, FRESH_CODE),
    "mfa_activate_totp": (STAFF_CODE, STAFF_CODE),
    "mfa_deactivate_totp": (FRESH_CODE, FRESH_CODE),
    "mfa_view_recovery_codes": (FRESH_CODE, FRESH_CODE),
    "mfa_generate_recovery_codes": (FRESH_CODE, FRESH_CODE),
    "mfa_download_recovery_codes": (FRESH_CODE, FRESH_CODE),
    "mfa_list_webauthn": (STAFF_SIGNED_IN, STAFF_NOT_THAT_WAY),
    "mfa_add_webauthn": (STAFF_CODE, STAFF_CODE),
    "mfa_reauthenticate_webauthn": (FRESH_CODE, FRESH_CODE),
    "mfa_remove_webauthn": (FRESH_CODE, FRESH_CODE),
    "mfa_edit_webauthn": (FRESH_CODE, FRESH_CODE),
    "mfa_login_webauthn": (LED_ON, LED_ON),
    "admin:index": (TEAMS, TEAMS),
    "admin:login": ([IN, IN, HOME, HOME, ON, ON, ON, FACTOR],) * 2,
    "admin:logout": (
        [ON, ON, ON, ON, 405, 405, 405, FACTOR],
        [ON, ON, ON, ON, 200, 200, 200, FACTOR],
    ),
    "admin:autocomplete": (NOBODY, GET_ONLY),  # without parameters
    "admin:jsi18n": (TEAMS, GET_ONLY),
    "admin:view_on_site": (desk(404, 404, 404),) * 2,
    "admin:app_list": (LED, LED),
    "admin:guide": (TEAMS, GET_ONLY),
    "admin:search": (TEAMS, GET_ONLY),
    "admin:keys": (GET_ONLY, LED),
    "admin:first_day": (TEAMS, LED),
    "admin:guide_page": (TEAMS, GET_ONLY),
    "admin:guide_example": (desk(404, 404, 404), GET_ONLY),  # without sample data
    "admin:how_it_is_doing": (desk(404, 404, 200), GET_ONLY),
    "admin:history": (TEAMS, GET_ONLY),
    "admin:no_such_page": (desk(404, 404, 404),) * 2,
    **fixed_rows("communities_supportteam"),
    **rows_of(
        "communities_communityofpractice", look=LEADS, add=LEADS, change=LEADS, delete=NOBODY
    ),
    **fixed_rows("communities_passage"),
    # Nothing in its form is required.
    **rows_of(
        "communities_organizationdetail",
        look=LEADS,
        add=NOBODY,
        change=LEADS,
        delete=NOBODY,
        save=desk(403, 403, ON),
    ),
    **rows_of("communities_question", look=LEADS, add=LEADS, change=LEADS, delete=LEADS),
    # Leads add an account by inviting a colleague. The worker was not invited.
    **rows_of("membership_user", look=LEADS, add=LEADS, change=LEADS, delete=NOBODY),
    "admin:membership_user_invite-again": (GET_ONLY, desk(403, 403, 404)),
    "admin:membership_user_withdraw": (GET_ONLY, desk(403, 403, 404)),
    "admin:membership_user_change": (LEADS, desk(403, 403, ON)),
    # A program refers to it. What nothing refers to, leads delete, and the team that added it.
    **register_rows("membership_agency", delete=NOBODY),
    "admin:membership_agency_merge_choose": (TEAMS, GET_ONLY),
    "admin:membership_agency_merge": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_agency_merge_undo": (desk(CODE, CODE, CODE),) * 2,
    **register_rows("membership_program"),
    **register_rows("membership_evamembership"),
    **register_rows("membership_person", delete=NOBODY),
    "admin:membership_person_email": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_person_merge_choose": (TEAMS, GET_ONLY),
    "admin:membership_person_merge": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_person_merge_undo": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_person_write": (TEAMS, TEAMS),
    "admin:membership_person_export-data": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_person_erase": (desk(CODE, CODE, CODE),) * 2,
    "admin:membership_person_apart": (GET_ONLY, LED),
    **register_rows("membership_coordinationinitiative"),
    # Another name that came with a request of program support.
    **pages_rows("membership_namecheck"),
    "admin:membership_namecheck_answer": (THIS_TEAM, THIS_TEAM),
    "admin:membership_namecheck_undo": (GET_ONLY, desk(ON, 404, ON)),
    **register_rows("membership_sharedmailbox", delete=NOBODY),
    "admin:membership_sharedmailbox_change": (TEAMS, GET_ONLY),
    "admin:membership_sharedmailbox_history": (TEAMS, GET_ONLY),
    "admin:membership_sharedmailbox_stop": (TEAMS, LED),
    **pages_rows("membership_correction"),
    "admin:membership_correction_answer": (GET_ONLY, THIS_TEAM),
    **rows_of(
        "membership_retentionday", look=LEADS, add=NOBODY, change=LEADS, delete=NOBODY, save=NOBODY
    ),
    "admin:membership_retentionday_history": (desk(404, 404, 200),) * 2,
    **pages_rows("membership_outboxemail"),
    "admin:membership_outboxemail_retry": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_outboxemail_cancel": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_outboxemail_retry-cause": (GET_ONLY, LED),
    "admin:membership_outboxemail_restore": (GET_ONLY, LED),
    "admin:membership_outboxemail_again": (THIS_TEAM, desk(ON, 404, ON)),
    "admin:membership_outboxemail_came-back": (THIS_TEAM, THIS_TEAM),
    "admin:membership_outboxemail_cleared": (GET_ONLY, desk(ON, 404, ON)),
    **pages_rows("membership_announcement"),
    "admin:membership_announcement_add": (TEAMS, TEAMS),
    **pages_rows("membership_introduction"),
    "admin:membership_introduction_remove": (THIS_TEAM, THIS_TEAM),
    "admin:membership_introduction_show": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_announcement_undo": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_announcement_hide": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_announcement_show": (GET_ONLY, desk(ON, 404, ON)),
    **pages_rows("membership_resource"),
    "admin:membership_resource_add": (TEAMS, TEAMS),
    # Without its fields the page is shown again, with an error.
    "admin:membership_resource_save": (GET_ONLY, THIS_TEAM),
    "admin:membership_resource_decline": (GET_ONLY, THIS_TEAM),
    "admin:membership_resource_unpublish": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_resource_publish-again": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_resource_reopen": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_resource_remove": (THIS_TEAM, desk(ON, 404, ON)),
    "admin:membership_resource_file": (THIS_TEAM, GET_ONLY),
    **rows_of(
        "membership_readytext",
        look=THIS_TEAM,
        add=LEADS,
        change=THIS_TEAM,
        delete=LEADS,
        save=LEADS,
    ),
    "admin:membership_letterwording_changelist": (TEAMS, GET_ONLY),
    "admin:membership_letterwording_kind": (TEAMS, LEADS),
    "admin:membership_letterwording_original": (GET_ONLY, desk(403, 403, ON)),
    **rows_of(
        "joinrequests_reasontext",
        look=THIS_TEAM,
        add=LEADS,
        change=THIS_TEAM,
        delete=LEADS,
        save=LEADS,
    ),
    **teams_rows("membership_enrolment"),
    # It is open and not paused, so the last two lead back to it.
    "admin:membership_enrolment_end": (THIS_TEAM, THIS_TEAM),
    "admin:membership_enrolment_pause": (THIS_TEAM, THIS_TEAM),
    "admin:membership_enrolment_resume": (desk(ON, 404, ON), THIS_TEAM),
    "admin:membership_enrolment_reopen": (desk(ON, 404, ON), THIS_TEAM),
    "admin:membership_enrolment_exception": (THIS_TEAM, THIS_TEAM),
    "admin:membership_enrolment_end-exception": (THIS_TEAM, THIS_TEAM),
    **pages_rows("membership_worklistrow"),
    "admin:membership_worklistrow_write": (THIS_TEAM, THIS_TEAM),
    "admin:membership_worklistrow_give-time": (THIS_TEAM, THIS_TEAM),
    "admin:membership_worklistrow_confirm": (THIS_TEAM, THIS_TEAM),
    "admin:membership_worklistrow_end": (THIS_TEAM, THIS_TEAM),
    "admin:membership_worklistrow_look-again": (GET_ONLY, desk(ON, 404, ON)),
    # Without roster checks in the address they lead back to the list.
    "admin:membership_worklistrow_several-write": (LED, LED),
    "admin:membership_worklistrow_several-give-time": (LED, LED),
    "admin:membership_worklistrow_several-confirm": (LED, LED),
    "admin:membership_worklistrow_several-end": (LED, LED),
    "admin:membership_worklistrow_undo": (GET_ONLY, LED),
    **pages_rows("communities_meeting"),
    "admin:communities_meeting_add": (TEAMS, TEAMS),
    "admin:communities_meeting_edit": (THIS_TEAM, THIS_TEAM),
    "admin:communities_meeting_cancel": (THIS_TEAM, THIS_TEAM),
    "admin:communities_meeting_came": (THIS_TEAM, THIS_TEAM),
    "admin:communities_meeting_zoom": (THIS_TEAM, THIS_TEAM),
    "admin:communities_meeting_zoom-confirm": (GET_ONLY, desk(ON, 404, ON)),
    "admin:communities_meeting_tell": (THIS_TEAM, desk(ON, 404, ON)),
    "admin:communities_meeting_untell": (GET_ONLY, desk(ON, 404, ON)),
    **pages_rows("membership_topic"),
    "admin:membership_topic_outcome": (THIS_TEAM, THIS_TEAM),
    "admin:membership_topic_hide": (THIS_TEAM, THIS_TEAM),
    "admin:membership_topic_merge": (THIS_TEAM, THIS_TEAM),
    **{
        f"admin:membership_topic_{action}": (GET_ONLY, desk(ON, 404, ON))
        for action in ("take-back", "show", "separate", "subject", "agenda")
    },
    **rows_of(
        "membership_topicsubject", look=TEAMS, add=LEADS, change=TEAMS, delete=LEADS, save=LEADS
    ),
    **pages_rows("membership_access"),
    "admin:membership_access_mark": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_access_several": (GET_ONLY, LED),
    "admin:membership_access_undo": (GET_ONLY, LED),
    # Program support's workspace. CCSS has none.
    "admin:membership_access_slack": (THIS_TEAM, GET_ONLY),
    "admin:membership_access_slack-link": (THIS_TEAM, THIS_TEAM),
    "admin:membership_access_slack-upload": (THIS_TEAM, THIS_TEAM),
    "admin:membership_access_slack-settle": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_access_slack-put-aside": (GET_ONLY, desk(ON, 404, ON)),
    # The Zoom list of STVC.
    "admin:membership_access_zoom": (THIS_TEAM, GET_ONLY),
    "admin:membership_access_zoom-upload": (THIS_TEAM, THIS_TEAM),
    "admin:membership_access_zoom-settle": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_access_zoom-put-aside": (GET_ONLY, desk(ON, 404, ON)),
    **pages_rows("joinrequests_joinrequest"),
    **teams_rows("membership_export"),
    "admin:coverage": (TEAMS, GET_ONLY),
    "admin:coverage_sheet": (GET_ONLY, desk(CODE, CODE, CODE)),
    "admin:reports": (TEAMS, GET_ONLY),
    "admin:report_sheet": (GET_ONLY, desk(CODE, CODE, CODE)),
    **{
        f"admin:{name}_sheet": (desk(CODE, CODE, CODE),) * 2
        for name in (
            "roster",
            "membership_agency",
            "membership_program",
            "membership_coordinationinitiative",
            "membership_person",
            "membership_worklistrow",
        )
    },
    **pages_rows("membership_listimport", this_team=desk(ON, 404, ON)),
    "admin:membership_listimport_add": (TEAMS, TEAMS),
    "admin:membership_listimport_sheet": (THIS_TEAM, desk(ON, 404, ON)),
    # It comes after questions that are open.
    "admin:membership_listimport_check": (desk(ON, 404, ON),) * 2,
    "admin:membership_listimport_row": (desk(ON, 404, ON),) * 2,
    "admin:membership_listimport_errors": (GET_ONLY, THIS_TEAM),
    # Nothing is chosen there, so the page says what is missing.
    "admin:membership_listimport_columns": (THIS_TEAM, THIS_TEAM),
    "admin:membership_listimport_values": (THIS_TEAM, THIS_TEAM),
    "admin:membership_listimport_file": (THIS_TEAM, THIS_TEAM),
    "admin:membership_listimport_preview": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_listimport_undo": (desk(CODE, CODE, CODE),) * 2,
    # An import that is not done yet has no date to correct.
    "admin:membership_listimport_date": (desk(ON, 404, ON),) * 2,
    **pages_rows("membership_listseries"),
    "admin:membership_listseries_schedule": (THIS_TEAM, desk(200, 404, 200)),
    "admin:membership_listseries_forget": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_listimport_confirm": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_listimport_discard": (GET_ONLY, desk(ON, 404, ON)),
    "admin:membership_listimport_sample": (TEAMS, GET_ONLY),
    "admin:joinrequests_joinrequest_approve": (THIS_TEAM, THIS_TEAM),
    "admin:joinrequests_joinrequest_decline": (THIS_TEAM, THIS_TEAM),
    "admin:joinrequests_joinrequest_ask": (THIS_TEAM, THIS_TEAM),
    "admin:joinrequests_joinrequest_reopen": (desk(ON, 404, ON), THIS_TEAM),
    "admin:joinrequests_joinrequest_reverse": (desk(ON, 404, ON), THIS_TEAM),
    # Requests of the other team are not among those that it undoes.
    "admin:joinrequests_joinrequest_undo": (GET_ONLY, LED),
    # The request is not assigned, so this redirects back to it.
    "admin:joinrequests_joinrequest_take": (desk(ON, 404, ON), desk(ON, 404, ON)),
    "admin:joinrequests_joinrequest_release": (GET_ONLY, desk(ON, 404, ON)),
    "admin:joinrequests_joinrequest_presence": (THIS_TEAM, GET_ONLY),
    "admin:joinrequests_joinrequest_note": (desk(ON, 404, ON), THIS_TEAM),
    "admin:joinrequests_joinrequest_enter": (TEAMS, GET_ONLY),
    "admin:joinrequests_joinrequest_enter-for": (THIS_TEAM, THIS_TEAM),
    # Without requests, these redirect to the queue.
    "admin:joinrequests_joinrequest_bulk-approve": (LED, LED),
    "admin:joinrequests_joinrequest_bulk-ask": (LED, LED),
    "admin:joinrequests_joinrequest_bulk-decline": (LED, LED),
    # The buttons of the review page. Without their fields they show the page with an error.
    **{
        f"admin:joinrequests_joinrequest_{action}": (desk(ON, 404, ON), THIS_TEAM)
        for action in (
            "match-agency",
            "match-program",
            "match-initiative",
            "match-alike",
            "add-agency",
            "add-program",
            "add-initiative",
            "check-caseload",
            "check-funding",
            "check-role",
            "check-membership",
            "undo-step",
        )
    },
}


def addresses(
    resolver: URLResolver, space: str = "", start: str = "/"
) -> Iterator[tuple[str, str]]:
    """Every URL of the portal: (its name in the table, its pattern)."""
    for pattern in resolver.url_patterns:
        whole = start + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLPattern):
            yield _name(pattern, space, whole), whole
        else:
            inner = ":".join(part for part in (space, pattern.namespace) if part)
            yield from addresses(pattern, inner, whole)


def _name(pattern: URLPattern, space: str, whole: str) -> str:
    if pattern.name:
        return f"{space}:{pattern.name}" if space else pattern.name
    if whole.endswith("<path:object_id>/"):
        app, model = whole.split("/")[2:4]
        return f"admin:{app}_{model}_old_address"
    return "admin:no_such_page"


def address(pattern: str, world) -> str:
    """The URL for a pattern, with the rows of ``world``."""
    model = (pattern.split("/") + [""] * 4)[3]
    if pattern.startswith("/my/communities/<slug:slug>/resources/"):
        pattern = pattern.replace("<int:pk>", str(world["resource"].pk))
    if pattern.startswith("/my/communities/<slug:slug>/topics/"):
        pattern = pattern.replace("<int:pk>", str(world["topic"].pk))
    if pattern.startswith("/my/communities/"):
        pattern = pattern.replace("<int:pk>", str(world["own enrolment"].pk))
        pattern = pattern.replace("<slug:slug>", "cbvs")
    if pattern.startswith("/admin/membership/enrolment/<int:pk>/"):
        pattern = pattern.replace("<int:pk>", str(world["own enrolment"].pk))
    if pattern.startswith("/my/meetings/"):
        model = "meeting"
    row = str(world[model].pk) if model in world else "1"
    return (
        pattern.replace("<slug:slug>", "stvc")
        .replace("<int:pk>", row if model in world else str(world["joinrequest"].pk))
        .replace("<int:other>", str(world["joinrequest"].pk))
        .replace("<str:kind>", "agencies")
        .replace("<slug:kind>", "receipt")
        .replace("<str:token>", world["token"])
        .replace("<str:family>", "program-support")
        .replace("<path:content_type_id>", "1")
        .replace("<path:object_id>", row)
        .replace("(?P<app_label>communities|membership|joinrequests)", "membership")
        .replace("(?P<url>.*)", "no-such-page/")
    )


def expected(name: str, visitor: str) -> int | str:
    """What GET of a URL gives this visitor."""
    return TABLE[name][0][VISITORS.index(visitor)]


def can_open(name: str, visitor: str) -> bool:
    """Whether a URL can return a page to this visitor, whose code is fresh."""
    return expected(name, visitor) in (200, CODE)


def outcome(answer) -> int | str:
    if answer.status_code != 302:
        return answer.status_code
    for start, target in (
        ("/accounts/login/", IN),
        ("/admin/login/", IN),
        ("/accounts/2fa/", FACTOR),
        ("/accounts/confirm/", CODE),
    ):
        if answer.url.startswith(start):
            return target
    return HOME if answer.url == "/my/" else ON


def visit(client: Client, method: str, url: str, **typed: str):
    """Send a request and roll it back, so that it does not affect later visits."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer = getattr(client, method)(url, typed)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer
