"""What the rules say about each answer of the join form, for a line under its question."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices

from communities.models import CommunityOfPractice
from communities.rules.assess import Finding
from communities.rules.rule import NOT_NAMED, STAFF_WILL_CONFIRM, Rule
from communities.rules.vocabulary import Evidence, InitiativeKind, Status, Verdict
from membership.models import Person
from requests.answers import assess_answers
from requests.joining.forms import Answers, TermField, declaration_of, join_form_class, own_terms


@dataclass(frozen=True)
class AnswerVerdict:
    """``mark`` is the status in words, ``text`` why and what to do; with ``elsewhere`` another community may fit."""

    status: Status
    mark: str
    text: str
    elsewhere: bool = False


def verdicts_of(
    answers: Answers, *, person: Person, community: CommunityOfPractice, on: date
) -> Mapping[str, AnswerVerdict]:
    """By the name of the question: only for answers that one of the community's rules is about."""
    fields = join_form_class(community).base_fields
    rules = {rule.key: rule for rule in community.rules()}
    # Other answers about their program count before they have said which it is.
    own = {name: terms[0] for name, terms in own_terms(community).items() if terms}
    said = {**answers, **{name: term for name, term in own.items() if not answers.get(name)}}
    assessment = assess_answers(said, person=person, community=community, on=on)
    findings = {finding.kind: finding for finding in assessment.findings}
    verdicts: dict[str, AnswerVerdict] = {}
    for name, field in fields.items():
        key, answer = declaration_of(field).rule, answers.get(name, "")
        if key not in findings or answer not in dict(getattr(field, "choices", ())):
            continue
        finding = findings[key]
        if isinstance(field, TermField) and finding.status != Status.MET:
            verdicts[name] = _of_term(field.vocabulary(answer), rules[key], finding)
            if verdicts[name].elsewhere:
                # That answers the rule: a caseload or role elsewhere neither fits nor is wrong.
                del findings[key]
        else:
            verdicts[name] = _of_finding(finding)
    return verdicts


def _of_term(term: TextChoices, rule: Rule, finding: Finding) -> AnswerVerdict:
    match rule.fits(term):
        case Verdict.MET:
            return AnswerVerdict(Status.SELF_REPORTED, "This fits", STAFF_WILL_CONFIRM)
        case Verdict.UNKNOWN:
            noun = "initiative" if isinstance(term, InitiativeKind) else "role"
            return AnswerVerdict(Status.UNKNOWN, "To check", NOT_NAMED.format(term=noun))
    why = f"{finding.condition} {rule.not_met_step}"
    return AnswerVerdict(Status.NOT_MET, "Does not fit", why, elsewhere=True)


def _of_finding(finding: Finding) -> AnswerVerdict:
    match finding.status:
        case Status.MET:
            return AnswerVerdict(finding.status, "This fits", finding.sentence)
        case Status.SELF_REPORTED:
            return AnswerVerdict(finding.status, "This fits", finding.next_step)
        case Status.NOT_MET:
            is_own_answer = finding.evidence == Evidence.CLAIMED
            why = finding.condition if is_own_answer else finding.sentence
            return AnswerVerdict(finding.status, "Does not fit", f"{why} {finding.next_step}")
    return AnswerVerdict(finding.status, "To check", f"{finding.sentence} {finding.next_step}")
