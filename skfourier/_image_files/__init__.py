"""Image files: what they say of their samples, and their pixels as intensities in sRGB."""

from skfourier._image_files._reading import read_image

__all__ = ["read_image"]
