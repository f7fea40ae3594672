"""PSNR and SSIM against scikit-image, their laws, and what they refuse."""

import math
import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.datasets import load_sample_image
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skfourier import FourierKernelRegressorCV, metrics
from skfourier.images import image_to_samples, pixel_grid
from skfourier.metrics import make_ssim_scorer, psnr, psnr_scorer, ssim
from skfourier.model_selection import BlockKFold


@pytest.fixture(scope="module")
def flower():
    return load_sample_image("flower.jpg")[200:264, 300:380]


def noisy(image, seed=0):
    """Add noise of about a tenth of the range; the dtype stays."""
    noise = np.random.default_rng(seed).normal(0, 0.1, image.shape)
    if image.dtype.kind == "f":
        return (image + noise).astype(image.dtype)
    white = np.iinfo(image.dtype).max
    return np.clip(np.rint(image + white * noise), 0, white).astype(image.dtype)


DTYPES = [np.uint8, np.uint16, np.float32, np.float64]


def of_dtype(image, dtype):
    return {
        np.uint8: lambda: image,
        np.uint16: lambda: image.astype(np.uint16) * 257,
        np.float32: lambda: (image / 255).astype(np.float32),
        np.float64: lambda: image / 255,
    }[dtype]()


class TestPsnr:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("channels", [np.s_[..., 0], np.s_[...]], ids=["gray", "RGB"])
    def test_is_scikit_images(self, flower, dtype, channels):
        image = of_dtype(flower[channels], dtype)
        reconstruction = noisy(image)
        white = 1 if image.dtype.kind == "f" else np.iinfo(dtype).max
        expected = peak_signal_noise_ratio(image, reconstruction, data_range=white)
        assert_allclose(psnr(image, reconstruction), expected, rtol=1e-6)
        assert isinstance(psnr(image, reconstruction), float)

    @pytest.mark.parametrize("shape", [(12,), (12, 1), (4, 3), (2, 2, 3), (1, 12), (2, 3, 1, 2)])
    def test_shape_does_not_matter(self, shape):
        y_true, y_pred = np.random.default_rng(0).uniform(size=(2, 12))
        assert_allclose(psnr(y_true.reshape(shape), y_pred.reshape(shape)), psnr(y_true, y_pred))

    @pytest.mark.parametrize(("error", "decibels"), [(1.0, 0), (0.1, 20), (0.01, 40)])
    def test_of_a_constant_error(self, error, decibels):
        assert_allclose(psnr(np.zeros(5), np.full(5, error)), decibels, atol=1e-12)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_is_infinite_for_identical_arrays(self, flower, dtype):
        image = of_dtype(flower, dtype)
        assert psnr(image, image.copy()) == math.inf

    def test_unsigned_integers_do_not_wrap_around(self):
        black, white = np.zeros((3, 4), np.uint8), np.full((3, 4), 255, np.uint8)
        assert psnr(black, white) == psnr(white, black) == 0

    def test_of_booleans_has_range_one(self):
        assert_allclose(psnr([True, True], [True, False]), 10 * math.log10(2))

    @pytest.mark.parametrize("precision", [np.float16, np.float32])
    def test_is_computed_in_double_precision(self, flower, precision):
        y_true, y_pred = (image.astype(precision) for image in (flower / 255, flower[::-1] / 255))
        expected = psnr(y_true.astype(np.float64), y_pred.astype(np.float64))
        assert psnr(y_true, y_pred) == expected

    def test_float_predictions_of_integers_keep_the_range_of_the_integers(self, flower):
        assert_allclose(psnr(flower, noisy(flower).astype(float)), psnr(flower, noisy(flower)))

    def test_depends_on_the_ratio_of_error_and_range(self, flower):
        image = flower / 255
        expected = psnr(image, noisy(image))
        assert_allclose(psnr(9 * image - 4, 9 * noisy(image) - 4, data_range=9), expected)

    def test_weights_are_repetitions(self):
        y_true, y_pred = np.random.default_rng(0).uniform(size=(2, 4, 3))
        repetitions = [1, 0, 3, 2]
        repeated = [np.repeat(y, repetitions, axis=0) for y in (y_true, y_pred)]
        assert_allclose(psnr(y_true, y_pred, sample_weight=repetitions), psnr(*repeated))

    @pytest.mark.parametrize("y_true", [[0.0, 1.5], [-0.25, 1.0], [0.0, 200.0]])
    def test_floats_outside_the_unit_interval_need_a_range(self, y_true):
        found = f"from {min(y_true):g} to {max(y_true):g}.*[Pp]ass data_range"
        with pytest.raises(ValueError, match=found):
            psnr(y_true, [0.0, 1.0])
        assert math.isfinite(psnr(y_true, [0.0, 1.0], data_range=200))

    def test_predictions_may_leave_the_unit_interval(self):
        assert_allclose(psnr([0.0, 1.0], [-1.0, 2.0]), 0, atol=1e-12)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("swapped", [False, True])
    def test_refuses_what_is_not_finite(self, bad, swapped):
        pair = ([0.5, bad], [0.5, 0.5])
        with pytest.raises(ValueError, match="NaN or infinity"):
            psnr(*(pair[::-1] if swapped else pair), data_range=1)

    @pytest.mark.parametrize(
        ("y_true", "y_pred"),
        [
            (np.zeros(3), np.zeros(4)),
            (np.zeros(4), np.zeros((4, 1))),
            (np.zeros((2, 3)), np.zeros((3, 2))),
            (np.zeros(0), np.zeros(0)),
            (np.zeros((0, 3)), np.zeros((0, 3))),
            (0.5, 0.5),
        ],
    )
    def test_refuses_other_or_empty_shapes(self, y_true, y_pred):
        with pytest.raises(ValueError, match="same shape, not empty"):
            psnr(y_true, y_pred)

    @pytest.mark.parametrize("y", [np.zeros(3, complex), np.array(["a", "b", "c"])])
    def test_refuses_what_is_not_real(self, y):
        with pytest.raises(ValueError, match=r"must be real numbers|holds strings"):
            psnr(y, np.zeros(3))

    @pytest.mark.parametrize("data_range", [0, -1.0, math.nan, math.inf, "255"])
    def test_refuses_ranges_that_are_not_positive(self, data_range):
        with pytest.raises(ValueError, match="data_range must be a positive number"):
            psnr([0.0, 1.0], [0.0, 0.5], data_range=data_range)

    @pytest.mark.parametrize("dtype", [np.int64, np.int16, np.uint32])
    def test_refuses_integers_without_a_known_range(self, dtype):
        y = np.arange(4, dtype=dtype)
        with pytest.raises(ValueError, match="does not tell their range"):
            psnr(y, y)
        assert_allclose(psnr(y, y + dtype(1), data_range=10), 20)

    @pytest.mark.parametrize("dtype", [np.float64, np.uint16])
    def test_refuses_to_mix_scales(self, flower, dtype):
        with pytest.raises(ValueError, match="scales may differ"):
            psnr(of_dtype(flower, dtype), flower)

    @pytest.mark.parametrize("metric", [psnr, ssim])
    @pytest.mark.parametrize(
        ("true", "predicted"),
        [
            (lambda y: np.rint(255 * y).astype(np.uint8), lambda p: p),
            (lambda y: np.rint(255 * y).astype(np.uint8), lambda p: 1 - p),
            (lambda y: np.rint(255 * y).astype(np.uint8), lambda p: 257 * 255 * p),
            (lambda y: np.rint(255 * y).astype(np.uint8), lambda p: p > 0.5),
            (
                lambda y: np.rint(255 * y).astype(np.uint8),
                lambda p: np.rint(65535 * p).astype("u2"),
            ),
            (lambda y: np.rint(65535 * y).astype(np.uint16), lambda p: p),
            (lambda y: np.rint(65535 * y).astype(np.uint16), lambda p: 255 * p),
            (lambda y: y, lambda p: 255 * p),
            (lambda y: y, lambda p: 65535 * p.astype(np.float32)),
            (lambda y: y, lambda p: np.rint(255 * p).astype(np.uint8)),
            (lambda y: y, lambda p: np.rint(255 * p).astype(int)),
            (lambda y: y > 0.5, lambda p: 255 * p),
            (lambda y: y > 0.5, lambda p: np.rint(255 * p).astype(np.uint8)),
            (lambda y: np.rint(255 * y).astype(int), lambda p: np.rint(255 * p).astype(np.uint8)),
        ],
    )
    def test_refuses_two_scales_and_names_them(self, flower, metric, true, predicted):
        y = flower / 255
        # As a model predicts: between the values, or beyond their ends.
        y_true = true(y)
        for prediction in (noisy(y).clip(0, 1), noisy(y)):
            y_pred = predicted(prediction.clip(0, 1) if prediction.max() > 1.2 else prediction)
            with pytest.raises(ValueError, match="scales may differ") as caught:
                metric(y_true, y_pred)
            for y_of_them in (y_true, y_pred):
                low, high = y_of_them.min(), y_of_them.max()
                assert f"{y_of_them.dtype} from {low:.6g} to {high:.6g}" in str(caught.value)
            assert math.isfinite(metric(y_true, y_pred, data_range=255))

    def test_tells_the_scale_however_much_predictions_overshoot(self, flower):
        X, y = image_to_samples(flower)
        model = make_pipeline(PolynomialFeatures(9), Ridge(1e-9)).fit(X, y)
        prediction = 1.5 * model.predict(X)
        assert prediction.max() > 1.2
        with pytest.raises(ValueError, match="scales may differ"):
            psnr(flower.reshape(y.shape), prediction)
        assert 0 < psnr(y, prediction) < 20

    @pytest.mark.parametrize("size", [1, 3, 100, 1e4])
    @pytest.mark.parametrize("dtype", [np.uint8, np.float64])
    def test_a_failed_prediction_is_none_on_another_scale(self, flower, size, dtype):
        # Noise, even of the size of another scale, explains nothing when read on that.
        y_true = of_dtype(flower, dtype)
        white = 255 if dtype is np.uint8 else 1
        y_pred = white * np.random.default_rng(0).normal(0, size, flower.shape)
        error = np.mean((y_true - y_pred) ** 2) / white**2
        assert_allclose(psnr(y_true, y_pred), -10 * math.log10(error))

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64, bool])
    @pytest.mark.parametrize("constant", [0.0, 0.3, 1.0])
    def test_constant_predictions_on_the_scale_are_fine(self, flower, dtype, constant):
        y_true = flower > 100 if dtype is bool else of_dtype(flower, dtype)
        white = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
        error = np.mean((y_true / np.float64(white) - constant) ** 2)
        assert_allclose(
            psnr(y_true, np.full(y_true.shape, white * constant)), -10 * math.log10(error)
        )

    def test_dark_integers_and_small_predictions_of_them(self):
        # A black fold of an image of integers, which a model predicts to be nearly black.
        y_true = np.zeros(50, np.uint8)
        assert_allclose(psnr(y_true, np.full(50, 0.3)), 20 * math.log10(255 / 0.3))

    @pytest.mark.parametrize("metric", [psnr, ssim])
    @pytest.mark.parametrize(
        ("true", "predicted"),
        [("<u2", ">u2"), (">u2", "<u2"), (">f4", "<f8"), (">u2", ">f4"), ("<u2", "<f8")],
    )
    def test_byte_order_is_no_scale(self, flower, metric, true, predicted):
        image = of_dtype(flower, np.uint16 if "u" in true else np.float64)
        expected = metric(image, noisy(image))
        assert_allclose(
            metric(image.astype(true), noisy(image).astype(predicted)), expected, rtol=1e-5
        )

    @pytest.mark.parametrize(
        ("weights", "message"),
        [([1, -2, 2], "negative"), ([0, 0, 0], "non-zero"), ([1, 1], "inconsistent"),
         ([1, np.nan, 1], "NaN")],
    )  # fmt: skip
    def test_refuses_weights_that_weigh_nothing(self, weights, message):
        with pytest.raises(ValueError, match=message):
            psnr(np.zeros(3), np.ones(3), sample_weight=weights)


