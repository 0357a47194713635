"""Staff's Markdown on pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()

# HTML in the text is escaped, and the parser refuses javascript: addresses. Images are off: an image on
# another server would tell that server who reads the page.
_parser = MarkdownIt("commonmark", {"html": False}).disable("image")


@register.filter
def markdown(text: str) -> SafeString:
    """Staff's Markdown as HTML."""
    return mark_safe(_parser.render(text))  # noqa: S308  (html is off, see above)


@register.filter
def breaking(address: str) -> SafeString:
    """An email address, which a narrow line breaks before the @ rather than within a word."""
    name, at, domain = address.partition("@")
    return format_html("{}<wbr>{}{}", name, at, domain)


@register.filter
def mailto(address: str) -> SafeString:
    """The same as a link."""
    return format_html('<a href="mailto:{}">{}</a>', address, breaking(address))
