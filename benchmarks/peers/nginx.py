"""nginx in its fastest configuration for a file: one worker, precompressed gzip, cached open files, keep-alive."""

import gzip
import os
import pwd
from pathlib import Path

INSTALL = "apt-get install nginx"

CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=100 inactive=60s;
    gzip_static on;
    gzip_vary on;
    types {{ application/atom+xml atom; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        add_header Cache-Control "public, max-age=300";
    }}
}}
"""


def prepare(folder: Path, port: int, path: str, body: bytes) -> list[str]:
    """Writes the document and the configuration, and returns the command to run."""
    file = folder / f"files{path}"
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(body, 6))
    # Started by root, its worker would run as "nobody", which cannot read the folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIG.format(user=user, folder=folder, port=port))
    return ["nginx", "-e", f"{folder}/nginx-error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"]
