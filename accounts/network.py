"""Where a request comes from: the address that is counted at the doors, and the coarser network that logs may keep."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> IPAddress | None:
    """The address of the person's network, as the outermost of our own `PROXY_COUNT` proxies saw it.

    What a client writes into X-Forwarded-For itself stands further left and is never believed.
    """
    seen = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.PROXY_COUNT
    if count and len(hops) >= count:
        return parse(hops[-count]) or parse(seen)
    return parse(seen)


def parse(text: str) -> IPAddress | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def counted_as(request: HttpRequest) -> str:
    """The name under which tries are counted: one IPv4 address, or the /64 that one IPv6 household has to itself."""
    return masked(client_address(request), v4=32, v6=64)


def network_of(request: HttpRequest) -> str:
    """What logs may keep: the /24 or /48 around the address, which names no single person."""
    return masked(client_address(request), v4=24, v6=48)


def masked(address: IPAddress | None, v4: int, v6: int) -> str:
    if address is None:
        return "unknown"
    return str(ipaddress.ip_network((address, v4 if address.version == 4 else v6), strict=False))
