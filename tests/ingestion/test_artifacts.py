import hashlib
import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from payments_pipeline.ingestion.artifacts import verify_artifacts
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.ingest import ingest_pending
from tests.ingestion.files import DAY, fetch, put_rows, row


def take_in(connection: psycopg.Connection[Any], inbox: Path) -> None:
    load_arrivals(connection, inbox, date.max)
    ingest_pending(connection)


def cases(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return fetch(
        connection, "select category, subcategory, severity, state from operations.exception_cases order by 2, 4"
    )


def test_a_batch_file_is_an_artifact_that_verifies(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(tmp_path / "with space and ü", "a.csv", [row()])
    take_in(connection, tmp_path / "with space and ü")
    found = verify_artifacts(connection)
    assert (len(found.intact), found.is_clean, cases(connection)) == (1, True, [])


def test_a_changed_or_missing_file_has_a_case_until_it_is_in_order_again(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    paths = [put_rows(tmp_path, f"{name}.csv", [row(reference_number=name)]) for name in "abc"]
    originals = [path.read_bytes() for path in paths]
    take_in(connection, tmp_path)
    paths[0].write_bytes(originals[0].replace(b"1234.56", b"1234.57"))
    paths[1].unlink()
    for _ in range(2):
        found = verify_artifacts(connection)
        assert (len(found.intact), len(found.changed), len(found.missing), found.is_clean) == (1, 1, 1, False)
        assert cases(connection) == [("artifact", "changed", "high", "open"), ("artifact", "missing", "high", "open")]
    for path, original in zip(paths, originals, strict=True):
        path.write_bytes(original)
    assert verify_artifacts(connection).is_clean
    assert {state for *_, state in cases(connection)} == {"resolved"}
    paths[0].unlink()
    verify_artifacts(connection)
    assert cases(connection) == [("artifact", "missing", "high", "open"), ("artifact", "missing", "high", "resolved")]


def test_documents_that_rows_name_are_verified_where_this_machine_can_reach_them(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    image = tmp_path / "front.png"
    image.write_bytes(b"image")
    os.mkfifo(tmp_path / "pipe")
    sha256 = hashlib.sha256(b"image").hexdigest()
    uris = [
        image.as_uri(),
        (tmp_path / "pipe").as_uri(),
        "s3://bucket/front.png",
        "file://elsewhere/front.png",
        "file:///%00",
        "http://[x",
    ]
    documents = [{"type": "check_image_front", "uri": uri, "hash": sha256} for uri in uris]
    put_rows(tmp_path, "lockbox.csv", [row(metadata=json.dumps({"artifacts": documents}))])
    take_in(connection, tmp_path)
    found = verify_artifacts(connection)
    assert (len(found.intact), len(found.changed), len(found.missing), found.out_of_reach) == (2, 0, 2, 3)


def test_the_artifacts_of_one_day_can_be_verified_alone(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    put_rows(tmp_path, "a.csv", [row()])
    take_in(connection, tmp_path)
    (tmp_path / "arrivals" / DAY.isoformat() / "a.csv").unlink()
    assert verify_artifacts(connection, DAY + timedelta(days=1)).is_clean
    assert not verify_artifacts(connection, DAY).is_clean
