"""What is in front: regions of two frames that hide whatever they pass over."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from skfourier._motion._warping import moved, pixel_places, scattered


@dataclass
class Front:
    """Regions that both frames show whole, and that no other motion explains.

    Parameters
    ----------
    masks : ndarray of shape (2, height, width)
        Pixels of the first and of the second frame.
    flows : list of two ndarray of shape (2, height, width)
        Flow from the first frame to the second, of the pixels of either.
    """

    masks: np.ndarray
    flows: list

    def at(self, share):
        """Return which pixels they cover at a share of the time between, and their flow there."""
        sums = np.zeros((3, *self.masks.shape[1:]))
        if self.masks.any():
            for mask, flow, time in zip(self.masks, self.flows, (share, share - 1), strict=True):
                places = pixel_places(mask.shape) + time * flow
                sums += [scattered(places, values) for values in (mask, *(mask * flow))]
        return sums[0] > 0.5, sums[1:] / np.maximum(sums[0], 1e-12)

    def hidden(self, back, ahead):
        """Return whether they cover the places displaced into either frame: (2, height, width)."""
        if not self.masks.any():
            return np.zeros(self.masks.shape, bool)
        both = zip(self._covered, (back, ahead), strict=True)
        return np.stack([moved(covered, displacement) > 0.5 for covered, displacement in both])

    @cached_property
    def _covered(self):
        """Their pixels in the two frames, and those around them, which are a mixture."""
        return [
            ndimage.binary_dilation(mask | self.at(time)[0]).astype(np.float32)
            for time, mask in enumerate(self.masks)
        ]
