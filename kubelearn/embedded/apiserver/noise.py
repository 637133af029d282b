"""What the HTTP library says of requests that are no HTTP: their sender is told, the log is not."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

BROKEN_REQUESTS = (HttpProcessingError, RequestPayloadError)


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, BROKEN_REQUESTS)


http_log = logging.getLogger("kubelearn.embedded.apiserver.http")
http_log.addFilter(_is_ours)
