"""Taking in rewards: those of many callers that wait are written together."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice

from artwork.choice.events.attribution import RewardEvent
from artwork.choice.events.outcomes import Outcomes, checked, merged
from artwork.choice.events.rewards import check_reward
from artwork.choice.gathering import Asked, Gathering, tell
from artwork.choice.record.commits import told_of
from artwork.choice.record.ledger import Appended

_Asked = Sequence[Asked[Sequence[RewardEvent], Outcomes]]
_Written = tuple[Outcomes, Appended | None]


class Observing:
    """`submit` appends events durably, with an outcome for each; called in `thread`."""

    def __init__(
        self,
        thread: ThreadPoolExecutor,
        submit: Callable[[Sequence[RewardEvent]], "Future[_Written]"],
    ) -> None:
        self._thread, self._submit = thread, submit
        self._gathering: Gathering[Sequence[RewardEvent], Outcomes] = Gathering(
            thread, self._together, len
        )

    async def observe(self, events: Sequence[RewardEvent]) -> Outcomes:
        """As `Personalizer.observe`."""
        outcomes, good = checked(check_reward, events)
        return merged(outcomes, await self._gathering.ask(good)) if good else outcomes

    def _together(self, asked: _Asked) -> None:
        events = [event for each in asked for event in each.question]
        self._submit(events).add_done_callback(partial(self._written, asked))

    def _written(self, asked: _Asked, done: "Future[_Written]") -> None:
        error = done.exception()
        if error is not None and len(asked) > 1:
            # One may have spoilt it for all. In the thread: here the writer would wait for itself.
            self._thread.submit(self._apart, asked)
            return
        if error is None:
            outcomes = iter(done.result()[0])
            for each in asked:
                each.answer = list(islice(outcomes, len(each.question)))
        else:
            asked[0].error = told_of(error)
        tell(asked)

    def _apart(self, asked: _Asked) -> None:
        for each in asked:
            self._gathering.answer([each])
