"""The stand-ins, asked directly: what they do in the sandbox is tested there."""

import datetime
import random
import time

import pytest

from mcpg_sdk import stand_ins
from mcpg_sdk.output import Output
from mcpg_sdk.problems import Unavailable, UnavailableFile
from mcpg_sdk.run import drive
from mcpg_sdk.stand_ins import State


@pytest.fixture
def active(monkeypatch):
    monkeypatch.setattr(State, "active", True)
    monkeypatch.setattr(State, "seeded", False)


def test_they_are_the_real_ones_while_building():
    assert stand_ins.refusing(len, "len", "")("abc") == 3
    assert stand_ins.unless_given(time.gmtime, 0)().tm_year > 2000
    assert 0 <= stand_ins.unless_seeded(random.random)() < 1
    assert stand_ins.seeded_class(random.Random)().random() < 1
    assert stand_ins.dates(datetime.datetime).now().year > 2000


@pytest.mark.usefixtures("active")
def test_they_refuse_in_the_sandbox_and_name_the_remedy():
    shared = random.Random(1)
    for call in (
        stand_ins.unless_given(time.gmtime, 0),
        lambda: stand_ins.unless_given(time.strftime, 1)("%Y"),
        stand_ins.dates(datetime.datetime).now,
        stand_ins.dates(datetime.date).today,
    ):
        with pytest.raises(Unavailable, match="/run/now"):
            call()
    for call in (stand_ins.unless_seeded(shared.random), stand_ins.seeded_class(random.Random)):
        with pytest.raises(Unavailable, match="/run/seed"):
            call()
    with pytest.raises(OSError, match="files"):
        stand_ins.refusing(open, "open", "a plugin has no files", UnavailableFile)("x")


@pytest.mark.usefixtures("active")
def test_what_needs_no_clock_and_no_chance_still_works():
    shared = random.Random(1)
    stand_ins.unless_seeded(shared.seed)(5)
    assert stand_ins.unless_seeded(shared.random)() == random.Random(5).random()
    assert stand_ins.seeded_class(random.Random)(5).random() == random.Random(5).random()
    assert stand_ins.unless_given(time.gmtime, 0)(0).tm_year == 1970
    kind = stand_ins.dates(datetime.datetime)
    assert isinstance(kind(2026, 1, 1), datetime.datetime)
    assert isinstance(datetime.datetime.min, kind)
    assert issubclass(datetime.datetime, kind)
    assert kind.fromisoformat("2026-01-01") + datetime.timedelta(days=1) == datetime.datetime(2026, 1, 2)


def test_print_is_a_line_of_the_log_if_the_manifest_lists_it():
    def author(told):
        stream = Output(told=told)
        print("a", "b", file=stream)
        for _ in range(100):
            stream.write("more\n\nunfinished")
        stream.forget()
        raise RuntimeError("end")

    answer = drive([], lambda: author(told=True))
    assert answer.tag == "perform"
    assert answer.value[0] == ("log", '{"level":"debug","message":"a b"}')
    assert len(answer.value) == 32
    assert drive([], lambda: author(told=False)).tag == "failed"
