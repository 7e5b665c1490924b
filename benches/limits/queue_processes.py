import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Process, Queue

SIDES = A.get("SIDES", 1)


def giver(q):
    for i in range(N // SIDES):
        q.put(i)


def taker(q):
    for _ in range(N // SIDES):
        q.get()


if __name__ == "__main__":
    q = Queue(1024)
    all = [Process(target=f, args=(q,)) for f in (giver, taker) for _ in range(SIDES)]
    for one in all:
        one.start()
    for one in all:
        one.join()
