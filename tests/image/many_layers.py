"""An image of many small layers for a registry of files (registry.bash): many_layers.py FOLDER NAME TAG COUNT.
Layer N holds a file that says N.  One process, where commands would be thousands."""
import hashlib
import io
import json
import os
import sys
import tarfile

folder, name, tag, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
home = os.path.join(folder, "v2", name)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write(kind, key, data):
    os.makedirs(os.path.join(home, kind), exist_ok=True)
    with open(os.path.join(home, kind, key), "wb") as file:
        file.write(data)


def blob(media_type, data):
    write("blobs", digest(data), data)
    return {"mediaType": "application/vnd.docker." + media_type, "size": len(data), "digest": digest(data)}


def layer(number):
    out = io.BytesIO()
    text = b"%d\n" % number
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("number")
        entry.size, entry.mtime = len(text), 1000000000
        tar.addfile(entry, io.BytesIO(text))
    return out.getvalue()


layers = [layer(i) for i in range(count)]
config = {"architecture": os.environ.get("ARCH", "amd64"), "os": "linux", "config": {"Cmd": ["sh"]},
          "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]}}
manifest = json.dumps({
    "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": blob("container.image.v1+json", json.dumps(config).encode()),
    "layers": [blob("image.rootfs.diff.tar.gzip", data) for data in layers]}).encode()
for key in tag, digest(manifest):
    write("manifests", key, manifest)
