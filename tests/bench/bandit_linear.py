"""Linear bandits of four libraries in the worlds of `bandit`, each by its own public calls.

All have one weight vector for all pictures over the very features that Keyart makes: the strongest
of the encodings that they take. Where a library knows only one weight vector an arm, there is one
arm ("show") and a row for each picture.
"""

from typing import Any

import numpy as np

from artwork.choice.belief.features import DIM, assemble
from artwork.choice.belief.sums import SCALE
from tests.bench.bandit_looks import F64
from tests.bench.bandit_worlds import Sight


class _Linear:
    def __init__(self) -> None:
        self._open: dict[int, F64] = {}

    def choose(self, sight: Sight) -> int:
        x = assemble(sight.descriptors, sight.taste, sight.here) / SCALE
        chosen = self.pick(x)
        self._open[sight.number] = x[chosen]
        return chosen

    def shown(self, sight: Sight, chosen: int) -> None:
        pass

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        pass

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        self.fit(self._open.pop(sight.number), reward)

    def pick(self, x: F64) -> int:
        raise NotImplementedError

    def fit(self, x: F64, reward: float) -> None:
        raise NotImplementedError


class MabWiser(_Linear):
    """`LinTS`; `alpha` its exploration, `l2` its prior precision."""

    def __init__(self, seed: int, alpha: float, l2: float) -> None:
        from mabwiser.mab import MAB, LearningPolicy

        super().__init__()
        self._mab = MAB(["show"], LearningPolicy.LinTS(alpha=alpha, l2_lambda=l2), seed=seed)
        self._mab.fit(["show"], [0.0], np.zeros((1, DIM)))

    def pick(self, x: F64) -> int:
        return int(np.argmax([row["show"] for row in self._mab.predict_expectations(x)]))

    def fit(self, x: F64, reward: float) -> None:
        self._mab.partial_fit(["show"], [reward], x[None])


class Obp(_Linear):
    """`LinTS`, whose noise and prior are fixed at 1: `gain` and `reach` scale the rewards and the
    features into those units. It takes no fewer than two arms: both learn the same."""

    def __init__(self, seed: int, gain: float, reach: float) -> None:
        from obp.policy import LinTS

        super().__init__()
        self._gain, self._reach = gain, reach
        self._policy = LinTS(dim=DIM, n_actions=2, random_state=seed)

    def pick(self, x: F64) -> int:
        return int(self._policy.select_action(self._reach * x)[0]) // 2

    def fit(self, x: F64, reward: float) -> None:
        for arm in range(2):
            self._policy.update_params(arm, self._gain * reward, self._reach * x[None])


class River(_Linear):
    """`BayesianLinearRegression`; Thompson's draw from each picture's predictive distribution."""

    def __init__(
        self, seed: int, alpha: float, beta: float, smoothing: float | None = None
    ) -> None:
        from river.linear_model import BayesianLinearRegression

        super().__init__()
        self._model = BayesianLinearRegression(alpha=alpha, beta=beta, smoothing=smoothing)
        self._rng, self._beta = np.random.default_rng(seed), beta

    def pick(self, x: F64) -> int:
        found = [self._model.predict_one(_named(row), with_dist=True) for row in x]
        # Without the noise of the reward itself, which tells nothing of the picture.
        spread = np.sqrt(np.maximum([f.sigma**2 - 1 / self._beta for f in found], 0.0))
        drawn = np.array([f.mu for f in found]) + spread * self._rng.standard_normal(len(x))
        return int(drawn.argmax())

    def fit(self, x: F64, reward: float) -> None:
        self._model.learn_one(_named(x), reward)


def _named(row: F64) -> dict[int, float]:
    return {i: value for i, value in enumerate(row.tolist()) if value}


class BayesianBandits(_Linear):
    """`LipschitzContextualAgent`: Thompson sampling over one shared `NormalRegressor`, which
    forgets at a rate a row (`StabilizedForgetting`: towards the prior) where one is given."""

    def __init__(self, seed: int, alpha: float, beta: float, rate: float | None = None) -> None:
        super().__init__()
        self._seed, self._prior, self._rate = seed, (alpha, beta), rate
        self._agents: dict[int, Any] = {}
        self._learner: Any = None

    def _agent(self, pictures: int) -> Any:
        from bayesianbandits import (
            Arm,
            LipschitzContextualAgent,
            NormalRegressor,
            StabilizedForgetting,
            ThompsonSampling,
        )
        from bayesianbandits.featurizers import FunctionArmFeaturizer

        if self._learner is None:
            forgetting = None if self._rate is None else StabilizedForgetting(self._rate)
            self._learner = NormalRegressor(*self._prior, forgetting=forgetting)
        if pictures not in self._agents:
            self._agents[pictures] = LipschitzContextualAgent(
                [Arm(k) for k in range(pictures)],
                ThompsonSampling(),
                FunctionArmFeaturizer(_slots),
                self._learner,
                random_seed=self._seed,
            )
        return self._agents[pictures]

    def pick(self, x: F64) -> int:
        self._pictures = len(x)
        [chosen] = self._agent(len(x)).pull(x.reshape(1, -1))
        return int(chosen)

    def fit(self, x: F64, reward: float) -> None:
        agent = self._agent(self._pictures)
        agent.select_for_update(0).update(
            np.tile(x, (1, self._pictures)), np.array([reward])
        )  # fmt: skip


def _slots(X: Any, tokens: Any) -> F64:
    """(contexts, pictures × d) to (contexts, d, tokens): each arm sees its own picture."""
    each = np.asarray(X).reshape(len(X), -1, DIM)
    return np.transpose(each[:, list(tokens)], (0, 2, 1))
