"""A TCP balancer as stands before Prefect's API replicas: the next one when one does not answer."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

from tests.postgres import free_port

CHUNK = 65536


class Balancer:
    """Each connection goes to a replica in turn; one that refuses is passed over."""

    def __init__(self, replicas: list[int]) -> None:
        self.port, self._replicas, self._turn = free_port(), replicas, count()
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def serve(self) -> Iterator["Balancer"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        opened = asyncio.start_server(self._meet, "127.0.0.1", self.port)
        server = asyncio.run_coroutine_threadsafe(opened, self._loop).result(10)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(server), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)

    async def _meet(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        first = next(self._turn)
        for step in range(len(self._replicas)):
            port = self._replicas[(first + step) % len(self._replicas)]
            with suppress(OSError, asyncio.CancelledError):
                far, forth = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_carry(near, forth), _carry(far, back))
                return
        back.close()


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while data := await source.read(CHUNK):
            to.write(data)
            await to.drain()
    with suppress(OSError):
        to.close()
