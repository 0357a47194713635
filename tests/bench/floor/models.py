"""One table of the width of a request."""

from django.db import models


class Entry(models.Model):
    name = models.CharField(max_length=120)
    email = models.EmailField()
    agency = models.CharField(max_length=160)
    state = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
