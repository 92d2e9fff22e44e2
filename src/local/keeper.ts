/**
 * A small Python program that stands between this process and a server. The server and all that it starts share the
 * keeper's process group. When the keeper's standard input ends, because it was told to stop or because this process is
 * gone, however it went, the keeper ends them all: SIGTERM, then SIGKILL after the grace. It ends with 0 when it was told
 * to, and with the server's code when the server ended first.
 *
 * Arguments: seconds of grace; the first CPU and the number of CPUs to run on, of those allowed to us ("0 0": all);
 * the command.
 */
export const keeperSource = `
import os, select, signal, subprocess, sys, time

grace, first, count, command = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
try:
    import ctypes
    # Orphans of the server become ours, so that we can wait for them.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
except Exception:
    pass
if count and hasattr(os, "sched_setaffinity"):
    allowed = sorted(os.sched_getaffinity(0))
    if first + count <= len(allowed):
        os.sched_setaffinity(0, allowed[first:first + count])
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing)
for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    # A handler, since what is ignored here would be ignored by the server too.
    signal.signal(number, lambda *_: None)
try:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
except OSError as error:
    print(f"{command[0]}: {error}", file=sys.stderr, flush=True)
    sys.exit(127)

def reap():
    """Collect what has ended; True when nothing is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False
        if pid == server.pid:
            server.returncode = os.waitstatus_to_exitcode(status)

def kill_others():
    """Kill the rest of the group; not ourselves, so that nothing stays uncollected."""
    if not os.path.isdir("/proc/self"):
        os.killpg(0, signal.SIGKILL)
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(name) != os.getpid() and os.getpgid(int(name)) == os.getpgrp():
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass

told = False
while server.returncode is None:
    ready = select.select([0, reading], [], [])[0]
    if reading in ready:
        os.read(reading, 4096)
        reap()
    if 0 in ready and not os.read(0, 4096) and server.returncode is None:
        told = True
        break
deadline = time.monotonic() + grace
if server.returncode is None:
    # The server alone at first: it ends its own processes in its own order.
    os.kill(server.pid, signal.SIGTERM)
told_all = False
while not reap():
    if time.monotonic() > deadline:
        kill_others()
    if server.returncode is not None and not told_all:
        told_all = True
        os.killpg(0, signal.SIGTERM)
    time.sleep(0.02)
code = server.returncode or 0
sys.exit(0 if told else 128 - code if code < 0 else code)
`;
