"""A data platform for mortgage-loan payments, orchestrated by Dagster."""
