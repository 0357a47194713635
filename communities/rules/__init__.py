"""The rules of the communities. A kind of rule is one module here, and one line in ``KINDS``.

Pure: facts in, findings out, no database and no clock. ``assess`` compares what is known of a
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
    """The kind of rule with this key; what was kept of a kind that is gone can still be read."""
    return KINDS.get(key, Retired)


def rule_from(key: str, parameters: Mapping[str, object]) -> Rule:
    """The rule that is kept as a kind and its parameters. Raises ``ValidationError`` for others."""
    return kind_of(key).from_json(parameters)


def kind_choices() -> list[tuple[str, str]]:
    """The kinds for a form or a model's field."""
    return [(kind.key, kind.title) for kind in KINDS.values()]
