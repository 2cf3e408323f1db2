"""Where statement files lie: in folders and, by `fsspec`, in object stores.

Each store fails in ways of its own package. Here they become one error that a person can mend: it says what was found and
names the address without a key that may stand in it. What the store itself said is not quoted, since it may repeat a key.
"""

import errno
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from payments_pipeline.errors import PaymentsError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_S3: Final = frozenset({"s3", "s3a"})

_S3_OPTIONS: Final = {
    "skip_instance_cache": True,  # s3fs remembers keys and listings, and a sensor lives long
    "config_kwargs": {
        "connect_timeout": 5,
        "read_timeout": 8,
        "retries": {"mode": "standard", "total_max_attempts": 2},
    },
}
_S3_TRIES: Final = 2
"""Of s3fs, with the attempts above in each. As it comes, an endpoint that takes connections and never answers holds a look
up for seven minutes; a tick of a sensor has one."""

# By the names of the errors' classes and of S3's codes, so that no store's package need be there to be asked.
_NOT_REACHED: Final = frozenset(
    {"ConnectionError", "TimeoutError", "HTTPClientError", "ClientConnectionError", "gaierror"}
)
_NO_BUCKET_NAME: Final = frozenset({"ParamValidationError", "InvalidBucketName"})
_NO_KEY: Final = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"}
)
_KEYS: Final = (
    "Check the store's own settings (for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the "
    "environment, or AWS_PROFILE)"
)
_STORE_ERRORS: Final = frozenset({errno.EBUSY, errno.EIO, getattr(errno, "EREMOTEIO", errno.EIO)})
_READ_AT_ONCE: Final = 1 << 20


class StatementFileError(PaymentsError):
    """A statement file that is not there, or a place for statements that cannot be asked."""


def at(address: Path | str) -> tuple[Any, str]:
    """The file system of an address, and the path in it. Most stores are only reached when they are asked for something."""
    url = str(address)
    is_s3 = url.partition("://")[0] in _S3
    try:
        file_system, path = fsspec.core.url_to_fs(url, **(_S3_OPTIONS if is_s3 else {}))
    except ImportError as error:
        raise StatementFileError(
            f"{shown(url)} needs a package that is not installed ({error}).",
            "Install it beside this project, or use an address of another kind of store.",
        ) from None
    except ValueError:
        raise StatementFileError(
            f"{shown(url)} is no address of a store that is known.",
            "Write a path, or an address such as s3://bucket/folder.",
        ) from None
    if is_s3:
        file_system.retries = _S3_TRIES
    return file_system, cast("str", path)


def file_at(address: Path | str) -> tuple[Any, str, dict[str, Any]]:
    """The file at an address: its file system, its path, and what is known of it."""
    with asking(address, "read"):
        file_system, path = at(address)
        try:
            information: dict[str, Any] = file_system.info(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            if _code(error) == "NoSuchBucket":
                raise
            information = {}
    if information and information["type"] != "file":
        what = "a folder" if information["type"] == "directory" else "no ordinary file"
        raise StatementFileError(f"{shown(address)} is {what}.", "Name the statements one by one, as files.")
    if not information:
        raise StatementFileError(f"there is no file {shown(address)}.", "Check the path, or the rights on the store.")
    return file_system, path, information


def opened(file_system: Any, path: str) -> BinaryIO:
    """The content of a file, decompressed where its name ends in .gz."""
    if isinstance(file_system, LocalFileSystem):
        raw = cast("BinaryIO", file_system.open(path, "rb"))
    else:
        raw = cast("BinaryIO", io.BufferedReader(_FileOfStore(file_system, path), _READ_AT_ONCE))
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if path.endswith(".gz") else raw


@contextmanager
def asking(address: Path | str, what: str, settings: str = "the address") -> Iterator[None]:
    """Whatever a store raises in this block, as the error of an address that cannot be listed, or read.

    Nothing of the store's own error goes along: Dagster would show it with all that it says.
    """
    try:
        yield
    except PaymentsError:
        raise
    except Exception as error:
        raise _failed(address, what, settings, error) from None


def shown(address: Path | str) -> str:
    """An address without what may be a secret in it: user and password before the host, and what follows a question mark."""
    scheme, found, rest = str(address).partition("://")
    if not found:
        return str(address)
    authority, _, path = rest.partition("/")
    # a key may hold a slash itself, and so end what looks like the host
    if "@" in authority or (":" in authority and "@" in path):
        rest = "***@" + rest.rpartition("@")[2]
    place, asked, _ = rest.partition("?")
    return f"{scheme}://{place}{'?***' if asked else ''}"


class _FileOfStore(io.RawIOBase):
    """A file of a store. What is wrong with this file stays an `OSError`; that the store fails is told as such."""

    def __init__(self, file_system: Any, path: str) -> None:
        self._address = str(file_system.unstrip_protocol(path))
        with self._told():
            self._file = file_system.open(path, "rb")

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        into = memoryview(buffer)
        with self._told():
            data = self._file.read(len(into))
        into[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._file.seek(offset, whence))

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if isinstance(error, OSError) and not _is_of_the_store(error):
                raise
            raise _failed(self._address, "read", "the address", error) from None


def _is_of_the_store(error: OSError) -> bool:
    """Whether it would be the same with any other file: the store is away or too busy, and may be back in a minute."""
    return bool(_names(error) & _NOT_REACHED) or error.errno in _STORE_ERRORS


def _failed(address: Path | str, what: str, settings: str, error: Exception) -> StatementFileError:
    code = _code(error)
    names = _names(error)
    if code == "NoSuchBucket":
        found, remedy = "there is no such bucket", f"Check {settings}, and the region or AWS_ENDPOINT_URL where it is."
    elif code in _NO_BUCKET_NAME:
        found, remedy = (
            "it does not begin with the name of a bucket",
            "Write s3://bucket/folder, with no user, key or port in it: those belong in the store's own settings.",
        )
    elif names & _NO_KEY:
        found, remedy = "no key for the store was found", f"{_KEYS}."
    elif "PermissionError" in names:
        found, remedy = "access was refused", f"{_KEYS}, and whether that key may list and read there."
    elif names & _NOT_REACHED:
        found, remedy = (
            "it cannot be reached",
            f"Check {settings}, the network, and for S3 AWS_ENDPOINT_URL and the region.",
        )
    else:
        found, remedy = (
            "the store failed",
            f"Check {settings}, the rights on the store, and whether it can be reached from here.",
        )
    return StatementFileError(f"the statements at {shown(address)} cannot be {what} ({code}): {found}.", remedy)


def _names(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _code(error: Exception) -> str:
    """What the store calls it, where it has a word for it, or else the kind of the error."""
    response = getattr(error.__cause__ or error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z]{1,60}", code) else type(error).__name__
