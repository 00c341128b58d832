"""Object storage: obstore, which is the client that Polars itself reads with, and what its errors mean to a user."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from lmanalytics.engines.storage import scratch
from lmanalytics.errors import StorageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PATIENCE = timedelta(seconds=60)
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "abfss": "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID, _SECRET and AZURE_TENANT_ID",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
}
_REFUSED = (
    "169.254.169.254",
    "metadata.google.internal",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "MissingAccount",
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "401 Unauthorized",
)
_MEANINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("NoSuchBucket", "ContainerNotFound"), "there is no such bucket. Create it, or correct the URL"),
    (_REFUSED, "credentials are missing or were refused. Set {credentials} in the environment, on every machine"),
    (
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "301 Moved", "BareRedirect"),
        "the bucket lies in another region. Set AWS_REGION to that of the bucket",
    ),
    (("403 Forbidden", "AuthorizationPermissionMismatch"), "these credentials may not read or write there"),
    (("BadScheme", "builder error"), "its address is not encrypted. Give an https address, or set AWS_ALLOW_HTTP=true"),
    (
        ("error sending request", "dns error", "timed out"),
        "nothing answers there. Look at the network, the proxy and, where it is set, AWS_ENDPOINT_URL",
    ),
    (("404 Not Found", "not found"), "it is not there. Was it removed, or never written?"),
)


class Bucket:
    """A prefix of a bucket or container. An object is there whole or not at all: that is what one put gives."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.strip("/")

    @property
    def _store(self) -> "ObjectStore":
        with _told(self.url):
            return _client(
                self._root, tuple(sorted(item for item in os.environ.items() if item[0].startswith(_CLOUDS)))
            )

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}".strip("/")

    def uri(self, name: str) -> str:
        """Return the URL of `name`."""
        return f"{self.url}/{name}"

    def draft(self, name: str) -> Path:  # noqa: ARG002 (drafts lie flat)
        """Return a path in this machine's folder for temporary files."""
        return scratch()

    def keep(self, draft: Path, name: str, sha256: str = "") -> str:
        """Upload the draft; a large one in pieces, which become an object when the last has arrived."""
        with _told(self.uri(name)):
            obstore.put(self._store, self._key(name), draft, attributes={"sha256": sha256} if sha256 else None)
        draft.unlink()
        return self.uri(name)

    def write_text(self, name: str, text: str) -> None:
        """Put a text."""
        with _told(self.uri(name)):
            obstore.put(self._store, self._key(name), text.encode())

    def read_text(self, name: str) -> str:
        """Get a text."""
        with _told(self.uri(name), may_be_absent=True):
            return bytes(obstore.get(self._store, self._key(name)).bytes()).decode()

    def size(self, name: str) -> int | None:
        """Ask for the bytes of an object."""
        try:
            with _told(self.uri(name), may_be_absent=True):
                return obstore.head(self._store, self._key(name))["size"]
        except FileNotFoundError:
            return None

    def sha256(self, name: str) -> str:
        """Return the digest that `keep` left beside the object; one that others wrote is read."""
        with _told(self.uri(name), may_be_absent=True):
            found = obstore.get(self._store, self._key(name))
            if kept := found.attributes.get("sha256"):
                return str(kept)
            held = hashlib.sha256()
            for piece in found.stream():
                held.update(piece)
            return held.hexdigest()

    def fetch(self, name: str, target: Path) -> None:
        """Copy an object to this machine, in pieces."""
        with _told(self.uri(name), may_be_absent=True), target.open("wb") as copy:
            for piece in obstore.get(self._store, self._key(name)).stream():
                copy.write(piece)

    def listed(self, prefix: str = "") -> list[str]:
        """Return the objects below, the empty ones left out that stand for folders in some consoles."""
        below = self._key(prefix)
        with _told(self.url):
            found = [o for piece in obstore.list(self._store, below or None) for o in piece]
        named = [o["path"] for o in found if o["size"] or "." in o["path"].rpartition("/")[2]]
        return sorted(path.removeprefix(self._prefix).lstrip("/") for path in named)

    def remove(self, name: str) -> None:
        """Delete an object; one that is not there already is deleted."""
        try:
            with _told(self.uri(name), may_be_absent=True):
                obstore.delete(self._store, self._key(name))
        except FileNotFoundError:
            return


@lru_cache(maxsize=16)
def _client(root: str, _: tuple[tuple[str, str], ...]) -> "ObjectStore":
    """Open a bucket once while the environment says the same of how to reach it."""
    return from_url(root, retry_config={"max_retries": 5, "retry_timeout": _PATIENCE})


def said(error: Exception, url: str) -> StorageError:
    """Say what an error of an object store means and what to do, without what a query string may hold."""
    text = re.sub(r"(https?://[^\s?\"']+)\?[^\s\"',)]*", r"\1", str(error).partition("\n\nDebug source")[0])
    place = url or (found.group(1) if (found := re.search(r"\(path: ([^)]*)\)", text)) else "A storage URL")
    meaning = next((told for marks, told in _MEANINGS if any(m in str(error) for m in marks)), "the store refused")
    credentials = _CREDENTIALS.get(urlsplit(place).scheme, "the cloud's credentials")
    code = f", {found.group(1)}" if (found := re.search(r"<Code>(\w+)</Code>", text)) else ""
    first = text.partition("\n")[0].partition("<")[0].rstrip(": \ufeff") + code
    return StorageError(f"{place}: {meaning.format(credentials=credentials)}. It said: {first}.")


@contextmanager
def _told(url: str, *, may_be_absent: bool = False) -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        no_bucket = any(mark in str(error) for mark in _MEANINGS[0][0])
        if may_be_absent and isinstance(error, FileNotFoundError) and not no_bucket:
            message = f"{url} is not there"
            raise FileNotFoundError(message) from None
        raise said(error, url) from None
