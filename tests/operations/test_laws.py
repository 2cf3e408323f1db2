"""Every law is broken on purpose, by someone who may do anything to the tables, and named where it was broken."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from payments_pipeline.errors import PaymentsError
from payments_pipeline.operations import laws
from payments_pipeline.operations.laws import LAWS, PROPERTIES, check, check_all
from payments_pipeline.paths import SQL_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from tests.operations.books import DAYS, publish


@dataclass(frozen=True)
class Crime:
    """What somebody does to the books, and the property that must find it.

    The statement returns the day and a text that the violation's keys must contain.
    """

    property: str
    deed: str
    sql: str

    def __str__(self) -> str:
        return f"{self.property}: {self.deed}"


# A receipt that was posted and never corrected, so that changing it has no second reason to be noticed.
_LIVE = """
    select a.effective_on, a.loan_id, a.subject_id
    from ledger.allocations as a
    where
        a.kind = 'receipt' and a.returned_cents = 0 and a.interest_cents > 1 and a.suspense_cents > 1 and a.loan_id <> 0
        and not exists (
            select from ledger.allocations as b
            where b.subject_id = a.subject_id and (b.seq > 1 or b.kind = 'return')
        )
    order by a.subject_id
    limit 1
"""
_ALLOCATION = f"where kind = 'receipt' and (effective_on, loan_id, subject_id) in ({_LIVE})"
_PAYMENT = f"where (effective_on, loan_id, payment_id) in ({_LIVE})"
_SUBJECT = f"where (effective_on, loan_id, subject_id) in ({_LIVE})"
# One that was posted, so that its money is both held and given back.
_REVERSED = (
    "payment_id = (select min(subject_id::text)::uuid from ledger.allocations "
    "where kind = 'return' and effective_on between '2026-01-05' and '2026-01-09')"
)
_FEE = "where (loan_id, fee_id, seq) in (select loan_id, fee_id, seq from ledger.fees where seq = 1 order by fee_id limit 1)"


_VICTIM = "select effective_on, subject_id || ', event {}' from ledger.events " + _SUBJECT + " and event_no = 1"


def _published(event_no: str, at: str, attempt: int = 1) -> str:
    """The victim's events are noted as published; what follows says which of them."""
    return (
        f"select operations.open_day('ledger.publications', effective_on) from ({_LIVE}) as a; "
        f"insert into ledger.publications select e.effective_on, e.loan_id, e.subject_id, {event_no}, {attempt}, {at}, null "
        f"from ledger.events as e where (e.effective_on, e.loan_id, e.subject_id) in ({_LIVE}) "
    )


def _told_again(which: str, data: str = "e.data") -> str:
    """An event that follows the last one of its chain as it should, and says what one before it has said, or lies."""
    return (
        "insert into ledger.events select e.effective_on, e.loan_id, e.subject_id, last.event_no + 1, e.type, e.booked_on, e.run_no, "
        f"e.actor, {data}, last.hash, ledger.event_hash(last.hash, e.subject_id, last.event_no + 1, e.type, e.actor, e.effective_on, "
        f"e.booked_on, ({data})::text) from (select * from ledger.events where {which} order by subject_id, event_no limit 1) as e "
        "cross join lateral (select q.* from ledger.events as q where q.effective_on = e.effective_on and q.loan_id = e.loan_id "
        "and q.subject_id = e.subject_id order by q.event_no desc limit 1) as last "
    )


_LINE = "where (bank_day, line_id) in (select bank_day, line_id from reconciliation.matches order by line_id limit 1)"

