#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the WebSocket conformance client against ws-echo.

    wsconformance.py WS_ECHO plain|plain_socket|plain_threads|tls|tls_threads TOOL [options of the tool]

TOOL lies outside the repository; GATEHOUSE_WSFUZZ overrides it. Exits 77 (skipped) without it.
"""
import os
import subprocess
import sys
import tempfile

SKIPPED = 77


def make_certificate(folder):
    certificate = os.path.join(folder, "cert.pem")
    key = os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, stderr=subprocess.DEVNULL)
    return ["--cert", certificate, "--key", key]


def main():
    echo, mode, tool = sys.argv[1:4]
    tool = os.environ.get("GATEHOUSE_WSFUZZ", tool)
    if not os.path.exists(tool):
        print("SKIPPED: the conformance client is not at", tool)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        is_secure = mode.startswith("tls")
        arguments = make_certificate(folder) if is_secure else []
        if mode == "plain_socket":
            arguments += ["--stream", "socket"]
        if mode.endswith("_threads"):
            arguments += ["--io-threads", "3"]
        server = subprocess.Popen(
            [echo, "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, text=True)
        try:
            port = server.stdout.readline().split()[-1]
            scheme = "wss" if is_secure else "ws"
            outcome = subprocess.run(
                [sys.executable, tool, f"{scheme}://127.0.0.1:{port}/", "--strict", "-q",
                 *sys.argv[4:]], check=False).returncode
            if server.poll() is not None:
                print("FAILED: the server ended with", server.returncode)
                return 1
            return outcome
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
