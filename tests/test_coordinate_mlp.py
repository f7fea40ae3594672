"""The regressor: what it promises about scales, weights, seeds, endings and bad input."""

import pickle
import signal

import numpy as np
import pytest
import schedulefree
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import shuffle

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier._training import _loop, _precision
from skfourier.spectra import Uniform


@pytest.fixture
def wave():
    X = np.linspace(0, 1, 80, endpoint=False)[:, None]
    return X, np.column_stack([np.sign(np.sin(20 * X[:, 0])), np.cos(9 * X[:, 0])])


def small(sigma=3, **params):
    """A network that trains in a tenth of a second."""
    params = {"max_iter": 30, "random_state": 0} | params
    return CoordinateMLPRegressor((32, 32), embedding=FourierFeatures(sigma), **params)


def interrupt(*_):
    raise KeyboardInterrupt


class TestEmbedding:
    @pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-9), (np.float32, 2e-3)])
    def test_inside_the_network_or_before_it_in_a_pipeline(self, wave, dtype, rtol):
        # The same sums, but for the place where whole cycles are taken away. Rounding (1e-16 and
        # 6e-8) is amplified by thirty steps of Adam, which divides small gradients by their size:
        # both bounds leave a factor of about 10^4.
        X, y = (array.astype(dtype) for array in wave)
        features = FourierFeatures(sigma=3, n_frequencies=16, random_state=5)
        network = CoordinateMLPRegressor((32, 32), max_iter=30, random_state=0)
        inside = clone(network).set_params(embedding=features).fit(X, y)
        before = make_pipeline(features, network).fit(X, y)
        np.testing.assert_allclose(inside.predict(X), before.predict(X), rtol=rtol, atol=rtol)

    def test_is_cloned_and_can_be_searched(self, wave):
        X, y = shuffle(*wave, random_state=0)  # whole intervals held out would be guesses
        features = FourierFeatures()
        search = GridSearchCV(
            CoordinateMLPRegressor((32,), embedding=features, max_iter=50, random_state=0),
            {"embedding__sigma": [0.01, 3.0]},
        ).fit(X, y)
        assert not hasattr(features, "frequencies_")
        assert search.best_params_ == {"embedding__sigma": 3.0}

    def test_without_a_seed_takes_the_regressors(self, wave):
        first, same, other = (small(random_state=seed).fit(*wave) for seed in (0, 0, 1))
        frequencies = first.embedding_.frequencies_
        np.testing.assert_array_equal(frequencies, same.embedding_.frequencies_)
        assert not np.any(frequencies == other.embedding_.frequencies_)

    def test_far_coordinates_lose_nothing_in_float64(self, wave):
        # 2^20 is added exactly to these coordinates. The features turn in phase, so that the two
        # networks differ, but not in quality.
        X, y = wave
        near = small(3, max_iter=200, precision="float32").fit(X, y)
        far = small(3, max_iter=200, precision="float32").fit(X + 2**20, y)
        assert near.score(X, y) > 0.95
        assert far.score(X + 2**20, y) > 0.95

    def test_every_distribution_object(self, wave):
        embedding = FourierFeatures(2, distribution=Uniform(1.5), n_frequencies=32)
        network = CoordinateMLPRegressor((32,), embedding=embedding, max_iter=100, random_state=0)
        assert network.fit(*wave).embedding_.spectrum_.sigma == 3.0


