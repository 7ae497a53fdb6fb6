"""Shapes of any value: nothing but a refusal is raised, what comes out is valid on the wire, nothing known is lost."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.values import forms, junk, light, objects, texts, values
from tests.protocol.wire import faults_of_answer, faults_of_ask, faults_of_result

from mcpg.contract.ports import Refusal
from mcpg.protocol.asks import ASKS
from mcpg.protocol.capabilities import capabilities_of, lacking, needed_by, relayable
from mcpg.protocol.kinds import KINDS
from mcpg.protocol.methods import METHODS, NOTICES
from mcpg.protocol.shapes import (
    SERVER_INFO_KEY,
    lower_call,
    lower_notification,
    lower_request,
    lower_response,
    raise_request,
    raise_response,
    raise_result,
    shape,
)
from mcpg.protocol.versions import HANDSHAKE, KNOWN, MODERN

if TYPE_CHECKING:
    from collections.abc import Callable

NEW = MODERN[-1]
INFO = {"name": "gateway", "version": "1"}
RESULTS = sorted(name.removeprefix("result ") for name in KINDS if name.startswith("result "))
SHAPED = [method for method in RESULTS if method not in {"initialize", "server/discover"}]
versions = st.sampled_from(KNOWN)


def _asking() -> st.SearchStrategy[Any]:
    params = st.fixed_dictionaries({"message": texts, "requestedSchema": forms}) | objects
    requests = st.fixed_dictionaries({"method": st.sampled_from([*ASKS, "ping"])}, optional={"params": params})
    return st.fixed_dictionaries(
        {"resultType": st.just("input_required")},
        optional={"inputRequests": st.dictionaries(texts, requests, max_size=2) | junk, "requestState": texts | junk},
    )


def _results(method: str) -> st.SearchStrategy[Any]:
    return values(f"result {method}") | _asking() | objects


results = st.sampled_from(RESULTS).flatmap(lambda method: st.tuples(st.just(method), _results(method)))


def _asks(method: str) -> st.SearchStrategy[Any]:
    if method == "elicitation/create":
        form = st.fixed_dictionaries({"message": texts, "requestedSchema": forms}, optional={"mode": st.just("form")})
        return form | values(f"ask {method} url") | objects
    return values(f"ask {method}") | objects


asks = st.sampled_from(sorted(ASKS)).flatmap(lambda method: st.tuples(st.just(method), _asks(method)))
answers = st.sampled_from(sorted(ASKS)).flatmap(
    lambda method: st.tuples(st.just(method), values(f"answer {method}") | objects)
)


def _said(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function says, or none for a refusal; it must leave its arguments alone and say JSON."""
    before = copy.deepcopy(arguments)
    try:
        value = function(*arguments)
    except Refusal:
        value = None
    assert arguments == before
    json.dumps(value, allow_nan=False)
    return value


@light
@given(results, versions)
def test_a_shaped_result_is_valid_and_stays_as_it_is(case: tuple[str, Any], version: str) -> None:
    method, result = case
    shaped = _said(shape, method, result, version, INFO)
    if shaped is None:
        return
    if method in SHAPED:
        assert faults_of_result(method, version, shaped) == []
    assert shape(method, shaped, version, INFO) == shaped


@light
@given(results, versions)
def test_a_raised_result_is_valid_in_the_newest_version(case: tuple[str, Any], version: str) -> None:
    method, result = case
    raised = _said(raise_result, method, result, version)
    if raised is not None and method in SHAPED:
        assert faults_of_result(method, NEW, raised) == []


@light
@given(results)
def test_the_newest_version_gets_what_it_is_and_the_gateways_name(case: tuple[str, Any]) -> None:
    method, result = case
    raised = _said(raise_result, method, result, NEW)
    if raised is None:
        return
    shaped = shape(method, raised, NEW, INFO)
    meta = {key: value for key, value in shaped.pop("_meta").items() if key != SERVER_INFO_KEY}
    own = {key: value for key, value in raised.pop("_meta", {}).items() if key != SERVER_INFO_KEY}
    assert (shaped, meta) == (raised, own)


