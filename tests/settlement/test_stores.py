"""Statements in an S3 bucket, on a server of our own: stored as from a folder, and clear words where it cannot be asked."""

import gzip
import importlib
import itertools
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import fsspec
import httpx
import pytest
from click.testing import CliRunner
from moto.iam.models import iam_backends
from moto.server import ThreadedMotoServer

from payments_pipeline.errors import SettingsError
from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settings import load_settings
from payments_pipeline.settlement import command, stores
from payments_pipeline.settlement.statement_files import load_statement_at
from payments_pipeline.settlement.stores import StatementFileError, shown
from tests.formats.samples import CSV, CSV_MAPPING, bai2_file, line, statement
from tests.settlement.desk import BROKEN, DAY, GOOD, Desk, desk_at

SECRET = "wJalrXUtnFEMI/K7MDENG"

_names = itertools.count(1)


@dataclass
class Bucket:
    """A bucket of a running server, to which files are brought without the code under test."""

    server: str
    name: str

    @property
    def address(self) -> str:
        return f"s3://{self.name}/treasury"

    def put(self, key: str, content: bytes) -> None:
        somebody = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260703/us-east-1/s3/aws4_request"}
        httpx.put(f"{self.server}/{self.name}/{key}", content=content, headers=somebody).raise_for_status()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _only_what_the_test_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, region or profile of this machine, and no question to the cloud that it may run in."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    bucket = Bucket(s3, f"bank-{next(_names)}")
    httpx.put(f"{s3}/{bucket.name}").raise_for_status()
    return bucket


@pytest.fixture
def guarded(bucket: Bucket) -> Iterator[Bucket]:
    """The bucket, once its server asks each request for a key that it knows and that may do this."""
    bucket.put("treasury/today.bai", GOOD)
    reset = f"{bucket.server}/moto-api/reset-auth"
    httpx.post(reset, content=b"0").raise_for_status()
    yield bucket
    httpx.post(reset, content=b"inf").raise_for_status()


@pytest.fixture
def desk(database: Database, tmp_path: Path, bucket: Bucket) -> Iterator[Desk]:
    with desk_at(database, tmp_path, bucket.address) as desk:
        yield desk


def test_statements_of_a_bucket_are_stored_once_and_their_days_are_run_again(desk: Desk, bucket: Bucket) -> None:
    assert desk.tick().skip_message == "No new statement."  # a prefix with nothing below it is an empty folder
    bucket.put("treasury/", b"")  # how consoles of S3 make a folder
    bucket.put("treasury/2026/07/today.bai", GOOD)
    bucket.put("treasury-of-another/today.bai", GOOD.replace(b",000123,", b",000124,"))

    desk.tick()

    assert desk.days() == [DAY]
    source = f"{bucket.address}/2026/07/today.bai"
    stored = [(DAY, -1_000, source), (DAY, 2_500, source), (DAY, 50_000, source)]
    assert desk.lines() == stored
    assert desk.tick().skip_message == "No new statement."
    assert (desk.lines(), desk.cases()) == (stored, [])
    assert len(desk.rows("select from settlement.statements")) == 1


def test_csv_is_read_by_the_mapping_in_the_bucket_and_gzip_is_unpacked(desk: Desk, bucket: Bucket) -> None:
    bucket.put("treasury/house.toml", CSV_MAPPING.encode())
    bucket.put("treasury/plain.csv", CSV.replace(b"03/03", b"07/03").replace(b"03/04", b"07/06"))
    bucket.put("treasury/packed.bai.gz", gzip.compress(GOOD))
    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (6, [])


def test_a_broken_file_of_a_bucket_stores_nothing_until_one_in_order_lies_in_its_place(
    desk: Desk, bucket: Bucket
) -> None:
    bucket.put("treasury/today.bai", BROKEN)
    desk.tick()
    assert (desk.lines(), desk.cases()) == ([], [("total", "open")])
    assert desk.rows("select from settlement.statements") == []

    bucket.put("treasury/today.bai", GOOD + b"\n")
    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (3, [("total", "resolved")])


