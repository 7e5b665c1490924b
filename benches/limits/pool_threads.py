import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing.pool import ThreadPool


def more(x):
    return x + 1


if __name__ == "__main__":
    with ThreadPool(2) as w:
        for one in [w.apply_async(more, (i,)) for i in range(N)]:
            one.get()
