"""The choice of sigma: a search over scores, and what a network makes of it."""

# ruff: noqa: ARG001, ARG002, ARG005 (interfaces that others define)

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

import skfourier._training._loop as loop
from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier._training import _sigma_search
from skfourier._training._embeddings import sigma_directions
from skfourier._training._sigma_search import Candidate, search_sigma


def wave(n_rows, cycles=8.0, noise=0.0, seed=0):
    """Return rows of one period, and a square wave with noise."""
    X = np.linspace(0, 1, n_rows, endpoint=False)[:, None]
    y = np.sign(np.sin(2 * np.pi * cycles * X[:, 0] + 0.3))
    return X, y + noise * np.random.default_rng(seed).standard_normal(n_rows)


def network(sigma="auto", **params):
    return CoordinateMLPRegressor(
        (32,), embedding=FourierFeatures(sigma, n_frequencies=32), random_state=0, **params
    )


class Scores:
    """A candidate whose score is known, and counts its training."""

    def __init__(self, score):
        self.score, self.scores = score, {}

    def score_after(self, n_turns):
        return self.scores.setdefault(n_turns, self.score)


class Trainings:
    """What a `Candidate` trains, counted in turns."""

    def __init__(self):
        self.turns, self.network = 0, self


def searched(score, start=(1.0,), directions=((1,),), n_epochs=16, alphas=(0.0,)):
    made = []

    def candidate_at(sigma, alpha, n_parts):
        made.append(Scores(score(sigma) if alphas == (0.0,) else score(sigma, alpha)))
        return made[-1]

    return search_sigma(np.array(start), directions, candidate_at, n_epochs, alphas)


