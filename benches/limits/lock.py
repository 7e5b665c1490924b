import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Lock, Process

SIDES = A.get("SIDES", 1)


def p(m):
    for _ in range(N // SIDES):
        m.acquire()
        m.release()


if __name__ == "__main__":
    m = Lock()
    all = [Process(target=p, args=(m,)) for _ in range(SIDES)]
    for one in all:
        one.start()
    for one in all:
        one.join()
