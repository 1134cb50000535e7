# SPDX-License-Identifier: Apache-2.0
"""The part of a Keycloak that nodes of vantage6 v5 and Gatehouse use: a realm's description, its keys
and the token endpoint. Clients come as JSON: {client id: {"secret": …, "sub": …, "kind": …}}."""
import base64
import http.server
import json
import sys
import time
import urllib.parse

from jwcrypto import jwk, jwt

REALM = "vantage6"
LIFETIME = 300
key = jwk.JWK.generate(kty="RSA", size=2048, kid="realm-key", use="sig", alg="RS256")
clients = json.loads(sys.argv[1])


class Realm(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/realms/{REALM}"

    def do_GET(self):
        if self.path == f"/realms/{REALM}":
            pem = key.export_to_pem().decode().splitlines()
            self.answer(200, {"realm": REALM, "public_key": "".join(pem[1:-1])})
        elif self.path == f"/realms/{REALM}/protocol/openid-connect/certs":
            print(json.dumps({"keys": "asked"}), flush=True)
            self.answer(200, {"keys": [key.export_public(as_dict=True)]})
        else:
            self.answer(404, {"error": "unknown"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        client = clients.get(fields.get("client_id"))
        if not client or fields.get("client_secret") != client["secret"]:
            return self.answer(401, {"error": "unauthorized_client"})
        now = int(time.time())
        claims = {"exp": now + LIFETIME, "iat": now, "jti": f"trrtcc:{now}", "iss": self.url(),
                  "aud": "account", "sub": client["sub"], "typ": "Bearer",
                  "azp": fields["client_id"], "vantage6_client_type": client["kind"]}
        token = jwt.JWT(header={"alg": "RS256", "typ": "JWT", "kid": "realm-key"}, claims=claims)
        token.make_signed_token(key)
        self.answer(200, {"access_token": token.serialize(), "expires_in": LIFETIME,
                          "token_type": "Bearer"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Realm)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
