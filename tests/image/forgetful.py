#!/usr/bin/python3
"""A registry that is in a bad way: forgetful TARGET_PORT PORT_FILE [full].

Passes requests on to 127.0.0.1:TARGET_PORT, but: the first POST is answered 503, the first PATCH is taken and
never answered, what became of an upload is not known (404), and the first PUT of an upload is done but
its answer is lost.  With "full" instead: an upload in parts is taken and cannot be finished (503)."""
import http.client, http.server, sys, threading

target, port_file = int(sys.argv[1]), sys.argv[2]
full = sys.argv[3:] == ["full"]
once = {"POST": not full, "PATCH": not full, "PUT": not full}
lock = threading.Lock()


def first(what):
    with lock:
        was, once[what] = once[what], False
        return was


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        print(self.command, self.path, flush=True)

    def hang_up(self):
        self.close_connection = True

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upload = "/blobs/uploads/" in self.path
        if self.command == "POST" and first("POST"):
            return self.answer(503)
        if self.command == "PATCH" and first("PATCH"):
            return self.hang_up()
        if self.command == "GET" and upload:
            return self.answer(404)
        if self.command == "PUT" and upload and full and not body:
            return self.answer(503)
        registry = http.client.HTTPConnection("127.0.0.1", target)
        registry.request(self.command, self.path, body, dict(self.headers))
        reply = registry.getresponse()
        data = reply.read()
        if self.command == "PUT" and upload and first("PUT"):
            return self.hang_up()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "date", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", reply.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = serve


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file, "w") as f:
    f.write(str(server.server_address[1]))
server.serve_forever()
