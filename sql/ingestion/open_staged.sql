-- Makes room for the rows received on :booked_on.
select operations.open_day('ingestion.staged', %(booked_on)s)
