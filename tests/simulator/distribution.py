"""The OCI distribution API 1.1 over `Contents`, complete and honest. Faults and log-ins stand before it, not in it.

Blobs with HEAD, Range and If-None-Match, manifests by tag and digest, tags and referrers with paging, uploads in one,
in two and in many requests, mounts, deletion. Source: distribution-spec 1.1, "Endpoints".
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.simulator.wire import Reply

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.references import is_repository, is_tag

if TYPE_CHECKING:
    from tests.simulator.contents import Contents, Repository
    from tests.simulator.wire import Request

__all__ = ["Distribution", "Route", "failure", "route"]

ROUTES = (
    ("manifest", re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)")),
    ("upload", re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]*)")),
    ("blob", re.compile(r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)")),
    ("tags", re.compile(r"/v2/(?P<name>.+)/tags/list(?P<reference>)")),
    ("referrers", re.compile(r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)")),
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is about; kinds are `base`, `token`, `manifest`, `upload`, `blob`, `tags`, `referrers`, `none`."""

    kind: str
    name: str = ""
    reference: str = ""


def route(path: str) -> Route:
    if path.rstrip("/") in {"/v2", "/token"}:
        return Route("base" if path.startswith("/v2") else "token")
    for kind, pattern in ROUTES:
        found = pattern.fullmatch(path)
        if found and is_repository(found["name"]):
            return Route(kind, found["name"], found["reference"])
    return Route("none")


def failure(status: int, code: str, message: str = "", **headers: str) -> Reply:
    """Return an error in the shape of the spec."""
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower(), "detail": None}]}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": "application/json", **named}, body)


