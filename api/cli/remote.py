"""The service, as the command line reaches it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.parse import quote

import httpx
import typer


def _address(given: str) -> str:
    """The service's URL; where none is given, this machine and the port `serve` would take."""
    url = given or f"127.0.0.1:{os.environ.get('KEYART_PORT') or 8000}"
    if "://" not in url:
        url = f"http://{url}"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url!r} is not a URL: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise typer.BadParameter(f"{url!r} is not a URL such as http://127.0.0.1:8000")
    return url


DEFAULT_URL = ""
Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="KEYART_URL",
        callback=_address,
        show_default="http://127.0.0.1, port KEYART_PORT or 8000",
        help="Where the service is.",
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--key", envvar="KEYART_API_KEY", show_default=False, help="One of its keys, if it has any."
    ),
]


class Refused(Exception):
    """The service answered with a problem document."""

    def __init__(
        self, status: int, body: dict[str, Any], retry_after_s: float | None = None
    ) -> None:
        self.status = status
        self.code = str(body.get("code", f"http_{status}"))
        self.detail = str(body.get("detail", "the answer is not one of Keyart's"))
        self.body = body
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.code}: {self.detail}")


_NO_ID = {
    "titles": (422, "invalid_title_id"),
    "decisions": (404, "decision_not_found"),
    "variants": (404, "variant_not_found"),
    "jobs": (404, "job_not_found"),
    "reindex": (404, "job_not_found"),
}


def path(*parts: str) -> str:
    """`/v1/` and the parts; whatever an id holds, it stays one part.

    Raises:
        Refused: `invalid_title_id`, or as the service says of an id that there is not, for what no
            path can hold as one part: servers decode a quoted `/` before they look for the route.
    """
    for part in parts:
        if not part or "/" in part:
            status, code = _NO_ID.get(parts[0], (404, "not_found"))
            detail = f"{part!r} is no id: an id is not empty and holds no '/'"
            raise Refused(status, {"code": code, "detail": detail})
    # Dots are quoted because `..` would be taken as the way up.
    return "/v1/" + "/".join(quote(part, safe="").replace(".", "%2E") for part in parts)


class Remote:
    """Calls that give the parsed answer or raise.

    Every call raises Refused for a problem document and httpx.TransportError when the service
    does not answer.
    """

    def __init__(self, url: str, key: str = "", *, patience_s: float = 60.0) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Writing has no limit: an upload takes as long as the line needs.
        timeout = httpx.Timeout(patience_s, connect=5.0, write=None)
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)

    def get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self._parsed(self._http.get(path, params=given))

    def post(self, path: str, body: Any = None) -> Any:
        return self._sent("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self._sent("PUT", path, body)

    def _sent(self, method: str, path: str, body: Any) -> Any:
        try:
            request = self._http.build_request(method, path, json=body)
        except ValueError as error:  # JSON has no NaN and no infinity
            detail = "a number is not finite (NaN or infinity)"
            raise Refused(400, {"code": "invalid_json", "detail": detail}) from error
        return self._parsed(self._http.send(request))

    def delete(self, path: str) -> Any:
        """May take as long as it needs: a proof reads the whole ledger."""
        patient = httpx.Timeout(None, connect=5.0)
        return self._parsed(self._http.delete(path, timeout=patient))

    def download(self, path: str) -> Iterator[bytes]:
        """An answer as it comes, however long."""
        with self._http.stream("GET", path) as response:
            if not response.is_success:
                response.read()
                self._parsed(response)
            yield from response.iter_bytes()

    def upload(self, title: str, name: str, media: IO[bytes]) -> Any:
        """Submit a title (its JSON) with its media, which is streamed."""
        # In this order, so that a bad title is refused before its media is sent.
        parts: dict[str, tuple[str | None, IO[bytes] | str, str]] = {
            "title": (None, title, "application/json"),
            "media": (Path(name).name, media, "application/octet-stream"),
        }
        return self._parsed(self._http.post("/v1/titles", files=parts))

    def send(
        self, where: str, part: str, file: IO[bytes], told: str | None = None, **query: Any
    ) -> Any:
        """Send a picture or sound with what is told of it (JSON), if anything is."""
        parts: dict[str, tuple[str | None, IO[bytes] | str, str]] = {
            part: (Path(file.name).name, file, "application/octet-stream"),
        }
        if told is not None:
            parts = {"artwork": (None, told, "application/json"), **parts}
        given = {name: value for name, value in query.items() if value is not None}
        return self._parsed(self._http.post(where, files=parts, params=given))

    def bulk(self, lines: bytes) -> list[Any]:
        """Submit titles, one a line: what is answered of each, and the last line.

        Raises:
            httpx.RemoteProtocolError: the answer lacks its last line.
        """
        headers = {"Content-Type": "application/x-ndjson"}
        response = self._http.post("/v1/titles:bulk", content=lines, headers=headers)
        if not response.is_success:
            self._parsed(response)
        answers = [json.loads(line) for line in response.content.split(b"\n") if line]
        if not answers or "stopped" not in answers[-1]:
            raise httpx.RemoteProtocolError("the answer is cut short", request=response.request)
        return answers

    def picture(self, link: str, width: int) -> bytes | None:
        """A picture as JPEG, at most so many px wide; None when it is not there any more."""
        response = self._http.get(f"{link.rpartition('.')[0]}.jpg", params={"w": width})
        if response.status_code == 404:
            return None
        if not response.is_success:
            self._parsed(response)
        return response.content

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    @staticmethod
    def _parsed(response: httpx.Response) -> Any:
        try:
            body = response.json()
        except ValueError:
            body = {}
        if response.is_success:
            return body
        delay = response.headers.get("retry-after", "")
        known = body if isinstance(body, dict) else {}
        raise Refused(response.status_code, known, float(delay) if delay.isdecimal() else None)