class TestScales:
    @pytest.mark.parametrize("factor", [1e-200, 1e-6, 1e6, 1e200])
    def test_no_scale_of_y_breaks_it(self, wave, factor):
        X, y = wave
        plain = small().fit(X, y).predict(X)
        scaled = small().fit(X, y * factor + 3 * factor).predict(X)
        # The standardized targets differ in rounding, 1e-16, as amplified by the training.
        np.testing.assert_allclose(scaled / factor - 3, plain, rtol=1e-6, atol=1e-6)

    def test_a_constant_target_is_predicted(self, wave):
        X, _ = wave
        network = small(max_iter=200).fit(X, np.full(len(X), 7.0))
        np.testing.assert_allclose(network.predict(X), 7.0, atol=0.1)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_predictions_have_the_dtype_and_shape_of_y(self, wave, dtype):
        X, y = wave
        network = small(max_iter=2).fit(X, y.astype(dtype))
        assert network.predict(X).dtype == dtype
        assert network.predict(X[:5]).shape == (5, 2)
        assert small(max_iter=2).fit(X, y[:, 0]).predict(X).shape == (len(X),)
        assert small(max_iter=2).fit(X, y[:, :1]).predict(X).shape == (len(X), 1)

    @pytest.mark.parametrize(("fast", "expected"), [(False, "float32"), (True, "bfloat16")])
    def test_precision_is_chosen_by_size_and_machine(self, wave, fast, expected, monkeypatch):
        monkeypatch.setattr(_precision, "bfloat16_is_fast", lambda _: fast)
        X, y = wave
        assert small(max_iter=1).fit(X, y).precision_ == "float64"
        assert small(max_iter=1).fit(X.astype(np.float32), y).precision_ == expected
        many = np.tile(X, (20, 1)), np.tile(y, (20, 1))
        assert small(max_iter=1).fit(*many).precision_ == expected
        assert small(max_iter=1, precision="float64").fit(*many).precision_ == "float64"

    def test_flipped_and_read_only_arrays_are_as_good(self, wave):
        X, y = wave
        flipped = small(max_iter=2).fit(X[::-1], y[::-1, ::-1])
        for array in (X, y):
            array.flags.writeable = False
        assert np.all(np.isfinite(flipped.fit(X, y).predict(X[::-1])))

    def test_blocks_of_a_prediction_do_not_show(self, wave):
        X = np.linspace(0, 1, 10_000)[:, None]
        network = small(max_iter=5).fit(*wave)
        whole = network.predict(X)
        parts = np.concatenate([network.predict(part) for part in np.array_split(X, 7)])
        np.testing.assert_allclose(whole, parts, rtol=1e-12, atol=1e-12)


