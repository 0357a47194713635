"""Where a visit comes from: the one answer for limits, sign-in and the list of sessions."""

import ipaddress

from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.http import HttpRequest

NOT_KNOWN = "0.0.0.0"  # noqa: S104  (no address to listen on: a place that nobody visits from)


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address; only what our own proxies wrote counts.

    Each proxy adds at the end of X-Forwarded-For whom it was called by, so the visitor is counted
    from the right. What stands further left was written by the visitor and may be anything.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    came_by_proxy = proxies and len(hops) >= proxies
    said = hops[-proxies] if came_by_proxy else request.META.get("REMOTE_ADDR", "")
    address = clean_client_ip(said.strip()) or NOT_KNOWN
    return str(getattr(ipaddress.ip_address(address), "ipv4_mapped", None) or address)


def network_of(address: str) -> str:
    """What one visitor can hold many addresses of: /64 of IPv6, the address itself of IPv4."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
