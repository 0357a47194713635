"""docker-compose.yml is well-formed and each of its references leads to something that exists.

The Compose schema knows the grammar only: a `depends_on`, a volume or a program that nobody defined passes it and fails on
the operator's machine. `problems()` reads the file as the operator's machine would, without Docker or network.

Long, because every kind of reference stands here twice: how it is followed, and broken, so that the check is seen to fail.
"""

import graphlib
import json
import re
import shlex

import django.core.management
import pytest
import yaml

from evabc.env import SETTINGS, SetBy
from tests.servers.parts import ROOT

PORTAL = ["beat", "migrate", "web", "worker"]
NOT_FOLLOWED = {
    "configs",
    "env_file",
    "extends",
    "links",
    "network_mode",
    "secrets",
    "volumes_from",
}


class StrictLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; Compose refuses them, and so do we."""

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{sorted(twice)} stands twice{node.start_mark}")
        return node


def parse(text):
    # By way of JSON, so that services no longer share the dictionaries of their YAML anchors.
    return json.loads(json.dumps(StrictLoader(text).get_single_data()))


def load():
    return parse((ROOT / "docker-compose.yml").read_text())


def mapping(value):
    """Compose's lists are short forms of mappings: both as a mapping."""
    return value if isinstance(value, dict) else dict.fromkeys(value or [])


def mounts(service):
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source, colon, target = volume.partition(":")
            yield (source if colon else "", target.split(":")[0] if colon else source)
        else:
            yield volume.get("source", ""), volume["target"]


def programs(service):
    """The commands of a service as lists of words, those inside `sh -c` included."""
    command = service.get("command") or []
    words = shlex.split(command) if isinstance(command, str) else command
    if words[:2] == ["sh", "-c"]:
        return [shlex.split(part) for part in words[2].split("&&")]
    return [words]


def missing_program(words, root):
    """The file that these words need and that is not there, else None."""

    def lacks(*candidates):
        return None if any(list(root.glob(name)) for name in candidates) else candidates[0]

    match words:
        case ["gunicorn", target, *_]:
            return lacks(target.partition(":")[0].replace(".", "/") + ".py")
        case ["celery", "-A", target, *_]:
            path = target.partition(":")[0].replace(".", "/")
            return lacks(path + "/celery.py", path + ".py")
        case ["celery", *_]:
            return "the -A that names celery's app"
        case ["python", "manage.py", command, *_]:
            django_has = django.core.management.find_commands(django.core.management.__path__[0])
            ours = lacks(f"*/management/commands/{command}.py")
            return lacks("manage.py") or (ours if command not in django_has else None)
    return None


def service_problems(name, service, compose, root):
    services = compose["services"]

    for kind in sorted(NOT_FOLLOWED & set(service)):
        yield f"{name}: uses {kind}, which this test cannot follow"
    if not {"image", "build"} & set(service):
        yield f"{name}: neither image nor build"

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

    for source, target in mounts(service):
        if source.startswith((".", "/", "~")):
            if source[0] != "." or not (root / source).exists():
                yield f"{name}: mounts {source}, which is not in the repository"
            elif target == "/etc/caddy":
                said = set(re.findall(r"\{\$(\w+)", (root / source / "Caddyfile").read_text()))
                for missing in sorted(said - set(mapping(service.get("environment")))):
                    yield f"{name}: the Caddyfile reads {missing}, which is not in its environment"
        elif source and source not in compose.get("volumes", {}):
            yield f"{name}: volume {source} is not declared"

    for target in mapping(service.get("networks")):
        if target not in compose.get("networks", {}):
            yield f"{name}: network {target} is not declared"

    if build := service.get("build"):
        build = {"context": build} if isinstance(build, str) else build
        dockerfile = root / build["context"] / build.get("dockerfile", "Dockerfile")
        if not dockerfile.is_file():
            yield f"{name}: {dockerfile.name} does not exist"
        elif "target" in build and f" AS {build['target']}\n" not in dockerfile.read_text():
            yield f"{name}: {dockerfile.name} has no stage {build['target']}"
    elif service.get("pull_policy") == "never":
        built = {other["image"] for other in services.values() if {"build", "image"} <= set(other)}
        if service["image"] not in built:
            yield f"{name}: nobody builds {service['image']}"

    for words in programs(service):
        if missing := missing_program(words, root):
            yield f"{name}: {words[0]} needs {missing}, which does not exist"


