"""The commands of `payments`, a module each. What they do is elsewhere; here is how they are asked and how they answer."""

import logging

from payments_pipeline.settings import Settings, load_settings


def begin() -> Settings:
    """What every command does first: read the settings, and log as they say."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every request otherwise
    return settings
