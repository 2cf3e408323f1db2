"""The ledger: allocations, double entry, the event chains and their seals."""
