"""Where the weights of Inception V3 are, which the extractor `inception` needs and which are not of this program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.data.download import RemoteFile, download
from drivers.data.errors import DataError
from drivers.errors import DriverError
from drivers.evaluation.extractors import Progress

if TYPE_CHECKING:
    from drivers.data import DataSettings

INCEPTION = "inception"
"""The name of the extractor."""
OFFICIAL = "6726825d"
"""What the SHA-256 of the standard weights begins with; their publishers put it into the file's name."""
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-{OFFICIAL}.pth"
MAX_BYTES = 200_000_000
HOW = (
    f"Set AUTHORGAN_INCEPTION_WEIGHTS to the file pt_inception-2015-12-05-{OFFICIAL}.pth, or to {URL}, from where it "
    "is downloaded once (91 MB)"
)


def unmet_weights(settings: DataSettings) -> str | None:
    """Why there are no weights, as a sentence; None where there are, or where they will be downloaded."""
    where = settings.inception_weights
    if not where:
        return f"The weights of Inception V3 are not here. {HOW}."
    if _is_url(where):
        if _published_hash(where) is None:
            return (
                f"AUTHORGAN_INCEPTION_WEIGHTS={where}: a file that is downloaded carries the first eight digits of its "
                f"SHA-256 in its name, as in …-{OFFICIAL}.pth, and is checked by them."
            )
        return None
    if not Path(where).expanduser().is_file():
        return f"AUTHORGAN_INCEPTION_WEIGHTS={where}: there is no such file. {HOW}."
    return None


def weights_file(settings: DataSettings, progress: Progress) -> Path:
    """The file, downloaded if an address is set and it was not yet.

    Raises:
        DriverError: `no_inception_weights`.
    """
    where = settings.inception_weights
    if problem := unmet_weights(settings):
        raise DriverError("no_inception_weights", problem, "/evaluation/extractor")
    if not _is_url(where):
        return Path(where).expanduser()
    folder, _, name = where.rpartition("/")
    file = RemoteFile(name, "", MAX_BYTES, sha256_start=_published_hash(where) or "")
    try:
        return download(
            file,
            settings.downloads / "inception",
            [folder],
            settings,
            lambda done, total: progress("downloading the weights of Inception V3", done, total or MAX_BYTES),
        )
    except DataError as error:
        raise DriverError("no_inception_weights", str(error), "/evaluation/extractor") from error


def _is_url(where: str) -> bool:
    return where.startswith(("https://", "http://"))


def _published_hash(url: str) -> str | None:
    found = re.search(r"-([0-9a-f]{8,64})\.(pth|safetensors)$", url)
    return found[1] if found else None
