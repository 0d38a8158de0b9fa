"""
strangers.py WHAT: an agent at the warden's socket (guard/warden/control.h).

  once TYPE    takes the challenge, and asks for TYPE (3 deny, 4 list, 5 reload…) without the proof; says what it is told
  proofless    the same, and before that tries to make the set itself
  linger PATH  as long as PATH is there, again and again: half a second lies between the challenge and the request
  pass         connects, and has its standard input be that socket for the program that follows: WHAT is then a command
  crowd PATH   idle connections, garbage of every length, half messages, as long as PATH is there; says when they are many
  idle PATH    as many connections as can be had, which say nothing, as long as PATH is there; says when they are many

A stranger has a second for his request. Who was too slow for that was not told anything, and asks once more.
"""
import os
import random
import socket
import subprocess
import sys
import time

SOCKET = "\0secure-init"


def meet():
    stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stranger.settimeout(20)
    stranger.connect(SOCKET)
    return stranger, stranger.recv(65536)


def text(message, name):
    place = message.rfind(name) if name else -1
    return message[place:].split(b"\0")[0].decode() if place >= 0 else ""


def ask(kind, between):
    """The answer; b"" if there was no place, or the time for it was over."""
    try:
        stranger, challenge = meet()
        if not challenge:
            return b""
        between(challenge)
        stranger.send(kind.to_bytes(4, "little") + bytes(len(challenge) - 4))
        return stranger.recv(65536)
    except (ConnectionError, TimeoutError):
        return b""


def make_set(challenge):
    made = subprocess.run(["ipset", "create", text(challenge, b"si-"), "hash:ip"], capture_output=True)
    print("made" if made.returncode == 0 else "could not make the set")


def once(kind, make):
    for _ in range(20):
        answer = ask(kind, make_set if make else lambda challenge: None)
        if answer:
            print("status", int.from_bytes(answer[4:8], "little", signed=True), text(answer, b"not permitted"))
            return


def wait_half_a_second(challenge):
    print("met", flush=True)
    time.sleep(0.5)


def linger(path):
    told = False
    while os.path.exists(path) or not told:
        answer = ask(4, wait_half_a_second)
        if answer:
            told = True
            print("type", answer[0], "status", int.from_bytes(answer[4:8], "little"), flush=True)


def many(n):
    if n == 50:
        print("many", flush=True)


def crowd(path):
    idle = []
    n = 0
    while os.path.exists(path):
        try:
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stranger.setblocking(False)
            stranger.connect(SOCKET)
            n += 1
            many(n)
            if random.random() < 0.5:
                stranger.send(os.urandom(random.choice([0, 1, 4, 100, 1500, 9000])))
            idle.append(stranger)
        except OSError:
            time.sleep(0.002)
        if len(idle) > 200:
            random.shuffle(idle)
            for stranger in idle[:100]:
                stranger.close()
            del idle[:100]
    print("strangers", n)


def idle(path):
    kept, n = [], 0
    while os.path.exists(path):
        try:
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stranger.setblocking(False)
            stranger.connect(SOCKET)
            kept.append(stranger)
            n += 1
            many(n)
        except OSError:
            # those that were turned away
            gone = [one for one in kept if closed(one)]
            kept = [one for one in kept if one not in gone]
    print("strangers", n)


def closed(stranger):
    try:
        return not stranger.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True


if sys.argv[1] in ("idle", "crowd", "linger"):
    {"idle": idle, "crowd": crowd, "linger": linger}[sys.argv[1]](sys.argv[2])
elif sys.argv[1] == "pass":
    kept, _ = meet()
    os.dup2(kept.fileno(), 0)
    os.execvp(sys.argv[2], sys.argv[2:])
else:
    once(int(sys.argv[2]) if len(sys.argv) > 2 else 4, sys.argv[1] == "proofless")
