"""The catalogue: every fault of the simulated registry by its name, with what it takes. It holds no fault itself.

`registry.switch(NAME, ...)`: for each body fault there is one name per kind of thing, such as `blob-changed` or
`token-endless`; all of them take `times` and `digest`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulator import faults_bodies as bodies
from tests.simulator import faults_places as places
from tests.simulator import faults_referrers as referrers
from tests.simulator import faults_uploads as uploads

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CATALOGUE"]

KINDS = ("manifest", "blob", "tags", "referrers", "token")


def _body(change: Any, kind: str, **options: Any) -> bodies.Change:
    methods = "GET POST" if kind == "token" else "GET"
    return bodies.Change(change, (kind,), methods, **options)


CATALOGUE: dict[str, Callable[..., Any]] = {
    f"{kind}-{change.__name__.replace('_', '-')}": partial(_body, change, kind)
    for kind in KINDS
    for change in bodies.BODIES
}
CATALOGUE |= {name: partial(places.ranged, name) for name in places.RANGES}
CATALOGUE |= dict(referrers.REFERRERS) | dict(uploads.UPLOADS)
CATALOGUE |= {
    "replaced": bodies.replaced,
    "retyped": bodies.retyped,
    "digest-header": bodies.digest_header,
    "redirects": places.redirects,
    "links": places.links,
    "located": places.located,
    "status": places.status,
    "tag-moves": places.tag_moves,
    "referrers-of": referrers.referrers_of,
    "unfiltered": referrers.unfiltered,
    "no-api": referrers.no_api,
    "hidden": referrers.hidden,
}
