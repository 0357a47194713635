"""Each form of visitors, workers and members says what is missing, if it is sent with nothing chosen or typed."""

import re

import pytest
from django.urls import get_resolver

from tests import builders
from tests.builders import text_of
from tests.evabc.permission_table import address, addresses, visit

pytestmark = pytest.mark.django_db

# Where nothing has to be chosen or typed, sending it is done, and leads to another page.
OF = {
    "nobody": {"account_login"},
    "worker": {
        *("join-several-answers", "my:confirm", "my:correction", "my:details"),
        *("my:new-email", "my:new-job", "my:new-topic", "my:offer-resource", "my:preferences"),
        "my:reply",
    },
    "other": {"join", "my:new-work"},
}


@pytest.mark.parametrize("visitor", OF)
def test_an_empty_form_names_each_error_in_a_summary_that_leads_to_its_field(
    world, clients, visitor
):
    """The title says so first, and the summary takes the focus."""
    if visitor == "worker":
        builders.sign_in(clients[visitor], world["worker"], fresh_code=True)
    looked_at, wrong = set(), {}
    for name, pattern in addresses(get_resolver()):
        # The page that asks for a new code has no field before one was sent.
        if name.startswith(("admin:", "mfa_")) or name == "account_confirm_it_is_you":
            continue
        # A browser sends no form without the token.
        answer = visit(clients[visitor], "post", address(pattern, world), csrfmiddlewaretoken="-")
        page = text_of(answer) if answer.status_code == 200 else ""
        if "<form" not in page:
            continue
        looked_at.add(name)
        summary = re.search(
            r'<div class="error-summary" role="alert" tabindex="-1" autofocus.*?</ul>', page, re.S
        )
        links = re.findall('href="#([^"]+)"', summary[0]) if summary else []
        is_linked = bool(links) and all(f'id="{link}"' in page for link in links)
        if "<title>Error: " not in page or not is_linked:
            wrong[name] = links
    assert wrong == {}
    assert looked_at >= OF[visitor]