CRIMES = [
    Crime(
        "every_payment_conserves_its_cents",
        "a cent more is allocated than was paid",
        f"update ledger.allocations set interest_cents = interest_cents + 1, cash_cents = cash_cents + 1 {_ALLOCATION} "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "every_payment_conserves_its_cents",
        "a payment is made smaller",
        f"update payments.payments set amount_cents = amount_cents - 1 {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_payment_conserves_its_cents",
        "a receipt is moved to another loan",
        f"update ledger.allocations set loan_id = 59 {_ALLOCATION} returning effective_on, 'loan 59, payment ' || subject_id",
    ),
    Crime(
        "no_part_is_negative",
        "interest is taken back into suspense",
        f"update ledger.allocations set fees_cents = fees_cents - 1, suspense_cents = suspense_cents + 1 {_ALLOCATION} "
        "returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "no_part_is_negative",
        "more of a fee is taken back than was charged",
        "insert into ledger.fees select loan_id, fee_id, 9::smallint, kind, instalment, payment_id, effective_on, policy, "
        f"-2 * amount_cents, booked_on, run_no, 'crime' from ledger.fees {_FEE} returning effective_on, 'fee ' || fee_id",
    ),
    Crime(
        "what_was_reversed_is_given_back",
        "the money of a return stays with us",
        "delete from ledger.allocations where (effective_on, subject_id) in (select effective_on, subject_id "
        "from ledger.allocations where kind = 'return' order by subject_id limit 1) and kind = 'return' "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "what_was_reversed_is_given_back",
        "the money of a live payment is held as returned",
        f"update ledger.allocations set returned_cents = suspense_cents, suspense_cents = 0 {_ALLOCATION} "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "what_was_reversed_is_given_back",
        "the reversal of a returned payment is forgotten",
        f"delete from payments.reversals where {_REVERSED} returning happened_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_transaction_sums_to_zero",
        "an entry is made larger",
        "update ledger.entries set amount_cents = amount_cents + 1 where (effective_on, loan_id, subject_id) in "
        f"({_LIVE}) and account = 1220 returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "turnover_adds_up_the_entries",
        "a run is said to have debited more",
        "update ledger.turnover set debit_cents = debit_cents + 1 where account = 1101 and (run_no, effective_on) in "
        "(select max(run_no), effective_on from ledger.turnover where account = 1101 group by effective_on "
        "order by effective_on limit 1) returning effective_on, 'account 1101, run ' || run_no",
    ),
    Crime(
        "suspense_adds_up_the_allocations",
        "more is said to wait than was put there",
        "update ledger.suspense set cents = cents + 1 where (loan_id, effective_on, run_no) in "
        "(select loan_id, effective_on, run_no from ledger.suspense where cents > 0 order by 2, 1, 3 limit 1) "
        "returning effective_on, 'loan ' || loan_id || ', run ' || run_no",
    ),
    Crime(
        "suspense_adds_up_the_allocations",
        "what came in is left out",
        "delete from ledger.suspense where (loan_id, effective_on, run_no) in "
        "(select loan_id, effective_on, run_no from ledger.suspense where cents > 0 order by 2, 1, 3 limit 1) "
        "returning effective_on, 'loan ' || loan_id || ', run ' || run_no",
    ),
    Crime(
        "turnover_adds_up_the_entries",
        "an account is left out",
        "delete from ledger.turnover where account = 1220 and (run_no, effective_on) in "
        "(select max(run_no), effective_on from ledger.turnover where account = 1220 group by effective_on "
        "order by effective_on limit 1) returning effective_on, 'account 1220, run ' || run_no",
    ),
    Crime(
        "entries_follow_from_allocations",
        "cash is booked to another rail",
        "update ledger.entries set account = 1108 where (effective_on, loan_id, subject_id) in "
        f"({_LIVE}) and amount_cents > 0 returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "entries_follow_from_allocations",
        "suspense is booked as unidentified",
        "update ledger.entries set account = 2130 where (effective_on, loan_id, subject_id) in "
        f"({_LIVE}) and account = 2120 returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "entries_follow_from_allocations",
        "a whole transaction is taken out of the journal",
        f"delete from ledger.entries {_SUBJECT} returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "entries_follow_from_allocations",
        "a whole transaction is put into the journal",
        "insert into ledger.entries select effective_on, loan_id, subject_id, kind, 7::smallint, account, amount_cents, "
        f"booked_on, run_no from ledger.entries {_SUBJECT} returning effective_on, subject_id || ', seq 7'",
    ),
    Crime(
        "entries_follow_from_allocations",
        "a transaction is booked into another period",
        f"update ledger.entries set booked_on = booked_on - 31 {_SUBJECT} returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "entries_follow_from_fees",
        "a fee becomes income of another kind",
        "update ledger.entries set account = case account when 4020 then 4030 else 4020 end "
        "where (effective_on, loan_id, subject_id) in (select effective_on, loan_id, fee_id from ledger.fees order by fee_id limit 1) "
        "and account in (4020, 4030) returning effective_on, 'fee ' || subject_id",
    ),
    Crime(
        "entries_follow_from_fees",
        "a fee is not booked",
        "delete from ledger.entries where (effective_on, loan_id, subject_id) in "
        "(select effective_on, loan_id, fee_id from ledger.fees order by fee_id limit 1) "
        "returning effective_on, 'fee ' || subject_id",
    ),
    Crime(
        "entries_follow_from_what_fell_due",
        "more interest is accrued than fell due",
        "update ledger.entries set amount_cents = 2 * amount_cents where kind = 'accrual' and effective_on = '2026-01-05' "
        "returning effective_on, 'accrual'",
    ),
    Crime(
        "entries_follow_from_what_fell_due",
        "interest is accrued on a day that nobody has run",
        "insert into ledger.entries select '2025-11-03', loan_id, subject_id, kind, seq, account, amount_cents, booked_on, run_no "
        "from ledger.entries where kind = 'accrual' and effective_on = '2026-01-05' returning effective_on, 'accrual'",
    ),
    Crime(
        "entries_follow_from_what_fell_due",
        "what is written off hides behind an accrual",
        "insert into ledger.entries select effective_on, loan_id, subject_id, kind, seq, case account when 1220 then 5010 else 1010 end, "
        "amount_cents, booked_on, run_no "
        "from ledger.entries where kind = 'accrual' and effective_on = '2026-01-05' returning effective_on, 'accrual'",
    ),
    Crime(
        "entries_follow_from_what_fell_due",
        "loans are boarded with less than they owed",
        "update ledger.entries set amount_cents = amount_cents - sign(amount_cents) where kind = 'boarding' and account in (1210, 3010) "
        "returning effective_on, 'boarding'",
    ),
    Crime(
        "entries_follow_from_conversions",
        "interest that the former system received is booked as an advance",
        "update ledger.entries set account = 1240 where kind = 'conversion' and account = 1220 and effective_on = '2025-11-03' "
        "returning effective_on, 'loan 3, posting ' || subject_id",
    ),
    Crime(
        "entries_follow_from_conversions",
        "the former system hands over less than it held",
        "update ledger.entries set amount_cents = amount_cents - sign(amount_cents) where kind = 'conversion_book' and account = 1210 "
        "and effective_on = '2026-01-01' returning null::date, 'account 1210'",
    ),
    Crime(
        "entries_follow_from_conversions",
        "interest of the former system is earned twice",
        "update ledger.entries set amount_cents = 2 * amount_cents where kind = 'conversion_book' and account = 4010 "
        "and effective_on = '2025-12-04' returning null::date, 'interest_income'",
    ),
    Crime(
        "conversions_lead_to_the_boarding",
        "a loan is said to have begun with more than it did",
        "update servicing.converted_loans set principal_cents = principal_cents + 1 returning date '2026-01-01', 'loan ' || loan_id",
    ),
    Crime(
        "conversions_lead_to_the_boarding",
        "a posting lies before its loan's books begin",
        "update ledger.conversions set effective_on = '2025-11-02' where posting_no = 1 returning date '2026-01-01', 'loan ' || loan_id",
    ),
    Crime(
        "the_conversion_is_what_was_sealed",
        "a cent of what the former system received is moved from interest to principal",
        "update ledger.conversions set interest_cents = interest_cents - 1, principal_cents = principal_cents + 1 "
        "where posting_no = 1 returning date '2026-01-01', 'conversion'",
    ),
    Crime(
        "the_conversion_is_what_was_sealed",
        "a loan's past is added afterwards",
        "insert into servicing.converted_loans select loan_id, '2025-12-01', principal_cents, 50000, 0 from servicing.loans "
        "where loan_id = 4 returning date '2026-01-01', 'conversion'",
    ),
    Crime(
        "balances_equal_the_ledger",
        "a borrower's suspense grows by itself",
        "update ledger.balances set suspense_cents = suspense_cents + 1 where loan_id = 3 returning last_effective_on, 'loan 3'",
    ),
    Crime(
        "balances_equal_the_ledger",
        "a loan with a history has no balance",
        "delete from ledger.balances where loan_id = 3 returning null::date, 'loan 3'",
    ),
    Crime(
        "accounts_equal_the_loans",
        "a running balance and its account drift apart",
        "update ledger.balances set interest_paid_cents = interest_paid_cents + 1 where loan_id = 3 "
        "returning null::date, 'account 1220 '",
    ),
    Crime(
        "accounts_equal_the_loans",
        "an entry goes to an account that no loan knows of",
        f"update ledger.entries set account = 5010 {_SUBJECT} and account = 1220 returning null::date, 'account 1220 '",
    ),
    Crime(
        "one_payment_per_key",
        "a payment is counted for two loans",
        "insert into payments.payments select effective_on, 58, payment_id, channel, provider, reference, loan_number, amount_cents, "
        "occurred_at, settles_on, transfer_id, booked_on, batch_id, line "
        f"from payments.payments {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "one_payment_per_key",
        "there is a payment that nobody delivered",
        f"delete from ingestion.payment_ingestions {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "one_posting_per_payment",
        "a payment is posted to a second loan",
        "insert into ledger.allocations select effective_on, 58, subject_id, kind, seq, channel, policy, booked_on, run_no, cash_cents, "
        "fees_cents, interest_cents, principal_cents, escrow_cents, suspense_cents, returned_cents, reason "
        f"from ledger.allocations {_ALLOCATION} returning effective_on, subject_id::text",
    ),
    Crime(
        "one_posting_per_payment",
        "a correction is taken out of the middle",
        "update ledger.allocations set seq = 9 where (effective_on, subject_id, seq) in (select effective_on, subject_id, seq "
        "from ledger.allocations where kind = 'receipt' and seq > 1 order by subject_id limit 1) "
        "returning effective_on, subject_id::text",
    ),
    Crime(
        "what_was_reversed_is_given_back",
        "a return is said to have happened earlier, and its money still goes back on the day first told",
        "insert into payments.reversals select loan_id, payment_id, 2, effective_on, signal, occurred_at - interval '1 day', "
        f"happened_on - 1, code, transfer_id, booked_on, batch_id, 1 from payments.reversals where {_REVERSED} "
        "returning happened_on, 'payment ' || payment_id",
    ),
    Crime(
        "one_reversal_per_payment",
        "a later reversal takes the place of an earlier one",
        "insert into payments.reversals select loan_id, payment_id, 2, effective_on, signal, occurred_at + interval '1 second', "
        f"happened_on, 'R02', transfer_id, booked_on, batch_id, 1 from payments.reversals where {_REVERSED} "
        "returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "what_was_reversed_is_given_back",
        "the money of one payment goes back on two days",
        "insert into ledger.allocations select effective_on - 1, loan_id, subject_id, kind, seq, channel, policy, booked_on, run_no, "
        "cash_cents, 0, 0, 0, 0, 0, returned_cents, null from ledger.allocations where kind = 'return' "
        f"and subject_id = (select payment_id from payments.reversals where {_REVERSED}) "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "one_reversal_per_payment",
        "a return is taken back in part",
        "insert into ledger.allocations select effective_on, loan_id, subject_id, kind, 2::smallint, channel, policy, booked_on, run_no, "
        "-cash_cents - 1, 0, 0, 0, 0, 0, -returned_cents - 1, 'crime' from ledger.allocations where kind = 'return' "
        f"and subject_id = (select payment_id from payments.reversals where {_REVERSED}) "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "one_reversal_per_payment",
        "a payment is reversed twice",
        "insert into payments.transitions select effective_on, 58, payment_id, status, occurred_at, happened_on, code, booked_on, "
        "batch_id, line from payments.transitions where status = 'reversed' and payment_id = (select min(payment_id::text)::uuid "
        "from payments.transitions where status = 'reversed') returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "one_reversal_per_payment",
        "money is given back twice",
        "insert into ledger.allocations select effective_on, loan_id, subject_id, kind, 2::smallint, channel, policy, booked_on, run_no, "
        "cash_cents, 0, 0, 0, 0, 0, returned_cents, 'crime' from ledger.allocations where kind = 'return' "
        "and subject_id = (select min(subject_id::text)::uuid from ledger.allocations where kind = 'return') "
        "returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "every_batch_adds_up",
        "a row of a batch is lost",
        "delete from ingestion.staged where booked_on = '2026-01-05' and line = 1 returning booked_on, 'batch ' || batch_id",
    ),
    Crime(
        "every_batch_adds_up",
        "the process log tells of repeats that were none",
        "update ingestion.staging_process_log as l set duplicate_records = duplicate_records + 1 from ingestion.batches as b "
        "where b.batch_id = l.batch_id and b.booked_on = '2026-01-05' returning b.booked_on, 'batch ' || b.batch_id",
    ),
    Crime(
        "every_row_received_is_accounted_for",
        "news of a payment is lost",
        f"delete from ingestion.payment_ingestions {_PAYMENT} returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_row_received_is_accounted_for",
        "a row is rejected without a reason",
        "delete from ingestion.rejects where booked_on = '2026-01-05' returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_row_received_is_accounted_for",
        "a repeat is news as well",
        "insert into ingestion.payment_ingestions select i.effective_on, i.loan_id, i.idempotency_key, 'initiated', i.payment_id, "
        "i.channel, i.provider, i.source_reference, i.loan_number, i.amount_cents, i.transfer_id, i.raw_payload_hash, i.occurred_at, i.happened_on, null, d.booked_on, d.batch_id, d.line, "
        "i.received_at from ingestion.duplicates as d inner join ingestion.payment_ingestions as i on d.payment_id = i.payment_id "
        "and d.signal = i.signal where d.line = (select min(line) from ingestion.duplicates where booked_on = d.booked_on) "
        "and d.booked_on = '2026-01-05' returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "an earlier word is made up",
        "insert into ingestion.earlier_words select effective_on, loan_id, payment_id, signal, channel, occurred_at - interval '1 hour', "
        f"happened_on, return_code, transfer_id, booked_on, batch_id, line from ingestion.payment_ingestions {_PAYMENT} "
        "returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "an earlier word tells of another day",
        "update ingestion.earlier_words set happened_on = happened_on - 1 where booked_on = '2026-01-05' "
        "returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "a repeat names a row that said something else",
        "update ingestion.duplicates set original_line = original_line + 1 where booked_on = '2026-01-05' "
        "returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "a repeat tells an earlier instant that nobody noticed",
        "update ingestion.staged as s set occurred_at = s.occurred_at - interval '1 hour' from ingestion.duplicates as d "
        "where s.booked_on = d.booked_on and s.batch_id = d.batch_id and s.line = d.line and d.booked_on = '2026-01-05' "
        "returning d.booked_on, 'batch ' || d.batch_id || ', row ' || d.line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "a repeat counts as earlier than its original, and is not",
        "insert into ingestion.earlier_words select s.value_date, d.loan_id, d.payment_id, d.signal, s.channel, s.occurred_at, "
        "s.value_date, s.return_code, null, d.booked_on, d.batch_id, d.line from ingestion.duplicates as d "
        "inner join ingestion.staged as s using (booked_on, batch_id, line) where d.booked_on = '2026-01-05' "
        "on conflict do nothing returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_duplicate_names_its_original",
        "a repeat that tells no code takes the place of a word that does",
        "update ingestion.payment_ingestions as i set return_code = 'R01' from ingestion.duplicates as d "
        "where i.loan_id = d.loan_id and i.batch_id = d.original_batch_id and i.line = d.original_line "
        "and d.booked_on = '2026-01-05'; "
        "insert into ingestion.earlier_words select s.value_date, d.loan_id, d.payment_id, d.signal, s.channel, s.occurred_at, "
        "s.value_date, s.return_code, null, d.booked_on, d.batch_id, d.line from ingestion.duplicates as d "
        "inner join ingestion.staged as s using (booked_on, batch_id, line) where d.booked_on = '2026-01-05' "
        "on conflict do nothing returning booked_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_event_of_the_bank_is_staged",
        "the text of an event is lost",
        "delete from ingestion.staged as s using ingestion.bank_events as e where s.batch_id = e.batch_id "
        "returning e.created_on, 'event ' || e.event_id",
    ),
    Crime(
        "every_event_of_the_bank_is_staged",
        "an event points to another's text",
        "update ingestion.bank_events set event_id = 'evnt_other' returning created_on, 'event evnt_other'",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "a word tells of another instant",
        f"update ingestion.payment_ingestions set occurred_at = occurred_at - interval '1 hour' {_PAYMENT} "
        "returning effective_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "a return that was told without a code is given one",
        "update ingestion.payment_ingestions set return_code = 'R99' "
        f"where {_REVERSED} and signal = 'returned' returning effective_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "a payment was made at another instant",
        f"update payments.payments set occurred_at = occurred_at - interval '1 hour' {_PAYMENT} "
        "returning effective_on, 'batch ' || batch_id || ', row ' || line",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "what was received is rewritten",
        "update ingestion.staged as s set raw = raw || ' ' from payments.payments as p "
        f"where s.booked_on = p.booked_on and s.batch_id = p.batch_id and s.line = p.line and (p.effective_on, p.loan_id, "
        f"p.payment_id) in ({_LIVE}) returning p.effective_on, 'payment ' || p.payment_id",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "a payment is made larger than its row",
        f"update payments.payments set amount_cents = amount_cents + 1 {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_payment_is_what_was_delivered",
        "a word is given another amount than its row",
        f"update ingestion.payment_ingestions set amount_cents = amount_cents + 1 {_PAYMENT} "
        "returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_word_reaches_its_payment",
        "a word has no effect",
        f"delete from payments.transitions {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_word_reaches_its_payment",
        "a payment that was told of does not exist",
        f"delete from payments.payments {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_completed_payment_is_posted",
        "a payment vanishes from the ledger",
        f"delete from ledger.allocations {_ALLOCATION} returning effective_on, 'payment ' || subject_id",
    ),
    Crime(
        "every_completed_payment_is_posted",
        "a payment was posted before its money was there",
        f"update payments.transitions set status = 'pending' {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_chain_recomputes",
        "an event is reworded",
        "update ledger.events set data = replace(data::text, '\"suspense\":', '\"suspense\": ')::json "
        f"{_SUBJECT} and event_no = 2 returning effective_on, subject_id || ', event 2'",
    ),
    Crime(
        "every_chain_recomputes",
        "an event is dropped from the middle",
        f"delete from ledger.events {_SUBJECT} and event_no = 1 returning effective_on, subject_id || ', event 2'",
    ),
    Crime(
        "every_chain_recomputes",
        "two events change places",
        f"update ledger.events set event_no = 30 + event_no {_SUBJECT}; "
        "update ledger.events set event_no = 33 - event_no where event_no > 30 returning effective_on, 'subject ' || subject_id",
    ),
    Crime(
        "every_chain_recomputes",
        "an event is laid to somebody's charge",
        f"update ledger.events set actor = 'somebody' {_SUBJECT} and event_no = 2 returning effective_on, subject_id || ', event 2'",
    ),
    Crime(
        "every_chain_recomputes",
        "an event is booked on another day",
        f"update ledger.events set booked_on = booked_on + 1 {_SUBJECT} and event_no = 2 "
        "returning effective_on, subject_id || ', event 2'",
    ),
    Crime(
        "every_seal_recomputes",
        "the last event of a chain is dropped",
        f"delete from ledger.events {_SUBJECT} and event_no = 2 returning effective_on, 'run ' || run_no",
    ),
    Crime(
        "every_seal_recomputes",
        "a whole chain is dropped",
        f"delete from ledger.events {_SUBJECT} returning effective_on, 'run ' || run_no",
    ),
    Crime(
        "every_seal_recomputes",
        "a chain is forged anew, hashes and all",
        "update ledger.events set data = '{}', hash = ledger.event_hash(prev_hash, subject_id, event_no, type, actor, effective_on, "
        "booked_on, "
        f"'{{}}') {_SUBJECT} and event_no = 2 returning effective_on, 'run ' || run_no",
    ),
    Crime(
        "every_seal_recomputes",
        "a run's seal is dropped",
        "delete from ledger.seals where run_no = 5 returning business_date, 'run 5'",
    ),
    Crime(
        "every_seal_recomputes",
        "a seal is moved to another day",
        "update ledger.seals set business_date = business_date + 1 where run_no = 5 returning business_date, 'run 5'",
    ),
    Crime(
        "every_seal_recomputes",
        "a seal is forged, hash and all",
        "update ledger.seals set events = events - 1, hash = ledger.seal_hash(prev_hash, run_no, business_date, chains, events - 1, root) "
        "where run_no = 5 returning business_date, 'run 5'",
    ),
    Crime(
        "every_step_is_what_was_told",
        "a payment is said to have been completed earlier",
        f"update payments.transitions set occurred_at = occurred_at - interval '1 hour' {_PAYMENT} and status = 'completed' "
        "returning effective_on, 'payment ' || payment_id || ', completed'",
    ),
    Crime(
        "every_step_is_what_was_told",
        "a payment is canceled that nobody canceled",
        "insert into payments.transitions select effective_on, loan_id, payment_id, 'canceled', occurred_at, happened_on, null, booked_on, "
        f"batch_id, line from payments.transitions {_PAYMENT} and status = 'completed' "
        "returning effective_on, 'payment ' || payment_id || ', canceled'",
    ),
    Crime(
        "every_step_is_what_was_told",
        "a return is given another code",
        f"update payments.transitions set code = 'R99' where {_REVERSED} and status = 'reversed' "
        "returning effective_on, 'payment ' || payment_id || ', reversed'",
    ),
    Crime(
        "the_earliest_reversal_counts",
        "the return that counts is given another code, and so another fee",
        f"update payments.reversals set code = 'R99' where {_REVERSED} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "the_earliest_reversal_counts",
        "a later return takes the place of the one that counts",
        "insert into payments.reversals select loan_id, payment_id, seq + 1, effective_on, signal, occurred_at + interval '1 hour', "
        f"happened_on, code, transfer_id, booked_on, batch_id, line from payments.reversals where {_REVERSED} "
        "returning effective_on, 'payment ' || payment_id || ', reversal 2'",
    ),
    Crime(
        "the_earliest_reversal_counts",
        "the return of a payment is forgotten",
        f"delete from payments.reversals where {_REVERSED} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "events_tell_what_was_ingested",
        "a payment's reference is rewritten",
        f"update payments.payments set reference = 'other' {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "events_tell_what_was_ingested",
        "a payment is slipped in",
        "insert into payments.payments select effective_on, loan_id, operations.content_id('slipped in'), channel, provider, reference, "
        "loan_number, amount_cents, occurred_at, settles_on, transfer_id, booked_on, batch_id, line "
        f"from payments.payments {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "events_tell_what_was_allocated",
        "interest becomes principal",
        f"update ledger.allocations set interest_cents = interest_cents - 1, principal_cents = principal_cents + 1 {_ALLOCATION} "
        "returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "events_tell_what_was_allocated",
        "a release is dropped",
        "delete from ledger.allocations where kind = 'release' and subject_id = (select min(subject_id::text)::uuid "
        "from ledger.allocations where kind = 'release') returning effective_on, 'release ' || subject_id",
    ),
    Crime(
        "events_tell_what_was_allocated",
        "a posting is told twice",
        _told_again("type = 'payment.posted'") + "returning effective_on, 'receipt ' || subject_id || ', seq 1'",
    ),
    Crime(
        "events_tell_what_was_allocated",
        "a posting is told for another day",
        "update ledger.events set data = replace(data::text, effective_on::text, (effective_on + 1)::text)::json "
        f"{_SUBJECT} and type = 'payment.posted' returning effective_on, 'receipt ' || subject_id",
    ),
    Crime(
        "events_tell_what_went_back",
        "a return is told twice",
        _told_again("type = 'payment.reversed'") + "returning effective_on, 'return ' || subject_id || ', seq 1'",
    ),
    Crime(
        "events_tell_what_went_back",
        "a return is told again with other figures",
        _told_again("type = 'payment.reversed'", """replace(e.data::text, '"cash":-', '"cash":-9')::json""")
        + "returning effective_on, 'return ' || subject_id || ', seq 1'",
    ),
    Crime(
        "events_tell_what_went_back",
        "less is given back than was told",
        "update ledger.allocations set cash_cents = cash_cents + 1, returned_cents = returned_cents + 1 where kind = 'return' "
        "and subject_id = (select min(subject_id::text)::uuid from ledger.allocations where kind = 'return') "
        "returning effective_on, 'return ' || subject_id",
    ),
    Crime(
        "events_tell_what_went_back",
        "a return is dropped that an event tells of",
        "delete from ledger.allocations as a using ledger.events as e where a.kind = 'return' and e.type = 'payment.reversed' "
        "and a.subject_id = e.subject_id and a.subject_id = (select min(subject_id::text)::uuid from ledger.allocations "
        "where kind = 'return') returning e.effective_on, 'return ' || a.subject_id",
    ),
    Crime(
        "events_tell_what_was_charged",
        "a fee is made smaller",
        f"update ledger.fees set amount_cents = amount_cents - 1 {_FEE} returning effective_on, 'fee ' || fee_id",
    ),
    Crime(
        "events_tell_what_was_charged",
        "a fee is told twice",
        _told_again("type = 'fee.assessed'") + "returning effective_on, 'fee ' || subject_id || ', seq 1'",
    ),
    Crime(
        "events_tell_what_the_book_booked",
        "an accrual is told twice",
        _told_again("type = 'book.accrual'") + "returning effective_on, 'accrual ' || subject_id || ', seq 1'",
    ),
    Crime(
        "events_tell_what_the_book_booked",
        "an accrual is changed",
        "update ledger.entries set amount_cents = 2 * amount_cents where kind = 'accrual' and effective_on = '2026-01-05' "
        "returning effective_on, 'accrual ' || subject_id",
    ),
    Crime(
        "events_tell_which_statuses_were_set",
        "a hold is rewritten as if it had never been",
        "update servicing.loan_statuses set status = 'active' where loan_id = 7 returning effective_on, 'loan 7, status'",
    ),
    Crime(
        "events_tell_which_statuses_were_set",
        "a hold is struck out",
        "delete from servicing.loan_statuses where loan_id = 7 returning effective_on, 'loan 7, status'",
    ),
    Crime(
        "events_tell_which_statuses_were_set",
        "a status is slipped in, as if the day had been run with it",
        "insert into servicing.loan_statuses values (8, '2026-01-05', 'legal_hold', 'test', 1, '2026-01-05', now() - interval '3 days') "
        "returning effective_on, 'loan 8, status'",
    ),
    Crime(
        "the_terms_are_what_was_boarded",
        "a loan is given another rate",
        "update servicing.loans set rate_ppm = rate_ppm + 1 where loan_id = 7 returning boarded_on, 'terms'",
    ),
    Crime(
        "the_terms_are_what_was_boarded",
        "more escrow is said to have come along",
        "update servicing.escrow set opening_balance_cents = opening_balance_cents + 1 where loan_id = 7 returning date '2026-01-01', 'terms'",
    ),
    Crime(
        "decisions_follow_one_another",
        "more is said to have been written off",
        "update reconciliation.decisions set cents = 10 * cents where decision_no = 1 returning bank_day, 'number 1'",
    ),
    Crime(
        "decisions_follow_one_another",
        "a decision is forged, its id as well",
        "update reconciliation.decisions as d set decided_by = 'somebody else', decision_id = reconciliation.decision_id("
        "(select row(null, decision_no, decided_at, decision, bank_day, line_ids, payment_ids, cents, needs_approval, reason, "
        "'somebody else', approves)::reconciliation.decisions from reconciliation.decisions where decision_no = 1), null) "
        "where decision_no = 1 returning date '2026-01-06', 'number 2'",
    ),
    Crime(
        "decisions_follow_one_another",
        "a decision is struck out",
        "delete from reconciliation.decisions where decision_no = 1 returning date '2026-01-06', 'number 2'",
    ),
    Crime(
        "no_fact_can_be_rewritten",
        "the pipeline may change entries of one day",
        "grant update on ledger.entries_20260105 to payments_pipeline; select null::date, 'ledger.entries_20260105'",
    ),
    Crime(
        "no_fact_can_be_rewritten",
        "everyone may change one column of the seals",
        "grant update (root) on ledger.seals to public; select null::date, 'ledger.seals'",
    ),
    Crime(
        "no_fact_can_be_rewritten",
        "the pipeline becomes a member of the owner's role",
        "create role landlord; alter table ledger.seals owner to landlord; grant landlord to payments_pipeline; "
        "select null::date, 'ledger.seals'",
    ),
    Crime(
        "every_id_is_its_content",
        "a payment is passed off as another",
        f"update payments.payments set reference = 'other' {_PAYMENT} returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_id_is_its_content",
        "a key is made for a payment",
        f"update ingestion.payment_ingestions set idempotency_key = sha256('other') {_PAYMENT} "
        "returning effective_on, 'payment ' || payment_id",
    ),
    Crime(
        "every_id_is_its_content",
        "a late fee is charged for an instalment that it was not made for",
        "update ledger.fees set instalment = 77 where kind = 'late' and fee_id = (select min(fee_id::text)::uuid from ledger.fees "
        "where kind = 'late') returning effective_on, 'fee ' || fee_id",
    ),
    Crime(
        "variance_is_bank_minus_ours",
        "a line of the bank is made smaller",
        f"update settlement.bank_lines set amount_cents = amount_cents - 1 {_LINE} returning bank_day, channel",
    ),
    Crime(
        "variance_is_bank_minus_ours",
        "a variance is explained away by more of ours",
        "update reconciliation.days set our_cents = bank_cents, status = 'balanced' where status = 'variance' and bank_day = "
        "(select min(bank_day) from reconciliation.days where status = 'variance') returning bank_day, channel",
    ),
    Crime(
        "variance_is_bank_minus_ours",
        "a rail is left out of a day",
        "delete from reconciliation.days where bank_day = '2026-01-05' and channel = 'wire' returning bank_day, channel",
    ),
    Crime(
        "variance_is_explained_line_by_line",
        "an item of a variance is dropped",
        "delete from reconciliation.items where bank_day = (select min(bank_day) from reconciliation.items) "
        "returning bank_day, channel",
    ),
    Crime(
        "variance_is_explained_line_by_line",
        "a match is dropped",
        f"delete from reconciliation.matches {_LINE} returning bank_day, 'line ' || line_id",
    ),
    Crime(
        "the_bridge_leads_to_the_bank",
        "a cause is made smaller",
        "update reconciliation.bridge set cents = cents - 1 where (bank_day, account, channel, cause) in "
        "(select bank_day, account, channel, cause from reconciliation.bridge order by 1, 2, 3, 4 limit 1) "
        "returning bank_day, account || ', ' || channel",
    ),
    Crime(
        "the_bridge_leads_to_the_bank",
        "a cause is called by another name",
        "update reconciliation.bridge set cause = 'unknown' where (bank_day, account, channel, cause) in "
        "(select bank_day, account, channel, cause from reconciliation.bridge order by 1, 2, 3, 4 limit 1) "
        "returning bank_day, account || ', ' || channel || ', unknown'",
    ),
    Crime(
        "nothing_is_matched_twice",
        "a second line is matched to the same payment",
        "insert into reconciliation.matches select bank_day, 'another', loan_id, payment_id, kind, bank_cents, our_cents, method, our_day "
        f"from reconciliation.matches {_LINE} returning bank_day, 'payment ' || payment_id",
    ),
    Crime(
        "nothing_is_matched_twice",
        "what is matched does not exist",
        f"delete from settlement.bank_lines {_LINE} returning bank_day, 'line ' || line_id",
    ),
    Crime(
        "what_leaves_has_happened",
        "something leaves that did not happen",
        _published("9", "now()") + "and e.event_no = 1; " + _VICTIM.format(9),
    ),
    Crime(
        "what_leaves_has_happened",
        "an attempt is struck out",
        _published("e.event_no", "now()", attempt=2) + "and e.event_no = 1; " + _VICTIM.format(1),
    ),
    Crime(
        "events_leave_in_order",
        "the second event leaves before the first",
        _published("e.event_no", "now()") + "and e.event_no = 2; " + _VICTIM.format(2),
    ),
    Crime(
        "events_leave_in_order",
        "the first event left after the second",
        _published("e.event_no", "now() - e.event_no * interval '1 second'") + "; " + _VICTIM.format(2),
    ),
]


