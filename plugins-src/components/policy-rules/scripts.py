"""The operator's Python: compiled and run once, called by name. Its errors name their line in the file."""

from __future__ import annotations

import builtins
import collections
import dataclasses
import datetime
import decimal
import fnmatch
import fractions
import functools
import hashlib
import ipaddress
import itertools
import json
import math
import operator
import re
import statistics
import string
import textwrap
import typing
import unicodedata
import urllib.parse
from types import TracebackType
from typing import Any

from mcpg_sdk import Problem

__all__ = ["NAMES", "Script"]

LONGEST = 400
MODULES = (
    collections, dataclasses, datetime, decimal, fnmatch, fractions, functools, hashlib, ipaddress, itertools, json,
    math, operator, re, statistics, string, textwrap, typing, unicodedata, urllib.parse,
)  # fmt: skip
NAMES = tuple(module.__name__ for module in MODULES)
"""What rules can import: whatever was imported when the plugin was built. There is no numpy in the sandbox."""


class Script:
    """One file of rules, as the host hands it over. `given` are names that it finds as globals."""

    def __init__(self, file: dict[str, str], given: dict[str, Any]) -> None:
        self.file = file["name"]
        self._names: dict[str, Any] = {"__builtins__": builtins, "__name__": "rules", **given}
        try:
            exec(compile(file["text"], self.file, "exec", dont_inherit=True), self._names)
        except Exception as error:
            raise Problem("bad-config", self._told(error)) from None

    def has(self, function: str) -> bool:
        """Whether there is a function of that name."""
        return callable(self._names.get(function))

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function; `Problem` with code `rules-failed` that names the line of whatever goes wrong."""
        try:
            return self._names[function](*arguments)
        except Exception as error:
            raise Problem("rules-failed", self._told(error)) from None

    def place(self, function: str) -> str:
        """Return file and line where a function begins."""
        code = getattr(self._names[function], "__code__", None)
        return f"{self.file}:{code.co_firstlineno}" if code else self.file

    def _told(self, error: Exception) -> str:
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError):
            text = f"`{error.name}` cannot be imported; rules have {', '.join(NAMES)}"
        if isinstance(error, SyntaxError) and error.filename == self.file:
            return f"{error.msg} ({self.file}:{error.lineno})"
        return f"{text[:LONGEST]} ({self.file}:{self._line(error.__traceback__)})"

    def _line(self, step: TracebackType | None) -> int:
        line = 1
        while step is not None:
            if step.tb_frame.f_code.co_filename == self.file:
                line = step.tb_lineno
            step = step.tb_next
        return line
