import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Process

W = A.get("W", 1)


def p():
    pass


if __name__ == "__main__":
    for _ in range(N // W):
        all = [Process(target=p) for _ in range(W)]
        for one in all:
            one.start()
        for one in all:
            one.join()
