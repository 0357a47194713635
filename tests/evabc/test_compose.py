"""docker-compose.yml is valid, and everything it refers to exists.

The Compose schema does not check references: an undefined `depends_on` or volume would only fail on the operator's
machine. `problems()` checks them without Docker or a network. tests/slow/test_compose_processes.py runs the commands.
"""

import graphlib
import json
import re
from pathlib import Path

import pytest
import yaml
from django.db import IntegrityError, connection, transaction

from evabc.env import SETTINGS, VERSION, SetBy
from membership.models import User
from tests import builders
from tests.servers.parts import ROOT, servers_of_this_run

PORTAL = ["beat", "migrate", "web", "worker"]
IMAGE = f"evabc-portal:{VERSION}"


class StrictLoader(yaml.SafeLoader):
    """Refuses duplicate keys, as Compose does. PyYAML would silently keep the last one."""

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{sorted(twice)} stands twice{node.start_mark}")
        return node


def parse(text):
    # Through JSON, so that services do not share the dictionaries of YAML anchors.
    return json.loads(json.dumps(StrictLoader(text).get_single_data()))


def load():
    return parse((ROOT / "docker-compose.yml").read_text())


def mapping(value):
    """A list of Compose, which is a short form of a mapping, as a mapping."""
    return value if isinstance(value, dict) else dict.fromkeys(value or [])


def service_problems(name, service, compose):
    services = compose["services"]

    for target, need in mapping(service.get("depends_on")).items():
        condition = need.get("condition") if isinstance(need, dict) else "service_started"
        if target not in services:
            yield f"{name}: depends on {target}, which is no service"
        elif condition == "service_healthy" and "healthcheck" not in services[target]:
            yield f"{name}: waits for {target} to be healthy, which has no healthcheck"
        elif (condition == "service_completed_successfully") != (
            services[target].get("restart") == "no"
        ):
            yield f"{name}: {condition} does not fit {target}, by its restart policy"

    for volume in service.get("volumes", []):
        source, _, target = volume.partition(":")
        if source.startswith("."):
            if not (ROOT / source).exists():
                yield f"{name}: mounts {source}, which is not in the repository"
            elif target.startswith("/etc/caddy"):
                variables = set(re.findall(r"\{\$(\w+)", (ROOT / source / "Caddyfile").read_text()))
                for missing in sorted(variables - set(mapping(service.get("environment")))):
                    yield f"{name}: the Caddyfile reads {missing}, which is not in its environment"
        elif source not in compose["volumes"]:
            yield f"{name}: volume {source} is not declared"

    for target in mapping(service.get("networks")):
        if target not in compose["networks"]:
            yield f"{name}: network {target} is not declared"

    if build := service.get("build"):
        if not (ROOT / build / "Dockerfile").is_file():
            yield f"{name}: Dockerfile does not exist"
    elif service.get("pull_policy") == "never":
        built = {other["image"] for other in services.values() if {"build", "image"} <= set(other)}
        if service["image"] not in built:
            yield f"{name}: nobody builds {service['image']}"


def problems(compose):
    found = []
    for name, service in compose["services"].items():
        found += service_problems(name, service, compose)

    graph = {name: list(mapping(s.get("depends_on"))) for name, s in compose["services"].items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found.append(f"services wait for each other: {' '.join(error.args[1])}")
    return found


def test_every_reference_resolves():
    assert problems(load()) == []


def test_variables_are_settings_of_the_operator_and_the_rest_is_set_here():
    text = (ROOT / "docker-compose.yml").read_text()
    operator_sets = {name for name, s in SETTINGS.items() if s.set_by == SetBy.OPERATOR}
    assert set(re.findall(r"\$\{(\w+)", text)) <= operator_sets
    set_here = {name for name, s in SETTINGS.items() if s.set_by == SetBy.COMPOSE}
    for service in PORTAL:
        assert load()["services"][service]["env_file"] == ".env"
        environment = load()["services"][service]["environment"]
        assert environment.keys() == set_here | {"EVABC_LOCAL", "RES_OPTIONS"}
        assert environment["EVABC_LOCAL"] == "0"


def test_the_version_is_the_newest_in_the_changelog():
    """Its image is checked below: a tag for each version, so that the earlier ones stay on the machine."""
    changelog = (ROOT / "evabc/docs/changelog.md").read_text()
    assert re.findall(r"^## (\d+\.\d+\.\d+)$", changelog, re.M)[0] == VERSION


def test_the_image_has_the_backup_tools_of_the_database():
    image = load()["services"]["database"]["image"]
    version = re.match(r"postgres:(\d+)", image)[1]
    assert f" postgresql-client-{version} " in (ROOT / "Dockerfile").read_text()


def test_the_front_server_has_the_version_that_the_tests_run():
    version = load()["services"]["caddy"]["image"].removeprefix("caddy:")
    assert f"\ncaddy-bin=={version}." in (ROOT / "requirements-dev.txt").read_text()


def test_only_the_front_server_is_reached_from_outside():
    services = load()["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"caddy": ["80:80", "443:443"]}


def test_no_container_has_a_fixed_name_so_that_workers_and_web_scale():
    services = load()["services"]
    assert [name for name, service in services.items() if "container_name" in service] == []


def test_the_portal_starts_after_its_database_is_migrated():
    services = load()["services"]
    assert sorted(name for name in services if services[name]["image"] == IMAGE) == PORTAL
    for name in ("beat", "web", "worker"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert (name, condition) == (name, "service_completed_successfully")


def test_the_image_holds_the_packages_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().split("\n")
    rules = [line for line in lines if line and line[0] != "#"]
    assert rules[0] == "*"
    taken = [rule[1:] for rule in rules if rule[0] == "!"]
    apps = [path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    assert sorted(taken) == sorted(
        [
            *apps,
            "gunicorn.conf.py",
            "manage.py",
            "pyproject.toml",
            "requirements.txt",
            "static",
            "templates",
        ]
    )


def test_every_service_is_limited():
    """Restarted when it stops, with limited resources and without privileges."""
    services = load()["services"]

    for name, service in services.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert {"mem_limit", "pids_limit"} <= service.keys(), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the log of PostgreSQL")
def test_the_log_of_the_database_names_no_one():
    """With the options of its service, which a session may set as well."""
    log = Path(servers_of_this_run().folder) / "postgresql" / "server.log"
    builders.worker("quillon@canary.example")
    before = log.stat().st_size
    command = load()["services"]["database"]["command"]
    with connection.cursor() as cursor:
        for option in command[2::2]:
            name, _, value = option.partition("=")
            cursor.execute(f"SET LOCAL {name} = {value}")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="quillon@canary.example")

    written = log.read_bytes()[before:].decode()
    assert "duplicate key value violates unique constraint" in written
    assert "quillon" not in written
