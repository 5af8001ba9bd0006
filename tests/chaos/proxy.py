# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that knows the frames of Kafka's protocol.

It stands before every broker of a cluster, whose listener advertises the proxy's ports, and forwards whole requests and
answers. Rules lose, delay or cut one request of a named kind; a black hole holds everything that a broker sends and gets.

The proxy runs in a thread of its own. All public functions may be called from any thread.
"""
import asyncio
import collections
import dataclasses
import re
import struct
import threading

REQUESTS = {
    "Produce": 0, "Fetch": 1, "ListOffsets": 2, "Metadata": 3, "OffsetCommit": 8, "OffsetFetch": 9,
    "FindCoordinator": 10, "JoinGroup": 11, "Heartbeat": 12, "LeaveGroup": 13, "SyncGroup": 14, "ApiVersions": 18,
    "CreateTopics": 19, "DeleteRecords": 21, "InitProducerId": 22, "OffsetForLeaderEpoch": 23, "AddPartitionsToTxn": 24,
    "AddOffsetsToTxn": 25, "EndTxn": 26, "TxnOffsetCommit": 28, "DescribeConfigs": 32,
}
NAMES = {key: name for name, key in REQUESTS.items()}

# What a rule does with a request, or with its answer.
ON_REQUEST = {
    "lose-request": "the broker never receives the request; the client waits for the answer",
    "cut-request": "the broker never receives the request; the connection is cut",
    "hold": "the broker receives the request, and all later ones of the connection, `seconds` later",
    "late": "the connection is cut; the broker receives the request `seconds` later, through another connection",
}
ON_ANSWER = {
    "lose-answer": "the broker processes the request; the client never receives the answer",
    "cut-answer": "the broker processes the request; the connection is cut instead of the answer",
    "delay-answer": "the client receives the answer, and all later ones of the connection, `seconds` later",
}


@dataclasses.dataclass
class Rule:
    """Applies an action to the next `count` requests of a kind."""
    request: str
    action: str
    seconds: float = 0
    count: int = 1
    client: str = ""  # A regular expression that the client id contains; empty: every client.

    def __post_init__(self):
        if self.request not in REQUESTS:
            raise ValueError(f"no request {self.request}")
        if self.action not in ON_REQUEST and self.action not in ON_ANSWER:
            raise ValueError(f"no action {self.action}")


class Cut(Exception):
    """Ends a connection."""


class Connection:
    """One connection of a client, and the one to the broker behind it."""

    def __init__(self, proxy, node, client, broker):
        self.proxy, self.node = proxy, node
        self.client_reader, self.client_writer = client
        self.broker_reader, self.broker_writer = broker
        self.answers = {}  # Correlation id to (name of the request, rule for the answer).

    def cut(self):
        for writer in (self.client_writer, self.broker_writer):
            # Without the frames that wait in the buffers.
            writer.transport.abort()

    async def run(self):
        tasks = [asyncio.ensure_future(self.forward_requests()), asyncio.ensure_future(self.forward_answers())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.cut()

    async def forward_requests(self):
        while True:
            frame = await read_frame(self.client_reader)
            await self.proxy.passable(self.node)
            key, _, correlation = struct.unpack_from(">hhi", frame)
            name = NAMES.get(key, str(key))
            self.proxy.seen[name] += 1
            rule = self.proxy.take_rule(name, client_id(frame))
            if rule and rule.action in ON_REQUEST:
                await self.disturb_request(rule, frame)
                if rule.action == "lose-request":
                    continue
            self.answers[correlation] = rule if rule and rule.action in ON_ANSWER else None
            await write_frame(self.broker_writer, frame)

    async def disturb_request(self, rule, frame):
        if rule.action == "cut-request":
            raise Cut
        if rule.action == "hold":
            await asyncio.sleep(rule.seconds)
        if rule.action == "late":
            self.proxy.spawn(self.proxy.deliver_late(self.node, frame, rule.seconds))
            raise Cut

    async def forward_answers(self):
        while True:
            frame = await read_frame(self.broker_reader)
            await self.proxy.passable(self.node)
            (correlation,) = struct.unpack_from(">i", frame)
            rule = self.answers.pop(correlation, None)
            if rule:
                if rule.action == "lose-answer":
                    continue
                if rule.action == "cut-answer":
                    raise Cut
                await asyncio.sleep(rule.seconds)
            await write_frame(self.client_writer, frame)


class Proxy:
    """`nodes`: a list of {"id", "behind", "advertised"}, as 'tools/kafka status' prints it."""

    def __init__(self, nodes):
        self.nodes = {node["id"]: node for node in nodes}
        self.rules = []
        self.connections = {node: set() for node in self.nodes}
        self.seen = collections.Counter()  # Requests by name.
        self.applied = collections.Counter()  # Rules by (request, action).
        self.late_requests = set()
        self.serving = 0  # Connections, also those whose broker does not answer yet.
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.open = {}
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self):
        self.thread.start()
        self.call(self.listen())

    def stop(self):
        async def end():
            for server in self.servers:
                server.close()
            for task in list(self.late_requests):
                task.cancel()
            while self.late_requests or self.serving:
                for connections in self.connections.values():
                    for connection in list(connections):
                        connection.cut()
                await asyncio.sleep(0.01)
        self.heal()
        self.call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def bootstrap(self):
        return ",".join(f"127.0.0.1:{node['advertised']}" for node in self.nodes.values())

    def add_rule(self, rule):
        with self.lock:
            self.rules.append(rule)

    def clear_rules(self):
        with self.lock:
            self.rules.clear()

    def cut(self, node):
        """Cuts all connections to a broker."""
        async def work():
            for connection in list(self.connections[node]):
                connection.cut()
        self.call(work())

    def black_hole(self, node, on):
        """While on, nothing reaches the broker and nothing comes from it; connections stay. Held frames pass later."""
        async def work():
            (self.open[node].clear if on else self.open[node].set)()
        self.call(work())

    def heal(self):
        self.clear_rules()
        for node in self.nodes:
            self.black_hole(node, False)

    # In the proxy's thread.

    async def listen(self):
        self.servers = []
        for identity, node in self.nodes.items():
            self.open[identity] = asyncio.Event()
            self.open[identity].set()
            self.servers.append(await asyncio.start_server(
                lambda reader, writer, identity=identity: self.serve(identity, reader, writer), "127.0.0.1",
                node["advertised"]))

    async def passable(self, node):
        await self.open[node].wait()

    def take_rule(self, name, client):
        with self.lock:
            for rule in self.rules:
                if rule.request == name and re.search(rule.client, client):
                    rule.count -= 1
                    if rule.count <= 0:
                        self.rules.remove(rule)
                    self.applied[name, rule.action] += 1
                    return rule
        return None

    def spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.late_requests.add(task)  # A task without a reference may be collected.
        task.add_done_callback(self.late_requests.discard)

    async def serve(self, node, reader, writer):
        self.serving += 1
        try:
            broker = await asyncio.open_connection("127.0.0.1", self.nodes[node]["behind"])
            connection = Connection(self, node, (reader, writer), broker)
            self.connections[node].add(connection)
            try:
                await connection.run()
            finally:
                self.connections[node].discard(connection)
        except OSError:
            writer.transport.abort()
        finally:
            self.serving -= 1

    async def deliver_late(self, node, frame, seconds):
        await asyncio.sleep(seconds)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.nodes[node]["behind"])
            await write_frame(writer, frame)
            await asyncio.wait_for(read_frame(reader), 30)
            writer.close()
        except (OSError, EOFError, asyncio.TimeoutError):
            pass


async def read_frame(reader):
    size = await reader.readexactly(4)
    return await reader.readexactly(struct.unpack(">i", size)[0])


async def write_frame(writer, frame):
    writer.write(struct.pack(">i", len(frame)) + frame)
    await writer.drain()


def client_id(frame):
    (size,) = struct.unpack_from(">h", frame, 8)
    return frame[10:10 + max(size, 0)].decode(errors="replace")
