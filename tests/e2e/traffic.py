"""Readers and writers over HTTP while something goes on; they do what the documentation tells."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.made_catalogue import QUERIES, REWRITTEN, STORIES, fixed, name

PATIENCE_S = 120.0


@dataclass
class Answer:
    """What was asked (a title's id, or words), and what was answered."""

    asked: str
    began: float
    ended: float
    items: list[dict[str, Any]]


@dataclass
class Client:
    """Sends the same again after a 503 or 429 that says when; all else than 2xx is a failure."""

    url: str
    felt: int = 0
    """Answers 503 or 429."""
    failed: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    """Of a request, with all its repetitions."""

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S)

    def send(self, method: str, path: str, *, fine: tuple[int, ...] = (), **told: Any) -> Any:
        began = time.monotonic()
        while True:
            try:
                answer = self.http.request(method, path, **told)
            except httpx.TransportError as error:
                self.failed.append(f"{path}: {error!r}")
                return None
            again = answer.status_code in (429, 503) and "retry-after" in answer.headers
            if again and time.monotonic() - began < PATIENCE_S:
                self.felt += 1
                time.sleep(float(answer.headers["retry-after"]))
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            if not answer.is_success and answer.status_code not in fine:
                self.failed.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            return answer


class Traffic:
    """Somebody who goes on until told to stop."""

    def __init__(self, url: str, titles: int, number: int) -> None:
        self.client, self.titles, self.number = Client(url), titles, number
        self.chance = random.Random(number)
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            self.act()

    def act(self) -> None:
        raise NotImplementedError


class Reader(Traffic):
    """Asks for similar titles and by words, about once a second."""

    def __init__(self, url: str, titles: int, number: int, pause_s: float) -> None:
        super().__init__(url, titles, number)
        self.answers: list[Answer] = []
        self._pause_s = pause_s

    def act(self) -> None:
        self.ending.wait(self.chance.uniform(0.5, 1.5) * self._pause_s)
        if self.chance.random() < 0.1:
            asked = self.chance.choice(QUERIES)
            path, told = "/v1/search", {"q": asked, "limit": 10}
        else:
            asked = name(self.chance.randrange(self.titles))
            if not fixed(asked):
                return
            path, told = f"/v1/titles/{asked}/similar", {"limit": 10}
        began = time.monotonic()
        answer = self.client.send("GET", path, params=told)
        if answer is not None and answer.is_success:
            items = answer.json()["items"]
            assert items, f"{asked}: nothing was found"
            self.answers.append(Answer(asked, began, time.monotonic(), items))


class Writer(Traffic):
    """Writes titles of its own and some of the catalogue's, one after the other, and looks whether
    what was acknowledged is answered."""

    def __init__(self, url: str, titles: int, number: int, writers: int) -> None:
        super().__init__(url, titles, number)
        mine = range(REWRITTEN * number, titles, REWRITTEN * writers)
        self._theirs = [name(n) for n in mine]
        self._count = 0
        self.written: dict[str, str] = {}
        """Title → its newest story that was acknowledged."""
        self.gone: dict[str, float] = {}
        """Title → when its deletion was acknowledged. No id comes back."""
        self.looked: list[tuple[str, list[dict[str, Any]]]] = []
        """A story, and the answer to its title once that was acknowledged."""

    def act(self) -> None:
        self._count += 1
        kind = self._count % 4
        if kind == 1 and self._theirs:
            self._write(self.chance.choice(self._theirs))
        elif kind == 3 and self._own():
            self._delete(self.chance.choice(self._own()))
        elif kind == 2 and self._own():
            self._write(self.chance.choice(self._own()))
        else:
            self._write(f"w-{self.number}-{self._count:04d}")

    def _own(self) -> list[str]:
        return [title for title in self.written if title.startswith("w-")]

    def _write(self, title_id: str) -> None:
        story = self.chance.choice([s for s in STORIES if s != self.written.get(title_id)])
        fields = {"id": title_id, "name": f"Title {title_id}", "synopsis": story}
        # Another tag each time: the same content again would be the same version.
        fields["tags"] = {"turn": self._count}
        answer = self.client.send("POST", "/v1/titles", json=fields)
        if answer is None or not answer.is_success:
            return
        job = self._ended(answer.json()["job_id"])
        if job["state"] != "done":
            self.client.failed.append(f"{title_id}: {job}")
            return
        self.written[title_id] = story
        found = self.client.send("GET", f"/v1/titles/{title_id}/similar", params={"limit": 5})
        if found is not None and found.is_success:
            self.looked.append((story, found.json()["items"]))

    def _delete(self, title_id: str) -> None:
        answer = self.client.send("DELETE", f"/v1/titles/{title_id}", fine=(404,))
        if answer is None or answer.status_code not in (200, 204, 404):
            return
        del self.written[title_id]
        self.gone[title_id] = time.monotonic()
        found = self.client.send("GET", f"/v1/titles/{title_id}/similar", fine=(404,))
        assert found is None or found.status_code == 404, f"{title_id} was deleted"

    def _ended(self, job_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 5 * PATIENCE_S
        while time.monotonic() < deadline:
            answer = self.client.send("GET", f"/v1/jobs/{job_id}")
            if answer is not None and answer.is_success:
                job = dict(answer.json())
                if job["state"] in {"done", "failed", "cancelled"}:
                    return job
            time.sleep(0.2)
        raise AssertionError(f"job {job_id} did not end")


@contextmanager
def at_once(people: Sequence[Traffic]) -> Iterator[None]:
    """Everybody at work meanwhile; whatever one of them meets is raised at the end."""
    with ThreadPoolExecutor(len(people)) as pool:
        working = [pool.submit(each.run) for each in people]
        try:
            yield
        finally:
            for each in people:
                each.ending.set()
        for each in working:
            each.result()
