"""HTTP/1.1 over one asyncio stream: keep-alive, Content-Length or chunked answers, and faults on cue."""

import asyncio
import http

from message import Cut, Request, arrive

MOST_HEADERS = 100


async def serve(reader, writer, connection, origin, answer):
    """Reads requests until the peer goes; answer(request) gives the Response."""
    while True:
        request = await read_request(reader, connection, origin)
        if request is None:
            return
        response = await answer(request)
        await send(writer, request, response)
        if (request.header("connection") or "").lower() == "close":
            return


async def read_request(reader, connection, origin):
    try:
        line = (await reader.readline()).decode("latin-1").rstrip("\r\n")
    except ValueError:  # a line without an end
        return None
    if line.count(" ") != 2:
        return None
    method, target, _ = line.split(" ")
    headers = []
    while len(headers) < MOST_HEADERS:
        line = (await reader.readline()).decode("latin-1").rstrip("\r\n")
        if not line:
            break
        name, _, value = line.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    request = Request(method, target, headers, "http/1.1", connection, origin)
    length = int(request.header("content-length") or 0)
    if length:
        request.body = await reader.readexactly(length)
    return request


async def send(writer, request, response):
    delivery = response.delivery
    if delivery.kind == "garbage":
        writer.write(delivery.data)
        await arrive(writer)
        raise Cut
    if delivery.kind == "reset":
        raise Cut
    if delivery.kind == "stall" and delivery.after == 0:
        await delivery.released.wait()
    without_body = request.method == "HEAD" or response.status in (204, 304)
    headers = list(response.headers)
    if not without_body or request.method == "HEAD":
        if response.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        else:
            headers.append(("Content-Length", str(len(response.body))))
    reason = http.HTTPStatus(response.status).phrase if response.status in list(http.HTTPStatus) else "Unknown"
    head = [f"HTTP/1.1 {response.status} {reason}"] + [f"{name}: {value}" for name, value in headers]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
    if without_body:
        await writer.drain()
        return

    def piece(data):
        if data:
            writer.write(b"%x\r\n%s\r\n" % (len(data), data) if response.chunked else data)

    body = response.body
    if delivery.kind in ("truncate", "goaway", "reset_body"):
        piece(body[:delivery.after])
        await writer.drain()
        if delivery.kind != "reset_body":  # an orderly end of the connection, too early
            writer.close()
            return
        await arrive(writer)
        raise Cut
    if delivery.kind == "stall" and delivery.after:
        piece(body[:delivery.after])
        await writer.drain()
        await delivery.released.wait()
        body = body[delivery.after:]
    if delivery.kind == "drip":
        for start in range(0, len(body), delivery.chunk):
            piece(body[start:start + delivery.chunk])
            await writer.drain()
            await asyncio.sleep(delivery.every)
    else:
        for start in range(0, len(body), 1 << 18):
            piece(body[start:start + (1 << 18)])
            await writer.drain()
    if response.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
