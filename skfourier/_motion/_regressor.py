"""Frames between frames as an estimator: motion measured in fit, pixels moved in predict."""

import itertools
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skfourier._checks import check_new_rows, check_samples
from skfourier._kernel_regressor import FourierKernelRegressor
from skfourier._lazy import by_blocks
from skfourier._motion._between import Gap, measure_unsteadiness
from skfourier._motion._flow import Motion, default_flows, measure_motions, structure
from skfourier._motion._frames import Frames, as_frames, interpolated, sampled, spline
from skfourier._motion._warping import light_change
from skfourier._saving import Saved
from skfourier._sklearn import DOC_LINK, _fit_context, unchanged_on_error
from skfourier._units import powers_of_two

# Of the time between two frames: float32 keeps as much of times in [0, 1] of 1,000 frames.
_ROUNDING = 1e-4
# Coefficients of a quintic spline are larger than what it goes through, by 7.5 along each axis.
_OVERSHOOT = 1e3


class MotionCompensatedRegressor(Saved, MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Predict a video at any time by moving the pixels of the frames before and after.

    .. math:: \hat y(v, t) = (1 - \lambda) B(v, t) + \lambda \bigl[
              (1 - \beta)\, I_0(v - s\, u) + \beta\, I_1(v + (1 - s)\, u) \bigr], \quad
              B = (1 - s) I_0(v) + s I_1(v)

    at the share s of the time from frame I_0 to I_1. u is the optical flow at v at that time, beta
    is s except where one of the frames does not show the object, and lambda is the trust in the
    motion, which is higher the more of the change between the frames it explains, and the less the
    motion differs from that before and after. Pixels that move with a camera that turns take an
    arc.

    Optical flow knows no motion inside of a plain shape. Regions of one color that no flow explains
    are searched for as a whole; they are in front of whatever they pass over. What only one of the
    frames shows is taken from it, in the light of the time between.

    There are no learned weights, and nothing is invented: what neither frame shows is not
    predicted (a gap between shapes that neither shows is filled from beside it), and motion that is
    not found leaves the blend B. A motion is uniform between two frames; fast motion of small or
    transparent things is not found, nor are plain shapes that partly cover each other.

    Parameters
    ----------
    flows : list of callable, default=None
        Optical flows; the frames that they lead to are averaged. ``flow(reference, moving)`` takes
        two float32 arrays of shape (height, width) and returns an array (2, height, width) of rows
        and columns, in pixels: the pixel at p of `reference` is at p + flow[:, p] of `moving`. The
        arrays are the frames' structure, divided by its local contrast. None: scikit-image's
        `optical_flow_tvl1`, and `optical_flow_ilk` with windows of three sizes.

    Attributes
    ----------
    times_ : ndarray of shape (n_frames,)
        Times of the frames; none if the rows are not frames.
    flows_ : ndarray of shape (n_flows, n_frames - 1, 2, height, width)
        Flow from each frame to the next, rows and columns, in pixels.
    regressor_ : FourierKernelRegressor or None
        The model that predicts if the rows are not frames.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    Warns
    -----
    UserWarning
        In `fit`, if the rows are not frames: a `FourierKernelRegressor` is fitted to them.

    See Also
    --------
    FourierKernelRegressor : Does not model motion; for scattered rows.
    skfourier.videos.render : Predicts and streams whole videos.

    Notes
    -----
    The flow is measured both ways. At an instant it is regressed on scattered points: the pixels of
    both frames, moved to that instant, weighted by how well the flows agree and the pixels match.

    For frames of 128 x 128 pixels and on one core, two frames take 1 s, and each
    predicted time takes 0.3 s, even for a single row; both grow with the number of pixels. Before
    the first frame and after the last one, that frame is predicted.

    References
    ----------
    Baker, Scharstein, Lewis, Roth, Black and Szeliski, "A database and evaluation methodology for
    optical flow", 2011, section 3.3, on frames in between by flow. Zach, Pock and Bischof, "A
    duality based approach for realtime TV-L1 optical flow", 2007.

    Examples
    --------
    A picture that moves by four pixels, and where it is half way:

    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> from skfourier import MotionCompensatedRegressor
    >>> from skfourier.videos import render, video_to_samples
    >>> scene = gaussian_filter(np.random.default_rng(0).normal(size=(32, 52)), 2)
    >>> scene = scene / scene.std()
    >>> video = np.stack([scene[:, k : k + 48] for k in range(5)])
    >>> X, y = video_to_samples(video, frames=[0, 4])
    >>> model = MotionCompensatedRegressor().fit(X, y)
    >>> half_way = render(model, (1, 32, 48, 1), times=[2 / 5])[0]
    >>> blend = (video[0] + video[4]) / 2
    >>> bool(abs(half_way - video[2]).mean() < abs(blend - video[2]).mean() / 5)
    True
    """

    _doc_link_module = "skfourier"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {"flows": [list, None]}

    def __init__(self, flows: Any = None) -> None:
        self.flows = flows

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Measure the motion between the frames.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates (x, y, t) of all pixels of some frames, in any order: those that
            `video_to_samples` makes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there, in any unit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y is not finite or real, or they do not match; if y is so large that splines
            overflow; if `flows` is empty or returns no such arrays.
        ImportError
            If scikit-image is not installed: ``pip install "skfourier[motion]"``.
        """
        with unchanged_on_error(self):
            X, y, _ = check_samples(self, X, y, None, reset=True)
            self._n_outputs = y.shape[1:]
            frames = as_frames(X, y)
            if frames is None:
                self._fit_without_frames(X, y)
            else:
                self._fit_frames(frames)
        return self

    def _fit_without_frames(self, X, y):
        warnings.warn(
            f"X of shape {X.shape} holds no frames: no full grid of columns (x, y, t), evenly "
            "spaced in x and y, of 16 x 16 pixels or more. A FourierKernelRegressor is fitted, "
            "which knows no motion. Pass all pixels of some frames, as video_to_samples makes "
            "them.",
            stacklevel=4,
        )
        self.times_, self.flows_ = np.empty(0), np.empty((0, 0, 2, 0, 0))
        self.regressor_ = FourierKernelRegressor().fit(X, y)

    def _fit_frames(self, frames):
        largest = float(np.abs(frames.pixels).max())
        if largest > np.finfo(frames.pixels.dtype).max / _OVERSHOOT:
            raise ValueError(
                f"y reaches {largest:.1e}, and splines through such numbers overflow "
                f"{frames.pixels.dtype}. Scale y."
            )
        pairs = _pairs(frames)
        flows = self._checked_flows()
        measured = [
            measure_motions(first, second, colors, flows)
            for (first, second), colors in zip(
                pairs, itertools.pairwise(_standardized(frames)), strict=True
            )
        ]
        motions = [list(each) for each in zip(*measured, strict=True)] or [[] for _ in flows]
        self._keep(frames, pairs, motions)

    def _keep(self, frames, pairs, motions):
        """Keep frames, and the motions between pairs of their structures, a list for each flow."""
        self._frames, self.times_, self.regressor_ = frames, frames.t, None
        self._splines = [spline(frame) for frame in frames.pixels]
        self._gaps = [
            [
                Gap(first, second, motion)
                for (first, second), motion in zip(pairs, each, strict=True)
            ]
            for each in motions
        ]
        self._lights = [
            light_change(*pixels, gap.motion.forward, gap.reliability[0])
            for pixels, gap in zip(itertools.pairwise(frames.pixels), self._gaps[0], strict=True)
        ]
        for gaps in self._gaps:
            measure_unsteadiness(gaps)
        self.flows_ = self._flows("forward")

    def _flows(self, direction):
        """Return the flows of all gaps, "forward" or "backward", in one array."""
        shape = len(self._gaps), len(self.times_) - 1, 2, *self._frames.pixels.shape[1:3]
        flows = [getattr(gap.motion, direction) for gaps in self._gaps for gap in gaps]
        return np.reshape(flows, shape).astype(np.float32)

    def _regions(self):
        """Return the regions of all gaps, the same for each flow, in one array."""
        shape = len(self.times_) - 1, 2, *self._frames.pixels.shape[1:3]
        return np.reshape([gap.motion.regions for gap in self._gaps[0]], shape).astype(bool)

    def _checked_flows(self):
        flows = default_flows() if self.flows is None else self.flows
        if not flows or not all(map(callable, flows)):
            raise ValueError(
                "flows must be a list of one callable or more, flow(reference, moving). "
                f"Got {flows!r}."
            )
        return flows

    def _fitted_state(self):
        if self.regressor_ is not None:
            return {"n_outputs": self._n_outputs, "regressor_": self.regressor_}
        return {
            "n_outputs": self._n_outputs,
            "x": self._frames.x,
            "y": self._frames.y,
            "times_": self.times_,
            "pixels": self._frames.pixels,
            "flows_": self.flows_,
            "flows_back": self._flows("backward"),
            "regions": self._regions(),
        }

    def _restore(self, state):
        self._n_outputs = state.take("n_outputs", tuple)
        if "regressor_" in state:
            self.times_, self.flows_ = np.empty(0), np.empty((0, 0, 2, 0, 0))
            self.regressor_ = state.take("regressor_", FourierKernelRegressor)
            check_is_fitted(self.regressor_)
            columns = self.regressor_.n_features_in_, self.regressor_._y_shape
            if columns != (self.n_features_in_, self._n_outputs):
                raise ValueError("regressor_ has other columns")
            return
        frames = self._restored_frames(state)
        n_gaps, size = len(frames.t) - 1, frames.pixels.shape[1:3]
        forward = state.array("flows_", (None, n_gaps, 2, *size), np.float32)
        backward = state.array("flows_back", forward.shape, np.float32)
        regions = state.array("regions", (n_gaps, 2, *size), bool)
        motions = [
            [Motion(*gap) for gap in zip(*both, regions, strict=True)]
            for both in zip(forward, backward, strict=True)
        ]
        if not motions:
            raise ValueError("flows_ holds no flow")
        self._keep(frames, _pairs(frames), motions)

    def _restored_frames(self, state):
        x, y, t = (state.array(name, (None,)) for name in ("x", "y", "times_"))
        shape = len(t), len(y), len(x), None
        pixels = state.array("pixels", shape, np.float32, np.float64)
        if not all(len(axis) and np.all(np.diff(axis) > 0) for axis in (x, y, t)):
            raise ValueError("axes of the frames do not increase")
        if self.n_features_in_ != 3 or self._n_outputs not in (pixels.shape[3:], ()):
            raise ValueError(f"pixels of shape {pixels.shape} are not of {self._n_outputs} outputs")
        if self._n_outputs == () and pixels.shape[3] != 1:
            raise ValueError(f"pixels of shape {pixels.shape} are not of one output")
        return Frames(x, y, t, pixels)

    @by_blocks
    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the values at coordinates.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates (x, y, t), anywhere.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of y.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.
        """
        X = check_new_rows(self, X)
        if self.regressor_ is not None:
            return self.regressor_.predict(X)
        pixels = self._frames.pixels
        predicted = np.empty((len(X), pixels.shape[-1]), pixels.dtype)
        places = self._frames.places(X.astype(float))
        times, rows = np.unique(X[:, 2].astype(float), return_inverse=True)
        for k, time in enumerate(times):
            predicted[rows == k] = self._predict_at(time, places[:, rows == k])
        return predicted.reshape(-1, *self._n_outputs)

    def _predict_at(self, time, places):
        """Predict one instant at places (2, n_samples), in pixels."""
        earlier, share = position_in_time(self.times_, time)
        first = self._splines[earlier]
        if share == 0:
            return sampled(first, places)
        second = self._splines[earlier + 1]
        blend = (1 - share) * sampled(first, places) + share * sampled(second, places)
        instants = [gaps[earlier].instant(share) for gaps in self._gaps]
        light = share, *self._lights[earlier]
        changes = [
            _change_of_blend((first, second), blend, places, each, light) for each in instants
        ]
        return blend + np.mean(changes, axis=0)


def _pairs(frames):
    """Return the structures of each frame and the next."""
    return list(itertools.pairwise(structure(frame) for frame in _standardized(frames)))


def _standardized(frames):
    """Return pixels of mean 0 and standard deviation 1."""
    # Of values far from 0, very large or small ones, float32 holds few digits or none.
    pixels = frames.pixels / powers_of_two(frames.pixels)
    pixels -= pixels.mean()
    return pixels / (float(pixels.std()) or 1.0)


def _change_of_blend(splines, blend, places, instant, light):
    """Return what moving the pixels of both frames changes, by how far it is trusted.

    What comes from one frame more than the time between says is in that frame's light.
    """
    back, ahead = (places + interpolated(field, places) for field in (instant.back, instant.ahead))
    weights = interpolated(np.stack([instant.later, instant.trust]), places)
    later, trust = weights[..., np.newaxis]
    one, other = sampled(splines[0], back), sampled(splines[1], ahead)
    share, gain, offset = light
    brightening = (gain - 1) * ((1 - later) * one + later * (other - offset) / gain) + offset
    moved = (1 - later) * one + later * other + (share - later) * brightening
    return trust * (moved - blend)


def position_in_time(times, time):
    """Return the index of the frame before, and the share of the time that has passed to the next.

    The share is 0 before the first frame, after the last, and at a frame but for rounding.
    """
    position = float(np.interp(time, times, np.arange(len(times))))
    if abs(position - round(position)) < _ROUNDING:
        return round(position), 0.0
    return int(position), position % 1
