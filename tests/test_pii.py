"""Personal data is readable with its key and in its place only, and a look-up tells nothing of it."""

from pathlib import Path

import pytest

from payments_pipeline.pii import PersonalData, PersonalDataError, masked_tin
from payments_pipeline.settings import load_settings

ONE, OTHER = PersonalData(bytes(range(32))), PersonalData(bytes(range(1, 33)))


def test_what_is_encrypted_is_read_back_in_its_place() -> None:
    stored = ONE.encrypt("Zoë 900123456", "table 7/1")
    assert ONE.decrypt(stored, "table 7/1") == "Zoë 900123456"
    assert b"900123456" not in stored
    assert ONE.encrypt("Zoë 900123456", "table 7/1") != stored  # the same text twice is not seen to be the same


def test_a_ciphertext_that_was_moved_or_altered_is_refused() -> None:
    stored = ONE.encrypt("secret", "table 7/1")
    with pytest.raises(PersonalDataError, match=r"table 8/1 was altered, or moved there from another row"):
        ONE.decrypt(stored, "table 8/1")
    with pytest.raises(PersonalDataError, match="altered"):
        ONE.decrypt(stored[:-1] + bytes([stored[-1] ^ 1]), "table 7/1")


def test_another_key_is_told_apart_from_a_damaged_value() -> None:
    with pytest.raises(PersonalDataError, match="table 7/1 was encrypted under another key"):
        OTHER.decrypt(ONE.encrypt("secret", "table 7/1"), "table 7/1")


def test_equal_values_have_equal_indexes_under_one_key_and_kind_only() -> None:
    assert ONE.index("900123456", "tin") == ONE.index("900123456", "tin")
    assert len({ONE.index("900123456", "tin"), ONE.index("900123456", "name"), OTHER.index("900123456", "tin")}) == 3


def test_the_key_is_not_shown() -> None:
    assert repr(bytes(range(32))) not in repr(ONE)


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings({"PAYMENTS_HOME": str(tmp_path / "home")})
    first = PersonalData.of(settings)
    assert PersonalData.of(settings).key == first.key
    kept = tmp_path / "home" / "pii.key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["pii.key"]


@pytest.mark.parametrize("key", ["c2hvcnQgYnV0IGxvbmcgZW5vdWdoIGFzIHRleHQ=", "!" * 40])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(PersonalDataError) as refused:
        PersonalData.of(load_settings({"PAYMENTS_PII_KEY": key}))
    assert key not in str(refused.value)


def test_masks_keep_what_a_person_needs_to_recognise() -> None:
    assert masked_tin("900123456", "ssn") == "***-**-3456"
    assert masked_tin("071234567", "ein") == "**-***4567"
    assert masked_tin("", "unknown") == "not on file"
