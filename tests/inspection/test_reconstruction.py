"""An image beside its reconstructions: what is drawn is what was predicted."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from skfourier.images import image_to_samples
from skfourier.inspection import ReconstructionDisplay

RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(size=(6, 7, 3))
GRAY = RNG.integers(0, 256, size=(6, 7), dtype=np.uint8)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("image", [IMAGE, GRAY, GRAY[..., None], GRAY > 99])
@pytest.mark.parametrize("aspect", ["stretch", "equal"])
def test_an_estimator_is_drawn_at_the_pixels_of_the_image(image, aspect):
    X, y = image_to_samples(image, aspect=aspect)
    model = LinearRegression().fit(X, y)
    display = ReconstructionDisplay.from_estimators({"plane": model}, image, aspect=aspect)
    expected = model.predict(X).clip(0, 1)
    for shown, rows in zip(display.images_, (y, expected), strict=True):
        np.testing.assert_allclose(shown.get_array().ravel(), rows.ravel(), atol=1e-12)
    reference = peak_signal_noise_ratio(y, expected, data_range=1)
    assert display.psnr_ == [pytest.approx(reference, rel=1e-12)]
    titles = [ax.get_title() for ax in display.axes_]
    assert titles == ["image", f"plane: {reference:.1f} dB"]


def test_predictions_are_images_or_rows_and_clipped_when_shown():
    far = IMAGE * 3 - 1
    display = ReconstructionDisplay.from_predictions({"a": far, "b": far.reshape(-1, 3)}, IMAGE)
    assert display.names == ["a", "b"]
    assert display.psnr_[0] == display.psnr_[1]
    for shown in display.images_[1:]:
        np.testing.assert_array_equal(shown.get_array(), far.clip(0, 1))
    np.testing.assert_array_equal(display.reconstructions[0], far)


def test_axes_are_those_given():
    axes = plt.subplots(1, 3)[1]
    display = ReconstructionDisplay.from_predictions({"a": IMAGE}, IMAGE, axes=axes[:2])
    assert list(display.axes_) == list(axes[:2])
    assert display.figure_ is axes[0].figure
    with pytest.raises(ValueError, match=r"axes must be 2.*Got 3"):
        display.plot(axes)


def test_colors_of_one_channel():
    display = ReconstructionDisplay.from_predictions(
        {"a": GRAY / 255}, GRAY, imshow_kw={"cmap": "viridis"}
    )
    assert {shown.get_cmap().name for shown in display.images_} == {"viridis"}


@pytest.mark.parametrize("values", [IMAGE[:, :-1], IMAGE[..., 0], IMAGE.transpose(2, 0, 1)])
def test_another_image(values):
    with pytest.raises(
        ValueError, match=r"'a' must be of the image's shape \(6, 7, 3\).*42 pixels"
    ):
        ReconstructionDisplay.from_predictions({"a": values}, IMAGE)


def test_names_are_asked_for():
    with pytest.raises(TypeError, match=r"predictions must be a dict.*Got list"):
        ReconstructionDisplay.from_predictions([IMAGE], IMAGE)
    with pytest.raises(ValueError, match="estimators is an empty dict"):
        ReconstructionDisplay.from_estimators({}, IMAGE)


def test_what_is_not_fitted():
    with pytest.raises(NotFittedError):
        ReconstructionDisplay.from_estimators({"a": LinearRegression()}, IMAGE)
