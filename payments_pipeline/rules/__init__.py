"""The business, as pure functions: no SQL, no Dagster, no input or output. Here a domain expert can check us."""
