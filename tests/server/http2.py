"""HTTP/2 over one asyncio stream, by the h2 state machine: one task a stream, flow control, and faults on cue."""

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from message import Cut, Request, arrive, reset


class Connection:
    def __init__(self, reader, writer, number, origin, answer):
        self.reader, self.writer, self.number, self.origin, self.answer = reader, writer, number, origin, answer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.tasks = {}
        self.sent = {}  # stream → (headers, what came of the body) of a request whose end is yet to come
        self.room = asyncio.Condition()  # a window grew, or a stream ended
        self.cut = False

    async def serve(self):
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1000})
        await self.flush()
        try:
            while not self.cut:
                data = await self.reader.read(1 << 16)
                if not data:
                    return
                for event in self.h2.receive_data(data):
                    await self.react(event)
                await self.flush()
        except h2.exceptions.ProtocolError:
            await self.flush()
        finally:
            for task in self.tasks.values():
                task.cancel()
        if self.cut:
            raise Cut

    async def react(self, event):
        if isinstance(event, h2.events.RequestReceived):
            if event.stream_ended is None:
                self.sent[event.stream_id] = (event.headers, bytearray())
            else:
                self.begin(event.stream_id, event.headers)
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.sent:
            headers, body = self.sent.pop(event.stream_id)
            self.begin(event.stream_id, headers, bytes(body))
        elif isinstance(event, h2.events.DataReceived):
            if event.stream_id in self.sent:
                self.sent[event.stream_id][1].extend(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            async with self.room:
                self.room.notify_all()
        elif isinstance(event, h2.events.StreamReset):
            self.sent.pop(event.stream_id, None)
            task = self.tasks.pop(event.stream_id, None)
            if task:
                task.cancel()

    async def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.writer.write(data)
            await self.writer.drain()

    def begin(self, stream, headers, body=b""):
        self.tasks[stream] = asyncio.create_task(self.handle(stream, headers, body))

    async def handle(self, stream, headers, body):
        pseudo = {name: value for name, value in headers if name.startswith(":")}
        plain = [(name, value) for name, value in headers if not name.startswith(":")]
        request = Request(pseudo[":method"], pseudo[":path"], plain, "h2", self.number, self.origin, body)
        try:
            response = await self.answer(request)
            await self.send(stream, request, response)
        except (h2.exceptions.ProtocolError, ConnectionError):
            pass  # the peer gave the stream or the connection up meanwhile
        except Cut:
            self.cut = True
            reset(self.writer)
        finally:
            self.tasks.pop(stream, None)

    async def send(self, stream, request, response):
        delivery = response.delivery
        if delivery.kind == "garbage":
            self.writer.write(delivery.data)
            await arrive(self.writer)
            raise Cut
        if delivery.kind == "reset":
            raise Cut
        if delivery.kind == "stall" and delivery.after == 0:
            await delivery.released.wait()
        empty = request.method == "HEAD" or response.status in (204, 304) or not response.body
        headers = [(":status", str(response.status))] + [(name.lower(), value) for name, value in response.headers]
        if response.status not in (204, 304) and not response.chunked:
            headers.append(("content-length", str(len(response.body))))
        self.h2.send_headers(stream, headers, end_stream=empty)
        await self.flush()
        if empty:
            return
        body = response.body
        if delivery.kind in ("truncate", "reset_body", "goaway"):
            await self.data(stream, body[:delivery.after], last=False)
            if delivery.kind == "reset_body":
                await arrive(self.writer)
                raise Cut
            if delivery.kind == "goaway":
                self.h2.close_connection(delivery.code, last_stream_id=stream)
                await self.flush()
                self.writer.close()
                return
            self.h2.reset_stream(stream, delivery.code)
            await self.flush()
            return
        if delivery.kind == "stall" and delivery.after:
            await self.data(stream, body[:delivery.after], last=False)
            await delivery.released.wait()
            body = body[delivery.after:]
        if delivery.kind == "drip":
            for start in range(0, len(body), delivery.chunk):
                await self.data(stream, body[start:start + delivery.chunk], last=start + delivery.chunk >= len(body))
                await asyncio.sleep(delivery.every)
            return
        await self.data(stream, body, last=True)

    async def data(self, stream, body, last):
        view = memoryview(body)
        while view:
            async with self.room:
                await self.room.wait_for(lambda: self.h2.local_flow_control_window(stream) > 0)
            size = min(len(view), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size <= 0:  # another stream took the room meanwhile
                continue
            self.h2.send_data(stream, bytes(view[:size]), end_stream=last and size == len(view))
            view = view[size:]
            await self.flush()
