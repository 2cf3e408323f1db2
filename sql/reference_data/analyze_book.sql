-- Loans came: the planner should know how many.
select operations.analyze_table('servicing.loans');
select operations.analyze_table('servicing.escrow');
select operations.analyze_table('servicing.loan_statuses');
select operations.analyze_table('servicing.amortisation_factors');
select operations.analyze_table('ledger.balances')
