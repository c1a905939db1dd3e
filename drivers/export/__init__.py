"""Takes a model home: programs, and files that other programs read.

Nothing here imports a learning library, so the API process may write programs; what needs the weights is done by
`drivers.Session.export`, in a process that has the library.
"""

from drivers.export.errors import ExportError
from drivers.export.formats import FORMATS, Format, write_source
from drivers.export.program import weights_beside
from drivers.export.script import write_notebook, write_script

__all__ = ["FORMATS", "ExportError", "Format", "weights_beside", "write_notebook", "write_script", "write_source"]
