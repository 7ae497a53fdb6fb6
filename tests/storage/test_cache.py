"""The cache holds what it may and no more."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.storage import Lru


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_there_until_its_time_is_over() -> None:
    clock = Clock()
    cache: Lru[str] = Lru(entries=10, size=100, clock=clock)
    assert cache.put("a", "x", ttl=5)
    assert cache.put("b", "y")
    clock.now = 4.99
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("x", "y", None)
    clock.now = 5.0
    assert (cache.get("a"), cache.get("b")) == (None, "y")
    assert (len(cache), cache.size) == (1, 1)


def test_the_least_recently_used_goes_first() -> None:
    cache: Lru[int] = Lru(entries=3, size=100)
    for number in range(3):
        cache.put(number, number)
    assert cache.get(0) == 0
    cache.put(3, 3)
    assert [cache.get(number) for number in range(4)] == [0, None, 2, 3]


def test_bytes_are_bounded() -> None:
    cache: Lru[str] = Lru(entries=100, size=10)
    assert cache.put("a", "x", size=6)
    assert cache.put("b", "x", size=6)
    assert (cache.get("a"), cache.size) == (None, 6)
    assert not cache.put("b", "too large", size=11)
    assert (cache.get("b"), cache.size) == (None, 0)
    assert not cache.put("c", "x", ttl=0)
    assert not cache.put("c", "x", size=-1)
    assert len(cache) == 0


def test_all_of_an_owner_is_dropped() -> None:
    cache: Lru[int] = Lru(entries=10, size=100)
    for number in range(6):
        cache.put(number, number, size=2, owner=f"use-{number % 2}")
    assert cache.drop("use-0") == 3
    assert cache.drop("use-0") == 0
    assert (len(cache), cache.size) == (3, 6)
    cache.clear()
    assert (len(cache), cache.size, cache.drop("use-1")) == (0, 0, 0)


@pytest.mark.parametrize("bounds", [{"entries": 0, "size": 1}, {"entries": 1, "size": 0}])
def test_a_cache_without_room_is_a_mistake(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Lru(**bounds)


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "get", "drop", "discard"]), st.integers(0, 6), st.integers(0, 6)), max_size=80
)


@given(STEPS)
def test_it_does_what_a_plain_model_does(steps: list[tuple[str, int, int]]) -> None:
    cache: Lru[tuple[int, int]] = Lru(entries=4, size=12)
    model: OrderedDict[int, int] = OrderedDict()
    for what, key, size in steps:
        if what == "put":
            cache.put(key, (key, size), size=size, owner=str(key % 2))
            model.pop(key, None)
            while sum(model.values()) + size > 12 or len(model) >= 4:
                model.popitem(last=False)
            model[key] = size
        elif what == "get":
            assert cache.get(key) == ((key, model[key]) if key in model else None)
            if key in model:
                model.move_to_end(key)
        elif what == "drop":
            gone = [each for each in model if each % 2 == key % 2]
            assert cache.drop(str(key % 2)) == len(gone)
            for each in gone:
                del model[each]
        else:
            cache.discard(key)
            model.pop(key, None)
        assert cache.size == sum(model.values())
        assert len(cache) == len(model)
