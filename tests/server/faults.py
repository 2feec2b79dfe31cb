"""Faults on cue: what a test orders for the next requests of a path.

kind          what the client sees
stall         nothing (after=0) or `after` bytes of the body, then nothing until `release`
reset         the connection is reset before an answer; reset_body: after `after` bytes of it
truncate      `after` bytes of a longer body, then an orderly end (HTTP/1.1) or RST_STREAM with `code` (HTTP/2)
              (`chunked`: without its length)
goaway        as truncate, over HTTP/2: `after` bytes of a longer body, GOAWAY, then an orderly end of the connection
coded         a complete message whose body is `base64`, in the content coding `coding`
status        `status` with a body that is no JSON (5xx pages of a load balancer), `headers` added
drip          the right answer, `chunk` bytes each `every` seconds
garbage       bytes that are no HTTP
not_modified  304 to everything, asked or not
body          200 with `body` as it is (JSON that is none), with an ETag that fits
huge          200 with a body of `size` bytes
no_etag       the right answer without ETag and Last-Modified
"""

import base64
import dataclasses

from github import formula_tag
from message import Delivery, Response

KINDS = ("stall", "reset", "reset_body", "truncate", "goaway", "coded", "status", "drip", "garbage", "not_modified", "body",
         "huge", "no_etag")
JSON = ("Content-Type", "application/json; charset=utf-8")


def apply(fault, request, github):
    """The response to a request that a fault applies to."""
    options = fault.options
    if fault.kind == "status":
        headers = [("Content-Type", "text/html")] + list(options.get("headers", {}).items())
        return Response(options.get("status", 502), headers, options.get("body", "<html>Unicorn!</html>").encode())
    if fault.kind == "not_modified":
        return github.with_rate(request, request.token(), Response(304, github.common()))
    if fault.kind in ("body", "huge"):
        body = options["body"].encode() if fault.kind == "body" else b'"' + b"x" * (options["size"] - 2) + b'"'
        return github.with_rate(request, request.token(), Response(
            200, github.common() + [JSON, ("ETag", formula_tag(request, body))], body))
    if fault.kind == "coded":
        headers = github.common() + [("Content-Type", options.get("type", "text/plain")), ("ETag", '"coded"'),
                                     ("Content-Encoding", options["coding"])]
        return Response(200, headers, base64.b64decode(options["base64"]), chunked=options.get("chunked", True))
    response = github.answer(request)
    if fault.kind == "no_etag":
        response.headers = [(name, value) for name, value in response.headers if name not in ("ETag", "Last-Modified")]
        return response
    data = options.get("data", "HTTP?? \0\1\2 this is no protocol\r\n\r\n").encode()
    delivery = Delivery(fault.kind, options.get("after", 0), options.get("chunk", 1), options.get("every", 0.05), data,
                        fault.released, options.get("code", 2))
    return dataclasses.replace(response, delivery=delivery, chunked=options.get("chunked", response.chunked))
