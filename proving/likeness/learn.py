#!/usr/bin/env python3
"""Learns what words of reports speak for: crates/core/knowledge/diagnose/likeness.toml and threads.tsv.

usage: learn.py CASES.jsonl…   (needs scikit-learn; texts are other people's and are not kept here)

A case is one JSON object a line, as `cargo x cases` takes them: `log`, `platform`, `cause`,
`ambiguous`, `source` (the thread). Cases that nothing settled are left out.
"""
import collections
import json
import math
import pathlib
import re
import sys

import numpy
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).parent
TABLE = HERE / "../../crates/core/knowledge/diagnose/likeness.toml"
LEAST = 2  # reports that must have a word
SLIGHT = 0.6  # what speaks less says nothing
HEAD = """\
# What words of reports speak for, where no line settles the cause: tenths of a natural logarithm for
# or against each cause; the empty word is what causes begin with. Only what is `possible` is named so.
#
# Learnt from {all} reports of public issue threads, {linux} of Linux and firmware and {windows} of
# Windows, each labelled with what settled its thread; the threads stand in
# proving/likeness/threads.tsv, the way of learning in proving/likeness/learn.py.
"""


def words(text):
    return sorted({w for w in re.split(r"[^a-z0-9_]+", text.lower()) if len(w) >= 2})


def learn(cases):
    seen = collections.Counter(w for case in cases for w in words(case["log"]))
    at = {w: n for n, w in enumerate(sorted(w for w in seen if seen[w] >= LEAST))}
    rows, columns, values = [], [], []
    for row, case in enumerate(cases):
        own = words(case["log"])
        for word in filter(at.__contains__, own):
            rows.append(row)
            columns.append(at[word])
            values.append(1 / math.sqrt(len(own)))
    table = csr_matrix((values, (rows, columns)), shape=(len(cases), len(at)))
    model = LogisticRegression(C=30, max_iter=3000).fit(table, [case["cause"] for case in cases])
    spoken = numpy.where(abs(model.coef_) >= SLIGHT, numpy.round(model.coef_ * 10), 0)
    yield "", dict(zip(model.classes_, numpy.round(model.intercept_ * 10)))
    for word, n in at.items():
        yield word, {c: s for c, s in zip(model.classes_, spoken[:, n]) if s}


def main():
    cases = {}
    for path in sys.argv[1:]:
        for line in filter(str.strip, open(path)):
            case = json.loads(line)
            cases.setdefault(case["log"], case)
    systems = {"linux": [], "windows": []}
    for case in cases.values():
        if not case["ambiguous"]:
            systems["windows" if case["platform"] == "windows" else "linux"].append(case)
    counts = {name: len(own) for name, own in systems.items()}
    with open(TABLE, "w") as out:
        out.write(HEAD.format(all=sum(counts.values()), **counts))
        for name, own in systems.items():
            out.write(f"\n[likeness.{name}]\n")
            for word, spoken in learn(own):
                if spoken:
                    said = ", ".join(f"{cause} = {int(tenths)}" for cause, tenths in spoken.items())
                    out.write(f'{word or chr(34) * 2} = {{ {said} }}\n')
    threads = {(c.get("source", ""), c["platform"], c["cause"]) for own in systems.values() for c in own}
    with open(HERE / "threads.tsv", "w") as out:
        out.write("thread\tplatform\tcause\n")
        out.writelines("\t".join(row) + "\n" for row in sorted(threads))


main()
