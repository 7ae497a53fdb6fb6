"""Assertions of the checks say what they found."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.matrix.checks", "tests.matrix.context", "tests.matrix.refusals")