WAITING = {
    "every_word_reaches_its_payment",
    "every_completed_payment_is_posted",
    "what_was_reversed_is_given_back",
    "the_earliest_reversal_counts",
    "events_tell_which_statuses_were_set",
}
"""Properties that leave a day alone while something waits for it to be run."""


def commit_crime(connection: psycopg.Connection[Any], crime: Crime) -> tuple[date | None, str]:
    """Do it, and tell where."""
    with connection.cursor() as cursor:
        cursor.execute(crime.sql.encode())
        while cursor.nextset():
            pass
        done = cursor.fetchall()
    assert done, "the crime found no victim in the books"
    return done[0][0], done[0][1]


def test_books_that_nobody_touched_keep_every_law(books: Database) -> None:
    with books.connect() as connection:
        results = check_all(connection)
    assert [str(violation) for result in results for violation in result.violations] == []
    assert [result.checked.name for result in results if result.rows == 0] == []


@pytest.mark.parametrize("crime", CRIMES, ids=str)
def test_a_broken_law_is_named_where_it_was_broken(intruder: psycopg.Connection[Any], crime: Crime) -> None:
    day, keys = commit_crime(intruder, crime)
    found = check(intruder, crime.property)
    assert any(keys in violation.keys for violation in found), found
    assert all(violation.found != violation.expected for violation in found)
    if PROPERTIES[crime.property].is_daily:
        assert day is not None
        assert any(keys in violation.keys for violation in check(intruder, crime.property, day))
        places = {violation.business_date for violation in found}
        assert day in places
        elsewhere = next(other for other in DAYS if other not in places)
        assert check(intruder, crime.property, elsewhere) == []


