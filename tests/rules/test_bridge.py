"""The way from our total to the bank's takes the causes in their order, each of them once."""

from payments_pipeline.rules.bridge import CAUSES, Cause, Step, cause_name, steps_of


def test_the_bridge_takes_the_causes_of_all_rails_together_in_the_order_of_their_list() -> None:
    causes = [
        Cause("collections", "card", "missing_here", 2, 700),
        Cause("collections", "ach", "fee", 1, -30),
        Cause("lockbox", "lockbox", "missing_here", 1, 50),
    ]
    assert steps_of(causes) == [Step(CAUSES["fee"][0], 1, -30), Step(CAUSES["missing_here"][0], 3, 750)]


def test_a_cause_that_nobody_has_named_yet_comes_last_and_is_still_told() -> None:
    causes = [Cause("collections", "ach", "a_new_cause", 1, 5), Cause("collections", "ach", "unknown", 1, 1)]
    assert [step.name for step in steps_of(causes)] == [CAUSES["unknown"][0], "A new cause"]
    assert causes[0].name == cause_name("a_new_cause") == "A new cause"
