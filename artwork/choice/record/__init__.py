"""The record: the ledger, the rows in it, and the marks that part it."""
