"""HMDA: the Loan/Application Register, its transmittal sheet, and the edits that CFPB's platform holds them against.

`layout` says what a field is called and what may stand in it; `reader` turns a file into bounded chunks of columns;
`edits` declares every rule beside its text; `check` runs a year's rules over a file; `records` are the typed rows that
others write. Nothing here reads payments: a register reports applications, originations and purchases.
"""