def problems(compose, root=ROOT):
    found = []
    for name, service in compose["services"].items():
        found += service_problems(name, service, compose, root)

    graph = {name: list(mapping(s.get("depends_on"))) for name, s in compose["services"].items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found.append(f"services wait for each other: {' '.join(error.args[1])}")
    return found


def test_every_reference_resolves():
    assert problems(load()) == []


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(compose):
        for step in path:
            compose = compose[step]
        compose[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            put("services", "web", "depends_on", "cache", {"condition": "service_healthy"}),
            "web: depends on cache, which is no service",
        ),
        (
            put("services", "beat", "depends_on", {"worker": {"condition": "service_healthy"}}),
            "beat: waits for worker to be healthy, which has no healthcheck",
        ),
        (
            put("services", "web", "depends_on", "migrate", {"condition": "service_started"}),
            "web: service_started does not fit migrate, by its restart policy",
        ),
        (
            put("services", "migrate", "depends_on", ["database", "web"]),
            "services wait for each other: web migrate web",
        ),
        (put("services", "web", "volumes", ["date:/data"]), "web: volume date is not declared"),
        (
            put("services", "caddy", "volumes", ["./deploy:/etc/caddy"]),
            "caddy: mounts ./deploy, which is not in the repository",
        ),
        (
            put("services", "caddy", "environment", {}),
            "caddy: the Caddyfile reads PORTAL_URL, which is not in its environment",
        ),
        (put("services", "beat", "networks", ["insid"]), "beat: network insid is not declared"),
        (
            put("services", "web", "env_file", "web.env"),
            "web: uses env_file, which this test cannot follow",
        ),
        (put("services", "migrate", "build", "./tests"), "migrate: Dockerfile does not exist"),
        (
            put("services", "migrate", "build", {"context": ".", "target": "prod"}),
            "migrate: Dockerfile has no stage prod",
        ),
        (put("services", "migrate", "image", "portal"), "web: nobody builds evabc-portal"),
        (
            put("services", "web", "command", "gunicorn portal.wsgi --workers 2"),
            "web: gunicorn needs portal/wsgi.py, which does not exist",
        ),
        (
            put("services", "worker", "command", ["celery", "-A", "portal", "worker"]),
            "worker: celery needs portal/celery.py, which does not exist",
        ),
        (
            put(
                "services",
                "migrate",
                "command",
                "sh -c 'python manage.py migrate && python manage.py sed'",
            ),
            "migrate: python needs */management/commands/sed.py, which does not exist",
        ),
    ],
)
def test_a_broken_reference_is_named(change, said):
    compose = load()
    change(compose)
    assert said in problems(compose)


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(yaml.YAMLError, match="'web'"):
        parse("services:\n  web: {}\n  web: {}\n")


def test_every_variable_is_one_that_the_operator_sets():
    text = (ROOT / "docker-compose.yml").read_text()
    operator_sets = {name for name, s in SETTINGS.items() if s.set_by == SetBy.OPERATOR}
    assert set(re.findall(r"\$\{(\w+)", text)) == operator_sets


def test_the_image_has_the_backup_tools_of_the_database():
    image = load()["services"]["database"]["image"]
    version = re.match(r"postgres:(\d+)", image)[1]
    assert f" postgresql-client-{version} " in (ROOT / "Dockerfile").read_text()


def test_only_the_front_server_is_reached_from_outside():
    services = load()["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"caddy": ["80:80", "443:443", "443:443/udp"]}


def test_no_container_has_a_fixed_name_so_that_workers_and_web_scale():
    services = load()["services"]
    assert [name for name, service in services.items() if "container_name" in service] == []


def test_the_portal_starts_after_its_database_is_migrated_and_never_in_local_mode():
    services = load()["services"]
    assert sorted(name for name in services if services[name]["image"] == "evabc-portal") == PORTAL
    for name in ("beat", "web", "worker"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert (name, condition) == (name, "service_completed_successfully")
    files = ["docker-compose.yml", "Dockerfile", ".env.example", "evabc/deploy/Caddyfile"]
    local = re.compile("EVABC_LOCAL|runserver|honcho")
    assert [name for name in files if local.search((ROOT / name).read_text())] == []


def test_the_portal_reads_every_variable_that_it_is_given():
    given = {name for service in PORTAL for name in load()["services"][service]["environment"]}
    assert given <= set(SETTINGS)


def test_the_image_holds_the_packages_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().split("\n")
    rules = [line for line in lines if line and line[0] != "#"]
    assert rules[0] == "*"
    taken = [rule[1:] for rule in rules if rule[0] == "!"]
    apps = [path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    assert sorted(taken) == sorted(
        [*apps, "gunicorn.conf.py", "manage.py", "requirements.txt", "static", "templates"]
    )


def test_every_service_is_limited():
    """Started again when it ends, with an end to what it may take, and without power over the machine."""
    services = load()["services"]

    for name, service in services.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert {"mem_limit", "pids_limit"} <= service.keys(), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
