from __future__ import annotations

import pytest

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused, RegistryFailed


@pytest.mark.parametrize("kind", [McpgError, ConfigError, PluginRefused, RegistryFailed])
def test_no_error_steers_a_terminal_or_breaks_a_line(kind: type[McpgError]) -> None:
    """Registries, plugins and peers write parts of messages, before anybody has trusted them."""
    hostile = "found `\x1b[2J\r\nerror: all is well\u202e\u2028\x9b1m`"
    error = kind(hostile, where=hostile, remedy=hostile)
    for text in (error.message, error.where, error.remedy, str(error)):
        assert text.isprintable()
        assert "error: all is well" in text
    assert error.diagnostics().count("\n") == 1
    assert kind("found `\u00e9\u4e2d`").message == "found `\u00e9\u4e2d`"
