"""Find people whose sign-in and register disagree, and mend what is clear."""

from datetime import datetime

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from membership.models import Person
from membership.people.changing_email import set_email
from membership.people.sign_ins import email_that_remains


class Command(BaseCommand):
    help = (
        "Lists people whose email in the register is not the one they sign in with. Where no one else has that "
        "email, their record gets it, because a code has proved that it is theirs. The one it had still finds them. "
        "Also lists people whose only email passed to a new holder although they had another account."
    )

    def handle(self, *args: object, **options: object) -> None:
        crossed = Person.objects.filter(user__isnull=False).exclude(email=F("user__email"))
        now = timezone.now()
        mended: list[int] = []
        left: list[int] = []
        for pk in list(crossed.order_by("pk").values_list("pk", flat=True)):
            (mended if self._mend(pk, now) else left).append(pk)
        self.stdout.write(f"Records that got the email of their sign-in: {_listed(mended)}.")
        self.stdout.write(f"Records that need someone to look at them: {_listed(left)}.")
        if left:
            self.stdout.write(
                "The email that they sign in with is not in its normal form, or someone else in the register has "
                "it. Open each at /admin/membership/person/ID/change/."
            )
        # From before a new holder got only the email.
        lost = Person.objects.filter(user=None, email="", merges__closed_account__isnull=False)
        without = [
            p.pk for p in lost.distinct().order_by("pk") if email_that_remains(p, without="")
        ]
        self.stdout.write(
            f"Records that a new holder of their email left without an account: {_listed(without)}."
        )
        if without:
            self.stdout.write(
                "If they are still with EVA BC, change their email to their other one."
            )

    @transaction.atomic
    def _mend(self, pk: int, now: datetime) -> bool:
        person = Person.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
        user = person.user
        if not user or person.email == user.email:
            return True
        if user.email_is_odd or Person.objects.filter(email=user.email).exclude(pk=pk).exists():
            return False
        set_email(person, user.email, former=[person.email], now=now)
        return True


def _listed(pks: list[int]) -> str:
    return ", ".join(map(str, pks)) or "none"
