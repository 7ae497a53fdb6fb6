"""The options that plugin verbs share, and what was chosen with them. It opens nothing; `kit.site` does."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg_registry.versions import Range

__all__ = ["Chosen", "parse_allowed", "range_option", "site_options", "yes_option"]

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the options say; no `config` means that there is no file, and that none was asked for.

    `near` is the folder in which the store and the lock stand unless they are named.
    """

    config: Path | None
    near: Path
    store: Path | None = None
    trust: Path | None = None
    keys: tuple[Path, ...] = ()
    mirrors: tuple[str, ...] = ()
    lock: Path | None = None
    offline: bool = False
    plain_http: bool = False

    @property
    def repeated(self) -> str:
        """Return what the command that we tell people to run next needs of these options, too."""
        return " --plain-http" if self.plain_http else ""


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "config": click.option(
        "--config",
        "config_path",
        default="mcpg.yaml",
        envvar="MCPG_CONFIG",
        show_default=True,
        show_envvar=True,
        type=FILE,
        help="The operator's file; the default one may be missing.",
    ),
    "store": click.option(
        "--store", "store_path", type=FOLDER, help="The folder of installed plugins; else the file's `.state/plugins`."
    ),
    "trust": click.option("--trust", "trust_path", type=FILE, help="A file of trust rules, in place of the file's."),
    "key": click.option(
        "--key",
        "key_paths",
        type=FILE,
        multiple=True,
        help="A public key to trust this once, for a repository that no rule speaks of.",
    ),
    "mirror": click.option(
        "--mirror",
        "mirrors",
        multiple=True,
        metavar="PLACE",
        help="Where to read first: HOST[/PATH] of a registry, or the folder or tar of a mirror.",
    ),
    "lock": click.option("--lock-file", "lock_path", type=FILE, help="The lock; else `mcpg.lock` beside the file."),
    "offline": click.option("--offline", is_flag=True, help="Open no connection: take what is on this machine."),
    "plain-http": click.option(
        "--plain-http", is_flag=True, help="Speak HTTP without TLS to registries on this machine."
    ),
}

yes_option = click.option("--yes", is_flag=True, help="Ask nothing and do it.")
range_option = click.option(
    "--range", "allowed", default="*", show_default=True, help="Versions that may be taken, such as `>=1.2.0 <2.0.0`."
)


def parse_allowed(text: str) -> Range:
    """Return the range of --range; wrong usage when it is none."""
    from mcpg_registry.versions import parse_range  # noqa: PLC0415 - slow to import

    try:
        return parse_range(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def site_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds these options and hands the command one `chosen` in place of them."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def call(*arguments: Any, **options: Any) -> Any:
            return command(*arguments, chosen=_chosen(options), **options)

        for name in reversed(("config", *names)):
            call = _OPTIONS[name](call)
        return call

    return decorate


def _chosen(options: dict[str, Any]) -> Chosen:
    """Take the shared options out of `options`."""
    path: Path = options.pop("config_path")
    source = click.get_current_context().get_parameter_source("config_path")
    there = source is not ParameterSource.DEFAULT or path.exists()
    for place in options.get("mirrors", ()):
        _check_mirror(place, path.parent)
    return Chosen(
        config=path if there else None,
        near=path.parent,
        store=options.pop("store_path", None),
        trust=options.pop("trust_path", None),
        keys=options.pop("key_paths", ()),
        mirrors=options.pop("mirrors", ()),
        lock=options.pop("lock_path", None),
        offline=options.pop("offline", False),
        plain_http=options.pop("plain_http", False),
    )


def _check_mirror(place: str, near: Path) -> None:
    """Return unless a mirror is written as a path and nothing is there: no host is asked for what was misspelt."""
    from mcpg_registry.tar_sources import parts_file  # noqa: PLC0415 - slow to import

    if not place.startswith(("/", ".")) and not place.endswith(".tar"):
        return
    if not (near / place).exists() and not parts_file(near / place).exists():
        remedy = "name a folder, a tar, a tar in parts, or HOST[/PATH] of a registry"
        raise ConfigError("there is no such folder or tar", where=f"mirror `{place}`", remedy=remedy)
