"""Fill the database of the environment with a member of staff, an applicant, a request that is waiting and
a draft. Prints their ids and sessions as JSON."""

import json

import django


def seed() -> dict[str, object]:
    from django.core.management import call_command
    from django.test import Client

    from tests import builders

    for command in ("migrate", "createcachetable", "seed_communities"):
        call_command(command, verbosity=0)
    people = {"priya": builders.staff(), "dana": builders.worker()}
    waiting, kept = builders.sent(builders.worker("w@example.org")), builders.draft(people["dana"])
    sessions = {}
    for name, user in people.items():
        client = Client()
        builders.sign_in(client, user)
        sessions[name] = client.cookies["sessionid"].value
    return {"waiting": waiting.pk, "draft": kept.pk, "sessions": sessions}


if __name__ == "__main__":
    django.setup()
    filled = seed()
    print(json.dumps(filled))  # noqa: T201 - the answer to the test
