"""Shared parts of the displays: axes, and the Fourier features within an estimator."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skfourier._extras import required
from skfourier._fourier_features import FourierFeatures


class Display:
    """A display: once drawn, it has the attributes `ax_` and `figure_`."""

    def _axes(self, ax):
        """Return the axes to draw on, new ones if None."""
        plt = required("matplotlib.pyplot", "matplotlib", f"{type(self).__name__}.plot", "plot")
        self.ax_ = plt.subplots()[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        return self.ax_


def named_kernels(kernels, names):
    """Return lists of kernels and of their names; None takes what the kernels print.

    Raises
    ------
    ValueError
        If `kernels` is one kernel, or there is not one name for each.
    """
    if hasattr(kernels, "is_stationary"):
        raise ValueError(f"kernels must be a list of kernels; put it in one: [{kernels!r}].")
    kernels = list(kernels)
    names = [repr(kernel) for kernel in kernels] if names is None else list(names)
    if len(names) != len(kernels):
        raise ValueError(f"Give each of the {len(kernels)} kernels a name. Got {names!r}.")
    return kernels, names


def last_step(estimator):
    """Return a Pipeline's last step; any other estimator as it is."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def fitted_features(estimator):
    """Return the fitted Fourier features: the estimator, its embedding, or a step of a Pipeline.

    Raises
    ------
    ValueError
        If there are none.
    NotFittedError
        If they are not fitted.
    """
    steps = (
        [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    )
    check_is_fitted(steps[-1])
    for step in steps:
        features = getattr(step, "embedding_", step)
        if isinstance(features, FourierFeatures):
            check_is_fitted(features)
            return features
    raise ValueError(
        f"There are no Fourier features to draw: give a fitted FourierFeatures, a Pipeline with "
        f"it, or a CoordinateMLPRegressor with an embedding. Got {estimator!r}."
    )