class Distribution:
    """Answers requests out of `contents`; `page` is the longest page of tags or referrers."""

    def __init__(self, contents: Contents, page: int = PAGE) -> None:
        self.contents = contents
        self.page = page

    def answer(self, request: Request) -> Reply:
        found = route(request.path)
        if found.kind == "base":
            return Reply(200, {"Docker-Distribution-API-Version": "registry/2.0"}, b"{}")
        if found.kind in {"none", "token"}:
            return failure(404, "UNSUPPORTED", "no such endpoint")
        reading = request.method in {"GET", "HEAD"}
        if reading and found.kind != "upload" and found.name not in self.contents.repositories:
            return failure(404, "NAME_UNKNOWN")
        repository = self.contents.repository(found.name)
        answer: Any = getattr(self, f"_{found.kind}")
        reply: Reply = answer(request, found, repository)
        return reply

    def _manifest(self, request: Request, found: Route, repository: Repository) -> Reply:
        if request.method == "PUT":
            return self._put_manifest(request, found, repository)
        held = repository.find(found.reference)
        if held is None:
            return failure(404, "MANIFEST_UNKNOWN")
        digest, media_type, data = held
        if request.method == "DELETE":
            repository.manifests.pop(digest)
            repository.tags = {tag: named for tag, named in repository.tags.items() if named != digest}
            return Reply(202)
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        if request.headers.get("if-none-match") == f'"{digest}"':
            return Reply(304, headers)
        return Reply(200, headers, data)

    def _put_manifest(self, request: Request, found: Route, repository: Repository) -> Reply:
        digest = digest_bytes(request.body)
        tagged = is_tag(found.reference)
        if not tagged and found.reference != digest:
            return failure(400, "DIGEST_INVALID")
        try:
            document = json.loads(request.body)
        except ValueError:
            return failure(400, "MANIFEST_INVALID")
        if document.get("mediaType") != request.headers.get("content-type"):
            return failure(400, "MANIFEST_INVALID", "content type and media type differ")
        wanted = [document["config"], *document["layers"]] if "layers" in document else []
        if any(each["digest"] not in repository.blobs for each in wanted):
            return failure(400, "MANIFEST_BLOB_UNKNOWN")
        if any(each["digest"] not in repository.manifests for each in document.get("manifests", [])):
            return failure(400, "MANIFEST_BLOB_UNKNOWN")
        repository.put_manifest(document["mediaType"], request.body, found.reference if tagged else None)
        headers = {"Location": f"/v2/{found.name}/manifests/{digest}", "Docker-Content-Digest": digest}
        if document.get("subject") and self.contents.api:
            headers["OCI-Subject"] = document["subject"]["digest"]
        return Reply(201, headers)

    def _blob(self, request: Request, found: Route, repository: Repository) -> Reply:
        data = repository.blobs.get(found.reference)
        if data is None:
            return failure(404, "BLOB_UNKNOWN")
        if request.method == "DELETE":
            repository.blobs.pop(found.reference)
            return Reply(202)
        headers = {
            "Content-Type": "application/octet-stream",
            "Docker-Content-Digest": found.reference,
            "Accept-Ranges": "bytes",
            "ETag": f'"{found.reference}"',
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if wanted is None or request.method == "HEAD":
            return Reply(200, headers, data)
        start, end = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
        if start > end:
            return failure(416, "RANGE_INVALID", Content_Range=f"bytes */{len(data)}")
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return Reply(206, headers, data[start : end + 1])

    def _tags(self, request: Request, found: Route, repository: Repository) -> Reply:
        listed = [tag for tag in sorted(repository.tags) if tag > request.query.get("last", "")]
        size = min(int(request.query.get("n", self.page)), self.page)
        headers = {"Content-Type": "application/json"}
        if len(listed) > size:
            query = urlencode({"n": size, "last": listed[size - 1]})
            headers["Link"] = f'</v2/{found.name}/tags/list?{query}>; rel="next"'
        return Reply(200, headers, json.dumps({"name": found.name, "tags": listed[:size]}).encode())

    def _referrers(self, request: Request, found: Route, repository: Repository) -> Reply:
        if not self.contents.api:
            return failure(404, "NOT_FOUND")
        if DIGEST.fullmatch(found.reference) is None:
            return failure(400, "DIGEST_INVALID")
        entries, headers = repository.referrers(found.reference), {"Content-Type": media.INDEX}
        kind, start = request.query.get("artifactType"), int(request.query.get("start", "0"))
        if kind:
            entries = [entry for entry in entries if entry["artifactType"] == kind]
            headers["OCI-Filters-Applied"] = "artifactType"
        if len(entries) > start + self.page:
            query = urlencode({**request.query, "start": start + self.page})
            headers["Link"] = f'</v2/{found.name}/referrers/{found.reference}?{query}>; rel="next"'
        index = {"schemaVersion": 2, "mediaType": media.INDEX, "manifests": entries[start : start + self.page]}
        return Reply(200, headers, json.dumps(index).encode())

    def _upload(self, request: Request, found: Route, repository: Repository) -> Reply:
        if request.method == "POST" and not found.reference:
            return self._begin(request, found, repository)
        held = repository.uploads.get(found.reference)
        if held is None:
            return failure(404, "BLOB_UPLOAD_UNKNOWN")
        if request.method == "DELETE":
            repository.uploads.pop(found.reference)
            return Reply(204)
        if request.method in {"PATCH", "PUT"}:
            wanted = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?", request.headers.get("content-range", ""))
            if wanted and (int(wanted[1]), int(wanted[2])) != (len(held), len(held) + len(request.body) - 1):
                return failure(416, "BLOB_UPLOAD_INVALID", Range=f"0-{max(len(held) - 1, 0)}")
            held += request.body
        if request.method == "PUT":
            repository.uploads.pop(found.reference)
            return self._store(found, repository, bytes(held), request.query.get("digest", ""))
        place = f"/v2/{found.name}/blobs/uploads/{found.reference}"
        headers = {"Location": place, "Range": f"0-{max(len(held) - 1, 0)}"}
        return Reply(202 if request.method == "PATCH" else 204, headers)

    def _begin(self, request: Request, found: Route, repository: Repository) -> Reply:
        mounted, source = request.query.get("mount", ""), request.query.get("from", "")
        held = self.contents.repositories.get(source)
        if mounted and held is not None and mounted in held.blobs:
            return self._store(found, repository, held.blobs[mounted], mounted)
        if "digest" in request.query:
            return self._store(found, repository, request.body, request.query["digest"])
        upload = str(uuid.uuid4())
        repository.uploads[upload] = bytearray()
        return Reply(202, {"Location": f"/v2/{found.name}/blobs/uploads/{upload}?state=x", "Range": "0-0"})

    def _store(self, found: Route, repository: Repository, data: bytes, digest: str) -> Reply:
        if digest_bytes(data) != digest:
            return failure(400, "DIGEST_INVALID")
        repository.blobs[digest] = data
        headers = {"Location": f"/v2/{found.name}/blobs/{digest}", "Docker-Content-Digest": digest}
        return Reply(201, headers)
