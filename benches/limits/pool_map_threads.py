import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing.pool import ThreadPool


def more(x):
    return x + 1


if __name__ == "__main__":
    with ThreadPool(2) as w:
        w.map(more, range(N))
