"""What staff make of letters: their wording, and what became of one on its way."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format

from membership.models.outbox import OutboxEmail
from membership.models.people import Person


class LetterWording(models.Model):
    """One version of the wording of a kind of letter; the newest counts. Versions are never changed.

    ``number`` counts the versions of a kind from 1. A version without a body goes back to the
    original wording.
    """

    kind = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "wording of letters"
        verbose_name_plural = "wording of letters"
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_wording_of_a_number"),
            models.CheckConstraint(
                condition=Q(subject="", body="") | (~Q(subject="") & ~Q(body="")),
                name="wording_is_whole_or_the_original",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The versions of a wording are append-only.")
        super().save(**kwargs)


class LetterAttempt(models.Model):
    """A try that the mail server did not take, with its answer; addresses are taken out of it."""

    letter = models.ForeignKey(OutboxEmail, models.CASCADE, related_name="failed_attempts")
    at = models.DateTimeField()
    trouble = models.CharField(max_length=60, help_text="The kind of error.")
    code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The reply code.")
    status = models.CharField(max_length=12, blank=True, help_text="For example 5.1.1.")
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code or ""), self.status, self.answer) if part)


class Bounce(models.Model):
    """A letter to a person that the mail server took and that came back all the same.

    It is about the address that the letter went to, so it ends by itself when she changes her email.
    """

    letter = models.OneToOneField(OutboxEmail, models.CASCADE, related_name="bounce")
    on = models.DateField("came back on")
    why = models.CharField("what it said", max_length=300)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(why=""), name="bounce_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.why}"

    @property
    def in_words(self) -> str:
        return f"{date_format(self.on, 'j F Y')}: {self.why}"

    @staticmethod
    def of(person: Person) -> "models.QuerySet[Bounce]":
        """What came back from the address that she has now, the newest first."""
        return Bounce.objects.filter(
            letter__person=person,
            letter__to_email__iexact=F("letter__person__email"),
            cleared_at=None,
        ).select_related("letter")
