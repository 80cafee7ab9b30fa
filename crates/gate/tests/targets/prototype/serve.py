"""Serves the prototype by https on a free port of this machine, with an authority of its own; prints its address."""

import argparse
import socket

import trustme
import uvicorn

from app import build


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ca", required=True, help="where to write the authority that signs its certificate (PEM)")
    options = arguments.parse_args()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(options.ca)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"https://localhost:{listener.getsockname()[1]}"
    # Whose address a request has, the application decides, not the server in front of it.
    config = uvicorn.Config(build(address), log_level="warning", proxy_headers=False)
    config.load()
    config.ssl = _context(authority.issue_cert("localhost", "127.0.0.1"))
    print(f"listening on {address}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def _context(certificate):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


if __name__ == "__main__":
    main()
