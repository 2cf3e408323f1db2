"""Numbers in sentences."""

import pytest

from payments_pipeline.words import counted


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 files are"), (1, "1 file is"), (2, "2 files are"), (1_000, "1,000 files are")]
)
def test_one_is_told_as_one_and_all_others_as_several(number: int, told: str) -> None:
    assert counted(number, "file is", "files are") == told
    assert counted(number, "file") == told.rpartition(" ")[0]
