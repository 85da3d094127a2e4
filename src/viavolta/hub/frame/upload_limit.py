"""No request may bring more than the hub ever accepts: refused before a byte of it is stored."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Streams files to disk unless the request is larger than `MAX_REQUEST_BYTES`."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's signature
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Refuse what is too large.

        Raises
        ------
        RequestDataTooBig: the request says it is larger; Django answers 413 or 400.
        """
        most: int = settings.MAX_REQUEST_BYTES
        if content_length > most:
            msg = f"a request may have at most {most} bytes"
            raise RequestDataTooBig(msg)
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)
