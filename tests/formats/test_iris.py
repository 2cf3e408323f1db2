"""IRIS transmissions: what is written is accepted, and every way in which one can be wrong is named."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from payments_pipeline.formats import iris
from payments_pipeline.formats.iris import Checked, Transmission, check_file, detail

RECIPIENT, US = "RecipientDetail/", "RecipientDetail/MailingAddressGrp/USAddress/"
ABROAD = "RecipientDetail/MailingAddressGrp/ForeignAddress/"
ISSUER, TRANSMITTER = "IssuerDetail/", "TransmitterGrp/"

MANIFEST = {
    "UniqueTransmissionId": "01234567-89ab-cdef-0123-456789abcdef:IRIS:DTEST::A",
    "TaxYr": "2026",
    "PriorYearDataInd": "0",
    "TransmissionTypeCd": "O",
    "TestCd": "T",
    TRANSMITTER + "TIN": "071234567",
    TRANSMITTER + "TINSubmittedTypeCd": "BUSINESS_TIN",
    TRANSMITTER + "TransmitterControlCd": "DTEST",
    TRANSMITTER + "ForeignEntityInd": "0",
    TRANSMITTER + "CompanyGrp/BusinessName/BusinessNameLine1Txt": "Smith & Daughters Servicing",
    TRANSMITTER + "CompanyGrp/MailingAddressGrp/USAddress/AddressLine1Txt": "1 Main Street",
    TRANSMITTER + "CompanyGrp/MailingAddressGrp/USAddress/CityNm": "Salem",
    TRANSMITTER + "CompanyGrp/MailingAddressGrp/USAddress/StateAbbreviationCd": "OR",
    TRANSMITTER + "CompanyGrp/MailingAddressGrp/USAddress/ZIPCd": "97301",
    TRANSMITTER + "ContactNameGrp/PersonNm": "Pat Doe",
    TRANSMITTER + "ContactEmailAddressTxt": "tax@example.com",
    TRANSMITTER + "ContactPhoneNum": "5035550100",
    "VendorCd": "I",
    "SoftwareId": "26A0000000",
    "PaperSubmissionInd": "0",
    "MediaSourceCd": "M",
    "SubmissionChannelCd": "A2A",
}
HEADER = {
    "SubmissionId": "1",
    "TaxYr": "2026",
    ISSUER + "ForeignEntityInd": "0",
    ISSUER + "TIN": "071234567",
    ISSUER + "TINSubmittedTypeCd": "BUSINESS_TIN",
    ISSUER + "BusinessNameControlTxt": "SMIT",
    ISSUER + "BusinessName/BusinessNameLine1Txt": "Smith & Daughters Servicing",
    ISSUER + "MailingAddressGrp/USAddress/AddressLine1Txt": "1 Main Street",
    ISSUER + "MailingAddressGrp/USAddress/CityNm": "Salem",
    ISSUER + "MailingAddressGrp/USAddress/StateAbbreviationCd": "OR",
    ISSUER + "MailingAddressGrp/USAddress/ZIPCd": "97301",
    ISSUER + "PhoneNum": "5035550100",
    "ContactPersonInformationGrp/ContactPersonNm": "Pat Doe",
    "ContactPersonInformationGrp/ContactPhoneNum": "5035550100",
    "FormTypeCd": "1098",
    "ParentFormTypeCd": "1096",
    "CFSFElectionInd": "0",
}


def a_return(number: int = 1, **changed: str) -> dict[str, str]:
    values = {
        "TaxYr": "2026",
        "RecordId": str(number),
        "VoidInd": "0",
        "CorrectedInd": "0",
        RECIPIENT + "TIN": f"9{number:08}",
        RECIPIENT + "TINSubmittedTypeCd": "INDIVIDUAL_TIN",
        RECIPIENT + "PersonNameControlTxt": "DOE",
        RECIPIENT + "PersonName/PersonFirstNm": "Jane",
        RECIPIENT + "PersonName/PersonLastNm": "Doe",
        US + "AddressLine1Txt": "12 Elm Street",
        US + "CityNm": "Salem",
        US + "StateAbbreviationCd": "OR",
        US + "ZIPCd": "97301",
        "RecipientAccountNum": f"LN{number:010}",
        "MortgageInterestReceivedAmt": "12345.67",
        "OutstandingMortgPrincipalAmt": "200000.00",
        "MortgageOriginationDt": "2020-02-29",
        "PropAddrSameBorrowerAddrInd": "1",
    }
    return {name: value for name, value in {**values, **changed}.items() if value}


def written(*returns: dict[str, str], **manifest: str) -> bytes:
    transmission = Transmission()
    for each in returns:
        boxes = {box: int(each.get(name, "0.00").replace(".", "")) for box, name in iris.AMOUNT_OF_BOX.items()}
        transmission.add(detail(each), boxes)
    out = io.BytesIO()
    transmission.write(out, {**MANIFEST, **manifest}, HEADER)
    return out.getvalue()


@pytest.fixture
def check(tmp_path: Path) -> Callable[[bytes], Checked]:
    def checked(content: bytes) -> Checked:
        file = tmp_path / "file.xml"
        file.write_bytes(content)
        return check_file(file)

    return checked


def test_a_written_transmission_is_accepted_and_adds_up(check: Callable[[bytes], Checked]) -> None:
    abroad = {
        US + "AddressLine1Txt": "", US + "CityNm": "", US + "StateAbbreviationCd": "", US + "ZIPCd": "",
        ABROAD + "AddressLine1Txt": "Elbstrasse 45", ABROAD + "CityNm": "Hamburg", ABROAD + "CountryCd": "GM",
        "PropAddrSameBorrowerAddrInd": "0", "PropertyAddressGrp/PropertyDesc": "Lot 7 & 8",
        "PropertiesSecuringMortgageCnt": "2", "MortgageAcquisitionDt": "2026-03-01",
    }  # fmt: skip
    nobody = {RECIPIENT + "TIN": "", RECIPIENT + "TINSubmittedTypeCd": "UNKNOWN"}
    found = check(written(a_return(1), a_return(2, **abroad), a_return(3, **nobody, OverpaidInterestRefundAmt="0.01")))
    assert found.faults == []
    assert found.returns == 3
    assert found.totals == {1: 3 * 1_234_567, 2: 3 * 20_000_000, 4: 1, 5: 0, 6: 0}


def test_elements_stand_in_the_order_and_the_groups_of_the_schema() -> None:
    content = written(
        a_return(1, **{"PropertyAddressGrp/PropertyDesc": "Lot 7", "PropAddrSameBorrowerAddrInd": "0"})
    ).decode()
    assert content.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<IRTransmission xmlns="urn:us:gov:treasury:irs:ir">'
    )
    assert (
        "<Form1098Detail><TaxYr>2026</TaxYr><RecordId>1</RecordId><VoidInd>0</VoidInd><CorrectedInd>0</CorrectedInd>"
        "<RecipientDetail><TIN>900000001</TIN><TINSubmittedTypeCd>INDIVIDUAL_TIN</TINSubmittedTypeCd>"
        "<PersonNameControlTxt>DOE</PersonNameControlTxt>"
        "<PersonName><PersonFirstNm>Jane</PersonFirstNm><PersonLastNm>Doe</PersonLastNm></PersonName>"
        "<MailingAddressGrp><USAddress><AddressLine1Txt>12 Elm Street</AddressLine1Txt><CityNm>Salem</CityNm>"
        "<StateAbbreviationCd>OR</StateAbbreviationCd><ZIPCd>97301</ZIPCd></USAddress></MailingAddressGrp></RecipientDetail>"
        "<RecipientAccountNum>LN0000000001</RecipientAccountNum>"
        "<MortgageInterestReceivedAmt>12345.67</MortgageInterestReceivedAmt>"
        "<OutstandingMortgPrincipalAmt>200000.00</OutstandingMortgPrincipalAmt>"
        "<MortgageOriginationDt>2020-02-29</MortgageOriginationDt><PropAddrSameBorrowerAddrInd>0</PropAddrSameBorrowerAddrInd>"
        "<PropertyAddressGrp><PropertyDesc>Lot 7</PropertyDesc></PropertyAddressGrp></Form1098Detail>"
    ) in content
    assert "Smith &amp; Daughters" in content


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({RECIPIENT + "TIN": "111111111"}, r"return 1, TIN: expected Borrower's number.*found 999999999"),
        ({RECIPIENT + "TIN": ""}, r"TIN: expected a number, or the type UNKNOWN and none, found nothing"),
        ({RECIPIENT + "PersonName/PersonFirstNm": ""}, r"PersonFirstNm: expected a first name, apart, found nothing"),
        ({RECIPIENT + "BusinessName/BusinessNameLine1Txt": "Doe Inc"}, r"PersonLastNm: expected either"),
        ({RECIPIENT + "PersonName/PersonLastNm": "D" * 36}, r"PersonLastNm: expected Last name, at most 35"),
        ({US + "ZIPCd": "10001"}, r"ZIPCd: expected a postal code of the state, found 99999"),
        ({US + "StateAbbreviationCd": "ZZ"}, r"StateAbbreviationCd: expected State"),
        ({ABROAD + "CityNm": "Hamburg"}, r"CityNm: expected an address here or abroad"),
        ({"MortgageInterestReceivedAmt": "12345.6"}, r"MortgageInterestReceivedAmt: expected Box 1"),
        ({"MortgageInterestReceivedAmt": "0.00"}, r"expected an amount in at least one of boxes 1, 4, 5 and 6"),
        ({"MortgageOriginationDt": ""}, r"MortgageOriginationDt: expected Box 3, found nothing"),
        ({"MortgageOriginationDt": "02/29/2020"}, r"MortgageOriginationDt: expected Box 3"),
        ({"PropAddrSameBorrowerAddrInd": "0"}, r"PropertyDesc: expected the property where box 7 is 0"),
        ({"PropertiesSecuringMortgageCnt": "1"}, r"PropertiesSecuringMortgageCnt: expected Box 9"),
        ({"MortgageAcquisitionDt": "2025-03-01"}, r"MortgageAcquisitionDt: expected a date in 2026"),
        ({"OtherTxt": "Taxes -- paid"}, r"OtherTxt: expected Box 10.*without -- and #"),
        ({"OtherTxt": "Parcel #7"}, r"OtherTxt: expected Box 10"),
        ({"CorrectedInd": "1"}, r"UniqueRecordId: expected receipt\|submission\|record for a correction"),
        (
            {"CorrectedInd": "1", "PrevSubmittedRecRecipientGrp/UniqueRecordId": "2026-1|1|7"},
            r"CorrectedInd: expected that of type O",
        ),
        ({"TaxYr": "2025"}, r"TaxYr: expected 2026, as in the manifest, found '2025'"),
        ({"RecipientAccountNum": "LN0000000002"}, r"return 2, RecipientAccountNum: expected a number of its own"),
        ({"RecordId": "2"}, r"return 2, RecordId: expected a record id of its own"),
    ],
)
def test_a_fault_is_named_by_return_and_element(
    check: Callable[[bytes], Checked], changed: dict[str, str], said: str
) -> None:
    shown = [str(fault) for fault in check(written(a_return(1, **changed), a_return(2))).faults]
    assert any(re.search(said, fault) for fault in shown), shown
    assert not any("111111111" in fault for fault in shown)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<TotalRecipientFormCnt>1", "<TotalRecipientFormCnt>2", "manifest, TotalRecipientFormCnt: expected 1, found 2"),
        ("<TotalIssuerFormCnt>1", "<TotalIssuerFormCnt>3", "manifest, TotalIssuerFormCnt: expected 1, found 3"),
        ("<TotalReportedRcpntFormCnt>1", "<TotalReportedRcpntFormCnt>9", "header, TotalReportedRcpntFormCnt: expected 1"),
        ("Grp><MortgageInterestReceivedAmt>12345.67", "Grp><MortgageInterestReceivedAmt>12345.66",
         "total of MortgageInterestReceivedAmt: expected the sum 12345.67, found 12345.66"),
        ("IRIS:DTEST", "IRIS:OTHER", "UniqueTransmissionId: expected the transmitter's control code in it"),
        ("<TransmissionTypeCd>O", "<TransmissionTypeCd>X", "TransmissionTypeCd: expected O originals"),
        ("<RecordId>1</RecordId>", "", "RecordId: expected Number of the record in its submission, found nothing"),
        ("<VoidInd>0</VoidInd>", "<VoidInd>0</VoidInd><Nonsense>1</Nonsense>", "Nonsense: expected an element of the schema"),
        ("<VoidInd>0</VoidInd><CorrectedInd>0</CorrectedInd>", "<CorrectedInd>0</CorrectedInd><VoidInd>0</VoidInd>",
         "VoidInd: expected before CorrectedInd, and once"),
        ("treasury:irs:ir", "treasury:irs:xx", "expected IRTransmission in urn:us:gov:treasury:irs:ir"),
        ("</IRSubmission1Grp>", "", "XML: expected a well-formed document"),
    ],
)  # fmt: skip
def test_a_file_whose_frame_is_wrong_is_refused(
    check: Callable[[bytes], Checked], old: str, new: str, said: str
) -> None:
    content = written(a_return(1)).decode()
    assert old in content
    shown = [str(fault) for fault in check(content.replace(old, new, 1).encode()).faults]
    assert any(said in fault for fault in shown), shown


def test_a_correction_refers_to_what_it_corrects_and_goes_with_corrections_only(
    check: Callable[[bytes], Checked],
) -> None:
    correction = a_return(
        1,
        CorrectedInd="1",
        MortgageInterestReceivedAmt="0.00",
        **{"PrevSubmittedRecRecipientGrp/UniqueRecordId": "2026-77|1|5"},
    )
    assert check(written(correction, TransmissionTypeCd="C")).faults == []
    shown = [str(fault) for fault in check(written(a_return(1), TransmissionTypeCd="C")).faults]
    assert any("CorrectedInd: expected that of type C" in fault for fault in shown)


def test_a_document_that_declares_entities_is_not_read(check: Callable[[bytes], Checked]) -> None:
    content = written(a_return(1)).replace(b"<IRTransmission ", b'<!DOCTYPE x [<!ENTITY e "x">]><IRTransmission ', 1)
    assert not check(content).is_accepted


def test_a_transmission_takes_returns_up_to_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iris, "LARGEST_FILE", 23_000)
    transmission, one = Transmission(), detail(a_return(1))
    count = 0
    while transmission.takes(one):
        transmission.add(one, {1: 1})
        count += 1
    assert 1 < count == 3_000 // len(one)


def test_text_is_brought_into_the_characters_of_the_schema() -> None:
    assert iris.plain("Große  Elbstraße #45 -- Haus Ñ") == "Grosse Elbstrasse 45 - Haus N"


def test_a_row_for_the_portal_has_a_cell_for_each_head() -> None:
    row = dict(zip(iris.portal_head(), iris.portal_row(a_return(1)), strict=False))
    assert len(iris.portal_row({})) == len(iris.portal_head())
    assert (row["RecipientAccountNum"], row["MortgageInterestReceivedAmt"]) == ("LN0000000001", "12345.67")
