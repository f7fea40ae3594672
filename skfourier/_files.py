"""Files that are read, and files that appear only when they are complete."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


def existing_file(path, kind):
    """Return the path of a file to read, of some `kind`, after checking that it exists.

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    OSError
        If it is a pipe or a device. (A directory fails when it is opened.)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Check the path; relative ones start from {Path.cwd()}."
        )
    if not (path.is_file() or path.is_dir()):  # a pipe would wait for ever
        raise OSError(f"{path} is not a file. Pass the path of {kind} file.")
    return path


def check_target(path):
    """Check that a file can be written, before the work that it is to hold.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If there is a folder of that name.
    PermissionError
        If there is a file of that name that may not be written to.
    OSError
        If no file can be made in the folder.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {path.parent} does not exist: create it first.")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Add the name of a file.")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is write-protected. Choose another name.")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise OSError(
            f"No file can be made in the folder {path.parent} ({error.strerror}). Choose another."
        ) from error


@contextmanager
def complete_file(path):
    """Give a path to write to; at the end of the block that file takes the place of `path`.

    When the block raises, what was written is removed, and an older file stays as it was.

    Raises
    ------
    OSError
        As `check_target`.
    """
    target = Path(path).resolve()
    check_target(target)
    # In a folder beside the target, as a replacement is atomic within one file system only.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".saving-") as folder:
        complete = Path(folder) / Path(path).name
        yield complete
        if target.exists():
            shutil.copymode(target, complete)
        with complete.open("r+b") as file:
            os.fsync(file.fileno())  # or after a power failure the name may be there, and no bytes
        os.replace(complete, target)
