"""A client and a publisher of TUF: python-tuf, which is the reference implementation. Writes what it found as JSON.

tuf_oracle.py follow REPOSITORY STATE NOW   refreshes from a repository over HTTP, and downloads every target
tuf_oracle.py publish FROM TO STEP          signs the list of one repository as another, up to a step
tuf_oracle.py canonical                     canonical bytes of metadata on standard input, and the ids of its keys
"""

import datetime
import functools
import hashlib
import http.server
import json
import pathlib
import sys
import threading
import types

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.ngclient import Updater
from tuf.ngclient._internal import trusted_metadata_set


def time_of(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def stand_still(now):
    """The client takes its time from the clock and nowhere else."""

    class Standing(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    trusted_metadata_set.datetime = types.SimpleNamespace(datetime=Standing, timezone=datetime.timezone)


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def follow(repository, state, now):
    stand_still(time_of(now))
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Silent, directory=repository)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    metadata, files = pathlib.Path(state, "metadata"), pathlib.Path(state, "files")
    known = metadata.is_dir()
    metadata.mkdir(exist_ok=True)
    files.mkdir(exist_ok=True)
    # The first root comes another way than the feed; after that, what was accepted is what counts.
    first = None if known else pathlib.Path(repository, "metadata", "1.root.json").read_bytes()
    updater = Updater(
        str(metadata), f"{base}/metadata/", str(files), f"{base}/targets/", bootstrap=first
    )
    try:
        updater.refresh()
    except Exception as refusal:
        return {"refused": type(refusal).__name__, "why": str(refusal)}
    trusted = updater._trusted_set
    downloaded = {}
    for name in trusted.targets.targets:
        path = updater.download_target(updater.get_targetinfo(name))
        downloaded[name] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    roles = [trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets]
    return {
        "versions": [role.version for role in roles],
        "as_of": trusted.timestamp.unrecognized_fields["as_of"],
        "bulletin": trusted.targets.unrecognized_fields["bulletin"],
        "files": downloaded,
    }


def signer(seed):
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


EXPIRES = datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc)
KEYS = {"root": [1, 2, 3], "targets": [11, 12, 13], "snapshot": [21], "timestamp": [31]}
TIMES = {"list": "2026-03-01T06:00:00Z", "heartbeat": "2026-03-01T08:00:00Z", "root": "2026-03-01T10:00:00Z"}


class Publisher:
    def __init__(self, path):
        self.path = pathlib.Path(path, "metadata")
        self.path.mkdir(parents=True, exist_ok=True)

    def write(self, signed, seeds, name):
        metadata = Metadata(signed)
        for seed in seeds:
            metadata.sign(signer(seed), append=True)
        metadata.to_file(str(self.path / name))
        return (self.path / name).read_bytes()

    def root(self, version, timestamp):
        root = Root(version=version, expires=EXPIRES, consistent_snapshot=True)
        for role, seeds in {**KEYS, "timestamp": timestamp}.items():
            for seed in seeds:
                root.add_key(signer(seed).public_key, role)
        root.roles["root"].threshold = root.roles["targets"].threshold = 2
        self.write(root, KEYS["root"], f"{version}.root.json")
        return sorted(root.keys)


def publish(source, to, step):
    """Steps: `list`, then a `heartbeat`, then a `root` with another key for the timestamp."""
    publisher = Publisher(to)
    ids = publisher.root(1, KEYS["timestamp"])
    newest = max(pathlib.Path(source, "metadata").glob("*.targets.json"), key=lambda path: int(path.name.split(".")[0]))
    signed = json.loads(newest.read_bytes())["signed"]
    files = {
        name: TargetFile(target["length"], target["hashes"], name) for name, target in signed["targets"].items()
    }
    more = {"bulletin": signed["bulletin"]}
    targets = Targets(version=signed["version"], expires=EXPIRES, targets=files, unrecognized_fields=more)
    targets_bytes = publisher.write(targets, KEYS["targets"][:2], f"{targets.version}.targets.json")
    meta = {"targets.json": MetaFile.from_data(targets.version, targets_bytes, ["sha256"])}
    snapshot_bytes = publisher.write(Snapshot(1, expires=EXPIRES, meta=meta), KEYS["snapshot"], "1.snapshot.json")

    def vouch(version, seeds, meta):
        stamp = Timestamp(version, expires=EXPIRES, snapshot_meta=meta, unrecognized_fields={"as_of": TIMES[step]})
        publisher.write(stamp, seeds, "timestamp.json")

    if step == "list":
        vouch(1, KEYS["timestamp"], MetaFile.from_data(1, snapshot_bytes, ["sha256"]))
    elif step == "heartbeat":
        # Length and hashes may be left out.
        vouch(2, KEYS["timestamp"], MetaFile(1))
    else:
        publisher.root(2, [32])
        vouch(1, [32], MetaFile(1))
    return {"key_ids": ids}


def canonical(text):
    metadata = json.loads(text)
    keys = metadata["signed"].get("keys", {}).values()
    return {
        "canonical": encode_canonical(metadata["signed"]).encode().hex(),
        "key_ids": [hashlib.sha256(encode_canonical(key).encode()).hexdigest() for key in keys],
    }


command, *arguments = sys.argv[1:]
if command == "canonical":
    print(json.dumps(canonical(sys.stdin.read())))
else:
    print(json.dumps({"follow": follow, "publish": publish}[command](*arguments)))
