"""The laws that payments and the books must keep, each on the table that would break it."""

from typing import Final

from payments_pipeline.guards import Guard

GUARDS: Final = (
    Guard("one_payment_per_key", "payments.payments"),
    Guard("every_payment_is_what_was_delivered", "payments.payments"),
    Guard("every_id_is_its_content", "payments.payments"),
    Guard("every_word_reaches_its_payment", "payments.transitions"),
    Guard("every_step_is_what_was_told", "payments.transitions"),
    Guard("one_reversal_per_payment", "payments.transitions"),
    Guard("the_earliest_reversal_counts", "payments.transitions"),
    Guard("every_payment_conserves_its_cents", "ledger.allocations"),
    Guard("no_part_is_negative", "ledger.allocations"),
    Guard("one_posting_per_payment", "ledger.allocations"),
    Guard("every_completed_payment_is_posted", "ledger.allocations"),
    Guard("what_was_reversed_is_given_back", "ledger.allocations"),
    Guard("every_transaction_sums_to_zero", "ledger.entries"),
    Guard("entries_follow_from_allocations", "ledger.entries"),
    Guard("entries_follow_from_fees", "ledger.entries"),
    Guard("entries_follow_from_what_fell_due", "ledger.entries"),
    Guard("turnover_adds_up_the_entries", "ledger.turnover"),
    Guard("suspense_adds_up_the_allocations", "ledger.suspense"),
    Guard("every_chain_recomputes", "ledger.events"),
    Guard("events_tell_what_was_ingested", "ledger.events"),
    Guard("events_tell_what_was_allocated", "ledger.events"),
    Guard("events_tell_what_was_charged", "ledger.events"),
    Guard("events_tell_what_went_back", "ledger.events"),
    Guard("events_tell_what_the_book_booked", "ledger.events"),
    Guard("events_tell_which_statuses_were_set", "ledger.events"),
    Guard("what_leaves_has_happened", "ledger.outbox"),
    Guard("events_leave_in_order", "ledger.outbox"),
)
