"""Find people whose sign-in and register disagree, and mend what is clear."""

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F, Q

from membership.models import Person


class Command(BaseCommand):
    help = (
        "Lists people whose email in the register is not the one they sign in with. Where no one else has that "
        "email, their record gets it: a code has proved that it is theirs."
    )

    def handle(self, *args: object, **options: object) -> None:
        crossed = Person.objects.filter(user__isnull=False).exclude(email=F("user__email"))
        mended, left = 0, []
        for pk in list(crossed.order_by("pk").values_list("pk", flat=True)):
            if self._mend(pk):
                mended += 1
            else:
                left.append(pk)
        self.stdout.write(f"Records that got the email of their sign-in: {mended}.")
        if left:
            self.stdout.write(
                "Someone else in the register has the email that these people sign in with: "
                f"{', '.join(map(str, left))}. Compare each with the other record, at "
                "/admin/membership/person/ID/change/."
            )

    @transaction.atomic
    def _mend(self, pk: int) -> bool:
        person = Person.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
        user = person.user
        if not user or person.email == user.email:
            return True
        same = Q(email=user.email)
        if user.email_is_odd or Person.objects.filter(same).exclude(pk=pk).exists():
            return False
        person.email, person.email_is_odd = user.email, False
        person.save(update_fields=["email", "email_is_odd"])
        return True
