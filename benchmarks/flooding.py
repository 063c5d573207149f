"""``python -m benchmarks.flooding PORT RATE PATHS``: readers who ask for feeds at a steady rate, until it is stopped.

PATHS is "invented": combinations of the benchmark's sections that nobody has asked for before, by 40 clients; or
"sections": the sections themselves, which costs the client and the web server the same, and asks for nothing new.
"""

import http.client
import random
import sys
import time

from benchmarks.newsroom import slugs

CLIENTS = 40
SECTIONS = 15
MOST = 5


def main(port: int, rate: float, paths: str) -> None:
    """Sends requests on one connection, each as one of many clients behind a proxy."""
    rng, found = random.Random(11), slugs(SECTIONS)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    due = time.perf_counter()
    while True:
        some = sorted(rng.sample(found, rng.randint(2, MOST)))
        slug = "+".join(some) if paths == "invented" else some[0]
        headers = {"X-Forwarded-For": f"192.0.2.{rng.randrange(CLIENTS)}", "If-None-Match": '"x"'}
        connection.request("HEAD", f"/feeds/{slug}.atom", headers=headers)
        connection.getresponse().read()
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