class TestSteps:
    def test_blocks_of_a_step_do_not_show(self, wave, monkeypatch):
        X, y = wave
        whole = small(batch_size="full").fit(X, y)
        monkeypatch.setattr("skfourier._coordinate_mlp.block_rows", lambda _: 7)
        blocks = small(batch_size="full").fit(X, y)
        # Sums in another order: 1e-16, amplified by thirty steps of Adam.
        np.testing.assert_allclose(whole.loss_curve_, blocks.loss_curve_, rtol=1e-9)

    @pytest.mark.parametrize("n_samples", [2, 16, 17, 33])
    def test_batch_norm_meets_no_batch_of_one(self, wave, n_samples):
        X, y = wave
        network = small(batch_norm=True, batch_size=16, max_iter=2)
        assert network.fit(X[:n_samples], y[:n_samples]).n_iter_ == 2

    def test_weights_are_repetitions(self, wave):
        X, y = wave
        weight = np.random.default_rng(0).integers(0, 4, size=len(X))
        weighted = small().fit(X, y, sample_weight=weight)
        repeated = small().fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
        np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-7, atol=1e-9)

    def test_the_scale_of_weights_does_not_matter(self, wave):
        X, y = wave
        weight = np.random.default_rng(0).uniform(size=len(X))
        curves = [small().fit(X, y, weight * c).loss_curve_ for c in (1, 1e6)]
        np.testing.assert_allclose(*curves, rtol=1e-9)

    def test_one_seed_one_result(self, wave):
        first, same, other = (
            small(batch_size=16, random_state=seed).fit(*wave) for seed in (0, 0, 1)
        )
        assert first.loss_curve_ == same.loss_curve_
        assert first.loss_curve_ != other.loss_curve_

    def test_the_global_random_state_of_torch_is_left_alone(self, wave):
        before = torch.random.get_rng_state()
        small(batch_size=16, max_iter=2).fit(*wave)
        assert torch.equal(before, torch.random.get_rng_state())

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_an_epoch_sees_every_row_once_and_in_order_without_shuffling(
        self, wave, monkeypatch, shuffle
    ):
        X, y = wave
        plain, seen = _loop.Training.step, []

        def recording(self, batch, n_rows):
            seen.append(batch.X.numpy())
            return plain(self, batch, n_rows)

        monkeypatch.setattr(_loop.Training, "step", recording)
        small(batch_size=16, shuffle=shuffle, max_iter=1).fit(X, y)
        rows = np.concatenate(seen)
        np.testing.assert_array_equal(np.sort(rows, axis=0), X)
        assert np.array_equal(rows, X) != shuffle

    @pytest.mark.parametrize(
        "solver", ["schedulefree", "adam", "adamw", "sgd", "rmsprop", "lbfgs", "nadam"]
    )
    def test_torch_optimizers_by_name(self, wave, solver):
        rate, max_iter = {"sgd": (0.1, 60), "lbfgs": (0.5, 5)}.get(solver, (5e-3, 60))
        network = small(solver=solver, learning_rate_init=rate, max_iter=max_iter).fit(*wave)
        assert network.loss_curve_[-1] < 0.5 * network.loss_curve_[0]

    def test_schedulefree_leaves_its_average(self, wave):
        X, y = wave
        network = small(precision="float64", batch_size="full", max_iter=20).fit(X, y)
        # A step of 1e-300 leaves the initial weights as they are.
        byhand = small(precision="float64", learning_rate_init=1e-300, max_iter=1).fit(X, y).module_
        optimizer = schedulefree.AdamWScheduleFree(byhand.parameters(), lr=1e-2)
        optimizer.train()
        targets = (torch.tensor(y) - byhand.scaling.mean) / byhand.scaling.scale
        for _ in range(20):
            optimizer.zero_grad()
            (byhand[:-1](torch.tensor(X)) - targets).square().mean().backward()
            optimizer.step()
        optimizer.eval()
        # The loop goes to the average and back after each epoch, which rounds: 1e-16 of weights
        # below 2, amplified by twenty steps that divide small gradients by their size.
        for ours, theirs in zip(network.module_.parameters(), byhand.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)

    def test_parameters_are_checked_in_each_partial_fit(self, wave):
        network = small().partial_fit(*wave)
        before = network.predict(wave[0])
        with pytest.raises(ValueError, match="learning_rate_init"):
            network.set_params(learning_rate_init=-1.0).partial_fit(*wave)
        np.testing.assert_array_equal(network.predict(wave[0]), before)

    def test_an_interrupted_epoch_leaves_an_average_too(self, wave, monkeypatch):
        network = small().partial_fit(*wave)
        monkeypatch.setattr(_loop.Training, "step", interrupt)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            network.partial_fit(*wave)
        assert not network._optimizer.param_groups[0]["train_mode"]
        monkeypatch.undo()
        assert network.partial_fit(*wave).n_iter_ == 2

    def test_alpha_shrinks_the_weights(self, wave):
        norms = [
            small(solver="adamw", alpha=alpha, max_iter=200)
            .fit(*wave)
            .module_.linear2.weight.norm()
            for alpha in (0.0, 1.0)
        ]
        assert norms[1] < 0.8 * norms[0]

    def test_the_cosine_schedule_ends_at_rest(self, wave):
        curves = {
            rate: small(learning_rate=rate, learning_rate_init=0.02, max_iter=100).fit(*wave)
            for rate in ("constant", "cosine")
        }
        # Steps of the schedule's last tenth are below a fortieth of the first ones.
        last = {rate: np.abs(np.diff(net.loss_curve_[-10:])) for rate, net in curves.items()}
        assert last["cosine"].max() < last["constant"].max()


