"""Loans, and what is due on them."""
