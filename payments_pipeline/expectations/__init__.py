"""Expectations on a day's tables as wholes: how much there is, how it is spread, whether anything is missing."""
