"""The frame at an instant between two frames: where its pixels come from, and what they are."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from skfourier._motion._camera import camera_motion, carried, part_way
from skfourier._motion._flow import Motion
from skfourier._motion._front import Front
from skfourier._motion._warping import (
    CONTRAST,
    inside,
    local_mean,
    mismatch,
    moved,
    pixel_places,
    scattered,
)

# In pixels: flows that differ by more belong to different things.
_AGREEMENT = 1.0
# A displacement measured elsewhere replaces that of a pixel if it matches better by this factor.
_CLEARLY_BETTER = 0.8
_N_DISPLACEMENTS = 16
# The weight of the moved frames by how much of the change they explain: R^2, and its trust, by
# least squares on films whose frames are known.
_EXPLAINED = [0, 0.3, 0.9, 1]
_TRUST = [0, 0.85, 0.9, 1]
# In pixels: a deviation of the place at which half of the trust is lost.
_BLURRED = 1.0
# In pixels: flows, there and back, of what moves.
_MOVING = 2.0
# Frames of which fewer pixels come back by the return flow are different scenes: trust is 0, 1.
_COMING_BACK = [0.3, 0.5]
# A change of this share of the standard deviation of structure is noise.
_NOISE = 0.04


@dataclass(frozen=True)
class Instant:
    """The parts of a frame in between, for each pixel of the grid of the frames.

    Parameters
    ----------
    back, ahead : ndarray of shape (2, height, width)
        Displacements, in pixels, to the place in the earlier and in the later frame.
    later : ndarray of shape (height, width)
        Share of the later frame in the moved frames.
    trust : ndarray of shape (height, width)
        Share of the moved frames; the blend has the rest.
    """

    back: np.ndarray
    ahead: np.ndarray
    later: np.ndarray
    trust: np.ndarray


@dataclass
class Gap:
    """Two frames, one after the other, and the motion between them.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
        Their structure.
    motion : Motion
    unsteadiness : float
        How far motion changes from gap to gap, as a share of it.
    """

    first: np.ndarray
    second: np.ndarray
    motion: Motion
    unsteadiness: float = 0.0
    _latest: tuple = (None, None)

    def instant(self, share):
        """Find the pixels of the frame at a share in (0, 1) of the time between the two.

        The latest is kept, as a frame is predicted in many blocks of rows.
        """
        known, instant = self._latest
        if known != share:
            instant = self._find_instant(share)
            self._latest = share, instant
        return instant

    def _find_instant(self, share):
        if not self.continuity:
            nothing = np.zeros(self.motion.forward.shape, np.float32)
            return Instant(nothing, nothing, nothing[0] + share, nothing[0])
        front, front_flow = self._front.at(share)
        flow = np.where(front, front_flow, self._flow_behind(share))
        back, ahead = -share * flow, (1 - share) * flow
        hidden = self._front.hidden(back, ahead) & ~front
        earlier = (1 - share) * self._seen(self.motion.forward, back, flow, hidden[0])
        later = share * self._seen(-self.motion.backward, ahead, flow, hidden[1])
        trust = self._trust(flow, share, hidden, front)
        straight = Instant(back, ahead, later / (earlier + later), trust)
        if hidden.all(axis=0).any():
            straight = _filled(straight, hidden.all(axis=0), front)
        return self._with_camera(straight, share, front)

    def _with_camera(self, straight, share, front):
        """Move pixels on the path of the camera, and take from one frame what only that one shows.

        The path differs from a straight line in that a rotation is an arc.
        """
        places = pixel_places(self.first.shape)
        there = part_way(self.camera, share)
        start = places + straight.back
        bend = carried(there, start) - start - share * (carried(self.camera, start) - start)
        bend = moved(bend, -moved(bend, -bend))
        bent = Instant(
            *(moved(each, -bend) - bend for each in (straight.back, straight.ahead)),
            *(moved(each, -bend) for each in (straight.later, straight.trust)),
        )
        back = carried(np.linalg.inv(there), places) - places
        ahead = carried(self.camera, places + back) - places
        earlier, later = inside(back), inside(ahead)
        once = (earlier != later) & ~front
        return Instant(
            np.where(once, back, bent.back),
            np.where(once, ahead, bent.ahead),
            np.where(once, later, bent.later),
            np.where(once, self.continuity, bent.trust),
        )

    def _seen(self, flow, displacement, flow_here, hidden):
        """Return how far the flow measured where a pixel comes from leads here: 0 if occluded."""
        distance = ((moved(flow, displacement) - flow_here) ** 2).sum(axis=0)
        seen = np.exp(-distance / (2 * _AGREEMENT**2)) * inside(displacement) + 1e-3
        return np.where(hidden, 1e-6, seen)

    def _flow_behind(self, share):
        """Return the flow from the first frame to the second of what is at each pixel then.

        What is in front is left out, as if it were not there.
        """
        flow = self._regressed_flow(share)
        cost = _CLEARLY_BETTER * self._mismatch(flow, share)
        for other in (self._camera_flow(share), *self._displacements):
            other_cost = self._mismatch(other, share)
            better = other_cost < cost
            flow, cost = np.where(better, other, flow), np.where(better, other_cost, cost)
        return flow

    def _camera_flow(self, share):
        """Return the flow, if all pixels moved with the camera, in straight lines."""
        straight = (1 - share) * np.eye(3) + share * self.camera
        start = carried(np.linalg.inv(straight), pixel_places(self.first.shape))
        return carried(self.camera, start) - start

    def _mismatch(self, flow, share):
        back, ahead = -share * flow, (1 - share) * flow
        hidden = self._front.hidden(back, ahead)
        return mismatch(self.first, self.second, back, ahead, hidden)

    @cached_property
    def _displacements(self):
        """Displacements that are frequent in the two flows, and none: rows of (rows, columns)."""
        flows = np.stack([self.motion.forward, -self.motion.backward], axis=1).reshape(2, -1)
        # To 1.5 pixels: patches of 2 pixels tell no finer ones apart.
        values, counts = np.unique(np.rint(flows / 1.5), axis=1, return_counts=True)
        frequent = np.argsort(-counts, kind="stable")[:_N_DISPLACEMENTS]
        displacements = np.concatenate([np.zeros((1, 2)), 1.5 * values[:, frequent].T])
        shape = len(displacements), *self.motion.forward.shape
        return np.broadcast_to(displacements[..., np.newaxis, np.newaxis], shape)

    @cached_property
    def reliability(self):
        """Weights of the pixels of both frames: do they match, and do both flows agree."""
        forward, backward = self.motion.forward, self.motion.backward
        return [
            self._weights(self.first, self.second, forward, backward),
            self._weights(self.second, self.first, backward, forward),
        ]

    @cached_property
    def _front(self):
        """The regions that move as one: in front of the rest, unless they move with the camera."""
        places = pixel_places(self.first.shape)
        flows = self.motion.forward, self.motion.backward
        masks = [
            found & (np.hypot(*(places + flow - carried(matrix, places))) > _MOVING)
            for found, flow, matrix in zip(
                self.motion.regions, flows, (self.camera, np.linalg.inv(self.camera)), strict=True
            )
        ]
        return Front(np.stack(masks), [flows[0], -flows[1]])

    @cached_property
    def continuity(self):
        """Trust in the motion as a whole: 0 after a cut, where hardly a pixel comes back."""
        forward, backward = self.motion.forward, self.motion.backward
        detour = ((forward + moved(backward, forward)) ** 2).sum(axis=0)
        places = pixel_places(self.first.shape)
        kept = inside(carried(self.camera, places) - places)
        return np.interp((detour[kept] < _AGREEMENT**2).mean(), _COMING_BACK, [0, 1])

    @property
    def repeats(self):
        """Whether the second frame is the first once more."""
        return np.abs(self.first - self.second).max() < _NOISE * CONTRAST

    @cached_property
    def camera(self):
        """The matrix of the camera's motion from the first frame to the second."""
        return camera_motion(self.motion.forward, self.reliability[0])

    @staticmethod
    def _weights(here, there, flow, return_flow):
        error = np.abs(moved(there, flow) - here)
        detour = ((flow + moved(return_flow, flow)) ** 2).sum(axis=0)
        return np.exp(-detour / _AGREEMENT**2 - (error / (CONTRAST / 2)) ** 2) + 1e-6

    def _regressed_flow(self, share):
        """Regress the flow on scattered points: the pixels of both frames, moved to the instant.

        Nadaraya and Watson's estimate, with a kernel as narrow as a pixel, and wider ones where no
        pixel came to lie.
        """
        shape = self.first.shape
        sums = np.zeros((3, *shape))
        behind = [
            weights * ~mask
            for weights, mask in zip(self.reliability, self._front.masks, strict=True)
        ]
        for flow, weights, time in zip(self._front.flows, behind, (share, share - 1), strict=True):
            places = pixel_places(shape) + time * flow
            sums += [scattered(places, values) for values in (weights, *(weights * flow))]
        filled = sums
        for width in (1, 2, 4, 8, 16):
            hole = filled[0] < 0.05
            if not hole.any():
                break
            wider = ndimage.gaussian_filter(sums, (0, width, width))
            filled = np.where(hole, wider, filled)
        return filled[1:] / np.maximum(filled[0], 1e-12)

    def _trust(self, flow, share, hidden, front):
        """Return the weight of the moved frames: by the change that motion explains, and its pace.

        A motion that is not uniform leads elsewhere in between, by s (1 - s) / 2 of its
        acceleration, and so the moved frames explain less there than at the frames themselves.
        """
        back, ahead = -share * flow, (1 - share) * flow
        left = moved(self.first, back) - moved(self.second, ahead)
        # Where only one of them shows the pixel they cannot be compared.
        both = (inside(back) & inside(ahead) & ~hidden.any(axis=0)) + 1e-3
        change, left = (
            local_mean(each**2, both) + (_NOISE * CONTRAST) ** 2
            for each in (self.first - self.second, left)
        )
        # What is in front, and what it uncovers, has been found already.
        explained = np.where(front | (hidden[0] != hidden[1]), 1, 1 - left / change)
        deviation = share * (1 - share) * self.unsteadiness * np.hypot(*flow)
        pace = 1 / (1 + (deviation / _BLURRED) ** 2)
        return self.continuity * pace * np.interp(explained, _EXPLAINED, _TRUST)


