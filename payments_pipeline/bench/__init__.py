"""Benchmarks: what the platform costs, beside what the machine could do at best."""
