"""Reads one zone a line, its lines joined by blanks; writes what the PyPI package `mrz` makes of it as JSON."""

import json
import sys

from mrz.checker.mrva import MRVACodeChecker
from mrz.checker.mrvb import MRVBCodeChecker
from mrz.checker.td1 import TD1CodeChecker
from mrz.checker.td2 import TD2CodeChecker
from mrz.checker.td3 import TD3CodeChecker

CHECKERS = {
    "TD1": TD1CodeChecker,
    "TD2": TD2CodeChecker,
    "TD3": TD3CodeChecker,
    "MRVA": MRVACodeChecker,
    "MRVB": MRVBCodeChecker,
}


def judge(format, lines):
    try:
        checker = CHECKERS[format]("\n".join(lines))
        return {"accepted": bool(checker), "number": checker.fields().document_number.replace("<", "")}
    except Exception as refusal:
        return {"accepted": False, "why": type(refusal).__name__}


for line in sys.stdin:
    format, *lines = line.split()
    print(json.dumps(judge(format, lines)))
