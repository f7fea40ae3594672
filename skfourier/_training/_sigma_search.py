"""Sigma and weight decay chosen on held-out rows: short trainings bracket, longer ones decide."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skfourier._training._loop import Training, train
from skfourier._training._samples import Samples

# Shares of the whole training. After the first sigma is bracketed, after the others it may be
# halved: the best one falls while a network trains, by up to a factor of two with each doubling.
# After three eighths it is that of the end within what the choice is worth. In networks that learn
# slowly (ReLU) it rises.
_BRACKET = 1 / 16
_LATER = (1 / 8, 3 / 8)
# What weight decay is worth shows later, and so does a network that learns noise.
_LAST = 1 / 2
# A network that misses less of the variance saw next to no noise. Without decay it gains up to 10
# dB there; at twice that it is about even, at four times it loses 1.
_NOISELESS = 3e-4
_FACTOR = 2.0
# So many doublings from the spacing's sigma; the rows of a signal are rarely 64 times too dense.
_MOST_STEPS = 6
# An R^2 of more rows than these is no surer than the choice.
MOST_ROWS_SCORED = 10_000


@dataclass(frozen=True)
class Choice:
    """Sigma and weight decay, and all that was compared.

    Parameters
    ----------
    sigma : float, or ndarray of shape (n_features,)
    alpha : float
    tried : dict of ndarray
        "sigma", of shape (n_tried, n_features); "alpha"; "n_epochs", how long each was trained, and
        "score", R^2 then, of shape (n_tried,): a row for each score that was compared.
    """

    sigma: float | np.ndarray
    alpha: float
    tried: dict


@dataclass
class Candidate:
    """A network at one sigma and decay, trained as far as it was asked for.

    Parameters
    ----------
    training : Training
    parts : list of Samples
        The rows, in as many parts as there are turns in an epoch of the training.
    score : callable
        Score of a network on the rows held out.
    """

    training: Training
    parts: list[Samples]
    score: Callable
    n_turns: int = 0
    scores: dict[int, float] = field(default_factory=dict)

    def score_after(self, n_turns):
        """Train up to turn `n_turns`, and return the score there; -inf where that fails.

        Where it has gone beyond without a score there, the latest one is returned.
        """
        if n_turns not in self.scores:
            n_turns = max(n_turns, self.n_turns)
        if n_turns not in self.scores:
            self.scores[n_turns] = self._trained(n_turns - self.n_turns)
            self.n_turns = n_turns
        return self.scores[n_turns]

    def _trained(self, n_turns):
        if -math.inf in self.scores.values():
            return -math.inf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                self._train(n_turns)
            except ValueError:  # exploded
                return -math.inf
        return self.score(self.training.network)

    def _train(self, n_turns):
        if len(self.parts) == 1:
            train(self.training, self.parts[0], max_iter=n_turns, keep_interrupted=False)
            return
        for turn in range(self.n_turns, self.n_turns + n_turns):
            part = self.parts[turn % len(self.parts)]
            train(self.training, part, max_iter=1, keep_interrupted=False)


def search_sigma(sigma, directions, candidate_at, n_epochs, alphas=(0.0,)):
    """Choose sigma and weight decay by what a network predicts on rows that it has not seen.

    First the score after a sixteenth of the training is climbed, in factors of two from the start
    and along one direction after the other, until the next sigma is worse. The best one and its
    half (along each direction) go on to an eighth of the training, and the better one and its half
    to three eighths. If that one misses next to nothing, the weakest decay is taken. Otherwise the
    two others are compared with that sigma after half of the training. With one direction and two
    decays all of that takes 1.2 to 1.5 trainings.

    Where there is but one decay, the time goes into sigma: after an eighth and three eighths it is
    doubled (in all columns together), at most twice, while that is better. And a network that has
    become worse after half of the training learns noise already: half of its sigma is taken, unless
    even by the end, at this rate, it would not fall below the score that half of sigma had after an
    eighth (or three, if it was first trained then).

    Parameters
    ----------
    sigma : ndarray of shape (n_features,)
        Where to start.
    directions : list of ndarray of shape (n_features,)
        1 for columns whose sigma is varied together, 0 for others.
    candidate_at : callable
        Of a sigma, ndarray of shape (n_features,), a weight decay and a number of parts makes a
        `Candidate`.
    n_epochs : int
        Of the whole training.
    alphas : tuple of float
        One weight decay, or three, the weakest first; sigma is chosen with the middle one.

    Returns
    -------
    Choice
    """
    n_parts = math.ceil(1 / (_BRACKET * n_epochs))
    n_turns = n_parts * n_epochs
    candidates: dict = {}
    directions = [np.asarray(direction, dtype=int) for direction in directions]

    alpha = alphas[len(alphas) // 2]

    def score(steps, share, alpha=alpha):
        key = (steps, alpha)
        if key not in candidates:
            candidates[key] = candidate_at(sigma * _FACTOR ** np.array(steps), alpha, n_parts)
        return candidates[key].score_after(round(share * n_turns))

    best = (0,) * len(sigma)
    for direction in directions:
        for step in (-direction, direction):
            best = _climb(best, step, partial(score, share=_BRACKET))
    for share in _LATER:
        scored = partial(score, share=share)
        if len(alphas) == 1:
            best = _climb(best, directions[0], scored, most=2)
        best = max([best, *(tuple(best - direction) for direction in directions)], key=scored)
    if len(alphas) > 1:
        noiseless = 1 - score(best, _LATER[-1]) < _NOISELESS
        alpha = alphas[0] if noiseless else max(alphas[1:], key=partial(score, best, _LAST))
    else:
        # What the rest of the training takes away, if it goes on as since the score before.
        loss = (score(best, _LATER[-1]) - score(best, _LAST)) * (1 - _LAST) / (_LAST - _LATER[-1])
        half = tuple(best - directions[0])
        if loss > 0 and score(half, _LATER[0]) > score(best, _LAST) - loss:
            best = half
    chosen = sigma * _FACTOR ** np.array(best)
    one = float(chosen[0]) if np.all(chosen == chosen[0]) else chosen
    return Choice(one, alpha, _table(candidates, sigma, n_parts))


def _table(candidates, sigma, n_parts):
    """Return the columns of `Choice.tried`."""
    tried = [
        (sigma * _FACTOR ** np.array(steps), decay, n / n_parts, value)
        for (steps, decay), candidate in sorted(candidates.items())
        for n, value in candidate.scores.items()
    ]
    names = ("sigma", "alpha", "n_epochs", "score")
    return dict(zip(names, map(np.array, zip(*tried, strict=True)), strict=True))


def restored_search(state, n_features):
    """Take the table of the sigmas that were tried out of a file's `State`."""
    sigma = state.array("sigma", (None, n_features))
    columns = {
        name: state.array(name, (len(sigma),), finite=name != "score")
        for name in ("alpha", "n_epochs", "score")
    }
    state.finish()
    return {"sigma": sigma, **columns}


def _climb(best, step, score, most=math.inf):
    """Take a step, and the next, while that scores better."""
    while most > 0:
        neighbor = tuple(best + step)
        if max(map(abs, neighbor)) > _MOST_STEPS or score(neighbor) <= score(best):
            break
        best, most = neighbor, most - 1
    return best
