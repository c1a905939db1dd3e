"""What can be wrong with data, in words for the person whose data it is."""

from drivers.errors import DriverError


class DataError(DriverError):
    """The data of a spec cannot be used.

    Attributes:
        code: `missing`, `forbidden_path`, `empty`, `corrupt`, `wrong_shape`, `wrong_dtype`, `not_finite`,
            `out_of_range`, `wrong_labels`, `too_large`, `image_bomb`, `unsafe_archive`, `unsafe_pickle`, `no_class`,
            `download_failed`, `unknown_choice`, `wrong_data`.
        message: What was wrong, where, and what would be right.
        pointer: JSON pointer into the spec.
    """

    def __init__(self, code: str, message: str, pointer: str = "/data"):
        super().__init__(code, message, pointer)
