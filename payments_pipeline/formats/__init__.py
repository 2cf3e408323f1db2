"""Bytes to typed records and back, a module a format: no SQL, no Dagster. What they share is in `statements`."""
