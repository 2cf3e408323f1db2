"""Whose name is whose."""

import pytest

from payments_pipeline.rules.four_eyes import same_person


@pytest.mark.parametrize(
    "other",
    [
        "jos\u00e9 diaz",
        "Jose\u0301 Diaz",
        "Jos\u00e9\u200b Diaz",
        "\uff2aos\u00e9 Diaz",
        "Jos\u00e9-Diaz",
        "Jos\u00e9  Diaz.",
        "Jose Diaz",
        "Diaz, Jos\u00e9",
        "JoséDiaz",
    ],
)
def test_another_spelling_is_the_same_person(other: str) -> None:
    assert same_person("Jos\u00e9 Diaz", other)


@pytest.mark.parametrize("other", ["Jos\u00e9 Dias", "Josefa Diaz", "J Diaz", ""])
def test_another_name_is_another_person(other: str) -> None:
    assert not same_person("Jos\u00e9 Diaz", other)
