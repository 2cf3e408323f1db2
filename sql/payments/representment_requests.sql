-- The bank is about to be asked for a re-presentment, on :day.
insert into payments.representment_requests (loan_id, payment_id, attempt, requested_on)
values (%(loan_id)s, %(payment_id)s, %(attempt)s, %(day)s)
