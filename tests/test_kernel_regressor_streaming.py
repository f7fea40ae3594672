"""Kernel regression of rows that come in blocks: exactly what one fit to all of them gives."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier import FourierFeatures, FourierKernelRegressor
from skfourier._solvers._dense_factors import ShiftedEigenvectors
from skfourier._solvers._dense_modes import DenseModes

ALPHA = 1.0
FEATURES = FourierFeatures(3, n_frequencies=40, random_state=0)
MODELS = {
    "nufft": FourierKernelRegressor(
        (0.25, 0.125), alpha=ALPHA, solver="nufft", domain=[[0, 1], [-1, 1]], tol=1e-6
    ),
    "primal": FourierKernelRegressor(kernel=FEATURES, alpha=ALPHA, solver="primal"),
}
each = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)

RANDOM = np.random.default_rng(0)
N_ROWS = 600
X = RANDOM.uniform((0, -1), (1, 1), size=(N_ROWS, 2))
Y = np.stack([np.sin(9 * X[:, 0]) + X[:, 1], 3 * np.cos(12 * X[:, 1]), X[:, 0]], axis=1)
Y += 0.1 * RANDOM.normal(size=Y.shape)
WEIGHT = RANDOM.uniform(0.5, 2, size=N_ROWS)
X_NEW = RANDOM.uniform((0, -1), (1, 1), size=(4, 2))


def in_blocks(model, blocks, X=X, y=Y, weight=None):
    model = clone(model)
    for block in blocks:
        model.partial_fit(X[block], y[block], None if weight is None else weight[block])
    return model


def cut(n_blocks, seed=None):
    """Cut the rows into blocks of random sizes, in random order if there is a seed."""
    random = np.random.default_rng(seed)
    rows = np.arange(N_ROWS) if seed is None else random.permutation(N_ROWS)
    ends = np.sort(random.choice(np.arange(1, N_ROWS), n_blocks - 1, replace=False))
    return np.split(rows, ends)


def assert_same_fit(actual, expected, tol=1e-8):
    """Compare all that a fit gives.

    The sums are equal to rounding, eps for each of the 600 rows at most, 1e-13, which the
    condition, sum(w) / alpha = 600, magnifies; conjugate gradients end at a residual of 1e-10.
    """
    for mine, other in zip(
        actual.predict(X_NEW, return_std=True),
        expected.predict(X_NEW, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, rtol=0, atol=tol * np.abs(other).max())
    assert actual.solver_ == expected.solver_
    assert actual.kernel_ == expected.kernel_
    assert actual.n_iter_ == pytest.approx(expected.n_iter_, rel=0.05)
    likelihoods = [getattr(m, "log_marginal_likelihood_value_", 0.0) for m in (actual, expected)]
    assert likelihoods[0] == pytest.approx(likelihoods[1], rel=1e-8)


# Laws ----------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_blocks", [1, 2, 100])
def test_blocks_of_any_sizes_in_any_order_equal_the_whole(model, n_blocks, weight):
    whole = clone(model).fit(X, Y, sample_weight=weight)
    assert_same_fit(in_blocks(model, cut(n_blocks), weight=weight), whole)
    assert_same_fit(in_blocks(model, cut(n_blocks, seed=n_blocks), weight=weight), whole)


@each
def test_sorted_rows_equal_the_whole(model):
    # Blocks of very different means.
    order = np.argsort(Y[:, 1])
    blocks = np.split(order, 10)
    assert_same_fit(in_blocks(model, blocks), clone(model).fit(X, Y))


@each
def test_whole_weights_are_repetitions(model):
    times = np.random.default_rng(1).integers(0, 4, size=N_ROWS)
    weighted = in_blocks(model, cut(7), weight=times)
    repeated = in_blocks(model, np.split(np.repeat(np.arange(N_ROWS), times), [50, 700]))
    for mine, other in zip(
        weighted.predict(X_NEW, return_std=True),
        repeated.predict(X_NEW, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-8 * np.abs(other).max())


@each
def test_large_targets_lose_no_digits(model):
    near, far = in_blocks(model, cut(9)), in_blocks(model, cut(9), y=Y + 1e6)
    mean, deviation = far.predict(X_NEW, return_std=True)
    expected_mean, expected_deviation = near.predict(X_NEW, return_std=True)
    # Targets are rounded to 1e-10 there.
    np.testing.assert_allclose(mean - 1e6, expected_mean, rtol=0, atol=1e-7)
    np.testing.assert_allclose(deviation, expected_deviation, rtol=1e-7)


@each
def test_a_far_origin_does_not_matter(model):
    far = clone(model)
    if far.domain is not None:
        far.set_params(domain=np.add(far.domain, 1e6))
    far = in_blocks(far, cut(9), X=X + 1e6)
    near = in_blocks(model, cut(9))
    # Coordinates are rounded to 1e-10 there, values change by up to 10 cycles times 2 pi a unit.
    np.testing.assert_allclose(far.predict(X_NEW + 1e6), near.predict(X_NEW), atol=1e-6)


def test_the_likelihood_is_that_of_the_gaussian_process():
    model = in_blocks(MODELS["primal"], cut(5))
    process = GaussianProcessRegressor(
        model.kernel_, alpha=ALPHA, normalize_y=True, optimizer=None
    ).fit(X, Y)
    expected = process.log_marginal_likelihood_value_
    assert model.log_marginal_likelihood_value_ == pytest.approx(expected, rel=1e-9)
    for mine, other in zip(
        model.predict(X_NEW, return_std=True), process.predict(X_NEW, return_std=True), strict=True
    ):
        np.testing.assert_allclose(mine, other, atol=1e-8)
    # A row of weight w has noise of variance alpha / w.
    weight = np.append(np.ones(len(X)), WEIGHT)
    targets = np.vstack([Y, Y])
    targets = targets - np.average(targets, axis=0, weights=weight)
    targets /= np.sqrt(np.average(targets**2, axis=0, weights=weight))
    process = GaussianProcessRegressor(model.kernel_, alpha=ALPHA / weight, optimizer=None)
    expected = process.fit(np.vstack([X, X]), targets).log_marginal_likelihood_value_
    model.partial_fit(X, Y, sample_weight=WEIGHT)
    assert model.log_marginal_likelihood_value_ == pytest.approx(expected, rel=1e-9)


# Nothing is solved before it is asked for, and no rows are kept --------------------------------


@each
def test_many_blocks_are_solved_once(model, monkeypatch):
    solved = []
    for cls, name in ((ShiftedEigenvectors, "solve"), (DenseModes, "solve")):
        solve = getattr(cls, name)
        monkeypatch.setattr(cls, name, lambda *a, solve=solve: solved.append(1) or solve(*a))
    model = in_blocks(model, cut(50))
    assert not solved
    model.predict(X_NEW)
    model.predict(X_NEW)
    assert model.n_iter_ >= 1
    assert len(solved) == 1
    model.partial_fit(X[:5], Y[:5])
    assert len(solved) == 1
    model.predict(X_NEW)
    assert len(solved) == 2


def test_the_accuracy_of_features_without_rows_is_unknown():
    model = clone(MODELS["primal"]).partial_fit(X, Y)
    assert np.isnan(model.accuracy_)
    model.predict(X_NEW)
    assert np.isnan(model.accuracy_)


@each
def test_memory_does_not_grow_with_the_rows(model):
    # A model's state is all that it holds.
    sizes = [len(pickle.dumps(in_blocks(model, cut(n)[: n // 2 + 1]))) for n in (2, 300)]
    few = clone(model).partial_fit(X[:3], Y[:3])
    many = clone(model).partial_fit(np.repeat(X, 50, axis=0), np.repeat(Y, 50, axis=0))
    sizes += [len(pickle.dumps(few)), len(pickle.dumps(many))]
    assert max(sizes) - min(sizes) < 100


@each
def test_after_a_prediction_rows_can_still_be_added(model):
    first, *others = cut(4)
    streamed = in_blocks(model, [first])
    for block in others:
        streamed.predict(X_NEW, return_std=True)
        streamed.partial_fit(X[block], Y[block])
    assert_same_fit(streamed, clone(model).fit(X, Y))


@each
@pytest.mark.parametrize("solved", [False, True])
def test_a_pickle_goes_on_where_it_was(model, solved):
    first, second = cut(2)
    streamed = in_blocks(model, [first])
    if solved:
        streamed.predict(X_NEW)
    again = pickle.loads(pickle.dumps(streamed))
    np.testing.assert_array_equal(again.predict(X_NEW), streamed.predict(X_NEW))
    assert_same_fit(again.partial_fit(X[second], Y[second]), clone(model).fit(X, Y))


@each
def test_a_clone_and_a_fit_start_anew(model):
    first, second = cut(2)
    streamed = in_blocks(model, [first])
    with pytest.raises(NotFittedError):
        clone(streamed).predict(X_NEW)
    streamed.fit(X[second], Y[second])
    assert_same_fit(streamed, in_blocks(model, [second]))


@each
def test_rows_can_be_added_to_a_fit(model):
    first, second = cut(2)
    added = clone(model).fit(X[first], Y[first]).partial_fit(X[second], Y[second])
    assert_same_fit(added, clone(model).fit(X, Y))


# Parameters ----------------------------------------------------------------------------------


@each
def test_alpha_counts_as_of_the_last_call(model):
    model = clone(model).set_params(tol=1e-10)  # modes for another alpha have another error
    streamed = in_blocks(model, cut(3))
    before = streamed.predict(X_NEW)
    streamed.set_params(alpha=0.1)
    np.testing.assert_array_equal(streamed.predict(X_NEW), before)
    # The modes were laid out for the first alpha, which a fit with the other does not know.
    expected = clone(model).fit(X, Y).set_params(alpha=0.1).partial_fit(X[:1], Y[:1], [0])
    assert_same_fit(streamed.partial_fit(X[:1], Y[:1], sample_weight=[0.0]), expected)
    anew = clone(model).set_params(alpha=0.1).fit(X, Y)
    np.testing.assert_allclose(streamed.predict(X_NEW), anew.predict(X_NEW), atol=1e-8)


@pytest.mark.parametrize(
    ("model", "change", "name"),
    [
        ("nufft", {"sigma": (1, 2)}, "sigma"),
        ("nufft", {"domain": [[0, 1], [-1, 2]]}, "domain"),
        ("nufft", {"tol": 1e-3}, "tol"),
        ("nufft", {"kernel": "matern"}, "kernel"),
        ("nufft", {"solver": "primal"}, "solver"),
        ("primal", {"kernel__sigma": 4}, "kernel__sigma"),
        ("primal", {"kernel": FourierFeatures(3)}, "kernel"),
    ],
)
def test_what_the_sums_depend_on_cannot_change(model, change, name):
    streamed = in_blocks(MODELS[model], cut(2))
    before = streamed.predict(X_NEW)
    streamed.set_params(**change)
    with pytest.raises(ValueError, match=f"other values of .*{name}"):
        streamed.partial_fit(X, Y)
    np.testing.assert_array_equal(streamed.predict(X_NEW), before)


@pytest.mark.parametrize("solver", ["auto", "kronecker", "cholesky", "cg", "nothing"])
def test_only_two_solvers_offer_it(solver):
    model = FourierKernelRegressor(solver=solver)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as raised:
        model.partial_fit(X, Y)
    assert "solver='nufft' and solver='primal'" in str(raised.value.__cause__)


def test_without_a_domain_nufft_says_what_is_missing():
    with pytest.raises(ValueError, match="needs domain, a pair"):
        FourierKernelRegressor(solver="nufft").partial_fit(X, Y)


@each
def test_parameters_are_checked_in_each_call(model):
    streamed = in_blocks(model, cut(2))
    for bad in ({"alpha": 0}, {"alpha": "1"}, {"max_iter": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            clone(streamed).set_params(**bad).partial_fit(X, Y)
        with pytest.raises(ValueError, match=next(iter(bad))):
            pickle.loads(pickle.dumps(streamed)).set_params(**bad).partial_fit(X, Y)


def test_features_without_a_seed_are_drawn_once():
    features = FourierFeatures(3, n_frequencies=40)
    model = FourierKernelRegressor(kernel=features, alpha=ALPHA, solver="primal")
    streamed = in_blocks(model, cut(10))
    whole = clone(model).set_params(kernel=streamed.kernel_).fit(X, Y)
    assert_same_fit(streamed, whole)


# Bad blocks ----------------------------------------------------------------------------------


def spoiled(array, value):
    array = array.astype(type(value) if isinstance(value, complex) else float)
    array[3] = value
    return array


BAD = {
    "NaN in X": ((spoiled(X, np.nan), Y), "X contains NaN"),
    "infinity in y": ((X, spoiled(Y, np.inf)), "infinity"),
    "complex X": ((spoiled(X, 1j), Y), "Complex data not supported"),
    "complex y": ((X, spoiled(Y, 1j)), "Complex data not supported"),
    "width": ((X[:, :1], Y), "1 features, but .* is expecting 2"),
    "outputs": ((X, Y[:, :2]), r"form of earlier rows, \('n_samples', 3\)"),
    "dimensions": ((X, Y[:, 0]), "form of earlier rows"),
    "lengths": ((X, Y[:5]), "inconsistent numbers of samples"),
    "no rows": ((X[:0], Y[:0]), "0 sample"),
    "weights": ((X, Y, -WEIGHT), "Negative values"),
    "mask": ((np.ma.masked_greater(X, 0.5), Y), "masked"),
    "names": ((pd.DataFrame(X, columns=["b", "a"]), Y), "feature names"),
}


@each
@pytest.mark.parametrize(("block", "message"), BAD.values(), ids=BAD)
def test_a_refused_block_changes_nothing(model, block, message):
    first, second = cut(2)
    frame = pd.DataFrame(X, columns=["a", "b"]) if message == "feature names" else None
    rows = X if frame is None else frame
    streamed = clone(model).partial_fit(rows[: len(first)], Y[first])
    before, state = streamed.__dict__, dict(streamed.__dict__)
    with pytest.raises(ValueError, match=message):
        streamed.partial_fit(*block)
    assert streamed.__dict__ is before
    assert streamed.__dict__.keys() == state.keys()
    assert all(streamed.__dict__[name] is value for name, value in state.items())
    streamed.partial_fit(rows[len(first) :], Y[second])
    new = X_NEW if frame is None else pd.DataFrame(X_NEW, columns=["a", "b"])
    expected = clone(model).fit(rows, Y).predict(new)
    np.testing.assert_allclose(streamed.predict(new), expected, atol=1e-8)


@each
def test_a_row_outside_the_domain_changes_nothing(model):
    streamed = in_blocks(clone(model).set_params(domain=[[0, 1], [-1, 1]]), cut(2))
    before = streamed.predict(X_NEW)
    with pytest.raises(ValueError, match="outside the domain"):
        streamed.partial_fit([[0.5, 1.01]], Y[:1])
    np.testing.assert_array_equal(streamed.predict(X_NEW), before)
    streamed.partial_fit([[0.5, 1.01]], Y[:1], sample_weight=[0])  # as no row


@each
def test_a_refused_first_block_leaves_nothing(model):
    streamed = clone(model)
    with pytest.raises(ValueError, match="NaN"):
        streamed.partial_fit(X, spoiled(Y, np.nan))
    with pytest.raises(ValueError, match="at least one non-zero"):
        streamed.partial_fit(X, Y, sample_weight=np.zeros(N_ROWS))
    assert vars(streamed).keys() == vars(clone(model)).keys()
    assert_same_fit(streamed.partial_fit(X, Y), clone(model).fit(X, Y))


# The domain, and the form of the rows ----------------------------------------------------------


@pytest.mark.parametrize("solver", ["auto", "cholesky", "nufft", "cg"])
def test_a_fit_refuses_rows_outside_its_domain(solver):
    model = FourierKernelRegressor(1, alpha=ALPHA, solver=solver, domain=[[0, 1], [-1, 0.5]])
    with pytest.raises(ValueError, match=r"outside the domain: .* from \[ 0. -1.\] to \[1.  0.5\]"):
        model.fit(X, Y)
    inside = X[:, 1] < 0.5
    whole = clone(model).set_params(domain=None).fit(X[inside], Y[inside])
    # The domain leaves the solution as it is, to tol, 1e-6, times the root of n / alpha.
    np.testing.assert_allclose(
        model.fit(X[inside], Y[inside]).predict(X_NEW), whole.predict(X_NEW), atol=1e-4
    )


def test_a_domain_of_a_wrong_form_is_refused():
    for domain, message in (([[0, 1]], r"Got shape \(1, 2\)"), (3, "domain")):
        with pytest.raises(ValueError, match=message):
            FourierKernelRegressor(solver="nufft", domain=domain).fit(X, Y)


@each
def test_outputs_and_dtypes_come_back(model):
    X32, y32 = X.astype(np.float32), Y.astype(np.float32)
    streamed = clone(model).partial_fit(X32[:300], y32[:300]).partial_fit(X32[300:], y32[300:])
    mean, deviation = streamed.predict(X_NEW, return_std=True)
    assert mean.dtype == deviation.dtype == np.float32
    assert mean.shape == deviation.shape == (4, 3)
    assert streamed.partial_fit(X, Y).predict(X_NEW).dtype == np.float64
    one = clone(model).partial_fit(X, Y[:, 0])
    assert one.predict(X_NEW).shape == (4,)
    expected = clone(model).fit(X, Y).predict(X_NEW)[:, 0]
    np.testing.assert_allclose(one.predict(X_NEW), expected, atol=1e-8)
