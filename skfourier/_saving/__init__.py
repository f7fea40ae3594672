"""Models in files, without pickle: numbers, strings, arrays, and names of classes known here.

`skfourier.save` and `skfourier.load` are the doors. `_container` has the bytes, `_values` turns
objects into them and back, `_known` lists the classes that a file may name.
"""

from skfourier._saving._estimator import Saved
from skfourier._saving._model import load, save
from skfourier._saving._state import State

__all__ = ["Saved", "State", "load", "save"]
