"""The hub as granian's processes load it: they end with the server that started them."""

import os

from viavolta.hub.site.wsgi import application
from viavolta.storage.processes import end_with_parent

end_with_parent(os.getppid())

__all__ = ["application"]
