-- The run is over: what it worked on goes.
drop table if exists
work.receipts, work.touched, work.fold, work.nsf, work.wanted, work.wanted_fees, work.released, work.today,
work.new_allocations, work.new_fees, work.booked, work.sealed, work.totals
