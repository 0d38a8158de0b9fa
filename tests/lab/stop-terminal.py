"""stop-terminal.py FILE: an agent that stops its terminal's output, and has the warden warn of it; then there is FILE."""
import socket
import sys
import termios
import time

termios.tcflow(0, termios.TCOOFF)
for _ in range(2):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
        caller.settimeout(20)
        caller.connect("\0secure-init")
        challenge = caller.recv(4096)
        caller.send(b"\2" + bytes(len(challenge) - 1))
        try:
            caller.recv(4096)
        except TimeoutError:
            pass
open(sys.argv[1], "w").close()
time.sleep(600)
