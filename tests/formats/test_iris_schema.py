"""The schema of our own: it takes what is written, refuses what is not of it, and quotes nobody."""

from pathlib import Path

import pytest

from payments_pipeline.formats import iris_schema
from payments_pipeline.formats.iris import Transmission, check_file, detail
from payments_pipeline.formats.iris_schema import SchemaError, schema_text, validate
from tests.formats.test_iris import HEADER, MANIFEST, a_return


def written(folder: Path, *returns: dict[str, str]) -> Path:
    transmission = Transmission()
    for each in returns:
        transmission.add(detail(each), {1: 12_345_67, 2: 200_000_00})
    path = folder / "transmission.xml"
    with path.open("wb") as out:
        transmission.write(out, MANIFEST, HEADER)
    return path


def test_what_is_written_is_valid(tmp_path: Path) -> None:
    path = written(tmp_path, *(a_return(number) for number in range(1, 51)))
    assert validate(path) == []
    assert check_file(path).is_accepted


@pytest.mark.parametrize(
    ("wrong", "element", "expected"),
    [
        ("<VoidInd>0</VoidInd>", "CorrectedInd", "in its order"),
        ("<PersonLastNm>Doe</PersonLastNm>", "RecipientDetail", None),
        ("<MortgageOriginationDt>2020-02-29</MortgageOriginationDt>", None, "in its order"),
    ],
)
def test_a_return_without_an_element_is_refused(
    tmp_path: Path, wrong: str, element: str | None, expected: str | None
) -> None:
    path = written(tmp_path, a_return())
    content = path.read_text()
    assert wrong in content
    path.write_text(content.replace(wrong, ""))
    if expected is None:  # a choice that a sequence cannot state; the business rules of the checker do
        assert validate(path) == []
        assert not check_file(path).is_accepted
        return
    (fault,) = validate(path)
    assert expected in fault.expected
    assert element in (None, fault.element)


def test_a_value_is_refused_without_being_quoted(tmp_path: Path) -> None:
    path = written(tmp_path, a_return())
    path.write_text(path.read_text().replace("900000001", "90000000I"))
    faults = validate(path)
    assert {fault.element for fault in faults} == {"TIN"}
    assert "90000000I" not in " ".join(str(fault) for fault in faults)
    assert all(fault.place.startswith("line ") for fault in faults)


def test_an_order_of_elements_other_than_the_schema_s_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, a_return())
    one, two = "<VoidInd>0</VoidInd>", "<CorrectedInd>0</CorrectedInd>"
    path.write_text(path.read_text().replace(one + two, two + one))
    assert "in its order" in validate(path)[0].expected


def test_no_document_reaches_outside_of_itself(tmp_path: Path) -> None:
    path = written(tmp_path, a_return())
    (tmp_path / "secret").write_text("Top Secret")
    entity = f'<!DOCTYPE IRTransmission [<!ENTITY leak SYSTEM "{tmp_path / "secret"}">]>\n<IRTransmission'
    path.write_text(path.read_text().replace("<IRTransmission", entity, 1).replace("Jane", "&leak;"))
    assert not check_file(path).is_accepted
    assert "Top Secret" not in " ".join(str(fault) for fault in validate(path))


def test_a_filer_may_name_the_official_schema(tmp_path: Path) -> None:
    official = tmp_path / "official.xsd"
    official.write_text(schema_text().replace('name="VoidInd"', 'name="VoidedInd"'))
    path = written(tmp_path, a_return())
    assert [fault.element for fault in validate(path, official)] == ["VoidInd"]
    official.write_text("<nonsense/>")
    iris_schema._official.cache_clear()
    with pytest.raises(SchemaError, match="no schema that can be used"):
        validate(path, official)