class TestSearch:
    @pytest.mark.parametrize("best", [1 / 16, 0.25, 1.0, 2.0, 32.0])
    def test_climbs_to_the_best(self, best):
        chosen = searched(lambda sigma: -abs(math.log2(sigma[0] / best)))
        assert chosen.sigma == best
        tried = chosen.tried
        assert tried["sigma"].shape == (len(tried["score"]), 1)
        # Both neighbors of the best were tried after a sixteenth, and later.
        short = tried["sigma"][tried["n_epochs"] == 1, 0]
        assert {best / 2, best, best * 2} <= set(short)
        for n_epochs in (2, 6):
            later = tried["sigma"][tried["n_epochs"] == n_epochs, 0]
            assert sorted(later) == [best / 2, best, best * 2]

    def test_ends_where_nothing_helps(self):
        assert searched(lambda sigma: 0.0).sigma == 1.0
        assert searched(lambda sigma: sigma[0]).sigma == 64.0

    def test_the_longest_training_decides(self):
        class Falling(Scores):
            """Best at 4 after a sixteenth, 2 after an eighth, 1 later; better all the time."""

            def score_after(self, n_turns):
                off = abs(math.log2(self.score / {1: 4, 2: 2, 6: 1, 8: 1}[n_turns]))
                return self.scores.setdefault(n_turns, n_turns - off)

        chosen = search_sigma(np.array([1.0]), [(1,)], lambda s, *_: Falling(s[0]), 16)
        assert chosen.sigma == 1.0

    @pytest.mark.parametrize(("alphas", "sigma"), [((0.0,), 2.0), ((0.0, 1.0, 3.0), 4.0)])
    def test_a_network_that_has_become_worse_has_too_large_a_sigma(self, alphas, sigma):
        class Spoiled(Scores):
            """Best at 4 and near it, and worse with every epoch."""

            def score_after(self, n_turns):
                return self.scores.setdefault(n_turns, -abs(math.log2(self.score / 4)) - n_turns)

        # Unless a stronger decay can keep it from the noise.
        chosen = search_sigma(np.array([1.0]), [(1,)], lambda s, *_: Spoiled(s[0]), 16, alphas)
        assert chosen.sigma == sigma

    def test_a_slow_network_wants_a_larger_sigma_later(self):
        class Rising(Scores):
            """Best at 1 until an eighth, at 4 later; better all the time."""

            def score_after(self, n_turns):
                off = abs(math.log2(self.score / {1: 1, 2: 1, 6: 4, 8: 4}[n_turns]))
                return self.scores.setdefault(n_turns, n_turns - off)

        chosen = search_sigma(np.array([1.0]), [(1,)], lambda s, *_: Rising(s[0]), 16)
        assert chosen.sigma == 4.0
        # 1 and 2 for three eighths, 4 for half, 1/2 for an eighth.
        tried = chosen.tried
        longest = {s: tried["n_epochs"][tried["sigma"][:, 0] == s].max() for s in (0.5, 1, 2, 4)}
        assert longest == {0.5: 2, 1: 6, 2: 6, 4: 8}
        assert tried["sigma"].max() == 4

    def test_a_network_that_is_a_little_worse_keeps_its_sigma(self):
        class Settled(Scores):
            """Best at 4, by far; worse by 0.1 between three eighths and half."""

            def score_after(self, n_turns):
                settled = -abs(math.log2(self.score / 4)) - 0.1 * (n_turns == 8)
                return self.scores.setdefault(n_turns, settled)

        # 0.1 in an eighth are 0.4 in the half that is left, and half of sigma is worse by 1.
        chosen = search_sigma(np.array([1.0]), [(1,)], lambda s, *_: Settled(s[0]), 16)
        assert chosen.sigma == 4.0

    def test_what_was_trained_further_tells_its_latest_score(self, monkeypatch):
        def train(training, _, *, max_iter, keep_interrupted):
            assert max_iter > 0
            training.turns += max_iter

        monkeypatch.setattr(_sigma_search, "train", train)
        candidate = Candidate(Trainings(), [None], lambda network: float(network.turns))
        assert [candidate.score_after(n) for n in (1, 6, 2, 1, 8)] == [1, 6, 6, 1, 8]
        assert candidate.scores == {1: 1, 6: 6, 8: 8}

    @pytest.mark.parametrize(("best", "n_trainings"), [(1.0, 23 / 16), (1 / 8, 25 / 16)])
    def test_takes_few_steps(self, best, n_trainings):
        """A bracket of 3 or 5 for a sixteenth, two go on to 3/8, two decays are compared at 1/2."""
        chosen = searched(lambda sigma, _: -abs(math.log2(sigma[0] / best)), alphas=(0.0, 1.0, 3.0))
        tried, longest = chosen.tried, {}
        for sigma, alpha, n_epochs in zip(
            tried["sigma"][:, 0], tried["alpha"], tried["n_epochs"], strict=True
        ):
            longest[sigma, alpha] = max(n_epochs, longest.get((sigma, alpha), 0))
        assert sum(longest.values()) / 16 == n_trainings

    def test_failures_rank_last(self):
        chosen = searched(lambda sigma: -math.inf if sigma[0] > 1 else sigma[0], n_epochs=8)
        assert chosen.sigma == 1
        assert -math.inf in chosen.tried["score"]

    def test_directions(self):
        def score(sigma):
            return -abs(math.log2(sigma[0] / 4)) - abs(math.log2(sigma[2] / 16))

        chosen = searched(score, (2.0, 2.0, 1.0), [(1, 1, 1), (0, 0, 1)])
        np.testing.assert_array_equal(chosen.sigma, [4, 4, 16])

    @pytest.mark.parametrize("best", [1.0, 3.0])
    def test_decay_is_that_of_the_better_score(self, best):
        def score(sigma, alpha):
            return -abs(math.log2(sigma[0] / 4)) - abs(alpha - best)

        chosen = searched(score, alphas=(0.0, 1.0, 3.0))
        assert (chosen.sigma, chosen.alpha) == (4.0, best)
        # The strong one at the sigma that was chosen only, and after half of the training.
        strong = chosen.tried["alpha"] == 3
        assert set(chosen.tried["sigma"][strong, 0]) == {4.0}
        longest = chosen.tried["n_epochs"] == 8
        assert set(chosen.tried["alpha"][longest]) == {1.0, 3.0}

    @pytest.mark.parametrize(("missed", "alpha"), [(1e-4, 0.0), (1e-3, 1.0)])
    def test_without_noise_there_is_no_decay(self, missed, alpha):
        def score(sigma, alpha):
            return 1 - missed * (1 + abs(math.log2(sigma[0] / 4)) + abs(alpha - 1))

        chosen = searched(score, alphas=(0.0, 1.0, 3.0))
        assert (chosen.sigma, chosen.alpha) == (4.0, alpha)

    def test_decay_that_explodes_is_not_taken(self):
        alphas = (0.0, 1.0, 3.0)
        chosen = searched(lambda sigma, alpha: -math.inf if alpha > 1 else 0.0, alphas=alphas)
        assert chosen.alpha == 1.0

    @pytest.mark.parametrize("n_epochs", [1, 2, 3, 7])
    def test_few_epochs_are_taken_in_parts(self, n_epochs):
        tried = searched(lambda sigma, alpha: 0.0, n_epochs=n_epochs, alphas=(0.0, 1.0, 3.0)).tried
        shares = np.unique(tried["n_epochs"]) / n_epochs
        # Rounding to whole parts, of which there are at least sixteen.
        np.testing.assert_allclose(shares, [1 / 16, 1 / 8, 3 / 8, 1 / 2], atol=1 / 32)

    def test_kinds_of_columns(self):
        X = np.stack(np.meshgrid(np.arange(8), np.arange(8), np.arange(3) * 5.0), -1).reshape(-1, 3)
        for sigma, n in (("auto", 1), ("auto_per_axis", 2)):
            features = FourierFeatures(sigma).fit(X)
            assert len(sigma_directions(features, features.sigma_)) == n
        np.testing.assert_array_equal(sigma_directions(features, features.sigma_)[1], [1, 1, 0])


