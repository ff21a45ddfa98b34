"""An SSH server that knows one key and offers SFTP alone, for a test: no shell, one folder.

``python ssh_server.py <folder> <host key> <authorized keys>`` listens on loopback, says its port on
standard output, and serves the folder as its whole file system until standard input ends.
"""

from __future__ import annotations

import asyncio
import functools
import sys

import asyncssh


async def serve(folder: str, host_key: str, authorized: str) -> None:
    """Serve until standard input ends, so that the server goes with the test that started it."""
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=authorized,
        password_auth=False,
        gss_host=None,
        sftp_factory=functools.partial(asyncssh.SFTPServer, chroot=folder.encode()),
    )
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
