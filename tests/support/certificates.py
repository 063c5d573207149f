"""Certificates that sign themselves."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, subject: str) -> tuple[Path, Path]:
    """Makes a certificate of a subject like "DNS:feeds.example" in the folder; returns its file and that of the key."""
    cert, key = folder / "cert", folder / "key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={subject.partition(':')[2]}", "-addext", f"subjectAltName={subject}",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key
