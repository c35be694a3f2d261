#!/usr/bin/python3
"""A wire to a registry that breaks: cutter TARGET_PORT PORT_FILE BYTES TIMES|hold.

Passes everything on between its clients and 127.0.0.1:TARGET_PORT; a connection over which more than
BYTES went to the registry is reset, TIMES times in all, or held: no more of it comes through."""
import socket, struct, sys, threading

target, port_file, limit = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
holds = sys.argv[4] == "hold"
times = 0 if holds else int(sys.argv[4])
lock = threading.Lock()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def cut():
    global times
    with lock:
        times -= 1
        return times >= 0


def pass_on(source, sink, upwards):
    count = 0
    try:
        while data := source.recv(65536):
            count += len(data)
            if upwards and count > limit and holds:
                print("held", flush=True)
                threading.Event().wait()
            if upwards and count > limit and cut():
                print("cut", flush=True)
                sink.shutdown(socket.SHUT_RDWR)
                reset(source)
                return
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


server = socket.create_server(("127.0.0.1", 0))
with open(port_file, "w") as f:
    f.write(str(server.getsockname()[1]))
while True:
    client, _ = server.accept()
    registry = socket.create_connection(("127.0.0.1", target))
    threading.Thread(target=pass_on, args=(client, registry, True), daemon=True).start()
    threading.Thread(target=pass_on, args=(registry, client, False), daemon=True).start()