class TestNetwork:
    def test_is_that_of_the_chosen_sigma(self):
        X, y = wave(300)
        chosen = network(max_iter=40).fit(X, y)
        given = network(chosen.embedding_.sigma_, max_iter=40, alpha=chosen.alpha_).fit(X, y)
        np.testing.assert_array_equal(chosen.predict(X), given.predict(X))
        assert given.sigma_search_ is None

    def test_reports_what_was_tried(self):
        X, y = wave(300)
        model = network(max_iter=40).fit(X, y)
        tried = model.sigma_search_
        assert model.embedding_.sigma_ in tried["sigma"]
        long = tried["n_epochs"] == 15
        assert long.sum() == 2
        assert model.embedding_.sigma_ == tried["sigma"][long][tried["score"][long].argmax()]
        # 40 steps at a step size of 0.01: decay alone would leave exp(-0.75) of the weights.
        decays = np.array([0.75, 2.5]) / (0.01 * 40)
        np.testing.assert_allclose(np.unique(tried["alpha"]), decays)
        half = tried["n_epochs"] == 20
        assert set(tried["sigma"][half, 0]) == {model.embedding_.sigma_}
        assert model.alpha_ == tried["alpha"][half][tried["score"][half].argmax()]

    def test_noise_asks_for_a_smaller_sigma(self):
        models = [network(max_iter=200, alpha=0).fit(*wave(400, noise=n)) for n in (0, 1)]
        assert models[1].embedding_.sigma_ < models[0].embedding_.sigma_

    @pytest.mark.parametrize("params", [{"alpha": 0.3}, {"solver": "adam", "alpha": "auto"}])
    def test_decay_that_is_given_or_depends_on_units_is_not_searched(self, params):
        model = network(max_iter=16, **params).fit(*wave(300))
        expected = params["alpha"] if params["alpha"] != "auto" else 0.0
        assert set(model.sigma_search_["alpha"]) == {model.alpha_} == {expected}

    def test_without_a_search_there_is_no_decay(self):
        X, y = wave(300)
        models = [network(3.0, max_iter=16, **a).fit(X, y) for a in ({}, {"alpha": 0})]
        assert models[0].alpha_ == models[1].alpha_ == 0
        np.testing.assert_array_equal(*(model.predict(X) for model in models))
        decayed = models[1].set_params(alpha=1).partial_fit(X, y)
        assert decayed.alpha_ == 1

    def test_beats_the_rule_on_rows_too_dense(self):
        # Two cycles in 2,000 rows, with noise: 0.02 cycles per spacing is 40 cycles.
        X, y = wave(2000, cycles=2, noise=0.5)
        truth = wave(2000, cycles=2)[1]
        rule = network(FourierFeatures("auto").fit(X).sigma_).fit(X, y)
        errors = [np.mean((m.predict(X) - truth) ** 2) for m in (network().fit(X, y), rule)]
        assert errors[0] < errors[1] / 2

    def test_per_axis(self):
        # Along the second column nothing happens, in ten times fewer rows.
        x, t = np.meshgrid(np.arange(60) / 60, np.arange(6) / 6, indexing="ij")
        X = np.column_stack([x.ravel(), t.ravel()])
        y = np.sin(2 * np.pi * 6 * X[:, 0])
        model = network("auto_per_axis", max_iter=100).fit(X, y)
        assert model.sigma_search_["sigma"].shape[1] == 2
        ratios = model.sigma_search_["sigma"][:, 0] / model.sigma_search_["sigma"][:, 1]
        assert len(np.unique(ratios.round(6))) > 1

    @pytest.mark.parametrize("params", [{"max_iter": 0}, {}])
    def test_the_rule_without_training_or_rows(self, params):
        X, y = wave(10 if not params else 300)
        model = network(**params).fit(X, y)
        assert model.sigma_search_ is None
        assert model.embedding_.sigma_ == FourierFeatures("auto").fit(X).sigma_

    def test_partial_fit_takes_the_rule(self):
        X, y = wave(300)
        model = network().partial_fit(X, y)
        assert model.sigma_search_ is None
        assert model.embedding_.sigma_ == FourierFeatures("auto").fit(X).sigma_

    def test_warm_start_keeps_the_choice(self):
        X, y = wave(300, noise=0.5)
        model = network(max_iter=40, warm_start=True).fit(X, y)
        sigma, tried = model.embedding_.sigma_, model.sigma_search_
        model.fit(X, y)
        assert model.embedding_.sigma_ == sigma
        assert model.sigma_search_ is tried

    def test_one_epoch_of_many_steps(self):
        X, y = wave(1000)
        model = network(batch_size=32, max_iter=1).fit(X, y)
        assert set(model.sigma_search_["n_epochs"]) == {1 / 16, 1 / 8, 3 / 8, 1 / 2}

    def test_with_weights_columns_and_early_stopping(self):
        X, y = wave(300)
        weight = np.where(np.arange(300) % 3, 1.0, 1e-9)
        wrong = np.where(np.arange(300) % 3, y, 100)  # rows that hardly count
        model = network(max_iter=40, early_stopping=True)
        model.fit(X, np.column_stack([wrong, -wrong]), sample_weight=weight)
        assert model.sigma_search_["score"].max() > 0.5

    def test_exploding_candidates_rank_last(self):
        X, y = wave(300)
        with pytest.raises(ValueError, match="exploded"):
            network(learning_rate_init=1e30, solver="sgd", max_iter=20).fit(X, y)

    def test_interrupt_loses_nothing(self, monkeypatch):
        X, y = wave(300)
        model = network(max_iter=16).fit(X, y)
        before = model.predict(X)
        calls = []

        def interrupted(training, samples, original=loop.Training.epoch):
            calls.append(1)
            if len(calls) == 5:
                raise KeyboardInterrupt
            return original(training, samples)

        monkeypatch.setattr(loop.Training, "epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, -y)
        np.testing.assert_array_equal(model.predict(X), before)

    def test_an_embedding_of_ones_own(self):
        model = CoordinateMLPRegressor((16,), embedding=Scaled(), random_state=0, max_iter=64)
        model.fit(*wave(300))
        assert model.sigma_search_ is not None
        assert model.embedding_.sigma_ == model.embedding_.sigma


class Scaled(TransformerMixin, BaseEstimator):
    """Fourier features by another name."""

    def __init__(self, sigma="auto"):
        self.sigma = sigma

    def fit(self, X, y=None):
        X = validate_data(self, X)
        self.features_ = FourierFeatures(self.sigma, n_frequencies=16, random_state=0).fit(X)
        self.sigma_ = self.features_.sigma_
        return self

    def transform(self, X):
        return self.features_.transform(X)

    def to_module(self, dtype):
        return self.features_.to_module(dtype)
