"""Work that comes round goes on coming round, whatever happens in it."""

import threading

import pytest

from content.errors import Unavailable
from workers import ticker
from workers.ticker import Ticker


@pytest.mark.parametrize("error", [Unavailable("ledger_unavailable", "full"), ZeroDivisionError()])
def test_what_fails_is_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "AGAIN_S", 0.001)
    thrice, calls = threading.Event(), 0

    def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            thrice.set()
        raise error

    comes_round = Ticker(work, every_s=0.001, name="test")
    comes_round.start()
    assert thrice.wait(30)
    comes_round.close()
