"""Reconstructions of an image beside it."""

from typing import Any

import numpy as np

from skfourier._extras import required
from skfourier._pixels import checked_pixels, intensities
from skfourier.images import render
from skfourier.inspection._display import Display
from skfourier.metrics import psnr

_INCHES = 3.0  # of a picture's side


class ReconstructionDisplay(Display):
    r"""An image and its reconstructions in a row, each with its PSNR.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (height, width, channels)
        Intensities, 0 black and 1 white.
    reconstructions : list of ndarray, each of the shape of the image
    names : list of str
        One for each reconstruction.

    Attributes
    ----------
    psnr_ : list of float
        Of each reconstruction, clipped to [0, 1] as it is shown, in decibels.
    axes_ : ndarray of matplotlib Axes
        The image's, then one for each reconstruction.
    images_ : list of matplotlib AxesImage
        What is drawn there.
    figure_ : matplotlib Figure

    See Also
    --------
    skfourier.images.render : Predicts the pixels, also of finer grids.
    skfourier.metrics.psnr : The measure.

    Examples
    --------
    >>> from skimage.data import coffee
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> from skfourier.images import image_to_samples
    >>> from skfourier.inspection import ReconstructionDisplay
    >>> photograph = coffee()[::20, ::20]
    >>> networks = {
    ...     f"sigma {sigma}": CoordinateMLPRegressor(
    ...         (32,), embedding=FourierFeatures(sigma), max_iter=20, random_state=0
    ...     ).fit(*image_to_samples(photograph))
    ...     for sigma in (0.3, 3)
    ... }
    >>> display = ReconstructionDisplay.from_estimators(networks, photograph)
    >>> display.psnr_[0] < display.psnr_[1]
    True
    """

    def __init__(self, image: Any, reconstructions: Any, *, names: Any) -> None:
        self.image = image
        self.reconstructions = reconstructions
        self.names = names

    @classmethod
    def from_estimators(
        cls,
        estimators: Any,
        image: Any,
        *,
        aspect: str = "stretch",
        axes: Any = None,
        imshow_kw: Any = None,
    ) -> Any:
        """Render estimators on the pixels of an image, and draw them beside it.

        Parameters
        ----------
        estimators : dict of str to estimator
            Fitted on coordinates as `image_to_samples` returns them, by the names to show. All
            pixels are predicted, those of the fit and others alike.
        image : array-like of shape (height, width) or (height, width, channels)
            Of bool, uint8 or uint16, or of floats, 0 black and 1 white.
        aspect : {"stretch", "equal"}, default="stretch"
            That of `image_to_samples`.
        axes, imshow_kw
            As in `plot`.

        Returns
        -------
        ReconstructionDisplay

        Raises
        ------
        TypeError
            If `estimators` is not a dict.
        ValueError
            If `image` is none, there is no estimator, or one predicts other channels.
        NotFittedError
            If an estimator is not fitted.
        """
        shape = checked_pixels(image, "image").shape
        rendered = {
            name: render(estimator, shape, aspect=aspect)
            for name, estimator in _by_names(estimators, "estimators").items()
        }
        return cls.from_predictions(rendered, image, axes=axes, imshow_kw=imshow_kw)

    @classmethod
    def from_predictions(
        cls, predictions: Any, image: Any, *, axes: Any = None, imshow_kw: Any = None
    ) -> Any:
        """Draw predictions that you have beside the image.

        Parameters
        ----------
        predictions : dict of str to array-like
            By the names to show: images of that shape, or what `predict` returned, one row for
            each pixel in the order of `image_to_samples`. Floats, 0 black and 1 white.
        image : array-like of shape (height, width) or (height, width, channels)
            As in `from_estimators`.
        axes, imshow_kw
            As in `plot`.

        Returns
        -------
        ReconstructionDisplay

        Raises
        ------
        TypeError
            If `predictions` is not a dict.
        ValueError
            If `image` is none, there is no prediction, or one has another number of values.
        """
        image = intensities(checked_pixels(image, "image"), "The image")
        predictions = _by_names(predictions, "predictions")
        pictures = [_picture(name, values, image) for name, values in predictions.items()]
        return cls(image, pictures, names=list(predictions)).plot(axes, imshow_kw=imshow_kw)

    def plot(self, axes: Any = None, *, imshow_kw: Any = None) -> Any:
        """Draw the image, then the reconstructions, clipped to [0, 1].

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One more than there are reconstructions. None makes a new figure, one row.
        imshow_kw : dict, default=None
            For matplotlib's `imshow`, such as ``{"cmap": "viridis"}`` for one channel.

        Returns
        -------
        ReconstructionDisplay

        Raises
        ------
        ValueError
            If there is not one of the axes for each picture.
        """
        pictures = [picture.clip(0, 1) for picture in (self.image, *self.reconstructions)]
        self.axes_ = self._row(len(pictures), axes)
        self.figure_ = self.axes_[0].figure
        self.psnr_ = [psnr(self.image, picture, data_range=1) for picture in pictures[1:]]
        measured = zip(self.names, self.psnr_, strict=True)
        titles = ["image", *(f"{name}: {decibels:.1f} dB" for name, decibels in measured)]
        options = {"vmin": 0, "vmax": 1, "cmap": "gray"} | (imshow_kw or {})
        self.images_ = []
        for ax, picture, title in zip(self.axes_, pictures, titles, strict=True):
            self.images_.append(ax.imshow(picture.squeeze(), **options))
            ax.set(title=title, xticks=[], yticks=[])
        return self

    def _row(self, n_axes, axes):
        """Return `n_axes` axes, new ones if None, side by side."""
        if axes is None:
            plt = required("matplotlib.pyplot", "matplotlib", f"{type(self).__name__}.plot", "plot")
            size = (_INCHES * n_axes, _INCHES)
            return plt.subplots(1, n_axes, squeeze=False, figsize=size, layout="constrained")[1][0]
        axes = np.ravel(axes)
        if len(axes) != n_axes:
            raise ValueError(
                f"axes must be {n_axes}: one for the image, and one for each of the "
                f"{n_axes - 1} reconstructions. Got {len(axes)}."
            )
        return axes


def _by_names(given, what):
    """Return the dict, after checking that it is one, with something in it."""
    if not isinstance(given, dict):
        raise TypeError(
            f"{what} must be a dict, with the names to show as its keys: "
            f"{{'network': ...}}. Got {type(given).__name__}."
        )
    if not given:
        raise ValueError(f"{what} is an empty dict: there is nothing to draw.")
    return given


def _picture(name, values, image):
    """Return one prediction in the shape of the image."""
    values = np.asarray(values)
    if values.size != image.size or values.shape[:1] not in {image.shape[:1], (_n_pixels(image),)}:
        raise ValueError(
            f"{name!r} must be of the image's shape {image.shape}, or have one row for each of its "
            f"{_n_pixels(image)} pixels. Got shape {values.shape}."
        )
    return values.reshape(image.shape)


def _n_pixels(image):
    return image.shape[0] * image.shape[1]
