"""The operator's one file: models, loading, checking and explaining. It opens nothing but that file.

    loaded = load(Path("mcpg.yaml"))       # raises ConfigErrors with every finding, each with line and column
    loaded.config.server.listen            # frozen models
    loaded.resolve("policies/a.cedar")     # relative to the file
    loaded.where(("tools", "forecast"))    # "mcpg.yaml:41:3", for errors that are found later

Plugin configurations, grants and bindings are kept as written: the rooms that obey them check them.
"""

from mcpg.config.findings import ConfigErrors, Finding
from mcpg.config.load import Loaded, load, loads
from mcpg.config.root import Config

__all__ = ["Config", "ConfigErrors", "Finding", "Loaded", "load", "loads"]
