"""Files made here, each valid, and the ways of making more of them."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from random import Random

from payments_pipeline.formats import bai2, nacha
from payments_pipeline.formats.statements import Balance, Line, Statement

DAY = date(2026, 3, 3)

BAI2 = b"""01,122099999,123456789,260304,0200,1,,,2/
02,123456789,122099999,1,260303,2400,USD,2/
03,000123,USD,010,100000,,,015,151500,,/
88,045,151500,,/
16,142,50000,Z,BREF1,CREF1,ACME CORP, PPD/
16,195,2500,V,260304,,BREF2,CREF2,WIRE/
88,FROM A PAYER/
16,475,1000,0,,1001,CHECK/
49,456500,7/
98,456500,1,9/
99,456500,1,11/
"""

MT940 = b"""{1:F01BANKUS33AXXX0000000000}{2:I940BANKUS33XXXXN}{4:
:20:STMT1
:25:000123
:28C:1/1
:60F:C260302USD1000,00
:61:2603030303C500,00NTRFCREF1//BREF1
more of it
:86:166?00CREDIT?20INVOICE 1?21 AND 2?32ACME
:61:2603030303D15,5NCHGNONREF
:86:FEE FOR MARCH
:62M:C260303USD1484,50
-}
:20:STMT1
:25:000123
:28C:1/2
:60M:C260303USD1484,50
:61:2603030303RC84,50NTRFCREF2//BREF3
:62F:C260303USD1400,
:64:C260303USD1400,00
-
"""

CAMT053 = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-03T20:00:00Z</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>000123</Id></Othr></Id><Ccy>USD</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-03</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">1400.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-03</Dt></Dt></Bal>
<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>600.00</Sum></TtlNtries>
<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>500.00</Sum></TtlCdtNtries>
<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>100.00</Sum></TtlDbtNtries></TxsSummry>
<Ntry><Amt Ccy="USD">500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-03</Dt></BookgDt>
<ValDt><Dt>2026-03-04</Dt></ValDt><AcctSvcrRef>BREF1</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>CREF1</EndToEndId></Refs><RmtInf><Ustrd>INVOICE 1</Ustrd><Ustrd>AND 2</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-03-03T12:00:00-05:00</DtTm></BookgDt>
<BkTxCd><Prtry><Cd>XX</Cd></Prtry></BkTxCd></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""

CSV_MAPPING = """
date_format = "%m/%d/%Y"
account = "000123"
[columns]
booked_on = "Date"
amount = "Amount"
text = ["Description", "Memo"]
customer_reference = "Ref"
balance = "Balance"
"""
CSV = b"""Date,Description,Memo,Ref,Amount,Balance
03/03/2026,ACH CREDIT,ACME,CREF1,"1,000.50","2,000.50"
03/03/2026,SERVICE FEE,,,-15.50,"1,985.00"
03/04/2026,"WIRE, OUT",a note,CREF2,(985.00),"1,000.00"
"""

_ENTRY = {
    "rdfi": "12104288",
    "account": "744-5678-99",
    "individual_id": "LN0000000001",
    "name": "A PAYER",
    "discretionary": "",
}


def nacha_file(amounts: Sequence[int] = (12_354, 4_565), code: str = "R01") -> bytes:
    """A file of returns, one of a debit and one of a credit by turns."""
    out = io.BytesIO()
    entries = []
    for number, amount in enumerate(amounts, start=1):
        trace = f"09100001{number:07}"
        addenda = {
            "addenda_type": "99", "code": code, "original_trace": f"12104288{number:07}", "original_rdfi": "09100001",
            "information": "", "trace": trace, "date_of_death": "",
        }  # fmt: skip
        transaction = "26" if number % 2 else "21"
        entries.append((_ENTRY | {"transaction_code": transaction, "amount": str(amount), "trace": trace}, [addenda]))
    header = {
        "destination": " 121042882", "origin": " 091000019", "created_on": "260303", "created_at": "0830", "modifier": "A",
        "destination_name": "OUR BANK", "origin_name": "THEIR BANK", "reference": "",
    }  # fmt: skip
    batch = {
        "service_class": "200", "company_name": "SERVICER", "discretionary": "", "company_id": "1234567890",
        "entry_class": "PPD", "description": "MORTGAGE", "descriptive_date": "", "effective_on": "260303", "settlement": "",
        "status": "1", "odfi": "09100001", "batch": "1",
    }  # fmt: skip
    nacha.write(out, header, [(batch, entries)])
    return out.getvalue()


def bai2_file(statements: Iterable[tuple[Statement, Iterable[Line]]], file_id: str = "1") -> bytes:
    """The statements as BAI2."""
    out = io.BytesIO()
    bai2.write(out, bai2.Header("122099999", "123456789", DAY, "0200", file_id), statements)
    return out.getvalue()


def line(
    number: int, cents: int, *, reference: str = "", text: str = "", day: date = DAY, account: str = "000123"
) -> Line:
    """An ACH credit or debit."""
    code, family = ("142", "credit") if cents >= 0 else ("451", "debit")
    return Line(1, number, account, "USD", day, day, cents, family, code, f"B{number}", reference, text, 0, 0)  # type: ignore[arg-type]


def statement(lines: Sequence[Line], *, opening: int = 0, **changed: object) -> tuple[Statement, Sequence[Line]]:
    """A statement of these lines whose balances prove them."""
    total = sum(one.amount_cents for one in lines)
    day = changed.get("as_of", DAY)
    assert isinstance(day, date)
    values: dict[str, object] = {
        "number": 1, "account": "000123", "currency": "USD", "bank": "122099999", "reference": "260303/0200/1",
        "from_on": day, "as_of": day,
        "balances": (Balance("opening", "010", day, opening), Balance("closing", "015", day, opening + total)),
        "line_count": len(lines), "lines_cents": total,
    }  # fmt: skip
    return Statement(**(values | changed)), lines  # type: ignore[arg-type]


VALID = {
    "bai2": (BAI2,),
    "mt940": (MT940,),
    "camt053": (CAMT053,),
    "csv": (CSV,),
    "nacha": (nacha_file(),),
}


def mutated(content: bytes, random: Random) -> bytes:
    """The file with some of it changed, as transport, editors and malice would."""
    data = bytearray(content)
    for _ in range(random.randint(1, 4)):
        if not data:
            break
        at = random.randrange(len(data))
        match random.randrange(9):
            case 0:
                data[at] = random.randrange(256)
            case 1:
                data[at] = random.choice(b'0123456789,/:.-+<>&;"\n\r CDR')
            case 2:
                del data[at : at + random.randint(1, 40)]
            case 3:
                data[at:at] = random.randbytes(random.randint(1, 8))
            case 4:
                data[at:at] = data[at : at + random.randint(1, 200)]
            case 5:
                del data[at:]
            case 6:
                lines = bytes(data).splitlines(keepends=True)
                random.shuffle(lines) if random.random() < 0.3 else lines.insert(
                    random.randrange(len(lines) + 1), random.choice(lines)
                )
                data = bytearray(b"".join(lines))
            case 7:
                lines = bytes(data).splitlines(keepends=True)
                del lines[random.randrange(len(lines))]
                data = bytearray(b"".join(lines))
            case 8:
                data[at:at] = random.choice(
                    (b"9" * 30, b"," * 50, b"{1:" * 20, b"\xff\xfe", b"88,\n" * 30, b"<a>" * 80, b"/" * 20, b'"')
                )
    return bytes(data)


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)
