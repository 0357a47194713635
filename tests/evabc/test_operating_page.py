"""The commands of operating.md, as the rehearsal reads them. `make rehearse` runs them for real."""

import pytest
from django.utils import timezone

from evabc.ops.health import checks
from tests.rehearsal import page
from tests.servers.parts import ROOT


def read(title):
    return page.commands(page.section(ROOT, title))


def test_install_is_followed_from_the_settings_to_the_check():
    programs = [command.split(" -")[0] for command in read("Install")]
    assert programs[:3] == [
        "python3 evabc/deploy/make_env.py",
        "docker compose up",
        "docker compose exec web python manage.py setup_portal",
    ]
    assert programs[-1] == "curl"


def test_a_restore_stops_the_portal_first_and_starts_it_last():
    stop, *_, up = read("Restore")[:5]
    assert (stop, up) == ("docker compose stop web worker beat", "docker compose up --detach")


@pytest.mark.django_db
def test_every_part_of_readyz_that_a_command_mends_has_one():
    commands = page.trouble(ROOT)
    assert commands.keys() == {check.name for check in checks(now=timezone.now())}
    assert [part for part, lines in commands.items() if not lines] == ["emails"]