def _filled(instant, unseen, front):
    """Take what neither frame shows from where the nearest pixel behind is taken."""
    nearest = ndimage.distance_transform_edt(
        unseen | front, return_distances=False, return_indices=True
    )
    step = nearest - pixel_places(unseen.shape)
    return Instant(
        np.where(unseen, instant.back[:, *nearest] + step, instant.back),
        np.where(unseen, instant.ahead[:, *nearest] + step, instant.ahead),
        np.where(unseen, instant.later[*nearest], instant.later),
        np.where(unseen, instant.trust[*nearest], instant.trust),
    )


def measure_unsteadiness(gaps):
    """Compare the motions of adjacent gaps, and tell each gap how far they differ.

    The acceleration of a pixel is the sum of its flows to the next frame and to the one before,
    less that of a camera that zooms or turns steadily. Its share of the length of both is averaged
    over the pixels that move, at both frames of a gap. A gap without neighbors is taken as steady.
    A frame that is there twice, and a cut, are no neighbors: the motion has not stopped there.
    """
    sums = np.zeros((len(gaps) + 1, 2))
    for k, pair in enumerate(itertools.pairwise(gaps), start=1):
        if all(gap.continuity and not gap.repeats for gap in pair):
            sums[k] = _acceleration(*pair)
    for k, gap in enumerate(gaps):
        acceleration, length = sums[k] + sums[k + 1]
        gap.unsteadiness = acceleration / length if length else 0.0


def _acceleration(before, after):
    """Return sums of the accelerations of the pixels between two gaps, and of their flows."""
    ahead, back = after.motion.forward, before.motion.backward
    places = pixel_places(ahead.shape[1:])
    steady = carried(after.camera, places) + carried(np.linalg.inv(after.camera), places)
    length = np.hypot(*ahead) + np.hypot(*back)
    weights = after.reliability[0] * before.reliability[1] * (length > _MOVING)
    acceleration = np.hypot(*(ahead + back - (steady - 2 * places)))
    return (weights * acceleration).sum(), (weights * length).sum()
