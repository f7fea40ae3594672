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
    region as a whole has only one motion at which its edges are found again.

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
    costs = [view.means(error) for view, error in zip(views, errors, strict=True)]
    ahead, back = (_candidates(*each) for each in zip(views, costs, strict=True))
    both = [*ahead, *(-each for each in back)]
    candidates = both, [-each for each in both]
    found, displacements = zip(
        *map(_motions, views, errors, errors[::-1], costs, candidates), strict=True
    )
    return np.stack(found), np.stack(displacements)


def _candidates(view, costs):
    """Return the displacements of the regions that are explained worst."""
    worst = np.argsort(-costs * view.sizes, kind="stable")[:_N_SEARCHED]
    return [view.search(region) for region in worst if costs[region] > _EXPLAINED]


def _motions(view, errors, errors_there, costs, candidates):
    """Return which pixels of one frame move otherwise, and their displacements.

    The other frame must miss them too: pixels that a flow leads back from are others.
    """
    found = np.zeros(view.labels.shape, bool)
    displacements = np.zeros((2, *found.shape), np.float32)
    for region in np.nonzero(costs > _EXPLAINED)[0] if candidates else []:
        pixels = np.array(np.nonzero(view.labels == region))
        best, least = view.best(candidates, pixels)
        missed = ndimage.map_coordinates(errors_there, pixels + best, order=1)
        missed = np.average(missed, weights=view.weights[*pixels])
        enough = min(_EXPLAINED, _CLEARLY_BETTER * min(costs[region], missed))
        if least < enough and missed > _EXPLAINED:
            found[*pixels], displacements[:, *pixels] = True, best
    if found.any():
        _add_neighbors(view, costs, found, displacements)
        _add_edges(view, errors, found, displacements)
    return found, displacements


def _add_neighbors(view, costs, found, displacements):
    """Add regions beside those found that move with them, as the inside of an outlined shape."""
    candidates = np.unique(displacements[:, found], axis=1).T
    around = ndimage.binary_dilation(found, iterations=_BORDER) & ~found
    for region in np.unique(view.labels[around]):
        pixels = np.array(np.nonzero(view.labels == region))
        best, least = view.best(candidates, pixels)
        if least < min(_EXPLAINED, costs[region]):
            found[*pixels], displacements[:, *pixels] = True, best


def _add_edges(view, errors, found, displacements):
    """Add the pixels around regions, mixtures of two colors, that move with them."""
    distance, nearest = ndimage.distance_transform_edt(~found, return_indices=True)
    displacements[:] = displacements[:, *nearest]
    better = view.difference(displacements) < _CLEARLY_BETTER * errors
    found |= better & (distance <= _BORDER)


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
        segmentation = required(
            "skimage.segmentation", "scikit-image", "Measuring motion", "motion"
        )
        # Of more than three channels it warns.
        self.labels = segmentation.felzenszwalb(here[..., :3], _SCALE, _SMOOTHING, _SMALLEST)
        self.sizes = np.bincount(self.labels.ravel(), self.weights.ravel())
        self._boxes = ndimage.find_objects(self.labels + 1)
        self._splines = [
            ndimage.spline_filter(channel, 3, output=np.float32)
            for channel in np.moveaxis(there, -1, 0)
        ]

    def means(self, errors):
        """Average errors over each region, with the weights."""
        sums = np.bincount(self.labels.ravel(), (self.weights * errors).ravel())
        return sums / self.sizes

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

    def best(self, candidates, pixels):
        """Return the displacement (2, 1) of least cost, and this."""
        costs = [self.cost(each, pixels) for each in candidates]
        return candidates[np.argmin(costs)].reshape(2, 1), min(costs)

    def _compared(self, places, colors):
        there = [
            ndimage.map_coordinates(spline, places, order=3, prefilter=False, mode="mirror")
            for spline in self._splines
        ]
        return np.minimum(np.abs(np.stack(there, axis=-1) - colors).mean(axis=-1), _LARGEST)

    def search(self, region):
        """Return the displacement (2,) at which a region is found best."""
        region, box = self.labels == region, self._boxes[region]
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
