"""`mcpg plugin mirror serve`: a read-only registry out of a bundle. It opens the one socket that it is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.mirror_verify import operator_option
from mcpg.cli.output import Verb, json_option

if TYPE_CHECKING:
    from mcpg_mirror.catalogue import Catalogue
    from mcpg_mirror.reading import Bundle

__all__ = ["serve"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("bundle", type=click.Path(path_type=Path))
@operator_option
@click.option("--listen", default="127.0.0.1:5000", show_default=True, help="`host:port`, or `unix:path`.")
@click.option("--tls-certificate", type=FILE, help="A PEM chain: speak TLS.")
@click.option("--tls-key", type=FILE, help="The key of --tls-certificate.")
@json_option
def serve(bundle: Path, *, as_json: bool, **given: Any) -> None:
    """Serve BUNDLE as a read-only registry.

    Plugins are found under their full names (`ghcr.io/acme/redact`) and, where that is clear, without the host. Blobs
    come straight out of the directory or tar; all are hashed before the first is served. No connection is opened.
    """
    if bool(given["tls_certificate"]) != bool(given["tls_key"]):
        raise click.UsageError("--tls-certificate and --tls-key belong together")
    asyncio.run(_serve(bundle, as_json=as_json, **given))


async def _serve(
    path: Path,
    *,
    operators: tuple[Path, ...],
    listen: str,
    tls_certificate: Path | None,
    tls_key: Path | None,
    as_json: bool,
) -> None:
    from mcpg.edge.listeners import open_listener  # noqa: PLC0415 - slow to import
    from mcpg.edge.serving import Site, Tls, serve  # noqa: PLC0415 - likewise
    from mcpg_mirror.serving import MirrorApp  # noqa: PLC0415 - likewise

    bundle, catalogue = await asyncio.to_thread(_open, path, operators, silent=as_json)
    try:
        listener = open_listener(listen)
        tls = Tls(str(tls_certificate), str(tls_key)) if tls_certificate else None
        _tell(listener.name, bundle, catalogue, as_json=as_json)
        await serve([Site(MirrorApp(bundle, catalogue), listener, tls)], grace=5.0)
    finally:
        bundle.files.close()


def _open(path: Path, operators: tuple[Path, ...], *, silent: bool) -> tuple[Bundle, Catalogue]:
    from mcpg.cli.kit.bundle_site import counting, size_of  # noqa: PLC0415 - slow to import
    from mcpg_mirror.catalogue import catalogue_of  # noqa: PLC0415 - likewise
    from mcpg_mirror.faults import while_reading  # noqa: PLC0415 - likewise
    from mcpg_mirror.reading import hash_all, open_bundle  # noqa: PLC0415 - likewise
    from mcpg_registry.keyfiles import read_public_keys  # noqa: PLC0415 - likewise

    keys = tuple(key for each in operators for key in read_public_keys(each))
    bundle = open_bundle(path, keys)
    try:
        with counting(path.name, size_of(path), silent=silent) as progress:
            hash_all(bundle.files, progress, where=bundle.where())
        with while_reading(bundle.where()):
            return bundle, catalogue_of(bundle)
    except BaseException:
        bundle.files.close()
        raise


def _tell(address: str, bundle: Bundle, catalogue: Catalogue, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"listening": address, "repositories": catalogue.names()}))
        return
    count = len(bundle.inventory.plugins)
    click.echo(f"serving {count} plugins of {bundle.inventory.bundle} on {address}; end with ctrl-c", err=True)