class TestSsim:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("channels", [np.s_[..., 0], np.s_[...]], ids=["gray", "RGB"])
    def test_is_scikit_images(self, flower, dtype, channels):
        image = of_dtype(flower[channels], dtype)
        expected = structural_similarity(
            image,
            noisy(image),
            data_range=1 if image.dtype.kind == "f" else np.iinfo(dtype).max,
            channel_axis=-1 if image.ndim == 3 else None,
        )
        assert 0.1 < expected < 0.9  # so that there is something to compare
        assert_allclose(ssim(image, noisy(image)), expected, rtol=1e-4)
        assert isinstance(ssim(image, noisy(image)), float)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_is_one_for_identical_images(self, flower, dtype):
        image = of_dtype(flower, dtype)
        assert_allclose(ssim(image, image.copy()), 1, rtol=1e-12)

    def test_depends_on_the_range(self, flower):
        image = flower / 255
        expected = ssim(image, noisy(image), data_range=5)
        assert_allclose(expected, ssim(image * 51, noisy(image) * 51, data_range=255))
        assert expected > ssim(image, noisy(image)) + 0.01

    def test_without_scikit_image_names_the_extra(self, flower, monkeypatch):
        monkeypatch.setitem(sys.modules, "skimage.metrics", None)
        with pytest.raises(ImportError, match=r'pip install "skfourier\[ssim\]"'):
            ssim(flower, flower)

    @pytest.mark.parametrize("shape", [(64,), (16, 16, 5), (2, 16, 16, 3)])
    def test_refuses_what_is_no_image(self, shape):
        with pytest.raises(ValueError, match="ssim compares images of shape"):
            ssim(np.zeros(shape), np.zeros(shape))

    @pytest.mark.parametrize("shape", [(6, 20), (20, 6, 3), (1, 1)])
    def test_refuses_images_smaller_than_its_window(self, shape):
        with pytest.raises(ValueError, match="7 x 7 pixels at least"):
            ssim(np.zeros(shape), np.zeros(shape))

    def test_refuses_other_shapes(self, flower):
        with pytest.raises(ValueError, match="same shape"):
            ssim(flower, flower[:-1])

    def test_refuses_nan(self, flower):
        image = flower / 255
        image[3, 4, 1] = np.nan
        with pytest.raises(ValueError, match="predicted values hold NaN"):
            ssim(flower / 255, image)

    def test_refuses_floats_of_unknown_range(self, flower):
        with pytest.raises(ValueError, match="must lie in"):
            ssim(flower.astype(float), flower.astype(float))


