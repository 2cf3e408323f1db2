"""What Dagster loads."""

from payments_pipeline.graph import build_defs

defs = build_defs()
