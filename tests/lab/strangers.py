"""
strangers.py WHAT: an agent at the warden's socket (guard/warden/control.h).

  once TYPE    takes the challenge, and asks for TYPE (3 deny, 4 list, 5 reload…) without the proof; says what it is told
  proofless    the same, and before that tries to make the set itself
  pass         connects, and has its standard input be that socket for the program that follows: WHAT is then a command
  crowd        idle connections, garbage of every length, half messages, for four seconds
  idle         as many connections as can be had, which say nothing, for five seconds
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
    stranger.settimeout(3)
    stranger.connect(SOCKET)
    return stranger, stranger.recv(65536)


def text(message, name):
    place = message.rfind(name) if name else -1
    return message[place:].split(b"\0")[0].decode() if place >= 0 else ""


def once(kind, make):
    stranger, challenge = meet()
    name = text(challenge, b"si-")
    if make:
        made = subprocess.run(["ipset", "create", name, "hash:ip"], capture_output=True)
        print("made" if made.returncode == 0 else "could not make the set")
    request = kind.to_bytes(4, "little") + bytes(len(challenge) - 4)
    stranger.send(request)
    answer = stranger.recv(65536)
    print("status", int.from_bytes(answer[4:8], "little", signed=True), text(answer, b"not permitted"))


def crowd():
    until = time.monotonic() + 4
    idle = []
    n = 0
    while time.monotonic() < until:
        try:
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stranger.setblocking(False)
            stranger.connect(SOCKET)
            n += 1
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


def idle():
    until = time.monotonic() + 5
    kept, n = [], 0
    while time.monotonic() < until:
        try:
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stranger.setblocking(False)
            stranger.connect(SOCKET)
            kept.append(stranger)
            n += 1
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


if sys.argv[1] == "idle":
    idle()
elif sys.argv[1] == "crowd":
    crowd()
elif sys.argv[1] == "pass":
    kept, _ = meet()
    os.dup2(kept.fileno(), 0)
    os.execvp(sys.argv[2], sys.argv[2:])
else:
    once(int(sys.argv[2]) if len(sys.argv) > 2 else 4, sys.argv[1] == "proofless")
