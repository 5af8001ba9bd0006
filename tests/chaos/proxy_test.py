#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the proxy does to requests and answers, before a broker that answers each frame with its correlation id."""
import socket
import struct
import threading
import time
import unittest

import proxy

END_TXN = proxy.REQUESTS["EndTxn"]
HEARTBEAT = proxy.REQUESTS["Heartbeat"]


def receive(connection):
    size = b""
    while len(size) < 4:
        part = connection.recv(4 - len(size))
        if not part:
            raise EOFError
        size += part
    (remaining,) = struct.unpack(">i", size)
    frame = b""
    while len(frame) < remaining:
        part = connection.recv(remaining - len(frame))
        if not part:
            raise EOFError
        frame += part
    return frame


class Broker:
    def __init__(self):
        self.received = []  # (key, correlation id)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while True:
                frame = receive(connection)
                key, _, correlation = struct.unpack_from(">hhi", frame)
                self.received.append((key, correlation))
                connection.sendall(struct.pack(">ii", 4, correlation))
        except (OSError, EOFError):
            connection.close()

    def wait_for(self, request):
        deadline = time.monotonic() + 10
        while request not in self.received:
            assert time.monotonic() < deadline, f"{request} is not in {self.received}"
            time.sleep(0.01)


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.proxy = proxy.Proxy([{"id": 1, "behind": self.broker.port, "advertised": port}])
        self.proxy.start()
        self.client = self.connect()

    def tearDown(self):
        self.client.close()
        self.proxy.stop()
        self.broker.socket.close()

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.proxy.nodes[1]["advertised"]))
        client.settimeout(10)
        return client

    def send(self, key, correlation, client_id=b"app-producer"):
        frame = struct.pack(">hhih", key, 0, correlation, len(client_id)) + client_id
        self.client.sendall(struct.pack(">i", len(frame)) + frame)

    def answer(self):
        return struct.unpack(">i", receive(self.client))[0]

    def assert_cut(self):
        with self.assertRaises((EOFError, OSError)):
            self.answer()

    def test_forwards_what_no_rule_disturbs(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "lose-answer", client="other"))
        for correlation in range(3):
            self.send(END_TXN, correlation)
            self.assertEqual(self.answer(), correlation)
        self.assertEqual(self.proxy.seen["EndTxn"], 3)

    def test_loses_the_answer_of_the_named_request_only(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "lose-answer"))
        self.send(HEARTBEAT, 1)
        self.send(END_TXN, 2)
        self.send(END_TXN, 3)
        self.assertEqual([self.answer(), self.answer()], [1, 3])
        self.broker.wait_for((END_TXN, 2))
        self.assertEqual(self.proxy.applied["EndTxn", "lose-answer"], 1)

    def test_loses_a_request(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "lose-request"))
        self.send(END_TXN, 1)
        self.send(END_TXN, 2)
        self.assertEqual(self.answer(), 2)
        self.assertEqual(self.broker.received, [(END_TXN, 2)])

    def test_cuts_the_connection_instead_of_the_answer(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "cut-answer"))
        self.send(END_TXN, 1)
        self.assert_cut()
        self.assertEqual(self.broker.received, [(END_TXN, 1)])

    def test_cuts_the_connection_instead_of_the_request(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "cut-request"))
        self.send(END_TXN, 1)
        self.assert_cut()
        self.assertEqual(self.broker.received, [])

    def test_delivers_a_request_late_through_another_connection(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "late", seconds=0.3))
        self.send(END_TXN, 1)
        self.assert_cut()
        self.client.close()
        self.client = self.connect()
        self.send(HEARTBEAT, 2)
        self.assertEqual(self.answer(), 2)
        self.broker.wait_for((END_TXN, 1))
        self.assertEqual(self.broker.received, [(HEARTBEAT, 2), (END_TXN, 1)])

    def test_holds_a_request_and_those_after_it(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "hold", seconds=0.2))
        begin = time.monotonic()
        self.send(END_TXN, 1)
        self.send(HEARTBEAT, 2)
        self.assertEqual([self.answer(), self.answer()], [1, 2])
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_delays_an_answer(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "delay-answer", seconds=0.2))
        begin = time.monotonic()
        self.send(END_TXN, 1)
        self.assertEqual(self.answer(), 1)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_a_rule_ends_after_its_count(self):
        self.proxy.add_rule(proxy.Rule("EndTxn", "lose-answer", count=2))
        for correlation in (1, 2, 3):
            self.send(END_TXN, correlation)
        self.assertEqual(self.answer(), 3)

    def test_ends_while_connections_are_held(self):
        self.proxy.black_hole(1, True)
        self.send(END_TXN, 1)
        self.proxy.add_rule(proxy.Rule("EndTxn", "late", seconds=1000))

    def test_a_black_hole_holds_everything_until_it_ends(self):
        self.proxy.black_hole(1, True)
        self.send(END_TXN, 1)
        self.client.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            self.answer()
        self.assertEqual(self.broker.received, [])
        self.client.settimeout(10)
        self.proxy.heal()
        self.assertEqual(self.answer(), 1)

    def test_cuts_all_connections_of_a_node(self):
        self.send(END_TXN, 1)
        self.assertEqual(self.answer(), 1)
        self.proxy.cut(1)
        self.assert_cut()

    def test_refuses_unknown_requests_and_actions(self):
        with self.assertRaises(ValueError):
            proxy.Rule("NoRequest", "late")
        with self.assertRaises(ValueError):
            proxy.Rule("EndTxn", "explode")


if __name__ == "__main__":
    unittest.main()
