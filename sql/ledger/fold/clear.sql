-- The run is over: what it worked on goes.
drop view if exists pg_temp.reversals_in_force, pg_temp.reversals;

drop table if exists
pg_temp.new_payments, pg_temp.receipts, pg_temp.touched, pg_temp.standing, pg_temp.fold, pg_temp.nsf, pg_temp.wanted,
pg_temp.wanted_fees, pg_temp.released, pg_temp.today, pg_temp.new_allocations, pg_temp.new_fees, pg_temp.booked,
pg_temp.begun, pg_temp.told
