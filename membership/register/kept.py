"""Where the address of a merged record leads: to the record that was kept."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from membership.models import Agency, Person

View = Callable[..., HttpResponse]


def lead_to_kept(
    request: HttpRequest, model: type[Agency | Person], pk: int
) -> HttpResponse | None:
    """The way to the record that was kept, if this one has been merged into it."""
    kept: Agency | Person | None
    if model is Person:
        kept = Person.objects.filter(merged_records__pk=pk).first()
    else:
        kept = Agency.objects.filter(merges__merged_id=pk, merges__undone_at=None).first()
    if kept is None:
        return None
    messages.warning(request, "That record has been merged into this one. Nothing was changed.")
    return redirect(f"admin:membership_{kept._meta.model_name}_change", kept.pk)


def at_kept_record(model: type[Agency | Person]) -> Callable[[View], View]:
    """Decorator for staff pages about one or two records: those that are merged only lead to the kept one."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **pks: int) -> HttpResponse:
            ways = (lead_to_kept(request, model, pk) for pk in pks.values())
            return next(filter(None, ways), None) or view(request, **pks)

        return guarded

    return decorate
