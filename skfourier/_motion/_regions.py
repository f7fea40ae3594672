"""Regions of one color that no flow explains: they move as one, and their edges show where."""

import numpy as np
from scipy import ndimage, optimize

from skfourier._extras import required
from skfourier._motion._warping import inside, light_change, pixel_places

# Mean differences, as shares of the standard deviation of the frames: what is explained well
# enough, and what no difference exceeds.
_EXPLAINED, _LARGEST = 0.16, 0.8
# By this factor another motion must explain a region better.
_CLEARLY_BETTER = 0.35
# The regions that are searched for, and how far: a share of the frame's longer side.
_N_SEARCHED, _FARTHEST = 16, 0.25
# In pixels: the border around a region that shows its edge.
_BORDER = 2
# Of the segmentation: how different colors of one region may be, and its pixels.
_SCALE, _SMOOTHING, _SMALLEST = 200, 0.5, 20


def regional_motions(first, second, forward, backward):
    """Find regions of one color that clearly move differently from all flows.

    Optical flow knows nothing of the inside of a plain shape, and takes it from outside. But the
    region as a whole has only one motion at which its edges are found again. Both frames must miss
    it: pixels that a flow leads to are those of something else.

    Parameters
    ----------
    first, second : ndarray of shape (height, width, channels)
        Frames of standard deviation 1.
    forward, backward : list of ndarray of shape (2, height, width)
        Flows from the first to the second, and back.

    Returns
    -------
    found : ndarray of shape (2, height, width)
        Which pixels of the first and of the second frame belong to such regions.
    displacements : ndarray of shape (2, 2, height, width)
        To the other frame.
    """
    gain, offset = light_change(first, second, forward[0], np.ones(first.shape[:2]))
    second = (second - offset) / gain
    views = [_View(first, second), _View(second, first)]
    errors = [
        np.mean([view.difference(flow, beyond=0) for flow in flows], axis=0)
        for view, flows in zip(views, (forward, backward), strict=True)
    ]
    motions = [_motions(views[k], errors[k], errors[1 - k]) for k in (0, 1)]
    found, displacements = zip(*motions, strict=True)
    return np.stack(found), np.stack(displacements)


def _motions(view, errors, errors_there):
    """Return which pixels of one frame move otherwise, and their displacements."""
    labels = view.regions()
    sums = np.bincount(labels.ravel(), (view.weights * errors).ravel())
    costs = sums / np.bincount(labels.ravel(), view.weights.ravel())
    unexplained = [region for region in np.argsort(-sums) if costs[region] > _EXPLAINED]
    boxes = ndimage.find_objects(labels + 1)
    candidates = [
        view.search(labels == region, boxes[region]) for region in unexplained[:_N_SEARCHED]
    ]
    found, displacements = np.zeros(labels.shape, bool), np.zeros((2, *labels.shape), np.float32)
    for region in unexplained:
        pixels = np.array(np.nonzero(labels == region))
        trials = [view.cost(each, pixels) for each in candidates]
        best = candidates[np.argmin(trials)].reshape(2, 1)
        missed = ndimage.map_coordinates(errors_there, pixels + best, order=1)
        if (
            min(trials) < min(_EXPLAINED, _CLEARLY_BETTER * costs[region])
            and np.average(missed, weights=view.weights[*pixels]) > _EXPLAINED
        ):
            found[*pixels], displacements[:, *pixels] = True, best
    return (
        _with_edges(view, errors, found, displacements) if found.any() else (found, displacements)
    )


def _with_edges(view, errors, found, displacements):
    """Add the pixels around regions, mixtures of two colors, that move with them."""
    distance, nearest = ndimage.distance_transform_edt(~found, return_indices=True)
    displacements = displacements[:, *nearest]
    better = view.difference(displacements) < _CLEARLY_BETTER * errors
    return found | (better & (distance <= _BORDER)), displacements


class _View:
    """Pixels of one frame, to be found in another.

    Parameters
    ----------
    here, there : ndarray of shape (height, width, channels)
    """

    def __init__(self, here, there):
        self._here, self._there = here, there
        channels = np.moveaxis(here, -1, 0)
        # Differences count at edges: inside of a plain region anything matches.
        slopes = [ndimage.gaussian_gradient_magnitude(channel, 1) for channel in channels]
        self.weights = np.sum(slopes, axis=0) + 1e-6
        self._splines = [
            ndimage.spline_filter(channel, 3, output=np.float32)
            for channel in np.moveaxis(there, -1, 0)
        ]

    def regions(self):
        """Return the number of the region of each pixel."""
        segmentation = required(
            "skimage.segmentation", "scikit-image", "Measuring motion", "motion"
        )
        # Of more than three channels it warns.
        return segmentation.felzenszwalb(self._here[..., :3], _SCALE, _SMOOTHING, _SMALLEST)

    def difference(self, displacement, beyond=_LARGEST):
        """Compare all pixels with those at a displacement; `beyond` is that of those outside."""
        places = pixel_places(displacement.shape[1:]) + displacement
        difference = self._compared(places, self._here)
        return np.where(inside(displacement), difference, beyond)

    def cost(self, displacement, pixels):
        """Return the mean difference of some pixels (2, n_pixels), all displaced alike."""
        places = pixels + np.reshape(displacement, (2, 1))
        last = np.reshape(self._here.shape[:2], (2, 1)) - 1
        within = np.all((places >= -0.5) & (places <= last + 0.5), axis=0)
        difference = np.where(within, self._compared(places, self._here[*pixels]), _LARGEST)
        return np.average(difference, weights=self.weights[*pixels])

    def _compared(self, places, colors):
        there = [
            ndimage.map_coordinates(spline, places, order=3, prefilter=False, mode="mirror")
            for spline in self._splines
        ]
        return np.minimum(np.abs(np.stack(there, axis=-1) - colors).mean(axis=-1), _LARGEST)

    def search(self, region, box):
        """Return the displacement (2,) at which a region, with its box, is found best."""
        start = self._correlated(region, box)
        return optimize.minimize(
            self.cost,
            start,
            (np.array(np.nonzero(region)),),
            method="Nelder-Mead",
            options={
                "initial_simplex": np.add(start, [(0, 0), (0.5, 0), (0, 0.5)]),
                "xatol": 0.05,
                "fatol": 1e-4,
                "maxiter": 40,
            },
        ).x

    def _correlated(self, region, box):
        """Find a region by masked correlation, in the mix of channels in which it stands out."""
        reach = round(_FARTHEST * max(region.shape))
        window, tight = (
            tuple(slice(max(0, side.start - more), side.stop + more) for side in box)
            for more in (reach, _BORDER)
        )
        here, there, own = self._here[tight], self._there[window], region[tight]
        mask = ndimage.binary_dilation(own, iterations=_BORDER)
        around = here[mask & ~own] if (mask & ~own).any() else here[mask]
        mix = here[own].mean(axis=0) - around.mean(axis=0)
        registration = required(
            "skimage.registration", "scikit-image", "Measuring motion", "motion"
        )
        shift = registration.phase_cross_correlation(
            there @ mix,
            here @ mix,
            reference_mask=np.ones(there.shape[:2], bool),
            moving_mask=mask,
            overlap_ratio=0.99,
        )[0]
        # Relative to the centers of the two.
        place = shift + (np.array(there.shape[:2]) - here.shape[:2]) / 2
        return place + [far.start - near.start for far, near in zip(window, tight, strict=True)]
