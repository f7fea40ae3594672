"""Packages that only some features need."""

from importlib import import_module


def required(module, package, purpose, extra):
    """Import a module of an optional package, or say how to install it.

    Parameters
    ----------
    module : str
        What to import.
    package : str
        What its users call it.
    purpose : str
        What needs it, the beginning of a sentence.
    extra : str
        The extra of skfourier that installs it.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{purpose} needs {package}, which is not installed: pip install "skfourier[{extra}]"'
        ) from error