@light
@given(results, st.sampled_from(HANDSHAKE))
def test_what_both_versions_know_survives(case: tuple[str, Any], version: str) -> None:
    """Lowered, raised and lowered again is lowered."""
    method, result = case
    raised = _said(raise_result, method, result, NEW)
    lowered = None if raised is None else _said(shape, method, raised, version, INFO)
    if lowered is not None:
        assert shape(method, raise_result(method, lowered, version), version, INFO) == lowered


@light
@given(st.sampled_from(["tools/call", "prompts/get", "resources/read"]), versions, st.data())
def test_a_failure_never_becomes_a_success(method: str, version: str, data: st.DataObject) -> None:
    result = {**data.draw(values(f"result {method}")), "isError": True}
    shaped = _said(shape, method, result, version, INFO)
    if shaped is not None and result.get("resultType", "complete") == "complete":
        assert shaped["isError"] is True


@light
@given(asks, versions)
def test_a_lowered_request_is_valid_and_stays_as_it_is(case: tuple[str, Any], version: str) -> None:
    method, params = case
    lowered = _said(lower_request, method, params, version)
    if lowered is not None:
        assert faults_of_ask(method, version, lowered) == []
        assert lower_request(method, lowered, version) == lowered


@light
@given(asks, versions, versions)
def test_a_request_goes_from_any_version_to_any(case: tuple[str, Any], source: str, target: str) -> None:
    method, params = case
    raised = _said(raise_request, method, params, source)
    if raised is not None:
        lowered = _said(lower_request, method, raised, target)
        assert lowered is None or faults_of_ask(method, target, lowered) == []
        assert lacking(needed_by(method, raised), {}) == needed_by(method, raised) != {}


@light
@given(answers, versions, versions)
def test_an_answer_goes_from_any_version_to_any(case: tuple[str, Any], source: str, target: str) -> None:
    method, result = case
    raised = _said(raise_response, method, result, source)
    if raised is None:
        return
    lowered = _said(lower_response, method, raised, target)
    if lowered is not None:
        assert faults_of_answer(method, target, lowered) == []
        assert lower_response(method, lowered, target) == lowered
    assert raise_response(method, raised, source) == raised


@light
@given(st.sampled_from([*sorted(METHODS[NEW]), "ping", "vendor/x", "tasks/get"]), objects, versions)
def test_calls(method: str, params: dict[str, Any], version: str) -> None:
    lowered = _said(lower_call, method, params, version)
    if lowered is not None:
        assert lower_call(method, lowered, version) == lowered


@light
@given(st.sampled_from([*sorted(NOTICES), "notifications/vendor"]), st.data(), versions)
def test_notifications(method: str, data: st.DataObject, version: str) -> None:
    kind = f"note {method}"
    params = data.draw(values(kind if kind in KINDS else "note") | objects)
    lowered = _said(lower_notification, method, params, version)
    if lowered is not None:
        assert lower_notification(method, lowered, version) == lowered


@light
@given(st.dictionaries(st.sampled_from(["elicitation", "sampling", "roots", "extensions", "tasks"]), junk), versions)
def test_capabilities(declared: dict[str, Any], version: str) -> None:
    able = _said(capabilities_of, version, declared)
    told = _said(relayable, able, version)
    assert capabilities_of(version, told).keys() <= able.keys()
    assert all(isinstance(value, dict) for value in (*able.values(), *told.values()))


@pytest.mark.parametrize("version", KNOWN)
@light
@given(value=junk)
def test_results_that_are_no_objects_inside(version: str, value: Any) -> None:
    for method in RESULTS:
        for key in KINDS[f"result {method}"]:
            _said(shape, method, {key: value}, version, INFO)
            _said(raise_result, method, {key: value}, version)
