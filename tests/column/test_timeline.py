"""Pages of the timeline against the plainest model there is: a sorted list."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments_pipeline.column.events import RawEvent, read_event
from payments_pipeline.column.local.spool import spool_of
from payments_pipeline.column.local.timeline import LiveEvent, Place, Query, Timeline, UnknownCursorError

SECOND: Final = 1_000_000_000
TYPES: Final = ("ach.outgoing_transfer.settled", "book.transfer.completed", "of.a.live.kind")


@st.composite
def _timelines(draw: st.DrawFn, world_dir: Path) -> tuple[Timeline, list[str]]:
    """A timeline with live events, withheld ones and a clock anywhere, and the ids that it shows, newest first."""
    spool = spool_of(world_dir)
    first, last = int(spool.created[-1]), int(spool.created[0])
    timeline = Timeline(spool, draw(st.integers(first - SECOND, last + SECOND)))
    instants = st.one_of(st.integers(first, last), st.sampled_from(spool.created[:50].tolist()))
    live = [
        LiveEvent(at, f"evnt_live{number:023}", draw(st.sampled_from(TYPES[1:])), f"acht_{number % 3}", b"{}")
        for number, at in enumerate(draw(st.lists(instants, max_size=12)))
    ]
    for event in live:
        timeline.add(event)
    withheld = set(draw(st.lists(st.integers(0, len(spool) - 1), max_size=20)))
    until = draw(st.sampled_from([timeline.now - 1, timeline.now, timeline.now + 1]))
    for index in withheld:
        timeline.withhold(spool.event_id(index), until)
    shown: list[tuple[int, bool, str, int]] = [
        (int(made), False, spool.event_id(index), -index)
        for index, made in enumerate(spool.created)
        if made <= timeline.now and not (index in withheld and until > timeline.now)
    ]
    shown += [(event.created, True, event.id, 0) for event in live if event.created <= timeline.now]
    shown.sort(key=lambda one: (one[0], one[1], one[2] if one[1] else "", one[3]), reverse=True)
    return timeline, [event_id for _, _, event_id, _ in shown]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_page_is_what_a_sorted_list_would_give(world_dir: Path, data: st.DataObject) -> None:
    timeline, shown = data.draw(_timelines(world_dir))
    limit = data.draw(st.integers(1, 100))
    types: frozenset[str] = frozenset(data.draw(st.sampled_from([(), TYPES[:2], TYPES[2:]])))
    cursor = data.draw(st.sampled_from([None, *shown]))
    is_forward = cursor is not None and data.draw(st.booleans())
    query = Query(
        limit, newer_than=cursor if is_forward else None, older_than=None if is_forward else cursor, types=types
    )
    place = 0 if cursor is None else shown.index(cursor)
    side = shown[:place] if is_forward else shown[place + (cursor is not None) :]
    wanted = [one for one in side if not types or _type_of(timeline, one) in types]
    expected = wanted[max(0, len(wanted) - limit) :] if is_forward else wanted[:limit]

    places, has_more = timeline.page(query)
    assert [_id(timeline, place) for place in places] == expected
    assert has_more == (len(wanted) > limit)
    if (found := timeline.slice(query)) is not None:
        piece, more = found
        assert [event.id for event in _events(bytes(piece))] == expected
        assert more == has_more


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_made_between_two_instants_comes_oldest_first(world_dir: Path, data: st.DataObject) -> None:
    timeline, _ = data.draw(_timelines(world_dir))
    after, until = sorted(data.draw(st.lists(st.sampled_from(timeline.spool.created.tolist()), min_size=2, max_size=2)))
    created = [timeline.created(place) for place in timeline.between(after, until)]
    assert created == sorted(created)
    assert all(after < at <= until for at in created)
    in_world = sum(after < at <= until for at in timeline.spool.created.tolist())
    assert len(created) >= in_world


def test_a_page_beside_an_event_that_there_is_not_is_refused(world_dir: Path) -> None:
    timeline = Timeline(spool_of(world_dir), 2**62)
    for cursor in ("evnt_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP", "nonsense", ""):
        with pytest.raises(UnknownCursorError):
            timeline.page(Query(10, newer_than=cursor))


def test_every_event_is_found_by_its_id_and_by_its_object(world_dir: Path) -> None:
    spool = spool_of(world_dir)
    for index in range(0, len(spool), 7):
        event = read_event(spool.text(index))
        assert spool.find(event.id) == index
        assert index in spool.of_object(event.object_id).tolist()
    assert spool.of_object("acht_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP").tolist() == []


def _id(timeline: Timeline, place: Place) -> str:
    return place.id if isinstance(place, LiveEvent) else timeline.spool.event_id(place)


def _type_of(timeline: Timeline, event_id: str) -> str:
    place = timeline.find(event_id)
    assert place is not None
    return timeline.type_of(place)


def _events(piece: bytes) -> list[RawEvent]:
    return [read_event(line.removesuffix(b",")) for line in piece.split(b"\n") if line]
