"""The tags of a TIFF about its samples: their bits, their kind, and which end is white."""

from dataclasses import dataclass

import numpy as np

from skfourier._image_files._stored import UnknownWhiteError

# TIFF 6.0, sections 3 to 8, 18 and 19.
_NUMBERS = {
    "BitsPerSample": 258,
    "PhotometricInterpretation": 262,
    "SamplesPerPixel": 277,
    "ExtraSamples": 338,
    "SampleFormat": 339,
}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_N_COLORS = {
    _WHITE_IS_ZERO: 1,
    _BLACK_IS_ZERO: 1,
    _RGB: 3,
    _PALETTE: 1,
    _CMYK: 4,
    _YCBCR: 3,
    _LAB: 3,
}
_KINDS = {1: "uint", 2: "int", 3: "float", 4: "uint"}
_ALPHAS = _ASSOCIATED, _UNASSOCIATED = 1, 2


@dataclass
class TiffTags:
    """The tags of a page that decide what its samples mean, each for every sample of a pixel."""

    bits: tuple[int, ...]
    photometric: int
    kinds: tuple[str, ...]
    extras: tuple[int, ...]

    @classmethod
    def by_name(cls, tags):
        """Read the tags of a page by their names. Bits that are said once are those of all."""
        bits = _integers(tags.get("BitsPerSample", 1))
        said_once = "BitsPerSample" in tags and len(bits) == 1
        n_times = int(tags.get("SamplesPerPixel", 1)) if said_once else 1
        return cls(
            bits=bits * n_times,
            photometric=int(tags.get("PhotometricInterpretation", _WHITE_IS_ZERO)),
            kinds=tuple(_KINDS.get(n, "complex") for n in _integers(tags.get("SampleFormat", 1))),
            extras=_integers(tags.get("ExtraSamples", ())),
        )

    @classmethod
    def of_picture(cls, picture):
        """Read the tags of a TIFF that Pillow has opened."""
        tags = {name: picture.tag_v2.get(number) for name, number in _NUMBERS.items()}
        return cls.by_name({name: value for name, value in tags.items() if value is not None})

    @property
    def n_colors(self):
        """The number of samples of a pixel that are colors."""
        return _N_COLORS.get(self.photometric, len(self.bits))

    @property
    def need_no_conversion(self):
        """Whether the colors are gray or RGB that only wait to be scaled."""
        plain = {_BLACK_IS_ZERO, _RGB} if self.extras else {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB}
        return len(set(self.bits)) == 1 and self.photometric in plain

    @property
    def alpha(self):
        """Index of the sample that is alpha, or None: the first extra one that is said to be.

        A fourth of RGB of which nothing is said is one, as for Pillow.
        """
        nameless = (_UNASSOCIATED,) if (self.photometric, len(self.bits)) == (_RGB, 4) else ()
        extras = self.extras or nameless
        return next((self.n_colors + k for k, kind in enumerate(extras) if kind in _ALPHAS), None)

    @property
    def n_left_out(self):
        """The number of samples of a pixel that are neither colors nor alpha."""
        return len(self.bits) - self.n_colors - (self.alpha is not None)

    def remarks(self):
        """Return a warning, in a list, of the samples that are left out, if there are any."""
        if self.n_left_out <= 0:
            return []
        return [
            UserWarning(
                f"has {len(self.bits)} samples per pixel, of which {self.n_left_out} are neither "
                "colors nor alpha, and left out. imageio.v3.imread reads them."
            )
        ]

    def check_white_is_known(self):
        """Raise UnknownWhiteError unless the samples are unsigned of at most 16 bits, or floats."""
        for kind in self.kinds:
            if not (kind == "float" or (kind == "uint" and max(self.bits) <= 16)):
                raise UnknownWhiteError(
                    f"The image is {kind}{max(self.bits)}, and white is known of unsigned integers "
                    "with at most 16 bits and of floats. Read it with imageio.v3.imread and scale "
                    "it."
                )

    def intensities(self, samples):
        """Return samples of gray or RGB as floats, 0 black and 1 white."""
        values = self._fractions(samples)
        return 1 - values if self.photometric == _WHITE_IS_ZERO else values

    def image(self, samples):
        """Return samples (height, width, n) of gray or RGB as gray, RGB or RGBA."""
        colors = self.intensities(samples[..., : self.n_colors])
        if self.alpha is None:
            return colors[..., 0] if self.n_colors == 1 else colors
        alpha = self._fractions(samples[..., [self.alpha]])
        if self.extras and self.extras[self.alpha - self.n_colors] == _ASSOCIATED:
            colors = _divided(colors, alpha)
            colors = colors if samples.dtype.kind == "f" else np.minimum(colors, 1)
        colors = np.broadcast_to(colors, (*colors.shape[:2], 3))
        return np.concatenate([colors, alpha], axis=-1)

    def _fractions(self, samples):
        """Return integers as fractions of the largest one; floats as float32 at least."""
        if samples.dtype.kind == "f":
            return samples.astype(np.promote_types(samples.dtype, np.float32))
        return samples / np.float64(2 ** max(self.bits) - 1)


def _divided(colors, alpha):
    """Divide colors by alpha, where there is any, and take off what rounding put above 1."""
    colors = colors / np.where(alpha > 0, alpha, 1)
    # Of floats, the product and the quotient round by half an eps each.
    return np.where(colors <= 1 + np.finfo(colors.dtype).eps, np.minimum(colors, 1), colors)


def _integers(values):
    return tuple(int(value) for value in np.atleast_1d(values))
