"""Serves the prototype by https on free ports of this machine, with an authority of its own; prints where."""

import argparse
import asyncio
import socket
import ssl

import trustme
import uvicorn

from app import build
from mistakes import ALL, chosen


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ca", required=True, help="where to write the authority that signs its certificate (PEM)")
    arguments.add_argument("--each", action="store_true", help="one prototype for each mistake, which makes only that one")
    options = arguments.parse_args()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(options.ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    variants = {mistake: {mistake} for mistake in ALL} if options.each else {"": chosen()}
    asyncio.run(serve(variants, context))


async def serve(variants: dict[str, set[str]], context: ssl.SSLContext) -> None:
    running = []
    for name, mistakes in variants.items():
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"https://localhost:{listener.getsockname()[1]}"
        # Whose address a request has, the application decides, not the server in front of it.
        config = uvicorn.Config(build(address, mistakes), log_level="warning", proxy_headers=False)
        config.load()
        config.ssl = context
        running.append(asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener])))
        print(f"listening on {address} {name}".rstrip(), flush=True)
    await asyncio.gather(*running)


if __name__ == "__main__":
    main()
