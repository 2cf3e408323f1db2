"""The bank, Column: its client, its events and signatures, and a local server that stands in for it."""
