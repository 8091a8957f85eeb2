"""Verifies an audit log, or the proof of an entry, by RFC 6962, C2SP's signed-note and tlog-checkpoint, and nothing of ours.

audit_oracle.py log FOLDER KEY: recomputes the tree over `leaves` and holds every checkpoint against it.
audit_oracle.py proof FILE KEY: checks a proof. Prints JSON.
"""

import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def tree_hash(leaves):
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def path_root(leaf, index, size, path):
    """The root that an audit path of RFC 6962, section 2.1.1, leads to, by its definition."""
    if size == 1:
        assert not path and index == 0
        return leaf
    split = 1
    while split * 2 < size:
        split *= 2
    sibling, rest = path[-1], path[:-1]
    if index < split:
        return hashlib.sha256(b"\x01" + path_root(leaf, index, split, rest) + sibling).digest()
    return hashlib.sha256(b"\x01" + sibling + path_root(leaf, index - split, size - split, rest)).digest()


def checkpoint(note, key):
    """Origin, size and root of a note that the key has signed."""
    name, key_id, encoded = key.split("+", 2)
    public = base64.b64decode(encoded)
    assert public[0] == 1 and len(public) == 33
    assert hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() == key_id
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, who, signature = line.split(" ")
        assert dash == "\u2014"
        raw = base64.b64decode(signature)
        if who == name and raw[:4].hex() == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(raw[4:], text.encode())
            except InvalidSignature:
                continue
            origin, size, root = text.splitlines()[:3]
            return origin, int(size), base64.b64decode(root)
    raise AssertionError("the key has signed nothing of it")


def check_log(folder, key):
    with open(f"{folder}/leaves", "rb") as file:
        data = file.read()[64:]
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    with open(f"{folder}/checkpoints", encoding="utf-8") as file:
        notes = file.read().split("\n.\n")
    assert notes.pop() == ""
    sizes = []
    for note in notes:
        _, size, root = checkpoint(note + "\n", key)
        assert tree_hash(leaves[:size]) == root, f"the root of {size} leaves is another"
        sizes.append(size)
    assert sizes == sorted(set(sizes))
    return {"leaves": len(leaves), "sizes": sizes, "root": tree_hash(leaves).hex()}


def check_proof(path, key):
    with open(path, encoding="utf-8") as file:
        head, note = file.read().split("\n\n", 1)
    lines = head.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    extra = base64.b64decode(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    hashes = [base64.b64decode(line) for line in lines[3:]]
    _, size, root = checkpoint(note, key)
    leaf = hashlib.sha256(b"\x00" + extra).digest()
    assert path_root(leaf, index, size, hashes) == root, "the path leads elsewhere"
    return {"index": index, "size": size, "leaf": leaf.hex(), "entry": json.loads(extra[16:])}


if __name__ == "__main__":
    what, where, key = sys.argv[1:]
    print(json.dumps({"log": check_log, "proof": check_proof}[what](where, key)))
