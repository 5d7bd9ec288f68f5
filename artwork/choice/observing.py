"""Taking in rewards: those of many callers that wait are written together."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    """`submit`, called in `thread`, appends events durably, with an outcome for each; the future
    is done."""

    def __init__(
        self,
        thread: ThreadPoolExecutor,
        submit: Callable[[Sequence[RewardEvent]], "Future[_Written]"],
    ) -> None:
        self._submit = submit
        self._gathering: Gathering[Sequence[RewardEvent], Outcomes] = Gathering(
            thread, self._together, len
        )

    async def observe(self, events: Sequence[RewardEvent]) -> Outcomes:
        """As `Personalizer.observe`."""
        outcomes, good = checked(check_reward, events)
        return merged(outcomes, await self._gathering.ask(good)) if good else outcomes

    def _together(self, asked: _Asked) -> None:
        events = [event for each in asked for event in each.question]
        done = self._submit(events)
        error = done.exception()
        if error is not None and len(asked) > 1:  # one may have spoilt it for all
            for each in asked:
                self._gathering.answer([each])
            return
        if error is None:
            outcomes = iter(done.result()[0])
            for each in asked:
                each.answer = list(islice(outcomes, len(each.question)))
        else:
            asked[0].error = told_of(error)
        tell(asked)
