import pytest

from payments_pipeline.column.local.faults import FaultBook, Faults, FaultsError, parse_faults


def test_a_specification_names_shares_durations_and_a_seed() -> None:
    assert parse_faults("429=0.05, 5xx=0.1,withhold=0.2:3d,slow=0.01:250ms,seed=7") == Faults(
        rate_limited=0.05, server_error=0.1, withhold=0.2, withhold_seconds=3 * 86_400, slow=0.01, slow_seconds=0.25,
        seed=7,
    )  # fmt: skip
    assert parse_faults("") == Faults()


@pytest.mark.parametrize(
    "text", ["429", "429=2", "429=-0.1", "429=x", "teapot=0.1", "half=0.1:3d", "slow=0.1:x", "seed=a"]
)
def test_what_is_not_understood_is_named(text: str) -> None:
    with pytest.raises(FaultsError, match="is not understood") as refused:
        parse_faults(f"5xx=0.1,{text}")
    assert text in refused.value.message


def test_chance_is_the_same_from_the_same_seed() -> None:
    def struck(seed: int) -> list[str | None]:
        book = FaultBook(parse_faults(f"429=0.1,half=0.1,lost_answer=0.1,seed={seed}"))
        strikes = [book.strike("GET", "/events") for _ in range(300)]
        return [strike.kind if strike else None for strike in strikes]

    assert struck(1) == struck(1) != struck(2)
    assert 50 < sum(kind is not None for kind in struck(1)) < 130


def test_a_demand_strikes_the_next_requests_to_its_path_only() -> None:
    book = FaultBook()
    book.demand({"kind": "server_error", "status": 502, "path": "/events", "method": "GET", "times": 2})
    assert book.strike("GET", "/transfers/ach") is None
    assert book.strike("POST", "/events") is None
    assert [strike and strike.status for strike in (book.strike("GET", "/events") for _ in range(3))] == [
        502,
        502,
        None,
    ]
    with pytest.raises(FaultsError):
        book.demand({"kind": "earthquake"})