class TestEndings:
    def test_tol_stops_early(self, wave):
        network = small(tol=1e9, n_iter_no_change=4, max_iter=50).fit(*wave)
        assert network.n_iter_ == len(network.loss_curve_) == 5

    def test_early_stopping_keeps_the_best_epoch(self):
        rng = np.random.default_rng(0)
        X, y = rng.uniform(size=(60, 1)), rng.normal(size=60)
        network = small(30, early_stopping=True, max_iter=200, n_iter_no_change=3).fit(X, y)
        assert network.n_iter_ < 200
        assert len(network.validation_scores_) == network.n_iter_
        splitter = GroupShuffleSplit(1, test_size=6, random_state=np.random.RandomState(0))
        _, held_out = next(splitter.split(X, groups=np.argsort(np.argsort(X[:, 0]))))
        best = network.score(X[held_out], y[held_out])
        assert best == pytest.approx(max(network.validation_scores_), abs=1e-12)
        assert network.best_validation_score_ == max(network.validation_scores_)

    def test_warm_start_goes_on(self, wave):
        X, y = wave
        network = small(warm_start=True, learning_rate="constant").fit(X, y)
        first = network.loss_curve_
        frequencies = network.embedding_.frequencies_
        network.fit(X, y)
        assert network.loss_curve_[0] < first[0] / 2
        assert network.embedding_.frequencies_ is frequencies

    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_no_epoch_leaves_the_network_as_it_is_drawn(self, wave, early_stopping):
        drawn = small(max_iter=0, early_stopping=early_stopping).fit(*wave)
        assert drawn.n_iter_ == len(drawn.loss_curve_) == 0
        assert np.isnan(drawn.best_loss_)
        assert np.all(np.isfinite(drawn.predict(wave[0])))

    def test_training_goes_on_from_a_network_without_epochs(self, wave):
        params = {"batch_size": "full", "max_iter": 5}
        drawn = small(**params | {"max_iter": 0, "warm_start": True}).fit(*wave)
        later = drawn.set_params(**params).fit(*wave)
        # The same weights and steps: the same losses to the last digit.
        assert later.loss_curve_ == small(**params).fit(*wave).loss_curve_

    def test_warm_start_refuses_another_network(self, wave):
        X, y = wave
        network = small(warm_start=True, max_iter=1).fit(X, y)
        before = network.predict(X)
        for change in (
            {"hidden_layer_sizes": (8,)},
            {"embedding__sigma": 9},
            {"activation": "relu"},
        ):
            other = clone(network).fit(X, y).set_params(**change)
            with pytest.raises(ValueError, match="start afresh"):
                other.fit(X, y)
            np.testing.assert_array_equal(other.predict(X), before)

    def test_partial_fit_is_an_epoch_and_keeps_the_first_scale(self, wave):
        X, y = wave
        network = small()
        for _ in range(20):
            network.partial_fit(X, y)
        assert network.n_iter_ == 20
        whole = small(learning_rate="constant", max_iter=20).fit(X, y)
        np.testing.assert_allclose(network.loss_curve_, whole.loss_curve_, rtol=1e-12)
        mean = network.module_.scaling.mean.clone()
        network.partial_fit(X, y + 100)
        assert torch.equal(network.module_.scaling.mean, mean)

    @pytest.mark.parametrize("solver", ["schedulefree", "adam", "lbfgs"])
    def test_partial_fit_survives_pickling_between_blocks(self, wave, solver):
        network = small(solver=solver, learning_rate_init=0.01).partial_fit(*wave)
        copy = pickle.loads(pickle.dumps(network))
        for _ in range(3):
            network.partial_fit(*wave)
            copy.partial_fit(*wave)
        assert network.loss_curve_ == copy.loss_curve_

    def test_partial_fit_recovers_from_a_bad_block(self, wave):
        X, y = wave
        good = small(precision="float32").partial_fit(X, y).partial_fit(X, y)
        network = small(precision="float32").partial_fit(X, y)
        with pytest.raises(ValueError, match="non-finite in epoch 1"):
            network.partial_fit(X, y * 1e300)
        assert network.partial_fit(X, y).loss_curve_ == good.loss_curve_

    @pytest.mark.parametrize("batch_size", [16, "full"])
    @pytest.mark.parametrize("batch_norm", [False, True])
    @pytest.mark.parametrize("solver", ["adam", "schedulefree", "sgd"])
    def test_partial_fit_refuses_steps_that_ruin_the_network(
        self, wave, batch_size, batch_norm, solver
    ):
        network = small(solver=solver, batch_size=batch_size, batch_norm=batch_norm)
        network.set_params(activation="relu", learning_rate_init=1e-3)
        for _ in range(3):
            network.partial_fit(*wave)
        before = network.predict(wave[0])
        with pytest.raises(ValueError, match=r"exploded.*Lower learning_rate_init \(it is 1000\)"):
            network.set_params(learning_rate_init=1e3).partial_fit(*wave)
        np.testing.assert_array_equal(network.predict(wave[0]), before)
        assert network.set_params(learning_rate_init=1e-3).partial_fit(*wave).n_iter_ == 4

    def test_partial_fit_takes_a_new_learning_rate(self, wave):
        network = small().partial_fit(*wave).set_params(learning_rate_init=1e-9)
        before = network.predict(wave[0])
        # Adam moves each weight by at most the learning rate.
        np.testing.assert_allclose(network.partial_fit(*wave).predict(wave[0]), before, atol=1e-5)

    def test_pickle_predicts_the_same(self, wave):
        network = small().fit(*wave)
        copy = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(network.predict(wave[0]), copy.predict(wave[0]))

    def test_verbose_prints_one_line_that_follows_the_epochs(self, wave, capsys, monkeypatch):
        monkeypatch.setattr("skfourier._training._live_line._SECONDS_BETWEEN", 0)
        X, y = wave
        network = small(verbose=True, max_iter=3, early_stopping=True).fit(X, y)
        line = capsys.readouterr().out
        assert line.count("\n") == 1
        states = line.strip().split("\r")
        assert [state.split(",")[0] for state in states] == [f"Epoch {k} of 3" for k in (1, 2, 3)]
        assert f"validation score {network.validation_scores_[-1]:.4f}" in states[-1]

    def test_the_psnr_of_the_line_is_that_of_the_training_rows(self, wave, capsys):
        X, y = wave
        network = small(verbose=True, max_iter=1, batch_size="full").fit(X, y[:, 0])
        shown = float(capsys.readouterr().out.split("PSNR ")[1].split(" dB")[0])
        squares = network.best_loss_ * y[:, 0].var()
        assert shown == pytest.approx(10 * np.log10(np.ptp(y[:, 0]) ** 2 / squares), abs=0.005)

    def test_ctrl_c_keeps_the_best_weights(self, wave, monkeypatch):
        interrupt_in_epoch(5, monkeypatch)
        with pytest.warns(ConvergenceWarning, match="interrupted after 4 of 30 epochs"):
            network = small().fit(*wave)
        assert network.n_iter_ == 4
        assert np.all(np.isfinite(network.predict(wave[0])))
        assert network.module_.training is False

    def test_ctrl_c_in_the_first_epoch_leaves_a_fitted_estimator(self, wave, monkeypatch):
        interrupt_in_epoch(1, monkeypatch)
        with pytest.warns(ConvergenceWarning, match="interrupted after 0"):
            network = small().fit(*wave)
        assert np.isnan(network.best_loss_)
        assert np.all(np.isfinite(network.predict(wave[0])))

    @pytest.mark.parametrize(
        "search",
        [
            lambda X, y: GridSearchCV(small(), {}).fit(X, y),
            lambda X, y: GridSearchCV(make_pipeline(FourierFeatures(), small()), {}).fit(X, y),
            lambda X, y: cross_val_score(small(), X, y),
        ],
    )
    def test_ctrl_c_ends_a_search(self, wave, monkeypatch, search):
        interrupt_in_epoch(5, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            search(*wave)

    def test_a_loss_that_explodes_later_keeps_the_last_good_weights(self, wave, monkeypatch):
        plain = _loop.Training.epoch
        losses = iter([None, None, np.nan])
        monkeypatch.setattr(_loop.Training, "epoch", lambda *args: (plain(*args), next(losses))[0])
        calls = []

        def exploding(self, samples):
            calls.append(plain(self, samples))
            if len(calls) == 3:
                self.network.linear1.weight.data.fill_(np.nan)
            return calls[-1]

        monkeypatch.setattr(_loop.Training, "epoch", exploding)
        with pytest.warns(ConvergenceWarning, match="non-finite in epoch 3.*learning_rate_init"):
            network = small().fit(*wave)
        assert network.n_iter_ == 2
        assert np.all(np.isfinite(network.predict(wave[0])))

    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize("warm_start", [False, True])
    def test_a_loss_that_explodes_at_once_raises_and_keeps_the_earlier_fit(
        self, wave, warm_start, early_stopping
    ):
        network = small(warm_start=warm_start, early_stopping=early_stopping, precision="float32")
        before = network.fit(*wave).predict(wave[0])
        with pytest.raises(ValueError, match=r"learning_rate_init \(it is 1e\+30\)"):
            network.set_params(learning_rate_init=1e30).fit(*wave)
        np.testing.assert_array_equal(network.predict(wave[0]), before)

    def test_a_finite_explosion_is_one_too(self, wave):
        with pytest.raises(ValueError, match=r"exploded.*before anything was learned"):
            small(solver="sgd", learning_rate_init=50, learning_rate="constant").fit(*wave)

    def test_any_error_leaves_an_earlier_fit_as_it_was(self, wave, monkeypatch):
        X, y = wave
        network = small(warm_start=True, batch_size=16).fit(X, y)
        before = network.predict(X)
        plain = _loop.Training.step
        steps = iter(range(100))

        def out_of_memory(self, batch, n_rows):
            if next(steps) == 3:
                raise MemoryError
            return plain(self, batch, n_rows)

        monkeypatch.setattr(_loop.Training, "step", out_of_memory)
        with pytest.raises(MemoryError):
            network.fit(X, y)
        np.testing.assert_array_equal(network.predict(X), before)
        with pytest.raises(ValueError, match="cannot be used here"):
            network.set_params(warm_start=False, device="nope").fit(np.ones((80, 3)), y)
        np.testing.assert_array_equal(network.predict(X), before)


def interrupt_in_epoch(number, monkeypatch):
    """Send the signal of Ctrl-C to ourselves within that epoch."""
    plain = _loop.Training.epoch
    epochs = iter(range(1, 1000))

    def epoch(self, samples):
        if next(epochs) == number:
            # A shell that starts the tests in the background lets them ignore it.
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                signal.signal(signal.SIGINT, before)
        return plain(self, samples)

    monkeypatch.setattr(_loop.Training, "epoch", epoch)


class TestGradient:
    @pytest.mark.parametrize("activation", ["relu", "tanh", "sine", "siren"])
    @pytest.mark.parametrize("batch_norm", [False, True])
    def test_is_that_of_differences(self, activation, batch_norm):
        rng = np.random.default_rng(0)
        X, y = rng.uniform(size=(50, 2)), rng.normal(size=(50, 3))
        network = small((1, 2), activation=activation, batch_norm=batch_norm, max_iter=20)
        network.set_params(solver="adam", learning_rate_init=1e-4)  # sines steepen fast
        gradient = network.fit(X, 1000 * y).predict_gradient(X)
        h = 1e-6
        steps = [h * np.eye(2)[axis] for axis in (0, 1)]
        differences = [
            (network.predict(X + step) - network.predict(X - step)) / (2 * h) for step in steps
        ]
        # Values and slopes are about 1e3. Rounding, 1e-16 of the values, over h: 1e-7. A third
        # derivative of (2 pi 6)^3 = 5e4 times the values, times h^2: 5e-5. A kink of ReLU within h
        # of a point would show; of 64 units at 50 points some 1e-3 do, none with this seed.
        np.testing.assert_allclose(gradient, np.stack(differences, axis=-1), rtol=1e-6, atol=1e-3)

    def test_is_that_of_autograd_row_by_row(self, wave):
        X, y = wave
        network = small(precision="float32").fit(X, y)
        rows = torch.tensor(X[:5], requires_grad=True)
        outputs = network.module_(rows)
        for k in range(2):
            (expected,) = torch.autograd.grad(outputs[:, k].sum(), rows, retain_graph=True)
            # Two orders of the same float32 sums over 32 units, three layers: 1e-7 times 100.
            np.testing.assert_allclose(
                network.predict_gradient(X[:5])[:, k], expected, rtol=1e-4, atol=1e-4
            )

    def test_has_the_shape_of_y_and_no_block_shows(self, wave):
        X, y = wave
        network = small(max_iter=1).fit(X, y[:, 0])
        many = np.linspace(0, 1, 9000)[:, None]
        assert network.predict_gradient(many).shape == (9000, 1)
        np.testing.assert_allclose(
            network.predict_gradient(many)[4090:4100],
            network.predict_gradient(many[4090:4100]),
            rtol=1e-10,
        )


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"X": np.full((80, 1), np.nan)}, "NaN"),
            ({"X": np.full((80, 1), np.inf)}, "infinity"),
            ({"X": np.ones((80, 1)) * 1j}, "Complex data not supported"),
            ({"X": np.ones((0, 1)), "y": np.ones(0)}, "0 sample"),
            ({"X": np.ones((79, 1))}, "inconsistent numbers of samples"),
            ({"X": np.ones(80)}, "Expected 2D array"),
            ({"y": np.full((80, 2), np.nan)}, "NaN"),
            ({"y": np.array(["a"] * 80)}, "holds strings"),
            ({"y": np.ones(80) * 1j}, "Complex data not supported"),
            ({"sample_weight": -np.ones(80)}, "Negative values"),
            ({"sample_weight": np.zeros(80)}, "at least one non-zero"),
            ({"sample_weight": np.ones(3)}, "sample_weight"),
            ({"X": np.ma.masked_less(np.ones((80, 1)), 2)}, "X is a masked array"),
            ({"y": np.full(80, 1.7e308)}, "too large for float64"),
            ({"X": np.full((80, 1), 1e20)}, "phases reach"),
        ],
    )
    def test_data(self, wave, change, message):
        data = dict(zip("Xy", wave, strict=True)) | change
        with pytest.raises(ValueError, match=message):
            small().fit(**data)

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"activation": "rellu"}, "Did you mean 'relu'.*'gaussian'"),
            ({"solver": "adamm"}, "Did you mean 'adam'"),
            ({"solver": "muon"}, "unknown"),
            ({"initialization": "hee"}, "Did you mean 'he'"),
            ({"output_activation": "sigmoidal"}, "Did you mean 'sigmoid'"),
            ({"learning_rate": "cosinus"}, "Did you mean 'cosine'"),
            ({"precision": "float63"}, "Did you mean 'float"),
            ({"device": "gpu0"}, "device='gpu0' cannot be used here"),
            ({"hidden_layer_sizes": (32, 0)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": (32.5,)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": "wide"}, "hidden_layer_sizes"),
            ({"embedding": "gaussian"}, "embedding"),
            ({"batch_size": 0}, "batch_size"),
            ({"early_stopping": True, "validation_fraction": 0.01}, "holds out 1"),
            ({"max_iter": -1}, "max_iter"),
            ({"learning_rate_init": 0}, "learning_rate_init"),
            ({"alpha": -1}, "alpha"),
            ({"alpha": 1, "solver": "lbfgs"}, "no weight decay"),
            ({"batch_norm": True, "batch_size": 1}, "two or more.* batch_size=1"),
            ({"embedding": FourierFeatures(sigma=(1, 2))}, "one for each of the 1 columns"),
            ({"output_activation": "sigmoid"}, r"\[0, 1\]; y lies in \[-1, 1\]"),
        ],
    )
    def test_parameters(self, wave, params, message):
        with pytest.raises(ValueError, match=message):
            small().set_params(**params).fit(*wave)

    def test_batches_of_one_row_under_batch_norm(self, wave):
        X, y = wave
        network = small(batch_norm=True, batch_size=2)
        with pytest.raises(ValueError, match=r"two or more.*n_samples=71, batch_size=2"):
            network.fit(X[:71], y[:71])
        network.partial_fit(X, y)
        with pytest.raises(ValueError, match=r"two or more.*n_samples=1, batch_size=2"):
            network.partial_fit(X[:1], y[:1])

    def test_prediction(self, wave):
        with pytest.raises(NotFittedError):
            small().predict(wave[0])
        network = small(max_iter=1).fit(*wave)
        with pytest.raises(
            ValueError, match="2 features, but CoordinateMLPRegressor is expecting 1"
        ):
            network.predict(np.ones((3, 2)))
        with pytest.raises(ValueError, match="NaN"):
            network.predict([[np.nan]])

    def test_predictions_that_overflow(self, wave):
        network = CoordinateMLPRegressor((8,), "relu", max_iter=1, precision="float32")
        with pytest.raises(ValueError, match="overflow float32"):
            network.fit(*wave).predict([[1e300]])

    def test_going_on_with_other_outputs(self, wave):
        X, y = wave
        network = small(warm_start=True, max_iter=1).fit(X, y)
        with pytest.raises(ValueError, match=r"2 outputs, as in the fit.* shape \(80,\)"):
            network.fit(X, y[:, 0])
        with pytest.raises(ValueError, match=r"2 outputs, as in the fit.* shape \(80,\)"):
            network.partial_fit(X, y[:, 0])

    def test_partial_fit_holds_nothing_out(self, wave):
        with pytest.raises(ValueError, match="early_stopping=False"):
            small(early_stopping=True).partial_fit(*wave)
