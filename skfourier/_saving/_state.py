"""The entries of a file for one object, taken one by one and checked."""

import numpy as np


class State:
    """The entries of an object; each is taken once, and none may remain.

    Parameters
    ----------
    owner : str
        Whose they are, for messages.
    entries : dict
    """

    def __init__(self, owner, entries):
        self.owner, self._entries = owner, dict(entries)

    def __contains__(self, name):
        """Return whether there is such an entry."""
        return name in self._entries

    def take(self, name, *kinds):
        """Take an entry that is an instance of one of these classes; of any, if there are none.

        Raises
        ------
        ValueError
            If it is missing, or something else.
        """
        if name not in self._entries:
            raise ValueError(f"{name} of {self.owner} is missing")
        value = self._entries.pop(name)
        # True is an int, and no number here.
        if kinds and (
            not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        ):
            raise ValueError(f"{name} of {self.owner} is a {type(value).__name__}")
        return value

    def number(self, name):
        """Take a float; integers are floats too."""
        return float(self.take(name, float, int))

    def count(self, name, least=0):
        """Take an integer that is not below `least`.

        Raises
        ------
        ValueError
            If it is.
        """
        value = self.take(name, int)
        if value < least:
            raise ValueError(f"{name} of {self.owner} is {value}")
        return value

    def counts(self, name, n_counts, least=0):
        """Take a tuple of `n_counts` integers, none below `least`.

        Raises
        ------
        ValueError
            If it is none.
        """
        values = self.take(name, tuple)
        if len(values) != n_counts or any(type(n) is not int or n < least for n in values):
            raise ValueError(f"{name} of {self.owner} is not {n_counts} whole numbers")
        return values

    def part(self, name):
        """Take a dict, as the state of a part."""
        return State(f"{name} of {self.owner}", self.take(name, dict))

    def array(self, name, shape, *dtypes, finite=True):
        """Take an array.

        Parameters
        ----------
        name : str
        shape : tuple of int or None
            None for any length.
        *dtypes
            Allowed ones; none stands for float64.
        finite : bool, default=True
            Whether NaN and infinity are refused.

        Raises
        ------
        ValueError
            If it is missing or of another shape or dtype, or is not finite.
        """
        array = self.take(name, np.ndarray)
        wanted = tuple("any" if length is None else length for length in shape)
        allowed = tuple(map(np.dtype, dtypes or (np.float64,)))
        fits = len(shape) == array.ndim and all(
            length in (None, given) for length, given in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype not in allowed:
            raise ValueError(
                f"{name} of {self.owner} has shape {array.shape} and dtype {array.dtype}, not "
                f"{wanted} and {' or '.join(map(str, allowed))}"
            )
        if finite and not np.all(np.isfinite(array)):
            raise ValueError(f"{name} of {self.owner} holds NaN or infinity")
        return array

    def finish(self):
        """Refuse entries that nothing has taken.

        Raises
        ------
        ValueError
            If there are any.
        """
        if self._entries:
            raise ValueError(f"{sorted(self._entries)[:3]} of {self.owner} are unknown")
