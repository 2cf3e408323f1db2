"""camt.053, the bank-to-customer statement of ISO 20022, versions 2 to 13: a streaming reader.

Elements are taken by their local names, so that the version of the namespace has no say; only booked entries are lines.
Opening balance plus booked entries must be the closing balance, and the sums and counts of the summary those of the
entries. An entry is one line, also where its details name many transactions: the account moved once.

A document type is refused, and with it every entity. An element that is too long or too deep is refused before it fills
the memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, cast

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from payments_pipeline.formats.source import Readable
from payments_pipeline.formats.statements import (
    MAX_FILE_BYTES,
    MAX_LINE_BYTES,
    Balance,
    BalanceKind,
    Family,
    Fault,
    Item,
    Judge,
    Line,
    Statement,
    cents,
    shown,
)

LENIENT: Final = {
    "balance": "a closing balance that is not opening plus booked entries",
    "total": "a sum of the summary that is not that of the entries",
    "count": "a number of the summary that is not that of the entries",
    "currency": "balances in a currency other than the account's, which are then left out",
    "missing": "statements without opening or closing balance, entries without a booking date",
    "version": "a version other than 2 to 13",
}

_CHUNK_BYTES: Final = 64 << 10
_SILENT_CHUNKS: Final = 4
"""So many chunks without any markup or text are one token that is too long."""
_DEEPEST: Final = 64
_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(?P<kind>camt\.05\d)\.001\.(?P<version>\d{2})")
_VERSIONS: Final = range(2, 14)
_AMOUNT: Final = re.compile(r"\+?(?P<whole>\d{1,18})(?:\.(?P<fraction>\d{0,18}))?", re.ASCII)
_OTHER_MESSAGES: Final = {
    "BkToCstmrAcctRpt": "camt.052, the report of a day that is not over",
    "BkToCstmrDbtCdtNtfctn": "camt.054, the notification of single entries",
}
_BALANCES: Final[dict[str, BalanceKind]] = {
    "OPBD": "opening", "PRCD": "opening", "CLBD": "closing", "OPAV": "opening_available", "CLAV": "closing_available",
}  # fmt: skip
_RETURNS: Final = frozenset({"RRTN", "RPCR", "UPDD", "UPCT", "UPCQ", "PRDD", "RCHK", "CQRV"})
_FEES: Final = frozenset({"CHRG", "FEES", "COMM", "COME", "COMT", "CCCH"})
_INTEREST: Final = frozenset({"INTR"})
_MANY: Final = frozenset({"Ustrd", "AddtlNtryInf", "AddtlTxInf"})
"""Elements of which each is kept; of all others, the first."""

Texts = dict[str, str]


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so is XML of this kind."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith((b"<?xml", b"<Document")) or b"BkToCstmr" in text or b"camt.05" in text


def read(stream: Readable, *, is_lenient: bool = False) -> Iterator[Item]:
    """The lines, statements and faults of a file."""
    return _Reader(Judge(LENIENT if is_lenient else ())).items(stream)


@dataclass(slots=True)
class _Sums:
    count: int = 0
    cents: int = 0


@dataclass(slots=True)
class _Open:
    """A statement, as far as it was read."""

    record: int
    file_line: int
    texts: Texts = field(default_factory=dict)
    balances: list[tuple[Balance, str]] = field(default_factory=list)
    """Each with its currency."""
    currency: str = ""
    lines: int = 0
    lines_cents: int = 0
    first_booked: date | None = None
    last_booked: date | None = None
    entries: dict[str, _Sums] = field(default_factory=lambda: {"": _Sums(), "CRDT": _Sums(), "DBIT": _Sums()})
    is_sound: bool = True


class _Reader:
    """Follows the parser. What it calls hands over items by way of `_out`, which is emptied after every chunk."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._out: list[Item] = []
        self._parser: Any = DefusedXMLParser(target=self, forbid_dtd=True)
        # past the parser's own layer, which is written in Python and would halve the speed; its refusals stay in place
        expat = self._parser.parser
        expat.StartElementHandler, expat.EndElementHandler, expat.CharacterDataHandler = self.start, self.end, self.data
        self._path: list[str] = []
        self._paths: list[str] = [""]
        self._text: list[str] = []
        self._text_size = 0
        self._inside: Texts | None = None
        """The texts of the entry or balance in hand, by their paths in it."""
        self._base = 0
        self._begun_at = 0
        self._statement: _Open | None = None
        self._statements = 0
        self._records = 0
        self._details = 0
        self._events = 0
        self._last_line = 1

    def items(self, stream: Readable) -> Iterator[Item]:
        size = silent = events = 0
        is_first = True
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                if is_first and not looks_like(chunk) and chunk[:2] not in (b"\xff\xfe", b"\xfe\xff"):
                    yield self._fault("not_the_format", "first bytes", "an XML document", "something else")
                    return
                is_first = False
                size += len(chunk)
                if size > MAX_FILE_BYTES:
                    yield self._fault("file_size", "file", f"at most {MAX_FILE_BYTES} bytes", "more")
                    return
                self._parser.feed(chunk)
                silent, events = (silent + 1, events) if self._events == events else (0, self._events)
                if silent >= _SILENT_CHUNKS:
                    limit = _SILENT_CHUNKS * _CHUNK_BYTES
                    self._out.append(self._fault("line_length", "markup", f"at most {limit} bytes", "more"))
                yield from self._drain()
                if self._judge.is_over:
                    return
            self._parser.close()
        except DefusedXmlException:
            self._out.append(self._fault("markup", "document type", "none", "one"))
        except (ParseError, ValueError, LookupError) as error:
            yield from self._drain()
            if not self._judge.is_over:
                yield self._not_well_formed(error)
            return
        yield from self._drain()
        if not self._judge.is_over and not self._statements:
            yield self._fault("structure", "Stmt", "a statement", "none")

    def _drain(self) -> Iterator[Item]:
        out, self._out = self._out, []
        yield from out

    def _not_well_formed(self, error: Exception) -> Fault:
        line, column = getattr(error, "position", (0, 0))
        code = "unfinished" if "no element found" in str(error) or "unclosed" in str(error) else "markup"
        reason = str(error).partition(":")[0] if isinstance(error, ParseError) else "an encoding that is not known"
        return self._fault(code, "markup", "well-formed XML", f"{reason} in column {column + 1}", file_line=line)

    # What the parser calls ----------------------------------------------------------------------------------------------

    def start(self, tag: str, attributes: list[str]) -> None:
        """An element begins; its attributes come as names and values by turns."""
        self._events += 1
        namespace, _, name = tag.rpartition("}")
        self._path.append(name)
        depth = len(self._path)
        if self._text:
            self._text, self._text_size = [], 0
        if self._judge.is_over:
            return
        if depth > _DEEPEST:
            self._out.append(self._fault("markup", name[:40], f"at most {_DEEPEST} levels", "more"))
            return
        if self._inside is not None:
            path = f"{self._paths[-1]}/{name}" if depth > self._base + 1 else name
            self._paths.append(path)
            if name == "TxDtls":
                self._details += 1
            if "Ccy" in attributes[::2]:
                self._inside.setdefault(f"{path}@", attributes[attributes[::2].index("Ccy") * 2 + 1])
            return
        if depth == 1:
            self._root(name, namespace)
        elif depth == 2:
            self._message(name)
        elif name == "Stmt" and depth == 3:
            self._records += 1
            self._statement = _Open(self._records, self._line())
        elif self._statement is not None and depth == 4 and name in ("Ntry", "Bal", "Acct", "TxsSummry", "StmtPgntn"):
            self._inside, self._base, self._begun_at = {}, depth, self._line()
            self._paths, self._details = [""], 0
            self._records += name in ("Ntry", "Bal")

    def data(self, text: str) -> None:
        """Text, whole or a part of it."""
        self._events += 1
        if self._judge.is_over or self._statement is None:
            return
        self._text_size += len(text)
        if self._text_size > MAX_LINE_BYTES:
            self._out.append(self._fault("line_length", self._path[-1][:40], f"at most {MAX_LINE_BYTES} bytes", "more"))
            return
        self._text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._events += 1
        name = self._path.pop()
        depth = len(self._path) + 1
        text = "".join(self._text).strip() if self._text else ""
        self._text, self._text_size = [], 0
        statement = self._statement
        if statement is None or self._judge.is_over:
            return
        if self._inside is not None:
            if depth > self._base:
                path = self._paths.pop()
                if text:
                    self._keep(path, name, text)
                return
            inside, self._inside = self._inside, None
            if name == "Ntry":
                self._entry(inside, statement)
            elif name == "Bal":
                self._balance(inside, statement)
            else:
                statement.texts.update({f"{name}/{path}": value for path, value in inside.items()})
                if name == "Acct":
                    statement.currency = inside.get("Ccy", statement.currency)
        elif depth == 4 and text:
            statement.texts.setdefault(name, text)
        elif depth == 5 and text:  # the period of the statement
            statement.texts.setdefault(f"{self._path[-1]}/{name}", text)
        elif name == "Stmt" and depth == 3:
            self._close(statement)
            self._statement = None

    def close(self) -> None:
        """The document ends."""

    def _keep(self, path: str, name: str, text: str) -> None:
        inside = self._inside
        assert inside is not None
        before = inside.get(path)
        if before is None:
            inside[path] = text
        elif name in _MANY and len(before) + len(text) < MAX_LINE_BYTES:
            inside[path] = f"{before}\n{text}"

    # The document -------------------------------------------------------------------------------------------------------

    def _root(self, name: str, namespace: str) -> None:
        if name != "Document":
            self._out.append(self._fault("not_the_format", "root", "Document", shown(name)))
            return
        known = _NAMESPACE.fullmatch(namespace)
        if known is None or int(known["version"]) not in _VERSIONS:
            what = f"camt.053, versions {_VERSIONS.start} to {_VERSIONS.stop - 1}"
            self._out.append(self._fault("version", "namespace", what, shown(namespace, 60)))

    def _message(self, name: str) -> None:
        if name != "BkToCstmrStmt":
            self._out.append(
                self._fault("not_the_format", "message", "BkToCstmrStmt", _OTHER_MESSAGES.get(name, shown(name)))
            )

    def _balance(self, texts: Texts, statement: _Open) -> None:
        code = texts.get("Tp/CdOrPrtry/Cd") or texts.get("Tp/CdOrPrtry/Prtry", "")
        currency = texts.get("Amt@", "")
        amount = self._amount(f"balance {code}", texts, currency)
        day = self._date(f"date of balance {code}", texts, "Dt", is_needed=True)
        if amount is None or day is None:
            statement.is_sound = False
            return
        kind = _BALANCES.get(code, "other")
        if code == "ITBD":  # pages begin and end with interim balances
            kind = "closing" if any(balance.kind == "opening" for balance, _ in statement.balances) else "opening"
        statement.balances.append((Balance(kind, code, day, amount), currency))
        if not statement.currency and kind == "opening":
            statement.currency = currency
        if statement.currency and currency != statement.currency:
            self._out.append(self._fault("currency", f"balance {code}", statement.currency, shown(currency)))

    def _entry(self, texts: Texts, statement: _Open) -> None:
        currency = texts.get("Amt@", "")
        amount = self._amount("entry", texts, currency)
        if amount is None:
            statement.is_sound = False
            return
        for key in ("", texts["CdtDbtInd"]):
            statement.entries[key].count += 1
            statement.entries[key].cents += abs(amount)
        if not statement.currency:
            statement.currency = currency
        if currency != statement.currency:
            # forgiving it would add one currency to another
            statement.is_sound = False
            self._out.append(self._fault("value", "currency of the entry", statement.currency, shown(currency)))
            return
        status = texts.get("Sts") or texts.get("Sts/Cd") or texts.get("Sts/Prtry", "")
        if status != "BOOK":
            if status in ("PDNG", "INFO", "FUTR"):
                self._out.append(self._fault("not_booked", "status", "BOOK", status, is_forgiven=True))
            else:
                self._out.append(self._fault("value", "status", "BOOK, PDNG, INFO or FUTR", shown(status)))
            return
        day = self._date("booking date", texts, "BookgDt", is_needed=False)
        value_on = self._date("value date", texts, "ValDt", is_needed=False)
        if day is None:
            self._out.append(self._fault("missing", "booking date", "one", "nothing"))
            day = value_on or self._closing_day(statement)
        if day is None:
            return
        statement.lines += 1
        statement.lines_cents += amount
        statement.first_booked = min(day, statement.first_booked or day)
        statement.last_booked = max(day, statement.last_booked or day)
        code = _code(texts)
        customer, bank = self._references(texts)
        self._out.append(
            Line(
                self._statements + 1, statement.lines, _account(statement), currency, day, value_on or day, amount,
                _family(texts, code, amount), code, bank, customer, _text(texts), self._records, self._begun_at,
            )
        )  # fmt: skip

    def _references(self, texts: Texts) -> tuple[str, str]:
        details = "NtryDtls/TxDtls/"
        bank = texts.get("AcctSvcrRef") or texts.get(f"{details}Refs/AcctSvcrRef") or texts.get("NtryRef", "")
        if self._details > 1:  # one booking of many: none of their references is that of the line
            return texts.get("NtryDtls/Btch/PmtInfId") or texts.get("NtryDtls/Btch/MsgId", ""), bank
        for path in ("Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "Refs/TxId", "Refs/InstrId", "Refs/ChqNb"):
            reference = texts.get(details + path, "")
            if reference and reference != "NOTPROVIDED":
                return reference, bank
        return "", bank

    def _close(self, statement: _Open) -> None:
        self._begun_at = self._line()
        account, currency = _account(statement), statement.currency
        if not account:
            self._out.append(self._fault("value", "account", "an IBAN or another id", "nothing"))
        balances = tuple(balance for balance, in_currency in statement.balances if in_currency == currency)
        kinds = {balance.kind for balance in balances}
        for kind in ("opening", "closing"):
            if kind not in kinds:
                self._out.append(self._fault("missing", f"{kind} balance", "one", "none"))
        self._summaries(statement)
        self._statements += 1
        days = [balance.as_of for balance in balances]
        closing = [balance.as_of for balance in balances if balance.kind == "closing"]
        booked = [day for day in (statement.first_booked, statement.last_booked) if day]
        known = [*days, *booked] or [
            day for key in ("FrToDt/ToDtTm", "CreDtTm") if (day := _day(statement.texts.get(key, "")))
        ]
        if not known:
            self._out.append(self._fault("value", "date of the statement", "that of a balance or an entry", "none"))
            return
        as_of = closing[-1] if closing else max(known)
        first = min([*booked, as_of])
        found = Statement(
            self._statements, account, currency, statement.texts.get("Acct/Svcr/FinInstnId/BICFI")
            or statement.texts.get("Acct/Svcr/FinInstnId/BIC", ""), statement.texts.get("Id", ""), first, as_of, balances,
            statement.lines, statement.lines_cents, record=statement.record, file_line=statement.file_line,
        )  # fmt: skip
        if statement.is_sound and found.is_proven is False:
            wanted = (found.balance("opening") or 0) + found.lines_cents
            is_ = str(found.balance("closing"))
            self._out.append(self._fault("balance", "closing balance", f"{wanted}, opening and booked entries", is_))
        self._out.append(found)

    def _summaries(self, statement: _Open) -> None:
        for element, key in (("TtlNtries", ""), ("TtlCdtNtries", "CRDT"), ("TtlDbtNtries", "DBIT")):
            path, sums = f"TxsSummry/{element}", statement.entries[key]
            said = statement.texts.get(f"{path}/NbOfNtries")
            if said is not None and said.lstrip("0") != (str(sums.count) if sums.count else ""):
                self._out.append(self._fault("count", f"{element}/NbOfNtries", str(sums.count), shown(said)))
            said = statement.texts.get(f"{path}/Sum")
            if said is not None and _cents(said, statement.currency) != sums.cents:
                self._out.append(
                    self._fault("total", f"{element}/Sum", f"{sums.cents} of the smallest unit", shown(said))
                )
        credit, debit = statement.entries["CRDT"].cents, statement.entries["DBIT"].cents
        for path in ("TxsSummry/TtlNtries/TtlNetNtryAmt", "TxsSummry/TtlNtries/TtlNetNtry/Amt"):
            said = statement.texts.get(path)
            if said is not None and _cents(said, statement.currency) != abs(credit - debit):
                self._out.append(self._fault("total", "net of the entries", str(abs(credit - debit)), shown(said)))

    # Values -------------------------------------------------------------------------------------------------------------

    def _amount(self, what: str, texts: Texts, currency: str) -> int | None:
        said, mark = texts.get("Amt", ""), texts.get("CdtDbtInd", "")
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
            self._out.append(self._fault("value", f"currency of {what}", "three capitals", shown(currency)))
            return None
        amount = _cents(said, currency)
        if amount is None:
            self._out.append(self._fault("value", f"amount of {what}", f"an amount of {currency}", shown(said)))
            return None
        if mark not in ("CRDT", "DBIT"):
            self._out.append(self._fault("value", f"mark of {what}", "CRDT or DBIT", shown(mark)))
            return None
        return amount if mark == "CRDT" else -amount

    def _date(self, what: str, texts: Texts, path: str, *, is_needed: bool) -> date | None:
        said = texts.get(f"{path}/Dt") or texts.get(f"{path}/DtTm", "")
        found = _day(said)
        if found is None and (said or is_needed):
            self._out.append(self._fault("value", what, "a date", shown(said)))
        return found

    def _closing_day(self, statement: _Open) -> date | None:
        return next((balance.as_of for balance, _ in statement.balances if balance.kind == "closing"), None)

    def _line(self) -> int:
        if hasattr(self._parser, "parser"):  # gone once the document has ended
            self._last_line = cast("int", self._parser.parser.CurrentLineNumber)
        return self._last_line

    def _fault(
        self, code: str, name: str, expected: str, found: str, *, file_line: int = 0, is_forgiven: bool = False
    ) -> Fault:
        where = file_line or self._begun_at or self._line()
        return self._judge.fault(
            code, max(self._records, 1), max(where, 1), name, expected, found, is_forgiven=is_forgiven
        )


def _cents(text: str, currency: str) -> int | None:
    read = _AMOUNT.fullmatch(text)
    return cents(read["whole"], read["fraction"] or "", currency) if read else None


def _day(text: str) -> date | None:
    """The day of a date or of an instant, as the bank writes it: its clock decides which day that is."""
    try:
        return date.fromisoformat(text[:10]) if len(text) <= 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _account(statement: _Open) -> str:
    texts = statement.texts
    return texts.get("Acct/Id/IBAN") or texts.get("Acct/Id/Othr/Id", "")


def _code(texts: Texts) -> str:
    domain = [texts.get(f"BkTxCd/Domn/{path}", "") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(filter(None, domain)) or texts.get("BkTxCd/Prtry/Cd", "")


def _family(texts: Texts, code: str, amount: int) -> Family:
    parts = set(code.split("/"))
    if texts.get("RvslInd") in ("true", "1") or "NtryDtls/TxDtls/RtrInf/Rsn/Cd" in texts or parts & _RETURNS:
        return "return"
    if parts & _FEES:
        return "fee"
    if parts & _INTEREST:
        return "interest"
    return "credit" if amount >= 0 else "debit"


def _text(texts: Texts) -> str:
    found = (
        texts.get("NtryDtls/TxDtls/RmtInf/Ustrd"),
        texts.get("AddtlNtryInf"),
        texts.get("NtryDtls/TxDtls/AddtlTxInf"),
    )
    return "\n".join(filter(None, found))
