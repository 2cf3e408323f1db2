"""The service does what its description says, for requests that nobody thought of."""

import re
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from payments_pipeline.column.signature import sign
from payments_pipeline.postgres.connect import Database
from payments_pipeline.webhooks import openapi
from payments_pipeline.webhooks.service import create_service
from tests.webhooks.senders import COLUMN_SECRET, SECRET, TOKEN, serving, settings_of

EXAMPLES = 8


def signed_request(case: Any, base_url: str) -> requests.PreparedRequest:
    """The request of a generated case, with the signatures and the token of who may send it."""
    request = requests.Request(**case.as_transport_kwargs(base_url)).prepare()
    body = request.body or b""
    assert isinstance(body, str | bytes)
    content = body.encode() if isinstance(body, str) else body
    request.headers["x-signature"] = f"sha256={sign(SECRET, content)}"
    request.headers["column-signature"] = sign(COLUMN_SECRET, content)
    request.headers["authorization"] = f"Bearer {TOKEN}"
    return request


def test_every_answer_is_one_that_the_description_foretells(database: Database, tmp_path: Path) -> None:
    schema = schemathesis.openapi.from_dict(openapi.DOCUMENT)
    operations: list[Any] = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == sum(len(item) for item in openapi.DOCUMENT["paths"].values())
    with serving(database, tmp_path) as client, requests.Session() as session:
        session.trust_env = False
        base_url = str(client.base_url).rstrip("/")
        for operation in operations:
            for mode in GenerationMode:

                @settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    derandomize=True,
                    phases=[Phase.explicit, Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=operation.as_strategy(generation_mode=mode))
                def foretold(case: Any) -> None:
                    response = session.send(signed_request(case, base_url), timeout=20, allow_redirects=False)
                    case.validate_response(response, excluded_checks=other_checks())

                if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters:
                    foretold()


def other_checks() -> list[Any]:
    """Checks of what is not tried here, or cannot be told in OpenAPI.

    The token and the signatures are always right and the methods those described; that a date must lie near today, and a
    channel be the one of the address, is said in words.
    """
    names = ["ignored_auth", "unsupported_method", "negative_data_rejection", "positive_data_acceptance"]
    return list(CHECKS.get_by_names(names))


def test_every_address_is_described(database: Database, tmp_path: Path) -> None:
    service: Any = create_service(settings_of(tmp_path), database)
    there = {re.sub(r"\{(\w+)(:\w+)?\}", "{}", route.path) for route in service.routes}
    described = {re.sub(r"\{\w+\}", "{}", path) for path in openapi.DOCUMENT["paths"]}
    assert there - {"/docs", "/openapi.json"} == described


def test_the_page_shows_every_address_and_needs_nothing_from_elsewhere() -> None:
    page = openapi.page()
    for path in openapi.DOCUMENT["paths"]:
        assert path in page
    assert "http://" not in page
    assert "https://" not in page