@pytest.mark.parametrize("crime", [crime for crime in CRIMES if crime.property in WAITING], ids=str)
def test_the_run_that_posts_a_day_finds_what_is_broken_on_it_before_it_has_finished(
    intruder: psycopg.Connection[Any], crime: Crime
) -> None:
    day, keys = commit_crime(intruder, crime)
    run(intruder, "operations/begin_day", day=day, run_id="the run whose guards look")
    assert any(keys in violation.keys for violation in check(intruder, crime.property, day))


def test_every_property_that_waits_for_a_day_is_asked_of_a_run_that_has_not_finished_it() -> None:
    asking = {
        path.stem
        for path in (SQL_DIR / "operations" / "laws").glob("*.sql")
        if any(name in path.read_text() for name in ("operations.day_requests", "operations.posted_days"))
    }
    assert asking == WAITING


def test_every_property_has_a_statement_and_a_test_that_breaks_it() -> None:
    statements = {path.stem for path in (SQL_DIR / "operations" / "laws").glob("*.sql")}
    assert statements == set(PROPERTIES) == {crime.property for crime in CRIMES}
    assert [law.number for law in LAWS] == list(range(1, 9))


def test_only_the_first_violations_are_named_and_all_are_counted(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laws, "ROWS_AT_ONCE", 50)  # so that the database is gone through in several ranges of days
    with books.connect("owner") as connection:
        publish(connection, "e.type = 'payment.posted'")
        connection.commit()
        try:
            broken = [result for result in check_all(connection, most=3) if not result.holds]
            seconds = connection.execute("select count(*) from ledger.events where type = 'payment.posted'").fetchone()
        finally:
            connection.rollback()
            connection.execute("delete from ledger.publications where event_no = 2")
            connection.commit()
    assert [result.checked.name for result in broken] == ["events_leave_in_order"]
    assert len(broken[0].violations) == 3
    assert (broken[0].violated,) == seconds


