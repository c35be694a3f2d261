# A socket before the daemon's that writes down who asks for what: "CONNECTION METHOD PATH", a line for each request.
#	proxy.py SOCKET DAEMON LOG [plain]
# With `plain` the daemon's version says nothing of what it does beyond the Engine API.  BEFORE_CREATE is a command for
# bash, which is run before the first create is passed on.
import os
import re
import socket
import subprocess
import sys
import threading

own, daemon, log = sys.argv[1:4]
plain = sys.argv[4:] == ["plain"]
listener = socket.socket(socket.AF_UNIX)
listener.bind(own + ".new")
listener.listen(64)
os.rename(own + ".new", own)  # who sees it can connect
lock = threading.Lock()
before_create = os.environ.get("BEFORE_CREATE")
request = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n", re.M)


def pump(source, sink, number):
    global before_create
    while data := source.recv(1 << 16):
        if number is not None:
            with lock, open(log, "a") as out:
                for method, path in request.findall(data):
                    out.write(f"{number} {method.decode()} {path.decode()}\n")
                    if before_create and b"/containers/create" in path:
                        subprocess.run(before_create, shell=True, executable="/bin/bash")
                        before_create = None
        if plain and number is None:
            data = data.replace(b'"Name":"wherry"', b'"Name":"nobody"')
        sink.sendall(data)
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


number = 0
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(daemon)
    for ends in (client, server, number), (server, client, None):
        threading.Thread(target=pump, args=ends, daemon=True).start()
    number += 1
