"""Who calls is told by trusted proxies alone."""

import pytest

from payments_pipeline.webhooks.clients import UNKNOWN, Clients, networks


def clients(allowed: str = "", proxies: str = "") -> Clients:
    return Clients(networks(allowed), networks(proxies))


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert clients().client("203.0.113.7", ["198.51.100.1"]) == "203.0.113.7"


def test_behind_proxies_the_client_is_the_last_hop_that_is_none_of_them() -> None:
    known = clients(proxies="10.0.0.0/8, ::1")
    assert known.client("10.0.0.1", ["198.51.100.1, 203.0.113.7, 10.0.0.2"]) == "203.0.113.7"
    assert known.client("10.0.0.1", ["198.51.100.1", "203.0.113.7"]) == "203.0.113.7"
    assert known.client("::1", ["2001:db8::5"]) == "2001:db8::5"
    assert known.client("10.0.0.1", []) == "10.0.0.1"


def test_what_a_client_writes_into_the_header_itself_changes_nothing() -> None:
    known = clients(allowed="192.168.1.7", proxies="10.0.0.1")
    forged = known.client("10.0.0.1", ["192.168.1.7, 203.0.113.7"])
    assert (forged, known.may_send(forged)) == ("203.0.113.7", False)
    nonsense = known.client("10.0.0.1", ["192.168.1.7, nonsense"])
    assert (nonsense, known.may_send(nonsense)) == (UNKNOWN, False)


@pytest.mark.parametrize(
    ("client", "may"),
    [("192.168.1.7", True), ("10.255.0.1", True), ("::ffff:10.1.1.1", True), ("11.0.0.1", False), ("unknown", False)],
)
def test_only_networks_that_are_named_may_send(client: str, may: bool) -> None:
    assert clients(allowed="192.168.1.7,10.0.0.0/8").may_send(client) is may
    assert clients().may_send(client)