def test_any_way_of_cutting_the_days_gives_the_same_verdict(intruder: psycopg.Connection[Any]) -> None:
    intruder.execute("update ledger.events set hash = sha256(hash) where effective_on in ('2026-01-03', '2026-01-06')")
    whole = check(intruder, "every_chain_recomputes", most=100_000)
    by_day = [violation for day in DAYS for violation in check(intruder, "every_chain_recomputes", day, most=100_000)]
    assert whole == by_day != []


def test_ranges_of_days_leave_no_gap_and_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "ROWS_AT_ONCE", 100)
    wanted = PROPERTIES["every_chain_recomputes"]
    ranges = laws._ranges(wanted, {date(2026, 1, day): 40 for day in range(1, 8)}, None)
    assert ranges == [
        (date.min, date(2026, 1, 2)),
        (date(2026, 1, 3), date(2026, 1, 4)),
        (date(2026, 1, 5), date(2026, 1, 6)),
        (date(2026, 1, 7), date.max),
    ]


def test_money_that_waits_for_its_day_to_be_run_is_pending_and_not_lost(intruder: psycopg.Connection[Any]) -> None:
    intruder.execute("delete from ledger.allocations where effective_on = %s and kind = 'receipt'", (DAYS[3],))
    assert check(intruder, "every_completed_payment_is_posted") != []
    intruder.execute(
        "insert into operations.day_requests (business_date, reason, subject) values (%s, 'ingested', 'a late batch')",
        (DAYS[3],),
    )
    assert check(intruder, "every_completed_payment_is_posted") == []


def test_an_unknown_property_is_refused_with_the_known_ones(intruder: psycopg.Connection[Any]) -> None:
    with pytest.raises(PaymentsError, match="every_chain_recomputes"):
        check(intruder, "every_chain_is_nice")


def test_all_laws_are_not_checked_within_somebody_elses_transaction(intruder: psycopg.Connection[Any]) -> None:
    intruder.execute("select 1")
    with pytest.raises(ValueError, match="transaction of their own"):
        check_all(intruder)
