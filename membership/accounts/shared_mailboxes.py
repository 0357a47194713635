"""Mailboxes that several people use, or that pass to a successor: who may sign in with one."""

import re

from django.db.models import Q

from membership.models import SharedMailbox, User

# Local parts of addresses, without dots, dashes and digits. They name an office or a program, and no one.
_NAMES = {
    "office": "accounting accounts admin admins administration administrator agency centre contact "
    "contactus crisis crisisline email enquiries enquiry feedback finance frontdesk "
    "general hello help helpline hr info information infos inquiries inquiry intake jobs "
    "mail mailbox main noreply office offices payroll program programs reception "
    "receptionist referral referrals safehome safehomes secretary services shared shelter "
    "society staff support team transitionhouse volunteer volunteers webmaster "
    "womenscentre",
    "program": "cbvs communitybasedvictimservices communitycoordination coordination counselling "
    "counsellor counsellors icat icats mors multicultural multiculturaloutreach ors "
    "outreach outreachservices peace pbvs sac sas sasp sexualassault "
    "sexualassaultservices stoppingtheviolence stv stvc stvcounselling stvo stvors "
    "stvoutreach vawir victimservice victimservices victimsupport vir vs",
}
_SPELLINGS = {"": "", "centre": "center", "counselling": "counseling"}
SHARED_LOCAL_PARTS = frozenset(
    name.replace(ours, other)
    for names in _NAMES.values()
    for name in names.split()
    for ours, other in _SPELLINGS.items()
)

ASK_FOR_OWN = "This looks like a shared mailbox. Use your own work email, with your own name in it."


def looks_shared(email: str) -> bool:
    """Whether an address seems to be an office's or a program's instead of one person's."""
    words = [word for word in re.split(r"[^a-z]+", email.partition("@")[0].lower()) if word]
    return bool(words) and (
        "".join(words) in SHARED_LOCAL_PARTS or SHARED_LOCAL_PARTS.issuperset(words)
    )


def may_sign_in(email: str) -> bool:
    """Whether a code may go to this address: it looks like one person's, or EVA BC has agreed.

    Those who use an account with it already go on as before.
    """
    if not looks_shared(email):
        return True
    mailbox = SharedMailbox.objects.filter(email=email).select_related("person").first()
    if mailbox and mailbox.person.email == email:
        return mailbox.is_allowed
    is_used = Q(person__isnull=False) | Q(is_staff=True) | Q(last_login__isnull=False)
    return User.objects.filter(is_used, email=email).exists()