class TestScorers:
    def test_psnr_scorer_finds_the_model_nearest_to_the_image(self, flower):
        X, y = image_to_samples(flower[:24, :20])
        folds = KFold(3, shuffle=True, random_state=0)
        search = GridSearchCV(
            KNeighborsRegressor(), {"n_neighbors": [3, 300]}, scoring=psnr_scorer, cv=folds
        ).fit(X, y)
        assert search.best_params_ == {"n_neighbors": 3}
        errors = -cross_val_score(
            KNeighborsRegressor(3), X, y, cv=folds, scoring="neg_mean_squared_error"
        )
        assert_allclose(search.best_score_, np.mean(-10 * np.log10(errors)))

    @pytest.mark.parametrize("dtype", [np.uint8, np.float64])
    def test_psnr_scorer_is_finite_where_a_prediction_is_exact(self, flower, dtype):
        X, y = image_to_samples(flower[:9, :9, 0])
        y = of_dtype(flower[:9, :9, 0].ravel(), dtype)
        model = KNeighborsRegressor(1).fit(X, y)
        assert psnr(y, model.predict(X)) == math.inf
        # As rounded to 16 bits: uniform errors of a level have the variance 1/12.
        assert_allclose(psnr_scorer(model, X, y), 20 * math.log10(65535) + 10 * math.log10(12))

    def test_an_image_rounded_to_16_bits_is_at_the_limit_of_psnr_scorer(self):
        y = np.random.default_rng(0).uniform(size=100_000)
        rounded = psnr(y, np.rint(65535 * y) / 65535)
        # The mean of n squares of uniform errors is off by sqrt(4 / 5 / n) of itself: 5 sigma.
        assert_allclose(
            rounded, metrics._BEST_SCORE, atol=10 * np.log10(1 + 5 * np.sqrt(0.8 / 1e5))
        )

    def test_exact_predictions_in_a_search_by_psnr_scorer(self):
        # Of a constant, the closed form predicts the constant.
        X, y = image_to_samples(np.full((24, 24), 0.5))
        search = FourierKernelRegressorCV(
            [1, 2, 3], [1e-2], kernel="gaussian", scoring=psnr_scorer, cv=BlockKFold(8, n_splits=3)
        )
        with pytest.warns(UserWarning, match="edge of those tried"):  # all are equal
            search.fit(X, y)
        assert_array_equal(search.cv_results_["mean_test_score"], 3 * [metrics._BEST_SCORE])
        assert_array_equal(search.cv_results_["std_test_score"], [0, 0, 0])

    def test_an_exact_block_does_not_decide_a_search(self):
        image = np.random.default_rng(0).uniform(size=(24, 24))
        image[:16] = 0
        X, y = image_to_samples(image)
        best = [
            GridSearchCV(
                KNeighborsRegressor(),
                {"n_neighbors": [1, 3, 5]},
                scoring=scoring,
                cv=BlockKFold(8, n_splits=9),
            ).fit(X, y)
            for scoring in (psnr_scorer, "neg_mean_squared_error")
        ]
        assert best[0].best_params_ == best[1].best_params_ == {"n_neighbors": 5}
        assert_array_equal(*(search.cv_results_["rank_test_score"] for search in best))

    def test_psnr_scorer_takes_weights(self, flower):
        X, y = image_to_samples(flower[:9, :9, 0])
        model = Ridge().fit(X, y)
        weights = np.arange(81)
        expected = psnr(y, model.predict(X), sample_weight=weights)
        assert (
            psnr_scorer(model, X, y, sample_weight=weights) == expected != psnr_scorer(model, X, y)
        )

    @pytest.mark.parametrize("shape", [(12, 15), (12, 15, 3), [12, 15]])
    def test_ssim_scorer_is_ssim_of_the_image(self, flower, shape):
        image = flower[:12, :15] / 255
        X, y = image_to_samples(image)
        model = Ridge().fit(X, y)
        prediction = model.predict(X).reshape(image.shape)
        assert make_ssim_scorer(shape)(model, X, y) == ssim(image, prediction)

    @pytest.mark.parametrize("shape", [(12, 15), (12, 15, 1)])
    def test_ssim_scorer_of_gray(self, flower, shape):
        image = flower[:12, :15, 0] / 255
        X, y = image_to_samples(image)
        model = Ridge().fit(X, y)
        expected = ssim(image, model.predict(X).reshape(image.shape))
        assert_allclose(make_ssim_scorer(shape)(model, X, y), expected)

    @pytest.mark.parametrize("scorer", [psnr_scorer, make_ssim_scorer((8, 9))])
    def test_survives_pickling(self, scorer):
        X = pixel_grid((8, 9))
        y = PolynomialFeatures(3).fit_transform(X).mean(axis=1) / 3
        model = Ridge().fit(X, y)
        again = pickle.loads(pickle.dumps(scorer))
        assert again(model, X, y) == scorer(model, X, y)

    def test_ssim_scorer_refuses_a_fold_of_pixels(self, flower):
        X, y = image_to_samples(flower[:12, :15])
        with pytest.raises(ValueError, match=r"180 rows.*scattered pixels is not an image"):
            cross_val_score(
                Ridge(), X, y, cv=3, scoring=make_ssim_scorer((12, 15)), error_score="raise"
            )

    def test_ssim_scorer_refuses_other_channels(self, flower):
        X, y = image_to_samples(flower[:12, :15])
        with pytest.raises(ValueError, match=r"y has shape \(180, 3\)"):
            make_ssim_scorer((12, 15, 4))(Ridge().fit(X, y), X, y)

    @pytest.mark.parametrize(
        "shape", [12, (12,), (0, 12), (12, -1), (12.0, 15), (2, 3, 4, 5), "ab", None]
    )
    def test_ssim_scorer_refuses_shapes_of_no_image(self, shape):
        with pytest.raises(ValueError, match="shape must be"):
            make_ssim_scorer(shape)
