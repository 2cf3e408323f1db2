"""Ports that cannot be listened on: why, and which other one to take."""

import errno
from typing import Final

from payments_pipeline.errors import PaymentsError

_FIRST_FOR_ALL: Final = 1_024
_LAST: Final = 65_535


def port_refused(error: OSError, port: int, host: str, named_by: str = "--port ") -> PaymentsError:
    """The error of a port that the system does not give us; `named_by` is what the number of another one is put behind."""
    # a hundred away from ours: their defaults are close together
    other = port + 8_000 if port < _FIRST_FOR_ALL else port + 100 if port + 100 <= _LAST else port - 100
    another = f"another port: {named_by}{other}"
    if error.errno == errno.EADDRINUSE:
        return PaymentsError(f"port {port} is taken by another program", f"stop it, or choose {another}")
    refused = f"port {port} of {host} cannot be opened: {error.strerror}"
    if error.errno == errno.EACCES:
        return PaymentsError(refused, f"ports below {_FIRST_FOR_ALL:,} are for administrators alone; choose {another}")
    return PaymentsError(refused, f"choose an address of this machine, or {another}")
