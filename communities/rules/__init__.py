"""The rules of the communities. A kind of rule is a module here and an entry of ``KINDS``.

Pure: facts in, findings out, without database or clock. ``assess`` compares what is known about a
person with a community's rules.
"""

from collections.abc import Mapping

from communities.rules.caseload import Caseload
from communities.rules.coordination_role import CoordinationRoleHeld
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.funding import Funding
from communities.rules.rule import Retired, Rule

KINDS: dict[str, type[Rule]] = {
    kind.key: kind for kind in (Caseload, Funding, EvaMembershipHeld, CoordinationRoleHeld)
}


def kind_of(key: str) -> type[Rule]:
    """The kind of rule with this key. Rows of a kind that was removed can still be read."""
    return KINDS.get(key, Retired)


def rule_from(key: str, parameters: Mapping[str, object]) -> Rule:
    """The rule with these parameters. Raises ``ValidationError`` if they are not valid."""
    return kind_of(key).from_json(parameters)


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of rule, for a form or model field."""
    return [(kind.key, kind.title) for kind in KINDS.values()]
