#!/usr/bin/python3
"""A token server as registries send their clients to: token_server KEY CERTIFICATE PORT_FILE.

`user` may pull and push, `reader` pull, both with the password `secret`; anybody else may pull what lies below
`public/`.  A refresh token is given to who asks for one (offline_token), and taken instead of a password.
What was asked for is printed, a line each: WHO SCOPE ..."""
import base64, http.server, json, subprocess, sys, time, urllib.parse

key, certificate, port_file = sys.argv[1:]
ACTIONS = {"user": {"pull", "push"}, "reader": {"pull"}}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def chain():
    lines = open(certificate).read().split("-----")[2]
    return ["".join(lines.split())]


def granted(who, scope):
    kind, name, actions = scope.split(":")
    allowed = ACTIONS.get(who, {"pull"} if name.startswith("public/") else set())
    return {"type": kind, "name": name, "actions": sorted(allowed & set(actions.split(",")))}


def token(who, service, scopes):
    now = int(time.time())
    claims = {"iss": "test", "sub": who, "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(time.time()),
              "access": [granted(who, scope) for scope in scopes]}
    head = {"typ": "JWT", "alg": "RS256", "x5c": chain()}
    text = b".".join(encode(json.dumps(part).encode()) for part in (head, claims))
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, stdout=subprocess.PIPE, check=True)
    return (text + b"." + encode(signed.stdout)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, document):
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve(self, who, form):
        scopes = [scope for text in form.get("scope", []) for scope in text.split()]
        print(who or "-", *scopes, flush=True)
        made = token(who, form["service"][0], scopes)
        answer = {"token": made, "access_token": made, "expires_in": 300}
        if "offline_token" in form and who:
            answer["refresh_token"] = "refresh-" + who
        self.answer(200, answer)

    def refuse(self):
        self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]})

    def do_GET(self):
        form = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        given = self.headers.get("Authorization", "")
        if not given:
            return self.serve("", form)
        name, _, password = base64.b64decode(given.split()[1]).decode().partition(":")
        if password != "secret" or name not in ACTIONS:
            return self.refuse()
        self.serve(name, form)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        refresh = form.get("refresh_token", [""])[0]
        if form.get("grant_type") != ["refresh_token"] or not refresh.startswith("refresh-"):
            return self.refuse()
        self.serve(refresh[len("refresh-"):], form)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file, "w") as out:
    out.write(str(server.server_address[1]))
server.serve_forever()
