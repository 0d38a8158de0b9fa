"""
load.py SECONDS THREADS CONNECTIONS HOSTS...: an agent at work, for so long, and on a slow machine until so many connections
were made, but not for longer than a minute more.

Threads resolve one of HOSTS at 192.0.2.1 (which leads to the guard) and connect to port 8000 of a random address of the answer,
half of the time once more, to one that an answer gave them up to a minute ago. Others try, all the while, what is on no list:
104.25.0.0/16, and names that DNS does not have for them. Says how many connections there were, how many were refused and why,
how many addresses, how many attempts there were at what is blocked, and how many of them went through.
"""
import collections
import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import wire

seconds, n_threads, least, hosts = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
until = time.monotonic() + seconds
lock = threading.Lock()
made, failures, seen, tried, through, silent = 0, collections.Counter(), set(), 0, 0, 0


def goes_on():
    now = time.monotonic()
    return now < until or (made < least and now < until + 60)


def connect(address):
    global made
    try:
        with socket.create_connection((address, 8000), 20) as connection:
            # six bytes, and the peer's end: no port is kept in TIME-WAIT here
            connection.recv(16)
            connection.recv(16)
        failure = None
    except OSError as problem:
        failure = str(problem)
    with lock:
        if failure is None:
            made += 1
        else:
            failures[failure] += 1


def work():
    global silent
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # where nothing is to be unanswered there is time
    asker.settimeout(10 if least else 3)
    known = collections.deque(maxlen=2000)
    while goes_on():
        ident = random.getrandbits(16)
        try:
            asker.sendto(wire.query(random.choice(hosts), "A", ident), ("192.0.2.1", 53))
            answer = asker.recv(4096)
        except OSError:
            with lock:
                silent += 1
            # DNS is gone, if a guard's process was killed; what is known goes on being used
            time.sleep(0.01)
            if known:
                connect(random.choice(known)[1])
            continue
        found = wire.addresses(answer)
        if not found:
            with lock:
                silent += 1
            continue
        now = time.monotonic()
        known.extend((now, address) for address in found)
        seen.update(found)
        connect(random.choice(found))
        old = random.choice(known)
        if random.random() < 0.5 and now - old[0] < 60:
            connect(old[1])


def attack():
    global tried, through
    prober = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while goes_on():
        address = f"104.25.{random.getrandbits(8)}.{random.getrandbits(8)}"
        tried += 2
        try:
            prober.sendto(b"out", (address, 8000))
        except OSError:
            pass
        try:
            socket.create_connection((address, 8000), 0.3).close()
            through += 1
        except OSError:
            pass
        time.sleep(0.002)


threads = [threading.Thread(target=work) for _ in range(n_threads)] + [threading.Thread(target=attack) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("connected", made, "refused", sum(failures.values()), "addresses", len(seen), "blocked", tried, "through", through,
      "unanswered", silent, *failures.items())
