"""Who calls: the client behind trusted proxies, and whether it may send from there."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address

UNKNOWN = "unknown"


def networks(text: str) -> tuple[_Network, ...]:
    """The networks of a setting such as `10.0.0.0/8, 192.168.1.7`."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


@dataclass(frozen=True)
class Clients:
    """Tells clients apart by their addresses."""

    allowed: tuple[_Network, ...] = ()
    """Networks that may send; none means all."""
    proxies: tuple[_Network, ...] = ()
    """Networks whose word about where a request came from is believed."""

    def client(self, peer: str | None, forwarded: Iterable[str]) -> str:
        """The address that the request came from.

        Each proxy adds to `X-Forwarded-For` whom it heard from. Read from the end, the first that is no proxy of ours is
        the client; what stands before it is whatever the client wrote there.
        """
        address = _address(peer)
        hops = [hop.strip() for header in forwarded for hop in header.split(",")]
        while hops and address is not None and _is_in(address, self.proxies):
            address = _address(hops.pop())
        return UNKNOWN if address is None else str(address)

    def may_send(self, client: str) -> bool:
        """Whether webhooks are taken from this address."""
        if not self.allowed:
            return True
        address = _address(client)
        return address is not None and _is_in(address, self.allowed)


@lru_cache(maxsize=4096)
def _address(text: str | None) -> _Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    # an IPv4 client of a socket that takes both kinds
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: _Address, among: tuple[_Network, ...]) -> bool:
    return any(address in network for network in among)
