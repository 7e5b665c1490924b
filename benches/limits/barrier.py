import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Barrier, Process

PARTIES = A.get("PARTIES", 2)


def p(g):
    for _ in range(N):
        g.wait()


if __name__ == "__main__":
    g = Barrier(PARTIES)
    all = [Process(target=p, args=(g,)) for _ in range(PARTIES)]
    for one in all:
        one.start()
    for one in all:
        one.join()
