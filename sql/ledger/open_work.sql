-- Room for what a run works out and does not keep by day. What a run that died has left there goes.
drop table if exists work.reversals, work.fees, work.turnover, work.heads, work.totals;

create table work.reversals (like payments.reversals including defaults including constraints including storage);

create table work.fees (like ledger.fees including defaults including constraints including storage);

create table work.turnover (like ledger.turnover including defaults including constraints including storage);

-- the heads of the chains, by day and share of the loans, and how many chains and events they stand for
create table work.heads (
    effective_on date,
    first_loan bigint,
    chains bigint,
    events bigint,
    head_hashes bytea
);

-- the running totals of the loans to which the run adds anything
create table work.totals (
    loan_id bigint,
    assessed bigint,
    fees bigint,
    interest bigint,
    principal bigint,
    escrow bigint,
    suspense bigint,
    effective_on date,
    instalments smallint
)