def test_a_file_of_a_bucket_that_changes_is_refused_unless_it_says_that_it_corrects(desk: Desk, bucket: Bucket) -> None:
    def told(*cents: int, nature: str = "new") -> bytes:
        lines = [line(number, amount, day=DAY) for number, amount in enumerate(cents, 1)]
        return bai2_file([statement(lines, as_of=DAY, nature=nature)], file_id=str(len(cents)))

    def in_force() -> list[int]:
        return [row[1] for row in desk.lines()]

    bucket.put("treasury/today.bai", told(100, 250))
    desk.tick()
    bucket.put("treasury/today.bai", told(100, 250, 400))
    desk.tick()
    assert (in_force(), desk.cases()) == ([100, 250], [("contradicts", "open")])

    bucket.put("treasury/today.bai", told(100, 250, 400, 500, nature="correction"))
    desk.tick()
    assert (in_force(), desk.cases()) == ([100, 250, 400, 500], [("contradicts", "resolved")])
    assert desk.days() == [DAY]


def test_the_key_in_the_environment_is_the_one_that_signs(
    desk: Desk, guarded: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}]}'
    key = _key_of_somebody(rights)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
    desk.tick()
    assert len(desk.lines()) == 3


def _key_of_somebody(rights: str | None) -> Any:
    everybody = iam_backends["123456789012"]["aws"]
    name = f"somebody-{next(_names)}"
    everybody.create_user("us-east-1", name)
    if rights:
        everybody.put_user_policy(name, "rights", rights)
    return everybody.create_access_key(name)


# Where it cannot be asked -----------------------------------------------------------------------------------------------


def refused(desk: Desk) -> str:
    """What the tick fails with: clear, of the place, without its key, and with nothing of the store's own behind it."""
    with pytest.raises(dg.Failure) as failed:
        desk.tick()
    told = str(failed.value)
    assert "s3://" in told
    assert SECRET not in told
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert desk.rows("select from settlement.statements") == []
    return told


@pytest.mark.parametrize("below", ["", "/treasury"])
def test_a_bucket_that_is_not_there_is_told_and_is_no_empty_folder(desk: Desk, below: str) -> None:
    desk.platform = Platform(
        desk.platform.database, desk.platform.home, desk.platform.home, statements_at=f"s3://nobodys{below}"
    )
    told = refused(desk)
    assert f"the statements at s3://nobodys{below} cannot be listed (NoSuchBucket): there is no such bucket" in told
    assert "PAYMENTS_STATEMENTS_URL" in told


@pytest.mark.parametrize("below", ["", "/treasury"])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [("key", "InvalidAccessKeyId"), ("secret", "SignatureDoesNotMatch"), ("rights", "AccessDenied")],
)
def test_a_key_that_is_wrong_or_may_not_is_told(
    desk: Desk, guarded: Bucket, monkeypatch: pytest.MonkeyPatch, trouble: str, code: str, below: str
) -> None:
    if trouble != "key":
        key = _key_of_somebody(None)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET if trouble == "secret" else key.secret_access_key)
    address = f"s3://{guarded.name}{below}"
    desk.platform = Platform(desk.platform.database, desk.platform.home, desk.platform.home, statements_at=address)
    told = refused(desk)
    assert f"{address} cannot be listed ({code}): access was refused" in told
    assert "AWS_ACCESS_KEY_ID" in told


def test_no_key_at_all_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = refused(desk)
    assert "(NoCredentialsError): no key for the store was found" in told
    assert "AWS_SECRET_ACCESS_KEY" in told


def test_an_endpoint_that_nobody_serves_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        told = refused(desk)
    assert "cannot be listed (EndpointConnectionError): it cannot be reached" in told
    assert "AWS_ENDPOINT_URL" in told


