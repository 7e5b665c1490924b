import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Event, Process, Semaphore

WAITERS = A.get("WAITERS", 64)


def setter(on, seen):
    for round in range(N):
        on[round % 2].set()
        for _ in range(WAITERS):
            seen.acquire()
        on[round % 2].clear()


def waiter(on, seen):
    for round in range(N):
        on[round % 2].wait()
        seen.release()


if __name__ == "__main__":
    on, seen = [Event(), Event()], Semaphore(0)
    all = [Process(target=f, args=(on, seen)) for f in [setter] + [waiter] * WAITERS]
    for one in all:
        one.start()
    for one in all:
        one.join()
