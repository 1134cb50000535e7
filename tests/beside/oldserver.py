# SPDX-License-Identifier: Apache-2.0
"""The part of a vantage6 4.x server's REST that Gatehouse asks beside it, as its output schemas have
it: python oldserver.py SECRET_FILE [JWKS_FILE]. Collaboration 7 has organizations 21 and 22,
collaboration 8 has 23. Also that of a v5 server below /hq, and its realm's keys at /certs; tokens of
v5 are taken as they come, Gatehouse is what verifies them. Says its port, then each path it is asked
for, by lines of JSON; reads {"remove": ID} of a node or user that is deleted."""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time
import urllib.parse

secret = open(sys.argv[1], "rb").read().strip()
RECEIVE, SEND, VIEW = 101, 102, 103


def link(kind, number):
    return {"id": number, "link": f"/api/{kind}/{number}", "methods": ["GET"]}


nodes = {
    31: {"id": 31, "name": "north", "status": None, "organization": link("organization", 21),
         "collaboration": link("collaboration", 7)},
}
users = {
    41: {"id": 41, "username": "nele", "organization": link("organization", 22),
         "permissions": {"roles": [1], "rules": [RECEIVE, VIEW], "orgs_in_collabs": [21, 22]}},
    42: {"id": 42, "username": "olaf", "organization": link("organization", 23),
         "permissions": {"roles": [1], "rules": [RECEIVE, VIEW], "orgs_in_collabs": [23]}},
}
rules = [
    {"id": RECEIVE, "name": "event", "scope": "COLLABORATION", "operation": "RECEIVE"},
    {"id": SEND, "name": "event", "scope": "GLOBAL", "operation": "SEND"},
    {"id": VIEW, "name": "task", "scope": "COLLABORATION", "operation": "VIEW"},
]
collaborations = {21: [7], 22: [7], 23: [8]}
keycloak = {"kc-north": ("node", 31), "kc-nele": ("user", 41)}
task = {"id": 51, "job_id": 61, "parent": None, "collaboration": link("collaboration", 7)}
runs = {
    71: {"id": 71, "organization": link("organization", 21), "task": task, "status": "pending"},
    72: {"id": 72, "organization": link("organization", 22), "task": task, "status": "pending"},
}


def holder(header):
    """Of a good token, as the original's libraries would have it."""
    try:
        token = header.removeprefix("Bearer ")
        head, payload, signature = token.split(".")
        if json.loads(base64.urlsafe_b64decode(head + "==")).get("alg") == "RS256":
            claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
            return keycloak.get(claims["sub"]) if claims["exp"] > time.time() else None
        good = hmac.new(secret, f"{head}.{payload}".encode(), hashlib.sha256).digest()
        if base64.urlsafe_b64decode(signature + "==") != good:
            return None
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return (claims["client_type"], claims["sub"]) if claims["exp"] > time.time() else None
    except (ValueError, KeyError, AttributeError):
        return None


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print(json.dumps({"asked": self.path}), flush=True)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        who = holder(self.headers.get("Authorization"))
        parts = url.path.split("/")[2:]
        if url.path == "/certs":
            return self.answer(200, json.load(open(sys.argv[2], encoding="ascii")))
        if parts == ["version"]:
            return self.answer(200, {"version": "4.14.0"})
        if who is None:
            return self.answer(401, {"msg": "Missing or wrong token"})
        if who[1] not in nodes and who[1] not in users:  # flask-jwt-extended, where nobody is found
            return self.answer(401, {"msg": f"Error loading the user {who[1]}"})
        if parts == ["rule"]:
            return self.page("/api/rule", rules, query)
        if parts == ["collaboration"]:
            mine = collaborations.get(int(query["organization_id"]), [])
            return self.page("/api/collaboration", [{"id": c, "name": f"c{c}"} for c in mine], query)
        if parts[1:] == ["me"] and who[0] == parts[0]:
            parts[1] = who[1]
        table = {"node": nodes, "user": users, "run": runs}.get(parts[0], {})
        found = table.get(int(parts[1])) if len(parts) == 2 else None
        if found is None:
            return self.answer(404, {"msg": "not found"})
        self.answer(200, found)

    def page(self, path, items, query):
        """One item a page, so that whoever does not follow the links sees one only."""
        number = int(query.get("page", 1))
        links = {"self": f"{path}?page={number}"}
        if number < len(items):
            links["next"] = f"{path}?page={number + 1}"
        self.answer(200, {"data": items[number - 1:number], "links": links})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # proxies end idle connections as they like


def obey():
    for line in sys.stdin:
        number = json.loads(line)["remove"]
        nodes.pop(number, None)
        users.pop(number, None)
        print(json.dumps({"removed": number}), flush=True)


threading.Thread(target=obey, daemon=True).start()
server = Server(("127.0.0.1", 0), Api)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
