"""Charts are pictures that need nothing else, and words where a picture takes a click."""

import itertools
import re

from payments_pipeline.charts import as_markdown, as_svg, bridge, bridge_in_words
from payments_pipeline.rules.bridge import Step

STEPS = [Step(name, 1, cents) for name, cents in zip("abcdefghi", itertools.cycle((500, -300)), strict=False)]


def test_a_chart_in_markdown_is_an_image_that_brings_itself_along() -> None:
    picture = bridge(1_000, STEPS, 1_000 + sum(step.cents for step in STEPS))
    assert re.fullmatch(r"!\[Our total .*\]\(data:image/svg\+xml;base64,[A-Za-z0-9+/=]+\)", as_markdown(picture))
    svg = as_svg(picture)
    for step in STEPS:
        assert f">{step.name}</text>" in svg


def test_the_bridge_in_words_is_short_enough_to_be_shown_at_once_and_each_bar_begins_where_the_last_ended() -> None:
    table = bridge_in_words(1_000, STEPS, 1_000 + sum(step.cents for step in STEPS))
    assert len(table) < 1_000
    bars = [line.split("`")[1] for line in table.splitlines()[2:]]
    assert len(bars) == 11
    ends, begins = [len(bar) for bar in bars], [len(bar) - bar.count("\u2588") for bar in bars]
    for before, after, step in zip(range(10), range(1, 10), STEPS, strict=False):
        was_at = ends[before] if before == 0 or STEPS[before - 1].cents > 0 else begins[before]
        assert was_at == (begins[after] if step.cents > 0 else ends[after])
    assert bridge_in_words(0, [], 0).count("\u2588") == 0