def test_an_endpoint_that_never_answers_is_told_before_a_tick_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = stores._S3_OPTIONS["config_kwargs"]
    assert isinstance(patience, dict)
    assert 4 * patience["read_timeout"] < 40
    monkeypatch.setitem(patience, "read_timeout", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        told = refused(desk)
        silent.setblocking(False)
        assert _waiting_at(silent) == 4
    assert "cannot be listed (ReadTimeoutError): it cannot be reached" in told


def _waiting_at(listener: socket.socket) -> int:
    """How many have called."""
    for calls in itertools.count():
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return calls
    raise AssertionError


def test_a_store_that_goes_away_while_a_file_is_read_fails_the_tick_and_blames_no_file(
    desk: Desk, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("treasury/a.bai", GOOD)
    bucket.put("treasury/b.bai", GOOD.replace(b",000123,", b",000124,"))
    leaving = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    leaving.start()
    read = stores._FileOfStore.readinto

    def cut_off(file: Any, buffer: Any) -> int:
        if file._address.endswith("/b.bai"):
            leaving.stop()
        return read(file, buffer)

    with monkeypatch.context() as cut:
        cut.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*leaving.get_host_and_port()))
        cut.setattr(stores._FileOfStore, "readinto", cut_off)
        with pytest.raises(dg.Failure, match=r"/b\.bai cannot be read \(.*\): it cannot be reached"):
            desk.tick()
    assert (len(desk.lines()), desk.cases()) == (3, [])

    desk.tick()
    assert (len(desk.lines()), desk.cases()) == (6, [])


def test_the_command_tells_of_a_store_what_the_sensor_tells(bucket: Bucket, guarded: Bucket) -> None:
    address = f"{bucket.address}/today.bai"
    shown = CliRunner().invoke(command.statements, ["--check", address])
    assert isinstance(shown.exception, StatementFileError)
    assert (
        shown.exception.message == f"the statements at {address} cannot be read (PermissionError): access was refused."
    )


def test_the_command_reads_a_file_of_a_bucket_and_says_which_is_not_there(bucket: Bucket) -> None:
    bucket.put("treasury/today.bai", GOOD)
    shown = CliRunner().invoke(command.statements, ["--check", f"{bucket.address}/today.bai"])
    assert shown.exit_code == 0, shown.output
    assert "3 lines in 1 statement; nothing was stored." in shown.output
    for address, told in [
        (f"{bucket.address}/other.bai", f"there is no file {bucket.address}/other.bai."),
        (bucket.address, f"{bucket.address} is a folder."),
        ("s3://nobodys/today.bai", "s3://nobodys/today.bai cannot be read (NoSuchBucket): there is no such bucket."),
        ("s4://user:s3cr3t@bank/a", "s4://***@bank/a is no address of a store that is known."),
    ]:
        failed = CliRunner().invoke(command.statements, ["--check", address]).exception
        assert isinstance(failed, StatementFileError), failed
        assert failed.message.endswith(told)


def test_a_file_of_a_bucket_is_read_as_it_is_now(database: Database, bucket: Bucket) -> None:
    with database.connect() as connection:
        for content, known in [(GOOD, False), (GOOD, True), (GOOD.replace(b",000123,", b",000124,") + b"\n", False)]:
            bucket.put("treasury/today.bai", content)
            assert load_statement_at(connection, f"{bucket.address}/today.bai").is_known is known


def test_a_store_whose_package_is_missing_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.get_filesystem_class("s3")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(importlib.import_module("fsspec.registry")._registry, "s3")
    told = refused(desk)
    assert "needs a package that is not installed" in told
    assert "s3fs" in told
    with pytest.raises(SettingsError, match="s3:// needs a package that is not installed"):
        load_settings({"PAYMENTS_STATEMENTS_URL": desk.platform.statements})


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("s3://bucket/folder", "s3://bucket/folder"),
        ("s3://bucket/some@where.bai", "s3://bucket/some@where.bai"),
        ("s3://AKIA:s3cr3t@bucket/folder", "s3://***@bucket/folder"),
        ("s3://AKIA:s3cr3t/with/slash@bucket/folder", "s3://***@bucket/folder"),
        ("sftp://user@bank:22/out", "sftp://***@bank:22/out"),
        ("https://bank/out?X-Amz-Signature=s3cr3t", "https://bank/out?***"),
        ("/a/folder?s@x", "/a/folder?s@x"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(address: str, safe: str) -> None:
    assert shown(address) == safe


def test_a_key_in_the_address_reaches_no_message(desk: Desk) -> None:
    address = "s3://AKIAEXAMPLE:s3cr3t@bucket/folder"
    desk.platform = Platform(desk.platform.database, desk.platform.home, desk.platform.home, statements_at=address)
    told = refused(desk)
    assert "s3://***@bucket/folder cannot be listed (ParamValidationError): it does not begin with" in told
    assert "s3cr3t" not in told
